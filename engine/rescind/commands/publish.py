"""`rescind publish`: check, test, then freeze a draft."""

from __future__ import annotations

from collections.abc import Iterator

import click

from rescind.authoring.freeze_version import Published, how_to_go_on
from rescind.authoring.freeze_version import publish as freeze
from rescind.terminal.author_paths import from_here, places_from_here
from rescind.terminal.verb_options import (
    DOCUMENT_FORMATS,
    Verb,
    clean,
    echo_document,
    echo_problems,
    format_option,
    relocated,
)
from rescind.terminal.which_book import book_option, book_to_write

__all__ = ["publish"]

FLOOR = 90


@click.command(
    cls=Verb,
    sections={
        "Examples": [
            "rescind publish inactive-resources 2025-07-28",
            "rescind publish inactive-resources 2025-07-28 --fail-under 100",
        ]
    },
)
@click.argument("policy", metavar="POLICY")
@click.argument("version", metavar="VERSION")
@book_option()
@click.option(
    "--fail-under",
    type=click.IntRange(0, 100),
    default=FLOOR,
    show_default=True,
    metavar="PERCENT",
    help="How much of the version its cases have to try.",
)
@format_option(*DOCUMENT_FORMATS)
def publish(policy: str, version: str, book: str | None, fail_under: int, format_: str) -> None:
    """Freeze VERSION of POLICY: check the book, run the cases that try the version, then write its digest.

    The digest goes to the version's entry in the book; nothing else of the file changes. From then on the version
    cannot be edited: a change needs a new version (`rescind new`). Nothing is written unless everything is right.
    """
    path = book_to_write(book)
    with places_from_here(path):
        done = freeze(path, policy, version, fail_under)
    echo_problems(relocated(done.warnings, path), format_)
    echo_document(format_, _data(done), _said(done, from_here(path)))


def _data(done: Published) -> dict[str, object]:
    version = done.version
    data: dict[str, object] = {
        "policy": version.policy,
        "version": version.version,
        "digest": version.digest,
        "published": not done.before,
    }
    if done.rehearsal:
        data |= {"cases": done.rehearsal.cases, "coverage": f"{done.rehearsal.covered}%"}
    return data


def _said(done: Published, path: str) -> Iterator[str]:
    version = done.version
    name = f"{version.policy} {version.version}"
    if done.before:
        yield f"{name} is frozen already, and unchanged. To go on: {how_to_go_on(version)}"
        return
    if done.rehearsal:
        cases = f"{done.rehearsal.cases} case{'s' * (done.rehearsal.cases != 1)}"
        yield f"{cases} passed, {done.rehearsal.covered} % of the version tried"
    yield click.style(f"{name} is frozen", fg="green", bold=True) + f" in {clean(path)}: {version.digest}"
