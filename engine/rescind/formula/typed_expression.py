"""The typed form of a part of a formula: its type and a closure that computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rescind.formula.lexer import Mistake
from rescind.formula.runtime_values import Run, show
from rescind.formula.scope import Scope
from rescind.formula.syntax_tree import Name, Node
from rescind.problems.frozen_records import frozen
from rescind.problems.suggestions import one_of
from rescind.values.types import Kind, Type

__all__ = [
    "EACH",
    "FLAG",
    "INTEGER",
    "NUMBER",
    "NUMERIC",
    "Build",
    "Poisoned",
    "Typed",
    "Unit",
    "constant",
    "describe",
    "unify",
]

# The reserved name under which list functions read the record at hand.
EACH: Final = "each"

# A limit, so that a hostile formula cannot cause a thousand hints to be computed.
MAX_MISTAKES: Final = 20

FLAG: Final = Type(Kind.FLAG)
INTEGER: Final = Type(Kind.INTEGER)
NUMBER: Final = Type(Kind.NUMBER)
NUMERIC: Final = frozenset({Kind.INTEGER, Kind.NUMBER})


class Poisoned(Mistake):
    """A part whose mistake is already reported; carries no problem of its own."""

    def __init__(self) -> None:
        super().__init__("", 0, "")


@frozen
class Typed:
    """A checked part: `run` computes it, `text` is how it is written, `literal` its value if it is a constant."""

    type: Type
    run: Run
    node: Node
    text: str
    literal: object = None


@dataclass(slots=True)
class Unit:
    """One formula while it is compiled: its text, its scope, what it has read and what is wrong with it."""

    text: str
    scope: Scope
    names: dict[str, None] = field(default_factory=dict)
    # The time zones that it names, each once.
    zones: dict[str, None] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    # Optional names that the surrounding condition has found present.
    present: frozenset[str] = frozenset()
    # Where names were read: the node, whether it may be absent, and what is known to be present there.
    reads: list[tuple[Name, bool, frozenset[str]]] = field(default_factory=list)
    # The kinds of the parts that have been built, by identity, and calls that count days by the book's zone.
    kinds: dict[int, Kind] = field(default_factory=dict)
    zoneless: list[Node] = field(default_factory=list)
    # Inside a list function: the fields of the records, and the name of the list.
    each: Mapping[str, Type] | None = None
    list_name: str = ""
    # How often fields of a record have been read.
    fields_read: int = 0

    def snippet(self, node: Node) -> str:
        """The text of a part, shortened, on one line."""
        text = " ".join(self.text[node.start : node.end].split())
        return text if len(text) <= 80 else text[:79] + "…"

    def shown(self, value: object, type_: Type) -> str:
        """A value for a message."""
        return show(value, type_, self.scope.zone)

    def all(self, builds: Sequence[Callable[[], Typed]]) -> list[Typed]:
        """Build several parts, reporting the mistakes of each."""
        built: list[Typed] = []
        for build in builds:
            if len(self.mistakes) >= MAX_MISTAKES:
                raise Poisoned
            try:
                built.append(build())
            except Mistake as mistake:
                self.mistakes.append(mistake)
        if len(built) < len(builds):
            raise Poisoned
        return built


Build = Callable[[Node, Type | None], Typed]


def constant(value: object) -> Run:
    """A closure that yields a literal."""
    return lambda _: value


def unify(one: Type, other: Type) -> Type | None:
    """The type of "either of the two", None where they do not go together."""
    kinds = {one.kind, other.kind}
    if kinds == NUMERIC:
        return NUMBER
    if Kind.TEXT in kinds and kinds <= {Kind.CHOICE, Kind.TEXT}:
        # Where one may be any text, either of the two may.
        known = one.choices and other.choices
        return Type(Kind.TEXT, tuple(dict.fromkeys(one.choices + other.choices)) if known else ())
    if one.kind is not other.kind or one.calendar != other.calendar:
        return None
    if one.kind is Kind.MONEY:
        return one if one.currency == other.currency else Type(Kind.MONEY)
    if one.kind is Kind.CHOICE:
        return Type(Kind.CHOICE, tuple(dict.fromkeys(one.choices + other.choices)))
    return one


def describe(type_: Type) -> str:
    """A type with its article: "a number", "money in USD"."""
    text = str(type_)
    if type_.kind is Kind.DURATION and not type_.calendar:
        return "an exact duration"
    if type_.kind is Kind.CHOICE and 0 < len(type_.choices) <= 6:
        return f"a choice of {one_of(type_.choices)}"
    if type_.kind in {Kind.MONEY, Kind.INSTRUMENTS, Kind.RATES, Kind.TEXT}:
        return text
    return f"{'an' if text[0] in 'aeiou' else 'a'} {text}"
