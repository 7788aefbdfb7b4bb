"""Comparison of values of one type."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from rescind.formula.lexer import Mistake
from rescind.formula.operand_fit import TIMES, alike, same_currency, unit_hint
from rescind.formula.runtime_values import Read, Run
from rescind.formula.syntax_tree import Binary
from rescind.formula.typed_expression import FLAG, NUMERIC, Typed, Unit, describe
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.types import COMPARABLE, ORDERED, Kind, Type

__all__ = ["COMPARISONS", "comparison", "have_a_text_in_common"]

Value = Any

COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def comparison(unit: Unit, node: Binary, left: Typed, right: Typed) -> Typed:
    """`== != < <= > >=` between values of one type."""
    text = unit.snippet(node)
    _comparable(node, left, right)
    compare = COMPARISONS[node.operator]
    one = left.run
    other = right.run
    run: Run
    if left.type.kind is Kind.MONEY:

        def run(read: Read) -> object:
            minor, currency = one(read)
            than, second = other(read)
            if currency != second:
                raise same_currency(text, currency, second)
            return compare(minor, than)

    else:

        def run(read: Read) -> object:
            return compare(one(read), other(read))

    return Typed(FLAG, run, node, text)


def _comparable(node: Binary, left: Typed, right: Typed) -> None:
    one, other = left.type, right.type
    if one.kind is not other.kind and not {one.kind, other.kind} <= NUMERIC:
        message = f"cannot compare {describe(one)} with {describe(other)}"
        raise Mistake("R0507", node.at, message, _compare_hint(left, right) or unit_hint(one, other))
    if one.kind not in (COMPARABLE if node.operator in {"==", "!="} else ORDERED):
        hint = "use `==` or `!=`" if one.kind in COMPARABLE else _group_hint(one)
        message = f"`{node.operator}` does not compare {describe(one)} with {describe(other)}"
        raise Mistake("R0507", node.at, message, hint)
    alike(node, left, right)
    if one.kind in {Kind.CHOICE, Kind.TEXT}:
        have_a_text_in_common(node, left, right)


def have_a_text_in_common(node: Binary, left: Typed, right: Typed) -> None:
    """Check that two sides can be equal, where all that each can be is known: choices, texts, members.

    Raises `Mistake`.
    """
    one, other = left.type.choices, right.type.choices
    if one and other and not set(one) & set(other):
        what = "text" if Kind.TEXT in {left.type.kind, right.type.kind} else "choice"
        message = f"`{left.text}` and `{right.text}` have no {what} in common"
        raise Mistake("R0507", node.at, message, f"`{right.text}` is {one_of(other, 6)}")


def _group_hint(type_: Type) -> str:
    if type_.kind is Kind.SET:
        return "ask for a member with `'…' in set`"
    if type_.kind is Kind.LIST:
        return "ask with `count`, `any` or `all`"
    return "name one instrument, or `.total` for all of them" if type_.kind is Kind.INSTRUMENTS else ""


def _compare_hint(left: Typed, right: Typed) -> str:
    for choice, given in ((left, right), (right, left)):
        if choice.type.kind in {Kind.CHOICE, Kind.TEXT} and given.literal is not None:
            near = did_you_mean(given.text, choice.type.choices)
            return near.replace("`", "'") if near else f"write a text in quotes: '{given.text}'"
        if choice.type.kind in TIMES and given.type.kind is Kind.TEXT:
            return f"write `{choice.type.kind}({given.text})`"
    return ""
