"""Facts from CSV: the first line names the facts, with dots; each line after it is one case.

A cell is read by the type of its fact: `true` and `false`, whole numbers, sets with semicolons, JSON for lists,
anything else as it is written. An empty cell leaves the fact out. Money may be one cell (`1000.01 USD`) or two columns
(`order.amount.amount` and `order.amount.currency`); each payment instrument has its own column (`order.paid.cash`).
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from rescind.book.open_groups import OpenGroups
from rescind.book.vocabulary import Vocabulary
from rescind.deciding.facts_files import KINDS, FactsFile, FactsRow, open_facts
from rescind.problems.exceptions import FactsError
from rescind.problems.problem import FirstProblems, Location, Problem
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.source.json_positions import survey
from rescind.source.json_syntax import too_deep
from rescind.values.types import Kind

__all__ = ["ROW_KINDS", "csv_file", "open_rows"]

ROW_KINDS = (*KINDS, "csv")
BOM = b"\xef\xbb\xbf"
# The `csv` module refuses longer cells anyway, and texts in facts are shorter.
MAX_LINE = 1024 * 1024

# A column in an open group may lie as deep as facts may nest.
MAX_PARTS = 64

Cell = Callable[[str], Any]


class _Column(NamedTuple):
    """Where the cells of a column go, and how they are read."""

    path: tuple[str, ...]
    read: Cell


@contextmanager
def open_rows(path: str, kind: str | None, vocabulary: Vocabulary) -> Iterator[FactsFile]:
    """Open a file of facts of any of `ROW_KINDS`; None: by name, else by content. Raises what `open_facts` does."""
    if kind != "csv" and not (kind is None and Path(path).suffix.lower() == ".csv"):
        with open_facts(path, kind) as file:
            yield file
        return
    if path == "-":
        import sys

        yield csv_file(sys.stdin.buffer, "<stdin>", 0, vocabulary)
        return
    try:
        stream = open(path, "rb")  # noqa: PTH123, SIM115 - closed below; the name stays as the user wrote it
    except FileNotFoundError:
        raise _error("R0001", Location(path), "there is no such file", "`-` reads standard input") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", "") or "the name is not a valid path").lower()
        raise _error("R0001", Location(path), f"the file cannot be read: {reason}") from None
    with stream:
        yield csv_file(stream, path, os.fstat(stream.fileno()).st_size, vocabulary)


def csv_file(stream: IO[bytes], shown: str, size: int, vocabulary: Vocabulary) -> FactsFile:
    """A CSV stream as rows of facts. Raises `FactsError` where its first line does not name facts."""
    lines = _Lines(stream)
    head = next(lines, "")
    if not head.strip():
        raise _error("R0010", Location(shown, 1, 1), "the CSV is empty", "its first line names the facts")
    delimiter = max(",;\t", key=head.count)
    try:
        names = next(csv.reader([head], delimiter=delimiter))
    except csv.Error as error:
        raise _error("R0912", Location(shown, 1, 1), f"the first line cannot be read: {error}") from None
    columns = _columns(names, shown, vocabulary)
    return FactsFile(shown, size, _rows(lines, columns, shown, delimiter))


class _Lines:
    """The lines of a stream as text: bytes that are not UTF-8 become lone surrogates, overlong lines are cut."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.at = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(MAX_LINE)
        if not line:
            raise StopIteration
        first = self.at == 0
        self.at += len(line)
        rest = line
        while len(rest) == MAX_LINE and not rest.endswith(b"\n"):
            rest = self._stream.readline(MAX_LINE)
            self.at += len(rest)
        return (line.removeprefix(BOM) if first else line).decode("utf-8", "surrogateescape")


def _error(code: str, place: Location, message: str, hint: str = "") -> FactsError:
    return FactsError(problems=[Problem(code, message, place, hint)])


def _columns(names: Sequence[str], shown: str, vocabulary: Vocabulary) -> list[_Column]:
    found, opened = FirstProblems(), OpenGroups(vocabulary)
    place = Location(shown, 1, 1)
    seen: set[str] = set()
    twice: set[str] = set()
    columns = []
    for name in map(str.strip, names):
        cell = _cell(name, vocabulary, opened)
        if name in twice:
            pass
        elif name in seen:
            twice.add(name)
            found.add(partial(Problem, "R0006", f"the column `{_shown(name)}` appears twice", place))
        elif cell is None:
            found.add(partial(_unknown, name, place, vocabulary, opened))
        seen.add(name)
        columns.append(_Column(tuple(name.split(".")), cell or _text))
    for name in filter(partial(_inside_another, seen), sorted(seen)):
        message = f"`{_shown(name)}` is part of a fact that has a column"
        found.add(partial(Problem, "R0006", message, place))
    if len(found):
        raise FactsError(problems=found)
    return columns


