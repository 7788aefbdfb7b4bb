"""Whether two operands go together, and what to say where they do not."""

from __future__ import annotations

from rescind.formula.lexer import Mistake
from rescind.formula.runtime_values import FormulaError
from rescind.formula.syntax_tree import Binary
from rescind.formula.typed_expression import NUMERIC, Typed
from rescind.values.types import Kind, Type

__all__ = ["TIMES", "alike", "same_currency", "unit_hint"]

TIMES = frozenset({Kind.TIME, Kind.DATE})


def unit_hint(left: Type, right: Type) -> str:
    """What to write instead, where two types do not go together."""
    kinds = {left.kind, right.kind}
    if kinds == {Kind.TIME, Kind.DATE}:
        return "make them alike with `date_of(time)` or `time_of(date)`"
    if kinds & TIMES and kinds & NUMERIC:
        return "give the number a unit, such as `5d`, or multiply a duration: `1d * x`"
    if Kind.DURATION in kinds and kinds & NUMERIC:
        return "give the number a unit, such as `24h`, or count with `x / 1h`"
    if Kind.MONEY in kinds and kinds & NUMERIC:
        return "give the number a currency, such as `10 USD`"
    if Kind.INSTRUMENTS in kinds:
        return "name one instrument, or `.total` for all of them"
    return ""


def alike(node: Binary, left: Typed, right: Typed) -> None:
    """Money of one currency, durations of one sort; the kinds are equal."""
    one, other = left.type, right.type
    if one.currency and other.currency and one.currency != other.currency:
        message = f"`{node.operator}` between {one.currency} and {other.currency}"
        hint = f"convert one of them: `convert(…, '{one.currency}')`"
        raise Mistake("R0508", node.at, message, hint)
    if one.calendar != other.calendar:
        raise Mistake(
            "R0509",
            node.at,
            f"`{node.operator}` between a calendar duration (months, years) and an exact one",
            "months differ in length: add them to a time, or count with `months(from, to)`",
        )


def same_currency(part: str, one: str, other: str) -> FormulaError:
    """The error of amounts in two currencies."""
    return FormulaError(f"`{part}` needs one currency, found {one} and {other}")
