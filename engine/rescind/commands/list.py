"""`rescind list`: which resources may be unsubscribed and which may not, with search, filters and order."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import click

from rescind.book.words import CANCELLABLE, Outcome
from rescind.deciding.facts_csv import ROW_KINDS, open_rows
from rescind.deciding.facts_files import FactsFile, Row
from rescind.problems.exceptions import FactsError
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.requests.list_resources import COLUMNS, Filters, Listed
from rescind.terminal.progress_bar import Progress
from rescind.terminal.verb_options import (
    HAS_ERRORS,
    Verb,
    at_option,
    book_file,
    book_option,
    clean,
    echo_problems,
    load_engine,
    moment_of,
    policy_named,
    version_option,
)
from rescind.values.units import format_time, parse_money

__all__ = ["list_"]

SORTS = ("row", *COLUMNS, "outcome", "refund")
CSV_COLUMNS = ("row", *COLUMNS, "allowed", "outcome", "policy", "version", "refund", "reviews", "reasons")
CLOCK = " (the clock; `--at` sets another time)"
# A row whose facts are refused has no outcome.
ERROR = "error"
MARKS: Mapping[str, tuple[str, str]] = {
    Outcome.ALLOWED: ("allowed", "green"),
    Outcome.REVIEW_REQUIRED: ("after review", "yellow"),
    Outcome.BLOCKED: ("blocked", "red"),
    Outcome.NOT_APPLICABLE: ("no policy", "blue"),
    ERROR: ("error", "magenta"),
}


@dataclass(slots=True)
class Tally:
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
@book_option
@at_option("List as of this time.")
@click.option("--policy", metavar="ID", help="Try only this policy, not the first of the book that applies.")
@version_option("Decide by this version, whatever its dates; needs --policy.")
@click.option(
    "--search", default="", help="Part of a name in any case, or a whole order number or resource id."
)
@click.option("--product-type", multiple=True, help="Only this product type. May be repeated.")
@click.option("--region", multiple=True, help="Only this region. May be repeated.")
@click.option("--enterprise-project", multiple=True, help="Only this enterprise project. May be repeated.")
@click.option("--allowed", "only", flag_value="allowed", help="Only what may be unsubscribed.")
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
    type=click.Choice(("table", "json", "jsonl", "csv")),
    default="table",
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
    """List the resources in FACTS as allowed or not allowed to be unsubscribed, with every reason.

    FACTS is JSON Lines, a JSON or YAML list, or CSV with dotted column names; `-` is standard input. JSON Lines and
    CSV of any length take little memory, sorted or not. A row with errors is not allowed and says why.

    Ends with status 0, or 1 where some rows have errors.
    """
    del format_
    engine = load_engine(book_file(book))
    if version is not None and policy is None:
        raise click.BadParameter("name its policy with `--policy`", param_hint="--version")
    if policy is not None:
        policy_named(engine.book, policy, "--policy")
    moment = moment_of(at, engine.book.zone)
    filters = Filters(search, frozenset(product_type), frozenset(region), frozenset(enterprise_project))
    tally = Tally()
    with open_rows(facts, input_, engine.book.vocabulary) as file, Progress(file.size) as progress:
        source = _Source(file, progress)
        listed = engine.list(source.facts(), at=moment, filters=filters, policy=policy, version=version)
        rows = _picked(source.plain(listed, report=layout in ("table", "csv")), only, sort, limit)
        WRITERS[layout](_counted(rows, tally, progress))
    if layout == "table":
        click.echo(f"\n{tally.line()}\nas of {format_time(moment, engine.book.zone)}{'' if at else CLOCK}")
    if tally.outcomes[ERROR]:
        raise click.exceptions.Exit(HAS_ERRORS)


class _Source:
    """The rows of a file, one at a time, and the one at hand, which knows its places."""

    def __init__(self, file: FactsFile, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self._row: Row | None = None

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
        money = parse_money(value)
        return [reverse, money.currency, money.minor]
    return [reverse, value.casefold() if isinstance(value, str) else value]


def _counted(rows: Iterable[dict[str, Any]], tally: Tally, progress: Progress) -> Iterator[dict[str, Any]]:
    for row in rows:
        tally.outcomes[row["outcome"]] += 1
        progress.make_room()
        yield row


def _table(rows: Iterable[dict[str, Any]]) -> None:
    """Allowed rows as they come; the others wait in a file for their own heading."""
    with tempfile.SpooledTemporaryFile(1 << 20, "w+", encoding="utf-8", errors="surrogatepass") as waiting:
        heading = "Unsubscription allowed"
        for row in rows:
            if not row["allowed"]:
                waiting.write(_line(row) + "\n")
                continue
            if heading:
                click.echo(click.style(heading, bold=True))
                heading = ""
            click.echo(_line(row))
        _rest(waiting, after=not heading)


def _rest(waiting: IO[str], *, after: bool) -> None:
    if not waiting.tell():
        return
    waiting.seek(0)
    click.echo(("\n" if after else "") + click.style("Unsubscription not allowed", bold=True))
    for line in waiting:
        click.echo(line, nl=False)


def _line(row: dict[str, Any]) -> str:
    """A row in columns wide enough for most; a longer text moves the rest of its line and is never cut."""
    mark, colour = MARKS[row["outcome"]]
    about = [clean(row.get(column, "")) for column in COLUMNS]
    widths = (20, 24, 20, 26, 16, 10)
    cells = [f"{text:<{width}}" for text, width in zip(about, widths, strict=True)]
    money = f"{row.get('refund', ''):>16}"
    text = f"  {click.style(f'{mark:<12}', fg=colour)}  {'  '.join(cells)}  {money}  {_why(row)}"
    return text.rstrip()


def _why(row: dict[str, Any]) -> str:
    if row["outcome"] == ERROR:
        first, *more = row["problems"]
        return clean(f"{first['code']} {first['message']}") + (f" (and {len(more)} more)" if more else "")
    if row["outcome"] == Outcome.REVIEW_REQUIRED:
        return "to be reviewed by " + ", ".join(clean(review["by"]) for review in row["reviews"])
    return clean("; ".join(row["reasons"]))


# `json.dumps` would make an encoder, and `click.echo` flush, for each row.
_encoded = json.JSONEncoder(ensure_ascii=False).encode


def _json(rows: Iterable[dict[str, Any]]) -> None:
    comma = ""
    for row in rows:
        sys.stdout.write(f"{comma or '['}\n{_encoded(row)}")
        comma = ","
    sys.stdout.write("\n]\n" if comma else "[]\n")


def _json_lines(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        sys.stdout.write(_encoded(row) + "\n")


def _csv(rows: Iterable[dict[str, Any]]) -> None:
    """CSV as UTF-8, whatever the terminal; lists in a cell are parted by `; `."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for cells in itertools.chain([CSV_COLUMNS], map(_csv_cells, rows)):
        writer.writerow(cells)
        sys.stdout.write(line.getvalue())
        line.seek(0)
        line.truncate()


def _csv_cells(row: dict[str, Any]) -> list[str]:
    policy = row.get("policy", {})
    reasons = row.get("reasons") or [f"{p['code']} {p['message']}" for p in row.get("problems", ())]
    special = {
        "row": str(row["row"]),
        "allowed": "true" if row["allowed"] else "false",
        "policy": policy.get("id", ""),
        "version": policy.get("version", ""),
        "reviews": "; ".join(review["id"] for review in row.get("reviews", ())),
        "reasons": "; ".join(reasons),
    }
    return [special[column] if column in special else row.get(column, "") for column in CSV_COLUMNS]


WRITERS = {"table": _table, "json": _json, "jsonl": _json_lines, "csv": _csv}
