"""Conditions evaluated in Python, leaf by leaf, on the case of a run.

The rules engine says which conditions hold; coverage and mutants also ask which part of one held, and on which side of
a limit a case lies. This is a second evaluation of the same conditions, so a test holds the two to the same answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from rescind.book.model import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Has,
    Joint,
    Leaf,
    Name,
    Not,
    Op,
    Present,
    fold,
)
from rescind.deciding.evaluation import Evaluation
from rescind.values.money import Money, exchange
from rescind.values.types import ABSENT, Kind, Type
from rescind.values.value_readers import plain

__all__ = ["LIMITS", "PASSES", "Unknown", "holds", "relation", "value_of", "walk", "words_of"]

LIMITS = frozenset({Op.UNDER, Op.AT_MOST, Op.OVER, Op.AT_LEAST})
# The sides of the operand on which a comparison holds.
PASSES = {
    Op.IS: (0,),
    Op.IS_NOT: (-1, 1),
    Op.UNDER: (-1,),
    Op.AT_MOST: (-1, 0),
    Op.OVER: (1,),
    Op.AT_LEAST: (0, 1),
}


class Unknown(Exception):  # noqa: N818 - a state of the case, not an error of ours
    """A condition reads what has no value in this case."""


def value_of(name: Name, run: Evaluation | None) -> Any:
    """The value of a name in the case; `ABSENT` where it has none."""
    value = run.known(name.name) if run else ABSENT
    return ABSENT if value is None else value


def holds(condition: Condition, run: Evaluation) -> bool | None:
    """Whether a condition holds; None where that is unknown."""
    return fold(
        condition,
        lambda leaf: _leaf_holds(leaf, run),
        _joint_holds,
        denied=lambda part: None if part is None else not part,
    )


def _joint_holds(joint: Joint, parts: list[bool | None]) -> bool | None:
    settles = joint is AnyOf
    return settles if settles in parts else None if None in parts else not settles


def _leaf_holds(leaf: Leaf, run: Evaluation) -> bool | None:
    try:
        return _known_leaf_holds(leaf, run)
    except Unknown:
        return None


def _known_leaf_holds(leaf: Leaf, run: Evaluation) -> bool:
    match leaf:
        case Present(subject):
            return _read(subject, run) is not ABSENT
        case Has(subject, member):
            value = _read(subject, run)
            return value is not ABSENT and member in value
        case _:
            side = relation(leaf, run)
            return side is not None and side in PASSES[leaf.op]


def relation(leaf: Compare, run: Evaluation) -> int | None:
    """-1, 0 or 1: the subject is below, at or above the operand (1 for texts that differ); None where one is absent.

    Raises `Unknown` where one is unknown.
    """
    one = _read(leaf.subject, run)
    other = _read(leaf.operand, run) if isinstance(leaf.operand, Name) else leaf.operand
    if one is ABSENT or other is ABSENT:
        return None
    kind = leaf.subject.type.kind
    if kind in (Kind.FLAG, Kind.CHOICE, Kind.TEXT):
        return 0 if one == other else 1
    if kind is Kind.MONEY:
        one, other = _in_one_currency(one, other, run)
    elif kind is Kind.DURATION:
        index = 0 if leaf.subject.type.calendar else 1
        one, other = one[index], other[index]
    return int(one > other) - int(one < other)


def _read(name: Name, run: Evaluation) -> Any:
    value = run.known(name.name)
    if value is None:
        raise Unknown
    return value


def _in_one_currency(one: Money, other: Money, run: Evaluation) -> tuple[Any, Any]:
    if one.currency == other.currency:
        return one.minor, other.minor
    rates = run.rates()
    converted = None if rates is ABSENT else exchange(one, other.currency, rates)
    if converted is None:
        raise Unknown
    return converted.minor, other.minor


def walk(condition: Condition, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Condition]]:
    """Every node of a condition with the steps that lead to it, the condition itself first."""
    yield path, condition
    match condition:
        case AllOf(items) | AnyOf(items):
            for index, item in enumerate(items):
                yield from walk(item, (*path, index))
        case Not(item):
            yield from walk(item, (*path, 0))
        case _:
            pass


def words_of(condition: Condition) -> str:
    """A condition as coverage and mutants name it: `order.amount > 1000.00 USD`."""
    return fold(
        condition,
        _leaf_words,
        joint=lambda joint, parts: f"({(' and ' if joint is AllOf else ' or ').join(parts)})",
        denied=lambda part: f"not ({part})",
    )


def _leaf_words(leaf: Leaf) -> str:
    match leaf:
        case Compare(subject, op, operand):
            return f"{subject.name} {op.value} {_operand(operand, subject.type)}"
        case Present(subject):
            return f"{subject.name} present"
        case Has(subject, member):
            return f"{subject.name} has {member}"


def _operand(operand: Any, type_: Type) -> str:
    if isinstance(operand, Name):
        return operand.name
    value = plain(operand, type_, dt.UTC)
    return str(value).lower() if isinstance(value, bool) else str(value)