def _inside_another(names: Collection[str], name: str) -> bool:
    """Whether one of `names` is a group that contains the name; names of facts have few levels."""
    parts = name.split(".", MAX_PARTS)
    return any(".".join(parts[:count]) in names for count in range(1, min(len(parts), MAX_PARTS)))


def _unknown(name: str, place: Location, vocabulary: Vocabulary, opened: OpenGroups) -> Problem:
    hint = opened.slip(name) or did_you_mean(name, vocabulary.facts)
    hint = hint or f"columns are named after facts: {one_of(vocabulary.facts, 3)}"
    return Problem("R0902", f"`{_shown(name)}` is not a fact of the vocabulary", place, hint)


def _shown(name: str) -> str:
    return name[:60].encode("ascii", "backslashreplace").decode()


def _cell(name: str, vocabulary: Vocabulary, opened: OpenGroups) -> Cell | None:
    """How the cells of a column are read; None for a name that is neither a fact nor in an open group."""
    fact = vocabulary.facts.get(name)
    if fact:
        return _CELLS.get(fact.type.kind, _text if fact.type.kind in (Kind.TEXT, Kind.CHOICE) else str.strip)
    above, _, part = name.rpartition(".")
    fact = vocabulary.facts.get(above)
    if fact and (
        (fact.type.kind is Kind.INSTRUMENTS and part in fact.type.choices)
        or (fact.type.kind is Kind.MONEY and part in ("amount", "currency"))
        or fact.type.kind is Kind.RATES
    ):
        return str.strip
    return _text if name.count(".") < MAX_PARTS and opened.take(name) else None


def _text(cell: str) -> str:
    return cell


def _flag(cell: str) -> object:
    return {"true": True, "false": False}.get(cell.strip().lower(), cell)


def _integer(cell: str) -> object:
    return int(cell) if re.fullmatch(r"\s*-?[0-9]{1,18}\s*", cell, re.ASCII) else cell


def _set(cell: str) -> object:
    return [item.strip() for item in cell.split(";")]


def _json(cell: str) -> object:
    try:
        return cell if too_deep(cell) else json.loads(cell, parse_float=str)
    except ValueError:
        return cell


_CELLS: dict[Kind, Cell] = {
    Kind.FLAG: _flag,
    Kind.INTEGER: _integer,
    Kind.SET: _set,
    Kind.LIST: _json,
    Kind.INSTRUMENTS: _json,
    Kind.RATES: _json,
}


def _rows(lines: _Lines, columns: Sequence[_Column], shown: str, delimiter: str) -> Iterator[FactsRow]:
    reader = csv.reader(lines, delimiter=delimiter)
    any_row = False
    while True:
        start = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            any_row = True
            hint = "a quotation mark that is never closed takes in all that follows"
            yield _bad(
                Problem("R0912", f"the line cannot be read: {error}", Location(shown, start, 1), hint),
                lines.at,
            )
            continue
        if not any(cell.strip() for cell in cells):
            continue
        any_row = True
        yield _row(cells, columns, Location(shown, start, 1), lines.at)
    if not any_row:
        raise _error("R0010", Location(shown), "there are no facts: the CSV has no line after the first")


def _bad(problem: Problem, at: int) -> FactsRow:
    place = problem.location
    return FactsRow(None, (problem,), at, lambda: survey("", place.path, place.line).document)


def _row(cells: Sequence[str], columns: Sequence[_Column], place: Location, at: int) -> FactsRow:
    if len(cells) != len(columns):
        message = f"expected {len(columns)} cells, as the first line has, found {len(cells)}"
        return _bad(Problem("R0912", message, place, "put cells with commas or quotes in quotes"), at)
    if any("\udc80" <= char <= "\udcff" for cell in cells if not cell.isascii() for char in cell):
        return _bad(Problem("R0003", "the line is not UTF-8", place, "save the file as UTF-8"), at)
    facts: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell.strip():
            _put(facts, column.path, column.read(cell))
    return FactsRow(facts, (), at, lambda: survey("", place.path, place.line).document)


def _put(facts: dict[str, Any], path: Sequence[str], value: object) -> None:
    *above, leaf = path
    group = facts
    for part in above:
        group = group.setdefault(part, {})
    group[leaf] = value
