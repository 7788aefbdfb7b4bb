"""Files of facts: one case or many, from JSON, JSON Lines, YAML or standard input.

JSON Lines are read one line at a time, so a file of any length takes the memory of one line. JSON fractions are read as
exact decimals. What cannot be read becomes a row with problems; the rows after it are not affected.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path as FilePath
from typing import IO, Any, NoReturn

from rescind.problems.exceptions import FactsError
from rescind.problems.frozen_records import frozen
from rescind.problems.problem import MORE, Location, Problem, Problems, capped
from rescind.source.document import Document, Path
from rescind.source.json_syntax import first_fault, too_deep
from rescind.source.read_source import read_text

__all__ = ["KINDS", "FactsFile", "FactsRow", "open_facts"]

KINDS = ("json", "jsonl", "yaml")
SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".yaml": "yaml", ".yml": "yaml"}

MIB = 1024 * 1024
MAX_LINE = 16 * MIB
MAX_WHOLE = 64 * MIB
MAX_YAML = 2 * MIB
BOM = b"\xef\xbb\xbf"

Places = Callable[[], Document]


@dataclass(frozen=True)
class FactsRow:
    """One case: its facts as plain data, or the problems that keep them from being read.

    `at` is how far into the file the row reaches, in the unit of `FactsFile.size`. `places` finds the place of
    everything in it.
    """

    facts: Any
    problems: tuple[Problem, ...]
    at: int
    places: Places
    below: Path = ()

    @cached_property
    def document(self) -> Document:
        """The places of everything in the row, found once and only if a problem needs them."""
        return self.places()

    @cached_property
    def line(self) -> int:
        """The line on which the case begins."""
        return self.document.at(self.below).line

    def located(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The same problems, with the line and column of what they are about added to their paths into the facts."""
        return tuple(self._located(problem) for problem in problems)

    def _located(self, problem: Problem) -> Problem:
        from rescind.source.json_positions import path_to

        document, name = self.document, problem.location.path
        path = path_to(document, name, self.below)
        at_key = problem.code in ("R0901", "R0902", MORE) and len(path) > len(self.below)
        place = document.key_at(path) if at_key else document.at(path)
        message = problem.message
        if problem.code == "R0903" and name != "facts" and f"`{name}`" not in message:
            message = f"`{name}`: {message}"
        return replace(problem, message=message, location=place)


@frozen
class FactsFile:
    """An open file of facts: its name as the user wrote it, its length (0: unknown), its cases, if many may come."""

    shown: str
    size: int
    rows: Iterator[FactsRow]
    many: bool = True


@contextmanager
def open_facts(path: str, kind: str | None = None) -> Iterator[FactsFile]:
    """Open a file of facts, `-` for standard input. `kind` is one of `KINDS`; None: told by name, else by content.

    Raises `FactsError` where the file as a whole cannot be read.
    """
    if path == "-":
        yield _facts_file(sys.stdin.buffer, "<stdin>", kind, 0)
        return
    try:
        stream = open(path, "rb")  # noqa: PTH123, SIM115 - closed below; the name stays as the user wrote it
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    with stream:
        yield _facts_file(
            stream,
            path,
            kind or SUFFIXES.get(FilePath(path).suffix.lower()),
            os.fstat(stream.fileno()).st_size,
        )


def _unreadable(path: str, error: OSError | ValueError) -> FactsError:
    if isinstance(error, FileNotFoundError):
        return _error("R0001", Location(path), "there is no such file", "`-` reads standard input")
    if isinstance(error, IsADirectoryError):
        return _error(
            "R0001", Location(path), "expected a file of facts, found a folder", "name a file in it"
        )
    reason = (error.strerror if isinstance(error, OSError) else "") or "the name is not a valid path"
    return _error("R0001", Location(path), f"the file cannot be read: {reason.lower()}")


def _error(code: str, place: Location, message: str, hint: str = "") -> FactsError:
    return FactsError(problems=[Problem(code, message, place, hint)])


