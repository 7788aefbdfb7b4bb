"""Arithmetic: which types go together, and closures that compute them exactly."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from rescind.formula.lexer import Mistake
from rescind.formula.operand_fit import alike, same_currency, unit_hint
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
from rescind.values.durations import Duration
from rescind.values.money import Money
from rescind.values.times import DAY
from rescind.values.types import Kind, Type

__all__ = ["arithmetic", "negative"]

# Closures are typed by the checks above them; at run time their operands are what the types say.
Value = Any
Compute = Callable[[Value, Value], object]

_SUMS: dict[str, Callable[[Value, Value], Value]] = {"+": operator.add, "-": operator.sub}


class _Operation(NamedTuple):
    """One operation while it is compiled; `text` is how it is written."""

    unit: Unit
    node: Binary
    left: Typed
    right: Typed
    text: str

    @property
    def turned(self) -> _Operation:
        """The same with its operands the other way round."""
        return self._replace(left=self.right, right=self.left)


def arithmetic(unit: Unit, node: Binary, left: Typed, right: Typed) -> Typed:
    """`+ - * /`: what `OPERATIONS` has for the kinds of the operands."""
    of = _Operation(unit, node, left, right, unit.snippet(node))
    if node.operator == "/" and right.literal is not None and not _size(right.literal):
        raise Mistake("R0517", right.node.start, f"`{of.text}` divides by zero")
    found = OPERATIONS.get((node.operator, left.type.kind, right.type.kind))
    if found is None:
        raise _does_not_fit(of)
    result, build = found
    return Typed(result(of), build(of), node, of.text)


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


def _does_not_fit(of: _Operation, hint: str = "") -> Mistake:
    left, right = of.left.type, of.right.type
    words = {
        "+": f"cannot add {describe(right)} to {describe(left)}",
        "-": f"cannot subtract {describe(right)} from {describe(left)}",
        "*": f"cannot multiply {describe(left)} by {describe(right)}",
        "/": f"cannot divide {describe(left)} by {describe(right)}",
    }
    if of.node.operator == "*" and Kind.MONEY in (left.kind, right.kind):
        hint = hint or "multiply money by a number, or divide it by money to get a ratio"
    return Mistake("R0506", of.node.at, words[of.node.operator], hint or unit_hint(left, right))


# What an operation yields.


def _number(of: _Operation) -> Type:
    return INTEGER if of.left.type.kind is of.right.type.kind is Kind.INTEGER else NUMBER


def _ratio(of: _Operation) -> Type:
    if of.left.type.kind is of.right.type.kind and of.left.type.kind not in NUMERIC:
        alike(of.node, of.left, of.right)
    return NUMBER


def _first(of: _Operation) -> Type:
    return of.left.type


def _second(of: _Operation) -> Type:
    return of.right.type


def _both(of: _Operation) -> Type:
    alike(of.node, of.left, of.right)
    return of.left.type if of.left.type.currency else of.right.type


def _duration(of: _Operation) -> Type:
    del of
    return Type(Kind.DURATION)


def _sum_numbers(of: _Operation) -> Run:
    text = of.text
    one, other, compute = of.left.run, of.right.run, _SUMS[of.node.operator]

    def run(read: Read) -> object:
        value = compute(one(read), other(read))
        return value if type(value) is int and -LIMIT < value < LIMIT else settle(value, text)

    return run


def _sum_money(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run
    compute = _SUMS[of.node.operator]

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


def _sum_durations(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run
    compute = _SUMS[of.node.operator]

    def run(read: Read) -> object:
        months, micros = one(read)
        more_months, more_micros = other(read)
        settle(compute(micros, more_micros), text)
        return Duration(compute(months, more_months), compute(micros, more_micros))

    return run


def _shift_time(of: _Operation) -> Run:
    text = of.text
    start = of.left.run
    length = of.right.run
    compute = _SUMS[of.node.operator]
    if of.right.type.calendar:
        clock = clock_of(of.unit.scope.zone)
        return lambda read: in_range(clock.add_months(start(read), compute(0, length(read).months)), text)
    if isinstance(of.right.literal, Duration):
        micros = compute(0, of.right.literal.micros)
        return lambda read: in_range(start(read) + micros, text)
    return lambda read: in_range(compute(start(read), length(read)[1]), text)


def _shift_date(of: _Operation) -> Run:
    text = of.text
    start = of.left.run
    length = of.right.run
    compute = _SUMS[of.node.operator]
    if of.right.type.calendar:
        return lambda read: add_months(start(read), compute(0, length(read).months))
    if isinstance(of.right.literal, Duration) and of.right.literal.micros % DAY:
        raise Mistake(
            "R0506",
            of.right.node.start,
            f"`{of.right.text}` is not a whole number of days, a date has no hours",
            "start from a time: `time_of(date)`",
        )

    def run(read: Read) -> object:
        first, micros = start(read), length(read).micros
        days, rest = divmod(micros, DAY)
        if rest:
            shown = of.unit.shown(Duration(0, micros), of.right.type)
            raise FormulaError(f"`{text}` needs whole days, `{of.right.text}` is {shown}")
        return add_days(first, compute(0, days))

    return run


def _span_of_times(of: _Operation) -> Run:
    one, other = of.left.run, of.right.run
    return lambda read: Duration(0, one(read) - other(read))


def _span_of_dates(of: _Operation) -> Run:
    one, other = of.left.run, of.right.run
    return lambda read: Duration(0, (one(read).toordinal() - other(read).toordinal()) * DAY)


def _product_numbers(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run

    def run(read: Read) -> object:
        return multiply(one(read), other(read), text)

    return run


def _product_money(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run

    def run(read: Read) -> object:
        minor, currency = one(read)
        return new_money(multiply(minor, other(read), text), currency)

    return run


def _product_duration(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run
    if of.left.type.calendar:
        if of.right.type.kind is not Kind.INTEGER:
            raise _does_not_fit(of, "months and years are multiplied by integers only")
        return lambda read: Duration(int(settle(one(read).months * other(read), text)), 0)
    return lambda read: _whole_micros(of.unit, one(read).micros * other(read), text)


def _whole_micros(unit: Unit, micros: int | Fraction, text: str) -> Duration:
    value = settle(micros, text)
    if not isinstance(value, int):
        raise FormulaError(
            f"`{text}` is {unit.shown(value / 1_000_000, NUMBER)} seconds, not a whole number of microseconds"
        )
    return Duration(0, value)


def _size(value: Value) -> object:
    """What is zero exactly where the quantity is."""
    if isinstance(value, Money):
        return value.minor
    if isinstance(value, Duration):
        return value.months or value.micros
    return value


def _by_zero(of: _Operation, above: object) -> FormulaError:
    shown = of.unit.shown(above, of.left.type)
    return FormulaError(f"`{of.text}` divides by zero: `{of.left.text}` is {shown}, `{of.right.text}` is 0")


def _divide_numbers(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run

    def run(read: Read) -> object:
        above, below = one(read), other(read)
        if not below:
            raise _by_zero(of, above)
        return divide(above, below, text)

    return run


def _divide_money(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run

    def run(read: Read) -> object:
        amount = one(read)
        minor, currency = amount
        below = other(read)
        if not below:
            raise _by_zero(of, amount)
        return new_money(divide(minor, below, text), currency)

    return run


def _ratio_of_money(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run

    def run(read: Read) -> object:
        above, below = one(read), other(read)
        if above.currency != below.currency:
            raise same_currency(text, above.currency, below.currency)
        if not below.minor:
            raise _by_zero(of, above)
        return divide(above.minor, below.minor, text)

    return run


def _ratio_of_durations(of: _Operation) -> Run:
    text = of.text
    one = of.left.run
    other = of.right.run

    def run(read: Read) -> object:
        above, below = one(read), other(read)
        if not (below.months or below.micros):
            raise _by_zero(of, above)
        if below.months:
            return divide(above.months, below.months, text)
        return divide(above.micros, below.micros, text)

    return run


def _divide_duration(of: _Operation) -> Run:
    if of.left.type.calendar:
        raise _does_not_fit(of, "months and years cannot be divided by a number")
    text = of.text
    one = of.left.run
    other = of.right.run

    def run(read: Read) -> object:
        above, below = one(read), other(read)
        if not below:
            raise _by_zero(of, above)
        return _whole_micros(of.unit, divide(above.micros, below, text), text)

    return run


# For an operator and the kinds of its operands what it yields, and what makes the closure that computes it.
Rule = tuple[Callable[[_Operation], Type], Callable[[_Operation], Run]]
OPERATIONS: dict[tuple[str, Kind, Kind], Rule] = {
    **{(sign, one, other): (_number, _sum_numbers) for sign in "+-" for one in NUMERIC for other in NUMERIC},
    **{(sign, Kind.MONEY, Kind.MONEY): (_both, _sum_money) for sign in "+-"},
    **{(sign, Kind.DURATION, Kind.DURATION): (_both, _sum_durations) for sign in "+-"},
    **{(sign, Kind.TIME, Kind.DURATION): (_first, _shift_time) for sign in "+-"},
    **{(sign, Kind.DATE, Kind.DURATION): (_first, _shift_date) for sign in "+-"},
    ("+", Kind.DURATION, Kind.TIME): (_second, lambda of: _shift_time(of.turned)),
    ("+", Kind.DURATION, Kind.DATE): (_second, lambda of: _shift_date(of.turned)),
    ("-", Kind.TIME, Kind.TIME): (_duration, _span_of_times),
    ("-", Kind.DATE, Kind.DATE): (_duration, _span_of_dates),
    **{("*", one, other): (_number, _product_numbers) for one in NUMERIC for other in NUMERIC},
    **{("*", Kind.MONEY, number): (_first, _product_money) for number in NUMERIC},
    **{("*", number, Kind.MONEY): (_second, lambda of: _product_money(of.turned)) for number in NUMERIC},
    **{("*", Kind.DURATION, number): (_first, _product_duration) for number in NUMERIC},
    **{
        ("*", number, Kind.DURATION): (_second, lambda of: _product_duration(of.turned)) for number in NUMERIC
    },
    **{("/", one, other): (_ratio, _divide_numbers) for one in NUMERIC for other in NUMERIC},
    **{("/", Kind.MONEY, number): (_first, _divide_money) for number in NUMERIC},
    **{("/", Kind.DURATION, number): (_first, _divide_duration) for number in NUMERIC},
    ("/", Kind.MONEY, Kind.MONEY): (_ratio, _ratio_of_money),
    ("/", Kind.DURATION, Kind.DURATION): (_ratio, _ratio_of_durations),
}
