"""The syntax tree of a formula: what was written, with offsets into the text, before types are known."""

from __future__ import annotations

from dataclasses import dataclass

from engine.types import Type

__all__ = ["Binary", "Branch", "Call", "Choices", "Literal", "Name", "Node", "Unary"]


@dataclass(frozen=True, slots=True)
class Node:
    """Any node: its text stands at `start` up to `end` (exclusive)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, amount of money, duration, text or flag as written."""

    value: object
    type: Type


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A dotted name of a fact or a value, or a field `each.…`."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x` or `not x`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands; `at` is the offset of the operator."""

    operator: str
    at: int
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Branch(Node):
    """`then if condition else other`."""

    condition: Node
    then: Node
    other: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A call of a library function."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choices(Node):
    """`['a', 'b']`, to the right of `in` only."""

    items: tuple[Node, ...]
