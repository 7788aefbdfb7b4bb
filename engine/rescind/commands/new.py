"""`rescind new`: the next version of a policy, as a draft."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import click

from rescind.authoring.scaffold import StartedVersion, new_version
from rescind.terminal.places_from_here import from_here, places_from_here
from rescind.terminal.verb_options import (
    DOCUMENT_FORMATS,
    Verb,
    clean,
    echo_document,
    format_option,
)
from rescind.terminal.which_book import book_option, book_to_write
from rescind.values.decimals import UnitError
from rescind.values.times import parse_date_or_time

__all__ = ["new"]

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _version(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    """A version's name."""
    del ctx, parameter
    if not VERSION.fullmatch(value):
        raise click.BadParameter(
            f"`{clean(value[:80])}` is not a version: use letters, digits, `.`, `_` and `-`"
        )
    return value


def _start(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    """A date or a time; the time zone of the book is not known yet."""
    del ctx, parameter
    try:
        parse_date_or_time(value, ZoneInfo("UTC"))
    except UnitError as error:
        raise click.BadParameter(clean(str(error))) from None
    return value


@click.command(
    cls=Verb,
    sections={
        "Examples": [
            "rescind new inactive-resources --from 2025-07-28 --version 2026-01-01 --in-force-from 2026-01-01",
        ]
    },
)
@click.argument("policy", metavar="POLICY")
@click.option("--from", "old", required=True, metavar="VERSION", help="The version to start from.")
@click.option(
    "--version", "version", required=True, metavar="NEW", callback=_version, help="The name of the new one."
)
@click.option(
    "--in-force-from",
    "start",
    required=True,
    metavar="DATE",
    callback=_start,
    help="When it comes into force.",
)
@book_option()
@format_option(*DOCUMENT_FORMATS)
def new(  # noqa: PLR0913 - one parameter for each option
    *, policy: str, old: str, version: str, start: str, book: str | None, format_: str
) -> None:
    """Start the next version of POLICY: copy one with its cases, and list it in the book as a draft.

    A version ends where the next one begins, so the old one needs no change.
    """
    path = book_to_write(book)
    with places_from_here(path):
        begun = new_version(path, policy, old, version, start)
    data = {"files": [str(each) for each in begun.files], "edited": [str(each) for each in begun.edited]}
    echo_document(format_, data, _said(begun, policy, old, version))


def _said(begun: StartedVersion, policy: str, old: str, new: str) -> Iterator[str]:
    for word, paths in (("wrote", begun.files), ("edited", begun.edited)):
        for path in paths:
            yield f"{word} {clean(from_here(path))}"
    yield f"Edit it, see what it changes with `rescind diff {policy}@{old} {policy}@{new}`,"
    yield f"try it with `rescind test`, then freeze it with `rescind publish {policy} {new}`."
