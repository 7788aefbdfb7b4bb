"""How `rescind list` writes its rows: a writer for each format, in one table. Rows are not kept."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

import click

from rescind.book.model import BookWords
from rescind.book.words import Outcome
from rescind.requests.list_resources import COLUMNS
from rescind.terminal.verb_options import clean

__all__ = ["ERROR", "FORMATS"]

CSV_COLUMNS = ("row", *COLUMNS, "allowed", "outcome", "policy", "version", "refund", "reviews", "reasons")

# A row whose facts are refused has no outcome.
ERROR = "error"
MARKS: Mapping[str, tuple[str, str]] = {
    Outcome.ALLOWED: ("allowed", "green"),
    Outcome.REVIEW_REQUIRED: ("after review", "yellow"),
    Outcome.BLOCKED: ("blocked", "red"),
    Outcome.NOT_APPLICABLE: ("no policy", "blue"),
    ERROR: ("error", "magenta"),
}


def _table(rows: Iterable[dict[str, Any]], words: BookWords) -> None:
    """Allowed rows as they come; the others wait in a file for their own heading."""
    with tempfile.SpooledTemporaryFile(1 << 20, "w+", encoding="utf-8", errors="surrogatepass") as waiting:
        heading = f"{clean(words.cancellation)} allowed"
        for row in rows:
            if not row["allowed"]:
                waiting.write(_line(row) + "\n")
                continue
            if heading:
                click.echo(click.style(heading, bold=True))
                heading = ""
            click.echo(_line(row))
        _rest(waiting, f"{clean(words.cancellation)} not allowed", after=not heading)


def _rest(waiting: IO[str], heading: str, *, after: bool) -> None:
    if not waiting.tell():
        return
    waiting.seek(0)
    click.echo(("\n" if after else "") + click.style(heading, bold=True))
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


def _json(rows: Iterable[dict[str, Any]], _: BookWords) -> None:
    comma = ""
    for row in rows:
        sys.stdout.write(f"{comma or '['}\n{_encoded(row)}")
        comma = ","
    sys.stdout.write("\n]\n" if comma else "[]\n")


def _json_lines(rows: Iterable[dict[str, Any]], _: BookWords) -> None:
    for row in rows:
        sys.stdout.write(_encoded(row) + "\n")


def _csv(rows: Iterable[dict[str, Any]], _: BookWords) -> None:
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


# The first is the default.
FORMATS: Mapping[str, Callable[[Iterable[dict[str, Any]], BookWords], None]] = {
    "table": _table,
    "json": _json,
    "jsonl": _json_lines,
    "csv": _csv,
}
