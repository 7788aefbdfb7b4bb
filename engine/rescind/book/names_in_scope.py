"""What conditions and formulas of one version may name, typed on demand.

A value's type is known only once its formula has been typed, which may need other values. `Names` asks for a value
when it is first looked up, so the order in the file does not matter and a cycle shows itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rescind.book.vocabulary import NOW, Fact, Vocabulary
from rescind.values.types import Kind, Type

__all__ = ["BrokenNameError", "Names"]

MONEY = Type(Kind.MONEY)


class BrokenNameError(Exception):
    """A name stands for something that has a problem of its own, already reported."""


class Names(Mapping[str, Type]):
    """Names to types. Looking up a value calls `demand(name)`, which may raise `BrokenNameError`."""

    def __init__(self, vocabulary: Vocabulary, demand: Callable[[str], Type]) -> None:
        self._known = vocabulary.names()
        self._vocabulary = vocabulary
        self._demand = demand
        self._declared: dict[str, None] = {}

    def declare(self, name: str) -> bool:
        """Announce a value or a refund figure; False when the name is taken."""
        if name in self._known or name in self._declared:
            return False
        self._declared[name] = None
        return True

    def fact(self, name: str) -> Fact | None:
        """The fact of this name, None for a value or a figure."""
        return self._vocabulary.facts.get(name)

    def optional(self, name: str) -> bool:
        """Whether a name may be absent at run time."""
        fact = self._vocabulary.fact_of(name)
        return bool(fact and fact.optional)

    def certain(self, name: str) -> bool:
        """Whether a name is never unknown: `now`, and a fact that is optional or has a default."""
        fact = self._vocabulary.fact_of(name)
        return name == NOW or bool(fact and not fact.required)

    def __getitem__(self, name: str) -> Type:
        if name in self._known:
            return self._known[name]
        if name in self._declared:
            return self._demand(name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self._known or name in self._declared

    def __iter__(self) -> Iterator[str]:
        yield from self._known
        yield from self._declared

    def __len__(self) -> int:
        return len(self._known) + len(self._declared)
