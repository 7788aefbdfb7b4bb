"""`rescind list`: which resources may be cancelled and which may not, with search, filters and order."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import click

from rescind.book.words import CANCELLABLE, Outcome
from rescind.deciding.facts_csv import ROW_KINDS, open_rows
from rescind.deciding.facts_files import FactsFile, FactsRow
from rescind.problems.exceptions import FactsError
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.requests.list_resources import COLUMNS, Filters, Listed
from rescind.terminal.list_formats import ERROR, FORMATS
from rescind.terminal.progress_bar import Progress
from rescind.terminal.verb_options import (
    HAS_ERRORS,
    Verb,
    at_option,
    clean,
    echo_problems,
    load_engine,
    moment_of,
    policy_named,
    version_option,
)
from rescind.terminal.which_book import book_option, book_to_read
from rescind.values.money import parse_figure
from rescind.values.times import format_time

__all__ = ["list_"]

SORTS = ("row", *COLUMNS, "outcome", "refund")
CLOCK = " (the clock; `--at` sets another time)"


@dataclass(slots=True)
class ListTally:
    """What was listed: how many of each outcome."""

    outcomes: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """The counts in a sentence."""
        counts = self.outcomes
        allowed, review = sum(counts[outcome] for outcome in CANCELLABLE), counts[Outcome.REVIEW_REQUIRED]
        after = f" ({review} after review)" if review else ""
        errors = f" ({counts[ERROR]} with errors)" if counts[ERROR] else ""
        return f"{allowed} allowed{after}, {counts.total() - allowed} not allowed{errors}"


def _layout(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    """`--format`; errors are JSON where the output is."""
    del parameter
    ctx.params["format_"] = "json" if value.startswith("json") else "text"
    return value


def _sort_key(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    del ctx, parameter
    if value is not None and value.removeprefix("-") not in SORTS:
        hint = did_you_mean(value, SORTS) or f"use {one_of(SORTS)}, with `-` in front for the other way round"
        raise click.BadParameter(f"rows cannot be sorted by `{clean(value[:60])}`: {hint}")
    return value


@click.command(
    "list",
    cls=Verb,
    sections={
        "Examples": [
            "rescind list resources.jsonl",
            "rescind list resources.csv --not-allowed --region ap-southeast-3",
            "rescind list resources.jsonl --search backup --sort -refund --limit 20",
            "rescind list - --format csv < resources.jsonl",
        ]
    },
)
@click.argument("facts", metavar="FACTS")
@book_option(", else the one shipped with rescind")
@at_option("List as of this time.")
@click.option("--policy", metavar="ID", help="Try only this policy, not the first of the book that applies.")
@version_option("Decide by this version, whatever its dates; needs --policy.")
@click.option(
    "--search", default="", help="Part of a name in any case, or a whole order number or resource id."
)
@click.option("--product-type", multiple=True, help="Only this product type. May be repeated.")
@click.option("--region", multiple=True, help="Only this region. May be repeated.")
@click.option("--enterprise-project", multiple=True, help="Only this enterprise project. May be repeated.")
@click.option("--allowed", "only", flag_value="allowed", help="Only what may be cancelled.")
@click.option("--not-allowed", "only", flag_value="not-allowed", help="Only what may not, and why.")
@click.option(
    "--sort", metavar="COLUMN", callback=_sort_key, help=f"By {', '.join(SORTS)}; -refund: largest first."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N rows.")
@click.option(
    "--input",
    "input_",
    type=click.Choice(ROW_KINDS),
    help="What FACTS holds. Default: by its name or content.",
)
@click.option(
    "--format",
    "layout",
    type=click.Choice(tuple(FORMATS)),
    default=next(iter(FORMATS)),
    show_default=True,
    callback=_layout,
    help="How the list is written.",
)
def list_(  # noqa: PLR0913, PLR0917 - one parameter for each option
    facts: str,
    book: str | None,
    at: str | None,
    policy: str | None,
    version: str | None,
    search: str,
    product_type: tuple[str, ...],
    region: tuple[str, ...],
    enterprise_project: tuple[str, ...],
    only: str | None,
    sort: str | None,
    limit: int | None,
    input_: str | None,
    layout: str,
    format_: str,
) -> None:
    """List the resources in FACTS as allowed or not allowed to be cancelled, with every reason.

    FACTS is JSON Lines, a JSON or YAML list, or CSV with dotted column names; `-` is standard input. JSON Lines and
    CSV of any length take little memory, sorted or not. A row with errors is not allowed and says why.

    Ends with status 0, or 1 where some rows have errors.
    """
    del format_
    engine = load_engine(book_to_read(book))
    if version is not None and policy is None:
        raise click.BadParameter("name its policy with `--policy`", param_hint="--version")
    if policy is not None:
        policy_named(engine.book, policy, "--policy")
    moment = moment_of(at, engine.book.zone)
    filters = Filters(search, frozenset(product_type), frozenset(region), frozenset(enterprise_project))
    tally = ListTally()
    with open_rows(facts, input_, engine.book.vocabulary) as file, Progress(file.size) as progress:
        source = _Source(file, progress)
        listed = engine.list(source.facts(), at=moment, filters=filters, policy=policy, version=version)
        rows = _picked(source.plain(listed, report=layout in ("table", "csv")), only, sort, limit)
        FORMATS[layout](_counted(rows, tally, progress), engine.book.words)
    if layout == "table":
        click.echo(f"\n{tally.line()}\nas of {format_time(moment, engine.book.zone)}{'' if at else CLOCK}")
    if tally.outcomes[ERROR]:
        raise click.exceptions.Exit(HAS_ERRORS)


class _Source:
    """The rows of a file, one at a time, and the one at hand, which knows its places."""

    def __init__(self, file: FactsFile, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self._row: FactsRow | None = None

    def facts(self) -> Iterator[object]:
        """What the engine lists: facts, or the error of a row that cannot be read."""
        for row in self._file.rows:
            self._row = row
            self._progress.step(row.at)
            yield FactsError(problems=row.problems) if row.problems else row.facts

    def plain(self, listed: Iterable[Listed], *, report: bool) -> Iterator[dict[str, Any]]:
        """The rows as plain data, problems located; with `report` these go to standard error as well."""
        for each in listed:
            data = each.to_dict()
            row = self._row
            if each.decision is None and row:
                problems = row.problems or row.located(each.problems)
                data["problems"] = [problem.to_dict() for problem in problems]
                if report:
                    self._progress.hide()
                    echo_problems(problems, "text")
            else:
                data["reasons"] = each.reasons()
            yield data


def _picked(
    rows: Iterator[dict[str, Any]], only: str | None, sort: str | None, limit: int | None
) -> Iterator[dict[str, Any]]:
    if only:
        rows = (row for row in rows if row["allowed"] is (only == "allowed"))
    if sort is None:
        return itertools.islice(rows, limit)
    from rescind.requests.external_sort import sorted_rows

    column, reverse = sort.removeprefix("-"), sort.startswith("-")
    return sorted_rows(rows, lambda row: _key(row, column, reverse=reverse), reverse=reverse, limit=limit)


def _key(row: dict[str, Any], column: str, *, reverse: bool) -> list[Any]:
    """Rows without the column come last, either way round."""
    value = row.get(column)
    if value is None:
        return [not reverse]
    if column == "refund":
        money = parse_figure(value)
        return [reverse, money.currency, money.minor]
    return [reverse, value.casefold() if isinstance(value, str) else value]


def _counted(
    rows: Iterable[dict[str, Any]], tally: ListTally, progress: Progress
) -> Iterator[dict[str, Any]]:
    for row in rows:
        tally.outcomes[row["outcome"]] += 1
        progress.make_room()
        yield row
