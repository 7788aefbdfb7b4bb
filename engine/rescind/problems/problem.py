"""Located problems: what an author or a caller did, where, and what to do about it.

A problem is data, not an exception. Stages add problems to a `Problems` collector and go on, so that one
run reports everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rescind.problems.codes import CODES, Severity
from rescind.problems.frozen_records import frozen

__all__ = ["MAX_PROBLEMS", "MORE", "FirstProblems", "Location", "Problem", "Problems", "capped"]

# So many errors are told of one case, file, request or book; one more problem says how many there are besides.
MAX_PROBLEMS = 100
MORE = "R0992"


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
    """One thing that is wrong: `code` from `CODES`, a message in plain words, and a hint ("" if none).

    `stands_for` is more than 1 only of the problem that says how many others are not told.
    """

    code: str
    message: str
    location: Location
    hint: str = ""
    stands_for: int = 1

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


def _more(count: int, place: Location) -> Problem:
    """The problem that says how many others there are; `place` is that of the first of them."""
    what = "1 more problem is" if count == 1 else f"{count} more problems are"
    return Problem(MORE, f"{what} not told one by one", place, "mend the first ones and look again", count)


class FirstProblems:
    """The first problems of one thing, at most `MAX_PROBLEMS`, and the exact count of all.

    What makes a problem is called only where it is kept: thousands of mistakes cost no more than counting them, however
    long it takes to word one and to look for what may have been meant.
    """

    __slots__ = ("_kept", "_left", "_place")

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._left = 0
        self._place: Location | None = None

    def add(self, make: Callable[[], Problem]) -> None:
        """One more problem."""
        if len(self._kept) < MAX_PROBLEMS:
            self._kept.append(make())
            return
        self._left += 1
        if self._place is None:
            self._place = make().location

    def __iter__(self) -> Iterator[Problem]:
        yield from self._kept
        if self._place is not None:
            yield _more(self._left, self._place)

    def __len__(self) -> int:
        return len(self._kept) + self._left


def capped(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems with the first `MAX_PROBLEMS` errors, and one that counts the others. Warnings and advice all stay."""
    kept, left, place, errors = [], 0, None, 0
    for problem in problems:
        if problem.code == MORE:
            left, place = left + problem.stands_for, place or problem.location
        elif problem.severity is not Severity.ERROR:
            kept.append(problem)
        elif errors < MAX_PROBLEMS:
            errors += 1
            kept.append(problem)
        else:
            left, place = left + 1, place or problem.location
    return (*kept, _more(left, place)) if place else tuple(kept)


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
        kept = (p for p in self._found if p.code < "R0100" or p.code == MORE or p.location not in unread)
        return iter(sorted(kept, key=lambda p: (p.code == MORE, p.location, p.code, p.message)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def crowded(self) -> bool:
        """Whether there are as many as are told: what is found from now on needs no hint that takes long to find."""
        return len(self._found) >= MAX_PROBLEMS

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the book or the case."""
        return tuple(p for p in self if p.severity is Severity.ERROR)