def _facts_file(stream: IO[bytes], shown: str, kind: str | None, size: int) -> FactsFile:
    head: list[bytes] = []
    if kind is None:
        kind, head = _sniff(stream)
    if kind == "jsonl":
        return FactsFile(shown, size, _lines(itertools.chain(head, _chunks(stream)), shown))
    data = b"".join(head) + stream.read(MAX_WHOLE + 1)
    text = _whole_text(data, shown)
    facts, places = _json_whole(text, shown) if kind == "json" else _yaml_whole(text, shown)
    if not isinstance(facts, list):
        return FactsFile(shown, 1, iter([FactsRow(facts, (), 1, places)]), many=False)
    if not facts:
        raise _error("R0010", places().at(()), "the list holds no facts", "give at least one case")
    rows = (FactsRow(item, (), index + 1, places, (index,)) for index, item in enumerate(facts))
    return FactsFile(shown, len(facts), rows)


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.readline(MAX_LINE + 1), b"")


def _sniff(stream: IO[bytes]) -> tuple[str, list[bytes]]:
    """What a stream holds, and the lines that were read to find out: JSON Lines where a whole object ends the first
    line and more follows; else JSON where it begins with a bracket; else YAML.
    """
    head = _up_to_next_line(stream)
    first = head[-1].removeprefix(BOM) if head else b""
    if _is_object(first):
        more = _up_to_next_line(stream)
        return ("jsonl" if more else "json"), head + more
    return ("json" if first.lstrip()[:1] in (b"{", b"[") else "yaml"), head


def _up_to_next_line(stream: IO[bytes]) -> list[bytes]:
    """Any blank lines and the next line that is not blank; empty at the end."""
    lines = []
    for line in iter(lambda: stream.readline(MAX_WHOLE + 1), b""):
        lines.append(line)
        if line.removeprefix(BOM).strip():
            return lines
    return []


def _is_object(line: bytes) -> bool:
    try:
        return not too_deep(line.decode("latin-1")) and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _whole_text(data: bytes, shown: str) -> str:
    if len(data) > MAX_WHOLE:
        size = f"expected at most {MAX_WHOLE // MIB} MiB, found more"
        raise _error(
            "R0002", Location(shown), size, "write one case per line (JSON Lines): that is read line by line"
        )
    try:
        text = data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FactsError(problems=[_not_utf8(data.removeprefix(BOM), error.start, shown, 1)]) from None
    if not text.strip():
        raise _error("R0010", Location(shown), "there are no facts: the input is empty")
    return text


def _not_utf8(data: bytes, start: int, shown: str, line: int) -> Problem:
    before = data[:start].decode("utf-8")
    place = Location(shown, line + before.count("\n"), len(before) - before.rfind("\n"))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(
            "R0003", "expected UTF-8, found what looks like UTF-16", place, "save the file as UTF-8"
        )
    return Problem(
        "R0003", f"expected UTF-8, found the byte 0x{data[start]:02X}", place, "save the file as UTF-8"
    )


def _yaml_whole(text: str, shown: str) -> tuple[Any, Places]:
    if len(text) > MAX_YAML:
        size = f"expected at most {MAX_YAML // MIB} MiB of YAML, found more"
        raise _error(
            "R0002", Location(shown), size, "write one case per line (JSON Lines): that is read line by line"
        )
    problems = Problems()
    document = read_text(text, shown, problems)
    if document is None or problems.errors:
        raise FactsError(problems=problems.errors)
    return document.data, lambda: document


def _json_whole(text: str, shown: str) -> tuple[Any, Places]:
    facts, problems = parse_json(text, shown, 1)
    if problems:
        raise FactsError(problems=problems)
    return facts, _once(lambda: _places(text, shown, 1))


def _places(text: str, shown: str, line: int) -> Document:
    """The place of everything in a JSON text. Only errors need it, so the code that finds it is imported late."""
    from rescind.source.json_positions import survey

    return survey(text, shown, line).document


