"""Reports of problems: the line and a caret for a terminal; for programs the formats of `REPORTS`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

from rescind.problems.codes import CODES, Severity
from rescind.problems.problem import Problem

__all__ = ["REPORTS", "Lines", "snippet"]

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}
ANNOTATIONS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice"}
MAX_WIDTH = 160


class Lines:
    """The lines of files, read when they are first asked for; a file that cannot be read has none."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str:
        """A line, counted from 1; "" where there is none."""
        if path not in self._files:
            self._files[path] = _read(path)
        lines = self._files[path]
        return lines[number - 1] if 0 < number <= len(lines) else ""


def _read(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").removeprefix("\ufeff").splitlines()
    except (OSError, UnicodeDecodeError, ValueError):
        return []


def snippet(problem: Problem, lines: Lines) -> tuple[str, str]:
    """The line of a problem and below it carets under what is wrong; two empty texts where no line can be shown."""
    place = problem.location
    line = lines.line(place.path, place.line)
    if not line.strip() or place.column < 1:
        return "", ""
    start = min(place.column - 1, len(line))
    width = max(1, len(_word_at(line, start)))
    shown = "".join(char if char.isprintable() else " " for char in line)
    if len(shown) > MAX_WIDTH:
        cut = max(0, min(start - 40, len(shown) - MAX_WIDTH))
        shown, start = shown[cut : cut + MAX_WIDTH], start - cut
    return shown.rstrip(), " " * start + "^" * min(width, MAX_WIDTH - start)


def _word_at(line: str, start: int) -> str:
    """The word at a column: a text in quotes, a bracket, or the characters up to a space or a sign of YAML."""
    rest = line[start:]
    if rest[:1] in {'"', "'"} and (end := rest.find(rest[0], 1)) > 0:
        return rest[: end + 1]
    if rest[:1] in {"{", "["}:
        return rest[:1]
    length = next(
        (at for at, char in enumerate(rest) if char in " ,}]#" or rest[at : at + 2] == ": "), len(rest)
    )
    return rest[:length].removesuffix(":")


def _json(problems: Sequence[Problem], files: Sequence[str]) -> str:
    """An array with an object for each problem."""
    del files
    return json.dumps([problem.to_dict() for problem in problems], ensure_ascii=False, indent=2)


def _sarif(problems: Sequence[Problem], files: Sequence[str]) -> str:
    """A SARIF 2.1.0 log with one run: the rules that were broken, each result with its place."""
    del files
    codes = sorted({problem.code for problem in problems})
    driver: dict[str, object] = {"name": "rescind", "rules": [_sarif_rule(code) for code in codes]}
    with suppress(PackageNotFoundError):
        driver["version"] = version("rescind")
    run = {
        "tool": {"driver": driver},
        # Columns are counted in characters, not in the two-byte units that SARIF assumes.
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(problem, codes.index(problem.code)) for problem in problems],
    }
    return json.dumps(
        {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2
    )


def _sarif_rule(code: str) -> dict[str, object]:
    return {
        "id": code,
        "shortDescription": {"text": CODES[code].title},
        "help": {"text": f"rescind explain {code}"},
        "defaultConfiguration": {"level": LEVELS[CODES[code].severity]},
    }


def _sarif_result(problem: Problem, index: int) -> dict[str, object]:
    text = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(problem.location.path)}}
    if problem.location.line:
        place["region"] = {"startLine": problem.location.line, "startColumn": max(1, problem.location.column)}
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": LEVELS[problem.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: str) -> str:
    found = Path(path)
    return found.as_uri() if found.is_absolute() else quote(found.as_posix())


def _github(problems: Sequence[Problem], files: Sequence[str]) -> str:
    """Workflow commands of GitHub Actions, one line for each problem."""
    del files
    return "\n".join(_annotation(problem) for problem in problems)


def _annotation(problem: Problem) -> str:
    place = problem.location
    fields = {"file": place.path}
    if place.line:
        fields |= {"line": str(place.line), "col": str(max(1, place.column))}
    fields["title"] = f"{problem.code} {CODES[problem.code].title}"
    words = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in fields.items())
    text = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    return f"::{ANNOTATIONS[problem.severity]} {words}::{_escaped(text, '')}"


def _escaped(text: str, more: str) -> str:
    for char in ("%", "\r", "\n", *more):
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def _junit(problems: Sequence[Problem], files: Sequence[str]) -> str:
    """JUnit XML: a test case for each file of the book, which fails with its errors; the rest is its output."""
    paths = sorted({*files, *(problem.location.path for problem in problems)})
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    failed = {problem.location.path for problem in errors}
    suite = ET.Element(
        "testsuite", name="rescind check", tests=str(len(paths)), failures=str(len(failed)), errors="0"
    )
    for path in paths:
        case = ET.SubElement(suite, "testcase", classname="rescind.check", name=_legal(path))
        here = [problem for problem in problems if problem.location.path == path]
        _fill(case, here)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _fill(case: ET.Element, problems: Sequence[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        count = f"{len(errors)} error{'s' * (len(errors) > 1)}"
        failure = ET.SubElement(case, "failure", message=_legal(count), type=errors[0].code)
        failure.text = _legal("\n".join(map(str, errors)))
    others = [str(problem) for problem in problems if problem.severity is not Severity.ERROR]
    if others:
        ET.SubElement(case, "system-out").text = _legal("\n".join(others))


def _legal(text: str) -> str:
    """Text without the characters that XML has no way to write."""
    return "".join(
        char
        if char in "\t\n" or (char >= " " and char not in "\ufffe\uffff" and not "\ud800" <= char <= "\udfff")
        else "?"
        for char in text
    )


# The formats for programs, by name: problems sorted by place, and the files that were read, to the text of a report.
REPORTS: Mapping[str, Callable[[Sequence[Problem], Sequence[str]], str]] = {
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "junit": _junit,
}
