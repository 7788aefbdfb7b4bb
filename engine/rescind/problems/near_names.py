"""Names that are nearly another: where an unknown name may be meant as it stands, and may be a slip.

Two names are near where they are the same in small letters without `_`, `-`, `.` and blanks, or one slip apart and at
least four letters long, or two slips apart and at least eight. A slip is a letter too many, too few or another, or two
that have changed places. Names with other digits are never near: `line_2` is not a slip for `line_1`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

__all__ = ["NearNames"]

MOST_SLIPS = 2
PREFIX = 7
# Names of the language are shorter. What is longer is compared as it stands.
MAX_LETTERS = 200

_FILLING = re.compile(r"[_\-.\s]+")
_NO_DIGIT = re.compile(r"[^0-9]+")


class NearNames:
    """Some names, to be asked which of them another name nearly is.

    A name is looked up by the beginnings that slips can leave of it, so that asking takes the same time however many
    names there are.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[str, str] = {}
        self._by_beginning: dict[str, list[str]] = {}
        # The extra keys of one caller are the same ones with every case.
        self._known: Callable[[str], str] = lru_cache(maxsize=1_024)(self._nearest)
        for name in names:
            letters = _letters(name)
            if self._names.setdefault(letters, name) == name:
                for beginning in _beginnings(letters):
                    self._by_beginning.setdefault(beginning, []).append(letters)

    def to(self, name: str) -> str:
        """The name that `name` nearly is, the nearest first; "" where there is none."""
        return self._known(name) if len(name) <= MAX_LETTERS else ""

    def _nearest(self, name: str) -> str:
        letters = _letters(name)
        if letters in self._names:
            return self._names[letters]
        found = {
            other for beginning in _beginnings(letters) for other in self._by_beginning.get(beginning, ())
        }
        near = [(slips, other) for other in found if (slips := _slips(letters, other)) <= MOST_SLIPS]
        return self._names[min(near)[1]] if near else ""


def _letters(name: str) -> str:
    return _FILLING.sub("", name.lower())


def _allowed(letters: str) -> int:
    return 2 if len(letters) >= 8 else 1 if len(letters) >= 4 else 0


def _beginnings(letters: str) -> Iterator[str]:
    """The beginning of a name with none, one or two letters left out: near names share one of them."""
    level = {letters[:PREFIX]}
    yield from level
    for _ in range(_allowed(letters + "x")):
        level = {each[:at] + each[at + 1 :] for each in level for at in range(len(each))}
        yield from level


def _slips(one: str, other: str) -> int:
    """How many slips lie between two names; more than `MOST_SLIPS` where they are too short for it, or not near."""
    allowed = min(_allowed(one), _allowed(other))
    far = MOST_SLIPS + 1
    if (
        abs(len(one) - len(other)) > allowed
        or _NO_DIGIT.sub(" ", one).split() != _NO_DIGIT.sub(" ", other).split()
    ):
        return far
    slips = _distance(one, other)
    return slips if slips <= allowed else far


def _distance(one: str, other: str) -> int:
    """Letters to leave out, add, change or swap with their neighbour until one text is the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one):
        above, before, row = before, row, [index + 1]
        for at, wanted in enumerate(other):
            steps = min(before[at] + (letter != wanted), before[at + 1] + 1, row[at] + 1)
            if index and at and letter == other[at - 1] and one[index - 1] == wanted:
                steps = min(steps, above[at - 1] + 1)
            row.append(steps)
    return row[-1]