def _once(find: Places) -> Places:
    found: list[Document] = []

    def places() -> Document:
        if not found:
            found.append(find())
        return found[0]

    return places


def _lines(chunks: Iterable[bytes], shown: str) -> Iterator[FactsRow]:
    """The rows of JSON Lines; blank lines are skipped. Raises `FactsError` if there is no row."""
    number, at, any_row, inside = 0, 0, False, False
    for chunk in chunks:
        at += len(chunk)
        if inside:  # the rest of a line that was too long
            inside = not chunk.endswith(b"\n")
            continue
        number += 1
        if len(chunk) > MAX_LINE and not chunk.endswith(b"\n"):
            inside = any_row = True
            yield _bad_row(_too_long(shown, number), at)
        elif (line := chunk.removeprefix(BOM) if number == 1 else chunk).strip():
            any_row = True
            yield _row(line, shown, number, at)
    if not any_row:
        raise _error("R0010", Location(shown), "there are no facts: the input is empty")


def _too_long(shown: str, number: int) -> Problem:
    return Problem(
        "R0002",
        f"expected lines of at most {MAX_LINE // MIB} MiB, found a longer one",
        Location(shown, number, 1),
    )


def _bad_row(problem: Problem, at: int) -> FactsRow:
    place = problem.location
    return FactsRow(None, (problem,), at, lambda: _places("", place.path, place.line))


def _row(line: bytes, shown: str, number: int, at: int) -> FactsRow:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return _bad_row(_not_utf8(line, error.start, shown, number), at)
    text = text.rstrip("\r\n")
    facts, problems = parse_json(text, shown, number)
    return FactsRow(facts, problems, at, lambda: _places(text, shown, number))


class _RefusedError(ValueError):
    """A key that occurs twice, or a number that is not JSON."""


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise _RefusedError
    return mapping


def _refuse(word: str) -> NoReturn:
    raise _RefusedError(word)


_decoder = json.JSONDecoder(object_pairs_hook=_mapping, parse_float=Decimal, parse_constant=_refuse)


def parse_json(text: str, shown: str, line: int) -> tuple[Any, tuple[Problem, ...]]:
    """JSON data, or the problems of a text that begins on `line`."""
    if too_deep(text):
        return None, _faulty(text, shown, line)
    try:
        return _decoder.decode(text), ()
    except json.JSONDecodeError:
        return None, _faulty(text, shown, line)
    except (ValueError, ArithmeticError):
        return None, _refused(text, shown, line)


def _faulty(text: str, shown: str, line: int) -> tuple[Problem, ...]:
    """The problem of a text that is not JSON, or is nested too deeply, with its place."""
    fault = first_fault(text)
    if fault is None or not fault.message:
        return _refused(text, shown, line)
    before = text[: fault.at]
    place = Location(shown, line + before.count("\n"), len(before) - before.rfind("\n"))
    return (Problem("R0910", fault.message, place, fault.hint),)


def _stands_twice(key: str, place: Location) -> Problem:
    return Problem(
        "R0006", f"the key `{key[:60]}` appears twice in one object", place, "delete one of the two"
    )


def _inexact(token: str, place: Location) -> Problem:
    message = f"`{token[:30]}{'…' if len(token) > 30 else ''}` is not a number that can be read exactly"
    return Problem("R0911", message, place, "write a plain decimal number")


def _refused(text: str, shown: str, line: int) -> tuple[Problem, ...]:
    """What Python's parser wrongly accepts or cannot handle, with places."""
    from rescind.source.json_positions import survey

    found = survey(text, shown, line)
    problems = capped(
        [
            *(_stands_twice(key, place) for key, place in found.doubled),
            *(_inexact(token, place) for token, place in found.numbers),
        ]
    )
    if found.deep and not problems:
        return (Problem("R0014", "the nesting is too deep: facts are groups of values", found.deep),)
    return problems or (Problem("R0910", "the JSON cannot be parsed", Location(shown, line, 1)),)
