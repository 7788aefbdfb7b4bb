"""What reading gives: plain data and the places of its keys and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location

__all__ = ["Document", "Entry", "Path", "Place"]

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """Where a value stands, all counted from 0; `offset` counts characters from the start of the text.

    `children` is a dict of `Entry` for a mapping, a list of `Place` for a sequence, None for a scalar.
    """

    line: int
    column: int
    offset: int
    children: Mapping[str, Entry] | Sequence[Place] | None = None


class Entry(NamedTuple):
    """Where the key of a mapping stands, and its value."""

    line: int
    column: int
    value: Place


@frozen
class Document:
    """One file that was read.

    `path` is the file as shown to the user, `text` its text without a byte order mark, `data` fresh plain
    containers: dict[str, …], list, str, int, decimal.Decimal, bool or None.
    """

    path: str
    text: str
    data: object
    root: Place = field(repr=False, compare=False)

    def at(self, path: Path) -> Location:
        """The place of the value at `path`, or of its nearest ancestor that is there."""
        return self._location(self._walk(path)[0])

    def key_at(self, path: Path) -> Location:
        """The place of the key at the end of `path`; like `at` where there is no such key."""
        if not path:
            return self.at(path)
        parent, whole = self._walk(path[:-1])
        entry = parent.children.get(str(path[-1])) if whole and isinstance(parent.children, dict) else None
        if entry is None or not isinstance(path[-1], str):
            return self.at(path)
        return Location(self.path, entry.line + 1, entry.column + 1)

    def scalar_at(self, path: Path) -> Location:
        """The place of the first character of the scalar's own text: after the quote, below the `|`."""
        place, whole = self._walk(path)
        if whole and place.children is None:
            opening = self.text[place.offset : place.offset + 1]
            if opening in {"'", '"'}:
                return Location(self.path, place.line + 1, place.column + 2)
            if opening in {"|", ">"}:
                return self._below(place)
        return self._location(place)

    def _location(self, place: Place) -> Location:
        return Location(self.path, place.line + 1, place.column + 1)

    def _walk(self, path: Path) -> tuple[Place, bool]:
        """The deepest place on `path`, and whether that is the whole of it."""
        place = self.root
        for step in path:
            below = _child(place, step)
            if below is None:
                return place, False
            place = below
        return place, True

    def _below(self, place: Place) -> Location:
        """The first character that is not blank under the header of a block scalar."""
        start = self.text.find("\n", place.offset)
        index = start
        while 0 <= index < len(self.text) and self.text[index] in " \r\n":
            index += 1
        if not 0 <= index < len(self.text):
            return self._location(place)
        line = place.line + self.text.count("\n", start, index)
        return Location(self.path, line + 1, index - self.text.rfind("\n", 0, index))


def _child(place: Place, step: str | int) -> Place | None:
    children = place.children
    if isinstance(step, str):
        entry = children.get(step) if isinstance(children, dict) else None
        return None if entry is None else entry.value
    if isinstance(children, list) and 0 <= step < len(children):
        found: Place = children[step]
        return found
    return None
