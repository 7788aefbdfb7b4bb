"""Formulas as trees: the generator makes them, an author's text is printed from them, the reference evaluates them.

So nothing parses a formula but the engine: where it reads a text otherwise than it was meant, the two disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "Call",
    "Choice",
    "Field",
    "Formula",
    "Literal",
    "Member",
    "Name",
    "Negation",
    "Node",
    "Operation",
    "call",
    "lift",
    "rebuilt",
]

# How tightly each binds; what binds less than its place asks for stands in parentheses.
CHOICE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, ATOM = range(8)
LEVELS = {"or": OR, "and": AND, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT} | dict.fromkeys(
    ("==", "!=", "<", "<=", ">", ">="), COMPARISON
)


class Node:
    """A formula. Python's own operators build larger ones: `Name("a.n") * 2 > 7`.

    `&`, `|` and `~` stand for `and`, `or` and `not`, which Python keeps to itself.
    """

    __slots__ = ()

    def __add__(self, other):
        return Operation("+", self, lift(other))

    def __sub__(self, other):
        return Operation("-", self, lift(other))

    def __mul__(self, other):
        return Operation("*", self, lift(other))

    def __truediv__(self, other):
        return Operation("/", self, lift(other))

    def __gt__(self, other):
        return Operation(">", self, lift(other))

    def __le__(self, other):
        return Operation("<=", self, lift(other))

    def __and__(self, other):
        return Operation("and", self, lift(other))

    def __or__(self, other):
        return Operation("or", self, lift(other))

    def __invert__(self):
        return Negation(self)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    kind: str  # number, money, duration, flag or text
    text: str  # as an author writes it, a text without its quotes


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A fact, a value, an instrument, or `now`."""

    path: str


@dataclass(frozen=True, slots=True)
class Field(Node):
    """`each.field`, in a function over a list."""

    path: str


@dataclass(frozen=True, slots=True)
class Operation(Node):
    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negation(Node):
    inner: Node


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`chosen if condition else other`."""

    chosen: Node
    condition: Node
    other: Node


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`inner in ['one', 'two']`."""

    inner: Node
    options: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Node, ...]


def lift(value: Any) -> Node:
    """A formula as it is; a flag, or a number (as text, if it has decimals), as a literal."""
    if isinstance(value, Node):
        return value
    return Literal("flag", str(value).lower()) if isinstance(value, bool) else Literal("number", str(value))


def call(function, *arguments) -> Node:
    return Call(function, tuple(map(lift, arguments)))


class Formula(str):
    """The text of a formula, which remembers the tree that it was printed from."""

    __slots__ = ("tree",)

    def __new__(cls, tree):
        text = super().__new__(cls, text_of(tree, CHOICE))
        text.tree = tree
        return text

    def __deepcopy__(self, _memo):
        return self


def text_of(node, least):
    """The words of a formula for a place where what binds less than `least` needs parentheses."""
    level, words = printed(node)
    return words if level >= least else f"({words})"


def printed(node):
    match node:
        case Literal("text", text):
            return ATOM, f"'{text}'"
        case Literal(_, text) | Name(text):
            return ATOM, text
        case Field(path):
            return ATOM, f"each.{path}"
        case Operation(sign, left, right):
            level = LEVELS[sign]
            # Comparisons do not chain; the others group to the left.
            low = level + 1 if level == COMPARISON else level
            return level, f"{text_of(left, low)} {sign} {text_of(right, level + 1)}"
        case Negation(inner):
            return NOT, f"not {text_of(inner, NOT)}"
        case Choice(chosen, condition, other):
            words = text_of(chosen, OR), text_of(condition, OR), text_of(other, CHOICE)
            return CHOICE, "{} if {} else {}".format(*words)
        case Member(inner, options):
            listed = ", ".join(text_of(option, CHOICE) for option in options)
            return COMPARISON, f"{text_of(inner, SUM)} in [{listed}]"
        case Call(function, arguments):
            return ATOM, f"{function}({', '.join(text_of(each, CHOICE) for each in arguments)})"
    raise TypeError(node)


def rebuilt(node, change):
    """The tree with every node, from the leaves up, put through `change`."""
    match node:
        case Operation(sign, left, right):
            node = Operation(sign, rebuilt(left, change), rebuilt(right, change))
        case Negation(inner):
            node = Negation(rebuilt(inner, change))
        case Choice(chosen, condition, other):
            node = Choice(rebuilt(chosen, change), rebuilt(condition, change), rebuilt(other, change))
        case Call(function, arguments):
            node = Call(function, tuple(rebuilt(each, change) for each in arguments))
    return change(node)
