"""What a formula names besides whole facts: choices of facts, and fields of the records of lists.

Asked of the text alone, so that the answer never changes when a vocabulary grows.
"""

from __future__ import annotations

from collections.abc import Iterator

from rescind.formula.parser import parse
from rescind.formula.syntax_tree import Binary, Branch, Call, Choices, Literal, Name, Node, Unary
from rescind.formula.typed_expression import EACH

__all__ = ["named_choices", "named_fields"]

OVER_RECORDS = frozenset({"sum", "count", "any", "all"})
# The functions that take a literal in the place of an absent fact.
STAND_IN = "default"
EQUALITY = frozenset({"==", "!="})
MEMBERSHIP = frozenset({"in", "not in"})


def named_choices(text: str) -> Iterator[tuple[str, str]]:
    """Each name that a formula compares with a text, and the text; a field of a list is `list.field`.

    The formula has to be one that compiles.
    """
    if "'" not in text and '"' not in text:  # most formulas: not parsed a second time
        return
    for node, over in _parts(parse(text), ""):
        if isinstance(node, Binary) and node.operator in EQUALITY | MEMBERSHIP:
            yield from _compared(node, over)
        elif isinstance(node, Call) and node.function == STAND_IN:
            yield from _pairs(node.arguments[0], node.arguments[1], over)


def named_fields(text: str) -> Iterator[str]:
    """The fields of lists that a formula reads, as `list.field`; the formula has to be one that compiles."""
    if EACH not in text:
        return
    for node, over in _parts(parse(text), ""):
        if isinstance(node, Name) and over and _is_field(node.name):
            yield _whole(node.name, over)


def _is_field(name: str) -> bool:
    return name.startswith(f"{EACH}.")


def _whole(name: str, over: str) -> str:
    """A name with the list that `each` stands for."""
    return f"{over}{name.removeprefix(EACH)}" if _is_field(name) else name


def _parts(node: Node, over: str) -> Iterator[tuple[Node, str]]:
    """Every part of a formula, with the list over whose records it is asked ("" for none)."""
    yield node, over
    match node:
        case Unary():
            yield from _parts(node.operand, over)
        case Binary():
            yield from _parts(node.left, over)
            yield from _parts(node.right, over)
        case Branch():
            for part in (node.condition, node.then, node.other):
                yield from _parts(part, over)
        case Call():
            first = node.arguments[0] if node.arguments else None
            inner = over
            if node.function in OVER_RECORDS and isinstance(first, Name):
                inner = _whole(first.name, over)
            for number, part in enumerate(node.arguments):
                yield from _parts(part, inner if number else over)
        case _:
            return


def _compared(node: Binary, over: str) -> Iterator[tuple[str, str]]:
    """A name beside a text, a name among texts, or a text in a set."""
    listed = node.right.items if isinstance(node.right, Choices) else (node.right,)
    for item in listed:
        yield from _pairs(node.left, item, over)
        yield from _pairs(item, node.left, over)


def _pairs(name: Node, literal: Node, over: str) -> Iterator[tuple[str, str]]:
    if isinstance(name, Name) and isinstance(literal, Literal) and isinstance(literal.value, str):
        yield _whole(name.name, over), literal.value
