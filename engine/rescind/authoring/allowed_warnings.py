"""Comments that allow a warning or advice, with a reason.

    when: {order.paid_at: {after: now}}  # rescind: allow R0332 because an order without a payment date is free

The comment is on the line of the problem, or alone on the line above it. In the book's own file, `allow R0601
everywhere because …` applies to every file of the book. Errors cannot be allowed. A comment that gives no reason, that
allows what cannot be allowed, or that nothing needs any more is a problem itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from rescind.problems.codes import CODES, Severity
from rescind.problems.problem import Location, Problem, Problems
from rescind.problems.suggestions import did_you_mean

__all__ = ["Allowance", "allowances", "without_allowed"]

_MARK = re.compile(r"(?:^|(?<=[ \t]))#[ \t]*rescind[ \t]*:(?P<words>[^\n\r]*)", re.MULTILINE)
_WORDS = re.compile(
    r"\s*allow\s+(?P<codes>R\d+(?:\s*,\s*R\d+)*)(?P<everywhere>\s+everywhere)?(?:\s+because\s+(?P<reason>\S.*))?\s*"
)
HINT = "write `# rescind: allow R0332 because …`"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One code that a comment allows. `line`: the line of the problems that are allowed; 0 means all."""

    code: str
    path: str
    line: int
    location: Location


def without_allowed(
    problems: Iterable[Problem],
    texts: Mapping[str, str],
    book: str = "",
    looked_for: Collection[Severity] = tuple(Severity),
) -> tuple[Problem, ...]:
    """The problems that no comment allows, and what is wrong with the comments, sorted by place.

    `texts` are the files of the book by path as shown; `book` is the path of the book's own file. A comment is
    only reported as unused where all problems of its severity were `looked_for`.
    """
    kept = Problems()
    found = {path: list(allowances(text, path, kept)) for path, text in texts.items() if "rescind" in text}
    every = [each for group in found.values() for each in group]
    used: set[Allowance] = set()
    wide = {each.code: each for each in every if not each.line and each.path == book}
    narrow = {(each.code, each.path, each.line): each for each in every if each.line}
    for problem in problems:
        place = problem.location
        match = narrow.get((problem.code, place.path, place.line)) or wide.get(problem.code)
        if match:
            used.add(match)
        else:
            kept.extend([problem])
    for each in every:
        if each not in used and CODES[each.code].severity in looked_for:
            _unused(each, book, kept)
    return tuple(kept)


def _unused(each: Allowance, book: str, problems: Problems) -> None:
    message = f"nothing here needs the comment that allows {each.code}"
    hint = "delete it"
    if not each.line and each.path != book:
        message, hint = "`everywhere` is said outside of the book's own file", f"move it to `{book}`"
    problems.add("R0622", message, each.location, hint)


def allowances(text: str, path: str, problems: Problems) -> Iterator[Allowance]:
    """What the comments of a file allow; what is wrong with them is added to `problems`."""
    marks = list(_MARK.finditer(text))
    spans = _scalars(text) if marks else []
    for mark in marks:
        if not any(start <= mark.start() < end for start, end in spans):
            yield from _allowance(text, path, mark, problems)


def _scalars(text: str) -> list[tuple[int, int]]:
    """The places of texts: a `#` inside a text does not begin a comment."""
    try:
        tokens = list(yaml.scan(text))
    except yaml.YAMLError:
        return []  # the reader says what is wrong
    return [
        (token.start_mark.index, token.end_mark.index)
        for token in tokens
        if isinstance(token, yaml.ScalarToken) and not token.plain
    ]


def _allowance(text: str, path: str, mark: re.Match[str], problems: Problems) -> Iterator[Allowance]:
    start = text.rfind("\n", 0, mark.start()) + 1
    line = text.count("\n", 0, mark.start()) + 1
    place = Location(path, line, mark.start() - start + 1)
    words = _WORDS.fullmatch(mark["words"])
    if words is None:
        problems.add(
            "R0620", f"expected `allow` and a code, found `{mark['words'].strip()[:60]}`", place, HINT
        )
        return
    if not words["reason"]:
        problems.add("R0620", f"`allow {words['codes']}` gives no reason", place, HINT)
        return
    target = line if text[start : mark.start()].strip() else _next_line(text, line)
    for code in re.split(r"\s*,\s*", words["codes"]):
        if _may_be_allowed(code, place, problems):
            yield Allowance(code, path, 0 if words["everywhere"] else target, place)


def _next_line(text: str, line: int) -> int:
    """The line that a comment on a line of its own applies to: the next that is neither empty nor a comment."""
    for number, each in enumerate(text.split("\n")[line:], line + 1):
        if each.strip() and not each.lstrip().startswith("#"):
            return number
        if not each.strip():
            break
    return line + 1


def _may_be_allowed(code: str, place: Location, problems: Problems) -> bool:
    known = CODES.get(code)
    if known is None:
        problems.add("R0621", f"there is no problem {code}", place, did_you_mean(code, CODES))
    elif known.severity is Severity.ERROR:
        problems.add("R0621", f"{code} is an error, which cannot be allowed", place, "put it right")
    else:
        return True
    return False
