"""`rescind publish`: check, test, then freeze a draft; renew digests; amend what was published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from rescind.authoring.freeze_version import Published, Renewed, amend, how_to_go_on, renew
from rescind.authoring.freeze_version import publish as freeze
from rescind.book.lock import lock_path
from rescind.book.lock_checks import Deviation
from rescind.source.yaml_writer import scalar
from rescind.terminal.places_from_here import from_here, places_from_here
from rescind.terminal.verb_options import (
    DOCUMENT_FORMATS,
    Verb,
    at_option,
    clean,
    echo_document,
    echo_problems,
    format_option,
    moment_of,
    relocated,
)
from rescind.terminal.which_book import book_option, book_to_write
from rescind.values.times import format_time

__all__ = ["publish"]

FLOOR = 90
MAX_REASON = 500


def _reason(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Why something published is changed: a text that the lock can hold."""
    del ctx, parameter
    if value is None:
        return None
    if not 0 < len(value.strip()) <= MAX_REASON:
        raise click.BadParameter(
            f"expected a reason of 1 to {MAX_REASON} characters, found {len(value.strip())}"
        )
    try:
        scalar(value)
    except ValueError as error:
        raise click.BadParameter(clean(str(error))) from None
    return value.strip()


@click.command(
    cls=Verb,
    sections={
        "Examples": [
            "rescind publish inactive-resources 2025-07-28",
            "rescind publish inactive-resources 2025-07-28 --fail-under 100",
            "rescind publish --renew",
            'rescind publish --amend --because "the court moved the date"',
        ]
    },
)
@click.argument("policy", metavar="[POLICY", required=False)
@click.argument("version", metavar="VERSION]", required=False)
@book_option()
@click.option(
    "--fail-under",
    type=click.IntRange(0, 100),
    default=FLOOR,
    show_default=True,
    metavar="PERCENT",
    help="How much of the version its cases have to try.",
)
@click.option(
    "--renew", "renews", is_flag=True, help="Write old digests, and the lock, in their present form."
)
@click.option(
    "--amend", "amends", is_flag=True, help="Accept what is not as it was published; wants --because."
)
@click.option(
    "--because", metavar="REASON", callback=_reason, help="With --amend: why. It is kept in the lock."
)
@at_option("Until that day the lock keeps the days of calendars.")
@format_option(*DOCUMENT_FORMATS)
def publish(  # noqa: PLR0913 - one parameter for each option
    *,
    policy: str | None,
    version: str | None,
    book: str | None,
    fail_under: int,
    renews: bool,
    amends: bool,
    because: str | None,
    at: str | None,
    format_: str,
) -> None:
    """Freeze VERSION of POLICY: check the book, run the cases that try the version, then write its digest.

    The digest goes to the version's entry in the book; nothing else of the file changes. What was published is kept in
    policies.lock beside it. From then on the version cannot be edited or moved: a change needs a new version (`rescind
    new`). Nothing is written unless everything is right.

    Where a published version was moved or taken away after all, the book does not load until --amend says why.
    """
    _one_thing(policy, version, renews=renews, amends=amends, because=because)
    path = book_to_write(book)
    with places_from_here(path):
        today = _day(at)
        if amends and because:
            changed = amend(path, because, today)
            echo_document(format_, _amended_data(changed), _amended(changed, path))
        elif renews:
            renewed = renew(path, today)
            echo_problems(relocated(renewed.warnings, path), format_)
            echo_document(format_, _renewed_data(renewed), _renewed(renewed, path))
        elif policy and version:
            done = freeze(path, policy, version, fail_under, today)
            echo_problems(relocated(done.warnings, path), format_)
            echo_document(format_, _data(done), _said(done, path))


def _one_thing(
    policy: str | None, version: str | None, *, renews: bool, amends: bool, because: str | None
) -> None:
    """One of the three things that the verb does, with what it takes. Raises click's `UsageError`."""
    if renews + amends + bool(policy) != 1 or bool(policy) != bool(version):
        raise click.UsageError("name a POLICY and its VERSION, or give `--renew` or `--amend`")
    if amends and not because:
        raise click.UsageError("`--amend` wants `--because`: why is something published changed?")
    if because and not amends:
        raise click.UsageError("`--because` is for `--amend`")


def _day(at: str | None) -> dt.date:
    """The day of publishing, in UTC: it only decides whether one day more or less of a calendar is kept."""
    zone = ZoneInfo("UTC")
    return dt.date.fromisoformat(format_time(moment_of(at, zone), zone)[:10])


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


def _said(done: Published, path: Path) -> Iterator[str]:
    version = done.version
    name = f"{version.policy} {version.version}"
    if done.before:
        yield f"{name} is frozen already, and unchanged. To go on: {how_to_go_on(version)}"
        return
    if done.rehearsal:
        cases = f"{done.rehearsal.cases} case{'s' * (done.rehearsal.cases != 1)}"
        yield f"{cases} passed, {done.rehearsal.covered} % of the version tried"
    where = clean(from_here(path))
    yield click.style(f"{name} is frozen", fg="green", bold=True) + f" in {where}: {version.digest}"


def _renewed_data(done: Renewed) -> dict[str, object]:
    rows = [
        {"policy": each.policy, "version": each.version, "was": each.frozen, "digest": each.present_digest}
        for each in done.digests
    ]
    locked = [{"policy": each.policy, "version": each.version} for each in done.locked]
    return {"renewed": rows, "locked": locked}


def _renewed(done: Renewed, path: Path) -> Iterator[str]:
    for version in done.digests:
        yield f"{version.policy} {version.version} is {version.present_digest}, was {version.frozen}"
    lock = clean(from_here(lock_path(path)))
    if done.locked:
        yield f"{lock} now holds {_counted(len(done.locked))} more"
    if not done.digests and not done.locked:
        yield f"every digest is of the present form, and {lock} holds what was published: nothing to do"


def _counted(count: int) -> str:
    return f"{count} published version{'s' * (count != 1)}"


def _amended_data(changed: tuple[Deviation, ...]) -> dict[str, object]:
    return {"amended": [dict(each.change) for each in changed]}


def _amended(changed: tuple[Deviation, ...], path: Path) -> Iterator[str]:
    lock = clean(from_here(lock_path(path)))
    for each in changed:
        yield f"accepted: {clean(each.message)}"
    yield f"the reason is kept in {lock}" if changed else f"the book says what {lock} holds: nothing to amend"
