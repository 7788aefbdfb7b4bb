"""What is compared, what is found, and the words that every part of a comparison has in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rescind.authoring.diff.condition_changes import Say, same_formula
from rescind.book.model import Book, Version
from rescind.formula.scope import Formula
from rescind.problems.problem import Location

__all__ = ["Change", "Found", "Side", "changed", "swap", "swap_formula"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: the book, the version (None: the whole book), and how its conditions are worded."""

    book: Book
    version: Version | None
    say: Say


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `part` and `name` say of what, `kind` is `added`, `removed` or `changed`, `text` says it in words.

    `version` names the policy and version in a comparison of books. `at` is its place on the new side, or on the
    old one where it was removed.
    """

    part: str
    name: str
    kind: str
    text: str
    at: Location
    version: str = ""

    def to_dict(self) -> dict[str, str]:
        """The change as plain data."""
        data = {
            "part": self.part,
            "name": self.name,
            "kind": self.kind,
            "text": self.text,
            "at": str(self.at),
        }
        return {"version": self.version, **data} if self.version else data


Found = Iterator[Change]


def changed(part: str, name: str, texts: Iterable[str], at: Location) -> Found:
    """A change for each of the texts."""
    for text in texts:
        yield Change(part, name, "changed", text, at)


def swap(what: str, old: str, new: str) -> Iterator[str]:
    """What to say when one text replaces another; nothing when they are the same."""
    if old != new:
        yield (
            f"{what}: “{old}” is now “{new}”"
            if old and new
            else f"{what} {'is new' if new else 'is gone'}: “{old or new}”"
        )


def swap_formula(what: str, old: Formula | None, new: Formula | None) -> Iterator[str]:
    """The same of two formulas."""
    if same_formula(old, new):
        return
    if old and new:
        yield f"{what} was `{old.text}`, and is now `{new.text}`"
    elif old:
        yield f"{what} is gone: `{old.text}`"
    elif new:
        yield f"{what} is new: `{new.text}`"
