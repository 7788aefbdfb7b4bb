"""Where in a JSON text everything stands. Read only for errors: a good text is never scanned twice.

`survey` works on broken JSON too, as far as its brackets go. It does not recurse.
"""

from __future__ import annotations

import bisect
import json
import re
from dataclasses import dataclass, field

from rescind.problems.problem import Location
from rescind.source.document import Document, Entry, Path, Place
from rescind.source.json_syntax import MAX_DEPTH

__all__ = ["Survey", "path_to", "survey"]

MAX_DIGITS = 4_000  # Python refuses to read longer integers

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*")


@dataclass(slots=True)
class Survey:
    """A text and its places; keys that appear twice, numbers that JSON lacks or that are too long, the first depth.

    Nothing is looked up behind a bracket that nests too deep.
    """

    document: Document
    doubled: list[tuple[str, Location]] = field(default_factory=list)
    numbers: list[tuple[str, Location]] = field(default_factory=list)
    deep: Location | None = None


def survey(text: str, shown: str, line: int = 1) -> Survey:
    """The places of a JSON text that begins on `line` of the file `shown`."""
    return _Surveyor(text, shown, line).survey()


class _Open:
    """A mapping or list that has not ended yet; `key` is the one whose value comes next, with its offset."""

    __slots__ = ("children", "key")

    def __init__(self, bracket: str) -> None:
        self.children: dict[str, Entry] | list[Place] = {} if bracket == "{" else []
        self.key: tuple[str, int] | None = None


class _Surveyor:
    def __init__(self, text: str, shown: str, line: int) -> None:
        self._text = text
        self._line = line
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._open: list[_Open] = []
        self._root: Place | None = None
        self._found = Survey(Document(shown, text, None, Place(line - 1, 0, 0)))

    def survey(self) -> Survey:
        for match in _TOKEN.finditer(self._text):
            self._token(match[0], match.start())
            if self._found.deep is not None:
                break  # millions of open brackets would be kept, for nobody
        found, document = self._found, self._found.document
        root = self._root or document.root
        found.document = Document(document.path, self._text, None, root)
        return found

    def _token(self, token: str, offset: int) -> None:
        if token in ("{", "["):
            opened = _Open(token)
            self._put(self._place(offset, opened.children), offset)
            self._open.append(opened)
            if len(self._open) > MAX_DEPTH and self._found.deep is None:
                self._found.deep = self._location(offset)
        elif token in ("}", "]"):
            del self._open[-1:]
        elif token not in (":", ","):
            self._scalar(token, offset)

    def _scalar(self, token: str, offset: int) -> None:
        top = self._open[-1] if self._open else None
        if top and isinstance(top.children, dict) and top.key is None:
            top.key = (_key(token), offset)
            return
        if not token.startswith('"') and _odd(token):
            self._found.numbers.append((token, self._location(offset)))
        self._put(self._place(offset, None), offset)

    def _put(self, place: Place, offset: int) -> None:
        if not self._open:
            self._root = self._root or place
            return
        top = self._open[-1]
        if isinstance(top.children, list):
            top.children.append(place)
            return
        key, at = top.key or ("", offset)
        top.key = None
        where = self._place(at, None)
        if key in top.children:
            self._found.doubled.append((key, self._location(at)))
        top.children[key] = Entry(where.line, where.column, place)

    def _place(self, offset: int, children: dict[str, Entry] | list[Place] | None) -> Place:
        row = bisect.bisect_right(self._starts, offset) - 1
        return Place(row + self._line - 1, offset - self._starts[row], offset, children)

    def _location(self, offset: int) -> Location:
        place = self._place(offset, None)
        return Location(self._found.document.path, place.line + 1, place.column + 1)


_STEP = re.compile(r"\[(\d+)\]|([^.\[]+)")


def path_to(document: Document, dotted: str, start: Path = ()) -> Path:
    """The path of the facts' name `dotted` (`request.reviews[0].by`) below `start`, as far as the text has it."""
    path, node = start, document.root
    for step in start:
        node = _below(node, step) or node
    for match in _STEP.finditer(dotted):
        step = int(match[1]) if match[1] else match[2]
        below = _below(node, step)
        if below is None:
            break
        path, node = (*path, step), below
    return path


def _below(place: Place, step: str | int) -> Place | None:
    children = place.children
    if isinstance(children, dict):
        entry: Entry | None = children.get(str(step))
        return entry.value if entry else None
    if isinstance(children, list) and isinstance(step, int) and step < len(children):
        found: Place = children[step]
        return found
    return None


def _odd(token: str) -> bool:
    return token in ("NaN", "Infinity", "-Infinity") or bool(
        _NUMBER.fullmatch(token) and (len(token) > MAX_DIGITS or "e" in token.lower())
    )


def _key(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token
