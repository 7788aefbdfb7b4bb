"""Arithmetic: which types go together, and closures that compute them exactly."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from rescind.formula.lexer import Mistake
from rescind.formula.operand_fit import TIMES, alike, same_currency, unit_hint
from rescind.formula.runtime_values import (
    LIMIT,
    FormulaError,
    Read,
    Run,
    divide,
    in_range,
    multiply,
    new_money,
    settle,
)
from rescind.formula.syntax_tree import Binary
from rescind.formula.typed_expression import INTEGER, NUMBER, NUMERIC, Typed, Unit, describe
from rescind.formula.zoned_time import add_days, add_months, clock_of
from rescind.values.types import Kind, Type
from rescind.values.units import DAY, Duration, Money

__all__ = ["arithmetic", "negative"]

# Closures are typed by the checks above them; at run time their operands are what the types say.
Value = Any
Compute = Callable[[Value, Value], object]

_SUMS: dict[str, Callable[[Value, Value], Value]] = {"+": operator.add, "-": operator.sub}


def arithmetic(unit: Unit, node: Binary, left: Typed, right: Typed) -> Typed:
    """`+ - * /`."""
    text = unit.snippet(node)
    build = {"+": _sum, "-": _sum, "*": _product, "/": _quotient}[node.operator]
    type_, run = build(unit, node, left, right, text)
    return Typed(type_, run, node, text)


def negative(node_text: str, operand: Typed, at: int) -> tuple[Type, Run, object]:
    """`-x`: the type, the closure and the value if it is a constant."""
    kind = operand.type.kind
    run = operand.run
    negate: Callable[[Value], object]
    if kind in NUMERIC:
        negate = operator.neg
    elif kind is Kind.MONEY:
        negate = _minus_money
    elif kind is Kind.DURATION:
        negate = _minus_duration
    else:
        raise Mistake("R0506", at, f"`{node_text}`: {describe(operand.type)} cannot be negative")
    value: Value = operand.literal
    return operand.type, lambda read: negate(run(read)), None if value is None else negate(value)


def _minus_money(value: Money) -> Money:
    return Money(-value.minor, value.currency)


def _minus_duration(value: Duration) -> Duration:
    return Duration(-value.months, -value.micros)


def _does_not_fit(node: Binary, left: Typed, right: Typed, hint: str = "") -> Mistake:
    words = {
        "+": f"cannot add {describe(right.type)} to {describe(left.type)}",
        "-": f"cannot subtract {describe(right.type)} from {describe(left.type)}",
        "*": f"cannot multiply {describe(left.type)} by {describe(right.type)}",
        "/": f"cannot divide {describe(left.type)} by {describe(right.type)}",
    }
    return Mistake("R0506", node.at, words[node.operator], hint or unit_hint(left.type, right.type))


def _sum(unit: Unit, node: Binary, left: Typed, right: Typed, text: str) -> tuple[Type, Run]:
    kinds = (left.type.kind, right.type.kind)
    if set(kinds) <= NUMERIC:
        return NUMBER if Kind.NUMBER in kinds else INTEGER, _sum_numbers(node.operator, left, right, text)
    if kinds == (Kind.MONEY, Kind.MONEY):
        alike(node, left, right)
        type_ = left.type if left.type.currency else right.type
        return type_, _sum_money(node.operator, left, right, text)
    if kinds == (Kind.DURATION, Kind.DURATION):
        alike(node, left, right)
        return left.type, _sum_durations(node.operator, left, right, text)
    if kinds == (Kind.TIME, Kind.DURATION):
        return left.type, _shift_time(unit, node.operator, left, right, text)
    if kinds == (Kind.DATE, Kind.DURATION):
        return left.type, _shift_date(unit, node, left, right, text)
    if kinds[0] is Kind.DURATION and kinds[1] in TIMES and node.operator == "+":
        return _sum(unit, node, right, left, text)
    if kinds[0] is kinds[1] and kinds[0] in TIMES and node.operator == "-":
        return Type(Kind.DURATION), _span(left, right, 1 if kinds[0] is Kind.TIME else DAY)
    raise _does_not_fit(node, left, right)


def _sum_numbers(sign: str, left: Typed, right: Typed, text: str) -> Run:
    one, other, compute = left.run, right.run, _SUMS[sign]

    def run(read: Read) -> object:
        value = compute(one(read), other(read))
        return value if type(value) is int and -LIMIT < value < LIMIT else settle(value, text)

    return run


def _sum_money(sign: str, left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run
    compute = _SUMS[sign]

    def run(read: Read) -> object:
        minor, currency = one(read)
        added, second = other(read)
        if currency != second:
            raise same_currency(text, currency, second)
        value = compute(minor, added)
        return new_money(
            value if type(value) is int and -LIMIT < value < LIMIT else settle(value, text), currency
        )

    return run


def _sum_durations(sign: str, left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run
    compute = _SUMS[sign]

    def run(read: Read) -> object:
        months, micros = one(read)
        more_months, more_micros = other(read)
        settle(compute(micros, more_micros), text)
        return Duration(compute(months, more_months), compute(micros, more_micros))

    return run


def _shift_time(unit: Unit, sign: str, left: Typed, right: Typed, text: str) -> Run:
    start = left.run
    length = right.run
    compute = _SUMS[sign]
    if right.type.calendar:
        clock = clock_of(unit.scope.zone)
        return lambda read: in_range(clock.add_months(start(read), compute(0, length(read).months)), text)
    if isinstance(right.literal, Duration):
        micros = compute(0, right.literal.micros)
        return lambda read: in_range(start(read) + micros, text)
    return lambda read: in_range(compute(start(read), length(read)[1]), text)


def _shift_date(unit: Unit, node: Binary, left: Typed, right: Typed, text: str) -> Run:
    start = left.run
    length = right.run
    compute = _SUMS[node.operator]
    if right.type.calendar:
        return lambda read: add_months(start(read), compute(0, length(read).months))
    if isinstance(right.literal, Duration) and right.literal.micros % DAY:
        raise Mistake(
            "R0506",
            right.node.start,
            f"`{right.text}` is not a whole number of days, a date has no hours",
            "start from a time: `time_of(date)`",
        )

    def run(read: Read) -> object:
        first, micros = start(read), length(read).micros
        days, rest = divmod(micros, DAY)
        if rest:
            shown = unit.shown(Duration(0, micros), right.type)
            raise FormulaError(f"`{text}` needs whole days, `{right.text}` is {shown}")
        return add_days(first, compute(0, days))

    return run


def _span(left: Typed, right: Typed, scale: int) -> Run:
    one = left.run
    other = right.run
    if scale == 1:
        return lambda read: Duration(0, one(read) - other(read))
    return lambda read: Duration(0, (one(read).toordinal() - other(read).toordinal()) * scale)


def _product(unit: Unit, node: Binary, left: Typed, right: Typed, text: str) -> tuple[Type, Run]:
    if left.type.kind in NUMERIC and right.type.kind not in NUMERIC:
        # Money or a duration stands first, in whatever order they were written.
        left, right = right, left
    kind = left.type.kind
    if right.type.kind in NUMERIC:
        if kind in NUMERIC:
            both = {kind, right.type.kind} == {Kind.INTEGER}
            return INTEGER if both else NUMBER, _product_numbers(left, right, text)
        if kind is Kind.MONEY:
            return left.type, _product_money(left, right, text)
        if kind is Kind.DURATION:
            return left.type, _product_duration(unit, node, left, right, text)
    hint = "multiply money by a number, or divide it by money to get a ratio" if kind is Kind.MONEY else ""
    raise _does_not_fit(node, left, right, hint)


def _product_numbers(left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run

    def run(read: Read) -> object:
        return multiply(one(read), other(read), text)

    return run


def _product_money(left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run

    def run(read: Read) -> object:
        minor, currency = one(read)
        return new_money(multiply(minor, other(read), text), currency)

    return run


def _product_duration(unit: Unit, node: Binary, left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run
    if left.type.calendar:
        if right.type.kind is not Kind.INTEGER:
            raise _does_not_fit(node, left, right, "months and years are multiplied by integers only")
        return lambda read: Duration(int(settle(one(read).months * other(read), text)), 0)
    return lambda read: _whole_micros(unit, one(read).micros * other(read), text)


def _whole_micros(unit: Unit, micros: int | Fraction, text: str) -> Duration:
    value = settle(micros, text)
    if not isinstance(value, int):
        raise FormulaError(
            f"`{text}` is {unit.shown(value / 1_000_000, NUMBER)} seconds, not a whole number of microseconds"
        )
    return Duration(0, value)


def _quotient(unit: Unit, node: Binary, left: Typed, right: Typed, text: str) -> tuple[Type, Run]:
    kinds = (left.type.kind, right.type.kind)
    if right.literal is not None and not _size(right.literal):
        raise Mistake("R0517", right.node.start, f"`{text}` divides by zero")
    if set(kinds) <= NUMERIC:
        return NUMBER, _divide_numbers(unit, left, right, text)
    if kinds[0] is Kind.MONEY and kinds[1] in NUMERIC:
        return left.type, _divide_money(unit, left, right, text)
    if kinds == (Kind.MONEY, Kind.MONEY):
        alike(node, left, right)
        return NUMBER, _ratio_of_money(unit, left, right, text)
    if kinds == (Kind.DURATION, Kind.DURATION):
        alike(node, left, right)
        return NUMBER, _ratio_of_durations(unit, left, right, text)
    if kinds[0] is Kind.DURATION and kinds[1] in NUMERIC and not left.type.calendar:
        return left.type, _divide_duration(unit, left, right, text)
    hint = "months and years cannot be divided by a number" if left.type.calendar else ""
    raise _does_not_fit(node, left, right, hint)


def _size(value: Value) -> object:
    """What is zero exactly where the quantity is."""
    if isinstance(value, Money):
        return value.minor
    if isinstance(value, Duration):
        return value.months or value.micros
    return value


def _by_zero(unit: Unit, text: str, left: Typed, above: object, right: Typed) -> FormulaError:
    shown = unit.shown(above, left.type)
    return FormulaError(f"`{text}` divides by zero: `{left.text}` is {shown}, `{right.text}` is 0")


def _divide_numbers(unit: Unit, left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run

    def run(read: Read) -> object:
        above, below = one(read), other(read)
        if not below:
            raise _by_zero(unit, text, left, above, right)
        return divide(above, below, text)

    return run


def _divide_money(unit: Unit, left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run

    def run(read: Read) -> object:
        amount = one(read)
        minor, currency = amount
        below = other(read)
        if not below:
            raise _by_zero(unit, text, left, amount, right)
        return new_money(divide(minor, below, text), currency)

    return run


def _ratio_of_money(unit: Unit, left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run

    def run(read: Read) -> object:
        above, below = one(read), other(read)
        if above.currency != below.currency:
            raise same_currency(text, above.currency, below.currency)
        if not below.minor:
            raise _by_zero(unit, text, left, above, right)
        return divide(above.minor, below.minor, text)

    return run


def _ratio_of_durations(unit: Unit, left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run

    def run(read: Read) -> object:
        above, below = one(read), other(read)
        if not (below.months or below.micros):
            raise _by_zero(unit, text, left, above, right)
        if below.months:
            return divide(above.months, below.months, text)
        return divide(above.micros, below.micros, text)

    return run


def _divide_duration(unit: Unit, left: Typed, right: Typed, text: str) -> Run:
    one = left.run
    other = right.run

    def run(read: Read) -> object:
        above, below = one(read), other(read)
        if not below:
            raise _by_zero(unit, text, left, above, right)
        return _whole_micros(unit, divide(above.micros, below, text), text)

    return run
