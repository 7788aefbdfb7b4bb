"""Located problems: what an author or a caller did, where, and what to do about it.

A problem is data, not an exception. Stages add problems to a `Problems` collector and go on, so that one
run reports everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rescind.problems.codes import CODES, Severity
from rescind.problems.frozen import frozen

__all__ = ["Location", "Problem", "Problems"]


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place: a file as the user named it, or a path into facts.

    `line` and `column` count from 1; 0 means "the whole file" (or a place in facts, which have no lines).
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}"


@frozen
class Problem:
    """One thing that is wrong: `code` from `CODES`, a message in plain words, and a hint ("" if none)."""

    code: str
    message: str
    location: Location
    hint: str = ""

    @property
    def severity(self) -> Severity:
        """The weight of the code."""
        return CODES[self.code].severity

    def __str__(self) -> str:
        text = f"{self.location}: {self.code} {self.message}"
        return f"{text} ({self.hint})" if self.hint else text

    def to_dict(self) -> dict[str, object]:
        """The problem as plain data for `--format json`."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "path": self.location.path,
            "line": self.location.line,
            "column": self.location.column,
            "message": self.message,
            "hint": self.hint,
        }


class Problems:
    """Collects problems; iterating gives them sorted by place, each once.

    Where the reader of a file already objects to a text (R00xx), what later stages say of the same text is an echo of
    that and left out.
    """

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._found: dict[Problem, None] = dict.fromkeys(problems)

    def add(self, code: str, message: str, location: Location, hint: str = "") -> None:
        """Add one problem. `code` must stand in `CODES`."""
        if code not in CODES:
            raise KeyError(code)
        self._found[Problem(code, message, location, hint)] = None

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add several problems."""
        self._found.update(dict.fromkeys(problems))

    def reword(self, reworded: Callable[[Problem], Problem]) -> None:
        """Put what `reworded` makes of it in the place of each problem."""
        self._found = dict.fromkeys(map(reworded, self._found))

    def __iter__(self) -> Iterator[Problem]:
        unread = {p.location for p in self._found if p.code < "R0100"}
        kept = (p for p in self._found if p.code < "R0100" or p.location not in unread)
        return iter(sorted(kept, key=lambda p: (p.location, p.code, p.message)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the book or the case."""
        return tuple(p for p in self if p.severity is Severity.ERROR)
