"""Strict access to a document's data: what the parsers stand on.

A parser asks a `Node` for what the language allows at a place. Anything else raises `MalformedError`, and the whole
document then goes to the JSON Schema, which words the problems. So good input never pays for jsonschema, and
nothing that a parser does not understand is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from rescind.problems.problem import Location

if TYPE_CHECKING:
    from rescind.source.document import Document

__all__ = ["ID", "MAX_TEXT", "NAME", "MalformedError", "Node", "Path", "Scalar"]

Path = tuple[str | int, ...]
Scalar = str | int | Decimal | bool
Word = TypeVar("Word", bound=StrEnum)

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
ID = re.compile(r"[a-z][a-z0-9_-]{0,63}")
MAX_TEXT = 4_000


class MalformedError(Exception):
    """A document is not shaped as the language wants; `.location` is where the parser noticed."""

    def __init__(self, message: str, location: Location) -> None:
        super().__init__(message)
        self.location = location


class Node:
    """One value of a document and its path."""

    __slots__ = ("data", "document", "path")

    def __init__(self, document: Document, path: Path = (), data: object = None) -> None:
        self.document = document
        self.path = path
        self.data = data if path else document.data

    @property
    def location(self) -> Location:
        """Where the value starts."""
        return self.document.at(self.path)

    @property
    def key_location(self) -> Location:
        """Where the key of this value starts."""
        return self.document.key_at(self.path)

    @property
    def text_location(self) -> Location:
        """Where the first character of this text stands, inside its quotes."""
        return self.document.scalar_at(self.path)

    def malformed(self, expected: str) -> MalformedError:
        """The error for a value that is not what the language wants here."""
        return MalformedError(f"expected {expected}", self.location)

    def mapping(self) -> dict[str, object]:
        """The value as a mapping with at least one key."""
        if not isinstance(self.data, dict) or not self.data:
            raise self.malformed("a mapping")
        return self.data

    def only(self, *keys: str) -> Node:
        """The node itself: a mapping with no other keys than these."""
        if unknown := [key for key in self.mapping() if key not in keys]:
            raise self.child(unknown[0]).malformed("a known key")
        return self

    def child(self, key: str | int) -> Node:
        """The value under a key that is there."""
        try:
            return Node(self.document, (*self.path, key), self.data[key])  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            raise self.malformed(f"`{key}`") from None

    def get(self, key: str) -> Node | None:
        """The value under a key, or None where the key is left out."""
        return self.child(key) if key in self.mapping() else None

    def items(self) -> Iterator[tuple[str, Node]]:
        """The keys of a mapping with their values."""
        for key in self.mapping():
            yield key, self.child(key)

    def each(self, most: int | None = None) -> Iterator[Node]:
        """The items of a list that has some, at most `most`."""
        if not isinstance(self.data, list) or not self.data:
            raise self.malformed("a list")
        if most is not None and len(self.data) > most:
            raise self.malformed(f"at most {most} items")
        for index in range(len(self.data)):
            yield self.child(index)

    def text(self, most: int = MAX_TEXT) -> str:
        """The value as a text that is not empty and has at most `most` characters."""
        if not isinstance(self.data, str) or not 0 < len(self.data) <= most:
            raise self.malformed("a text")
        return self.data

    def text_of(self, key: str, most: int = MAX_TEXT) -> str:
        """The text under a key, or "" where the key is left out."""
        child = self.get(key)
        return child.text(most) if child else ""

    def matching(self, pattern: re.Pattern[str], what: str) -> str:
        """The value as a text of this form, which `what` says in words."""
        if not pattern.fullmatch(self.text()):
            raise self.malformed(what)
        return self.text()

    def id(self) -> str:
        """The value as the id of something."""
        return self.matching(ID, "an id of small letters, digits, `-` and `_`")

    def id_of(self, key: str) -> str:
        """The id under a key, or "" where the key is left out."""
        child = self.get(key)
        return child.id() if child else ""

    def once(self) -> list[Node]:
        """The items of a list of texts, none of them twice."""
        items = list(self.each())
        if len({item.text() for item in items}) < len(items):
            raise self.malformed("each item once")
        return items

    def one_of(self, *choices: str) -> str:
        """The value as one of these texts."""
        if self.text() not in choices:
            raise self.malformed(" or ".join(choices))
        return self.text()

    def word(self, words: type[Word]) -> Word:
        """The value as one of a closed set of words."""
        try:
            return words(self.text())
        except ValueError:
            raise self.malformed(" or ".join(words)) from None

    def word_of(self, key: str, default: Word) -> Word:
        """The text under a key as a word of the set of `default`, which is meant where the key is left out."""
        child = self.get(key)
        return child.word(type(default)) if child else default

    def scalar(self) -> Scalar:
        """The value as a text, number or flag."""
        if not isinstance(self.data, (str, int, Decimal, bool)):
            raise self.malformed("a single value")
        return self.data

    def flag_of(self, key: str) -> bool:
        """The flag under a key; false where the key is left out."""
        child = self.get(key)
        if child and not isinstance(child.data, bool):
            raise child.malformed("`true` or `false`")
        return bool(child and child.data)
