"""The syntax tree of a formula: what was written, with offsets into the text, before types are known."""

from __future__ import annotations

from rescind.problems.frozen_records import frozen
from rescind.values.types import Type

__all__ = ["Binary", "Branch", "Call", "Choices", "Literal", "Name", "Node", "Unary"]


@frozen
class Node:
    """Any node: its text stands at `start` up to `end` (exclusive)."""

    start: int
    end: int


@frozen
class Literal(Node):
    """A number, amount of money, duration, text or flag as written."""

    value: object
    type: Type


@frozen
class Name(Node):
    """A dotted name of a fact or a value, or a field `each.…`."""

    name: str


@frozen
class Unary(Node):
    """`-x` or `not x`."""

    operator: str
    operand: Node


@frozen
class Binary(Node):
    """Two operands; `at` is the offset of the operator."""

    operator: str
    at: int
    left: Node
    right: Node


@frozen
class Branch(Node):
    """`then if condition else other`."""

    condition: Node
    then: Node
    other: Node


@frozen
class Call(Node):
    """A call of a library function."""

    function: str
    arguments: tuple[Node, ...]


@frozen
class Choices(Node):
    """`['a', 'b']`, to the right of `in` only."""

    items: tuple[Node, ...]
