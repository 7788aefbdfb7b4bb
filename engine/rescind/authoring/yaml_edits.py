"""Small edits of YAML text that keep comments and layout, and writes that are whole or not at all.

An edit is made in the text, then the text is read again: what it says must be what was meant, or nothing is written.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rescind.problems.exceptions import BookError
from rescind.problems.problem import Location, Problem, Problems
from rescind.source.read_source import read_file, read_text
from rescind.source.yaml_writer import scalar

__all__ = ["Source", "add_item", "add_key", "place_file", "replace_file", "set_text", "staged"]

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file to edit: its path, its text as it is on the disk (with its line ends and byte order mark), its data."""

    path: Path
    shown: str
    text: str
    data: Any

    @classmethod
    def read(cls, path: Path, shown: str) -> Source:
        """Read a file. Raises `BookError` where it is not there or not clean YAML."""
        problems = Problems()
        document = read_file(path, shown, problems)
        if document is None or problems.errors:
            raise BookError(problems=problems.errors)
        return cls(path, shown, path.read_bytes().decode("utf-8"), document.data)

    @property
    def newline(self) -> str:
        """How lines end in this file."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def node(self, path: Steps) -> yaml.Node:
        """The node of the syntax tree at a path."""
        node: Any = yaml.compose(self.text.removeprefix("\ufeff"), Loader=yaml.SafeLoader)
        for step in path:
            if isinstance(step, int):
                node = node.value[step]
            else:
                node = next(value for key, value in node.value if key.value == step)
        return node  # type: ignore[no-any-return]

    def edited(self, start: int, end: int, text: str) -> Source:
        """With a part of the text replaced; places count from after a byte order mark. Raises `BookError`."""
        mark = len(self.text) - len(self.text.removeprefix("\ufeff"))
        new = self.text[: mark + start] + text.replace("\n", self.newline) + self.text[mark + end :]
        return Source(self.path, self.shown, new, _data(new, self.shown))

    def must_say(self, data: object) -> Source:
        """The file itself, which must say exactly `data`. Raises `BookError` where an edit went wrong."""
        if self.data != data:
            raise self.unsafe("the edit would change more than it should")
        return self

    def unsafe(self, message: str) -> BookError:
        """The error for a file that cannot be edited without risk."""
        hint = "make the change by hand; the layout of the file is unusual here"
        return BookError(problems=[Problem("R0653", message, Location(self.shown), hint)])


def _data(text: str, shown: str) -> Any:
    problems = Problems()
    document = read_text(text.replace("\r\n", "\n"), shown, problems)
    if document is None or problems.errors:
        raise BookError(problems=problems.errors)
    return document.data


def set_text(source: Source, path: Steps, text: str) -> Source:
    """The text under a key that is there replaced, written as `text` is: what `rescind.source.yaml_writer` wrote."""
    node = source.node(path)
    if not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"}:
        raise source.unsafe(f"`{path[-1]}` is not a text on one line")
    return source.edited(node.start_mark.index, node.end_mark.index, text)


def add_key(source: Source, path: Steps, key: str, text: str) -> Source:
    """A key with a value, which is written as `text` is, added at the end of the mapping at `path`, in its style."""
    node = source.node(path)
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise source.unsafe("there is no mapping to add to")
    last = node.value[-1][1]
    if node.flow_style:
        return source.edited(last.end_mark.index, last.end_mark.index, f", {scalar(key)}: {text}")
    column = node.value[0][0].start_mark.column
    at = _end_of_line(source, _end_of(last))
    return source.edited(at, at, f"\n{' ' * column}{scalar(key)}: {text}")


def add_item(source: Source, path: Steps, after: int, item: Mapping[str, str] | str) -> Source:
    """An item added to the list at `path` behind the one numbered `after`, in the style of that one.

    `item` is a mapping of plain keys to texts, or one text; texts are written as they are.
    """
    node = source.node(path)
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise source.unsafe("there is no list to add to")
    neighbour = node.value[after]
    lines = [item] if isinstance(item, str) else [f"{key}: {text}" for key, text in item.items()]
    flow = lines[0] if isinstance(item, str) else f"{{{', '.join(lines)}}}"
    if node.flow_style:
        end = neighbour.end_mark.index
        return source.edited(end, end, f", {flow}")
    dash = " " * node.start_mark.column + "- "
    at = _end_of_line(source, _end_of(neighbour))
    if isinstance(neighbour, yaml.ScalarNode) or neighbour.flow_style:
        return source.edited(at, at, f"\n{dash}{flow}")
    return source.edited(at, at, "\n" + dash + ("\n" + " " * len(dash)).join(lines))


def _end_of(node: yaml.Node) -> int:
    """Where the last thing in a node ends; the parser ends a block only where the next thing begins."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index) - (isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"})


def _end_of_line(source: Source, at: int) -> int:
    text = source.text.removeprefix("\ufeff")
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if text[end - 1 : end] == "\r" else end


@contextlib.contextmanager
def staged(source: Source) -> Iterator[Path]:
    """The text in a new file beside its own, so that it can be tried; it is gone afterwards."""
    handle, name = tempfile.mkstemp(prefix=f".{source.path.name}.", suffix=".tmp", dir=source.path.parent)
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(source.text)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


def replace_file(old: Source, new: Path) -> None:
    """Put the file `new` in the place of the one that `old` was read from, at once and with its permissions.

    Raises `BookError` where somebody else changed the file meanwhile.
    """
    target = old.path.resolve()
    if target.read_bytes().decode("utf-8") != old.text:
        raise old.unsafe("the file was changed by someone else at the same time")
    shutil.copymode(target, new)
    new.replace(target)


def place_file(target: Path, new: Path, like: Path) -> None:
    """Put the file `new` where there is none yet, at once and with the permissions of the file `like`.

    Raises `FileExistsError` where somebody else wrote one meanwhile.
    """
    shutil.copymode(like.resolve(), new)
    os.link(new, target)
