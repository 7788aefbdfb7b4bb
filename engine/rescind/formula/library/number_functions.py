"""`min`, `max`, `abs`, `round`, `floor`, `ceil`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

from rescind.formula.lexer import Mistake
from rescind.formula.library.function_call import CallSite, Function, Value
from rescind.formula.operand_fit import same_currency
from rescind.formula.runtime_values import FormulaError, Read, Run, divide, new_money, settle
from rescind.formula.syntax_tree import Literal, Node
from rescind.formula.typed_expression import INTEGER, NUMBER, NUMERIC, Typed, describe
from rescind.values.durations import Duration
from rescind.values.money import Money, currencies
from rescind.values.rounding_modes import ROUNDERS, RoundingMode
from rescind.values.types import ORDERED, Kind, Type

__all__ = ["FUNCTIONS"]

ToWhole = Callable[[int | Fraction], int]


def _floor(value: int | Fraction) -> int:
    return value.numerator // value.denominator


def _ceil(value: int | Fraction) -> int:
    return -(-value.numerator // value.denominator)


def _by_mode(mode: RoundingMode) -> ToWhole:
    rounder = ROUNDERS[mode]
    return lambda value: rounder(value.numerator, value.denominator)


def _round(call: CallSite) -> Typed:
    rest = list(call.arguments[1:])
    mode = RoundingMode.HALF_UP
    if rest and (len(rest) == 2 or _is_mode(rest[0])):
        mode = RoundingMode(call.word(rest.pop(), tuple(RoundingMode), "a rounding mode"))
    return _to_step(call, _by_mode(mode), rest[0] if rest else None)


def _is_mode(node: Node) -> bool:
    return isinstance(node, Literal) and isinstance(node.value, str) and node.value != "minor"


def _directed(call: CallSite, rounder: ToWhole) -> Typed:
    return _to_step(call, rounder, call.arguments[1] if len(call.arguments) > 1 else None)


def _to_step(call: CallSite, rounder: ToWhole, step: Node | None) -> Typed:
    value = call.one(call.arguments[0], *NUMERIC, Kind.MONEY, Kind.DURATION)
    if value.type.kind is Kind.MONEY:
        return call.result(value.type, _round_money(call, value, rounder, step))
    if value.type.kind is Kind.DURATION:
        return call.result(value.type, _round_duration(call, value, rounder, step))
    by = None if step is None else _step(call, step, *NUMERIC)
    type_ = INTEGER if by is None or by.type.kind is Kind.INTEGER else NUMBER
    return call.result(type_, _round_number(call, value, rounder, by))


def _step(call: CallSite, node: Node, *kinds: Kind) -> Typed:
    step = call.one(node, *kinds)
    size = max(step.literal) if isinstance(step.literal, Duration) else step.literal
    if isinstance(size, tuple):
        size = size[0]
    if isinstance(size, (int, Fraction)) and size <= 0:
        raise Mistake("R0517", node.start, f"the step `{step.text}` is not above zero")
    return step


def _no_step(call: CallSite, step: Typed, value: object) -> FormulaError:
    shown = call.unit.shown(value, step.type)
    return FormulaError(f"`{call.text}` needs a step above zero, `{step.text}` is {shown}")


def _round_number(call: CallSite, value: Typed, rounder: ToWhole, step: Typed | None) -> Run:
    run = value.run
    if step is None:
        return lambda read: rounder(run(read))
    by = step.run
    text = call.text

    def stepped(read: Read) -> object:
        number, size = run(read), by(read)
        if size <= 0:
            raise _no_step(call, step, size)
        return settle(rounder(divide(number, size)) * size, text)

    return stepped


def _round_duration(call: CallSite, value: Typed, rounder: ToWhole, node: Node | None) -> Run:
    if node is None or value.type.calendar:
        message = f"`{call.text}` rounds {describe(value.type)}"
        hint = "give an exact duration and a step: `round(x, 1h)`"
        raise Mistake("R0511", call.node.start, message, hint)
    step = _step(call, node, Kind.DURATION)
    if step.type.calendar:
        raise Mistake("R0509", node.start, "an exact duration is not rounded to months or years")
    run = value.run
    by = step.run

    def stepped(read: Read) -> object:
        length, size = run(read).micros, by(read)
        if size.micros <= 0:
            raise _no_step(call, step, size)
        return Duration(0, rounder(divide(length, size.micros)) * size.micros)

    return stepped


def _round_money(call: CallSite, value: Typed, rounder: ToWhole, node: Node | None) -> Run:
    run = value.run
    if node is None or (isinstance(node, Literal) and isinstance(node.value, str)):
        if node is not None:
            call.word(node, ("minor",), "a step")
        return _to_minor(run, rounder)
    step = _step(call, node, *NUMERIC, Kind.MONEY)
    by = step.run
    if step.type.kind is Kind.MONEY:
        call.alike([value, step])
        return _to_amount(call, run, step, rounder)

    def stepped(read: Read) -> object:
        minor, currency = run(read)
        size = by(read) * 10 ** currencies()[currency]
        if size <= 0:
            raise _no_step(call, step, by(read))
        return new_money(settle(rounder(divide(minor, size)) * size, call.text), currency)

    return stepped


def _to_minor(run: Value, rounder: ToWhole) -> Run:
    def rounded(read: Read) -> object:
        amount = run(read)
        minor, currency = amount
        return amount if type(minor) is int else new_money(rounder(minor), currency)

    return rounded


def _to_amount(call: CallSite, run: Value, step: Typed, rounder: ToWhole) -> Run:
    by = step.run

    def rounded(read: Read) -> object:
        minor, currency = run(read)
        size = by(read)
        if size.currency != currency:
            raise same_currency(call.text, currency, size.currency)
        if size.minor <= 0:
            raise _no_step(call, step, size)
        return new_money(settle(rounder(divide(minor, size.minor)) * size.minor, call.text), currency)

    return rounded


def _extreme(call: CallSite, pick: Callable[..., Value]) -> Typed:
    parts = call.typed(*ORDERED)
    type_ = call.of_one_currency(parts)
    runs: list[Value] = [part.run for part in parts]
    if type_.kind is Kind.MONEY:
        return call.result(type_, _extreme_money(call, runs, pick))
    if len(runs) == 2:
        one, other = runs
        return call.result(type_, lambda read: pick(one(read), other(read)))
    return call.result(type_, lambda read: pick([run(read) for run in runs]))


def _extreme_money(call: CallSite, runs: list[Value], pick: Callable[..., Value]) -> Run:
    text = call.text

    def run(read: Read) -> object:
        amounts = [part(read) for part in runs]
        currency = amounts[0][1]
        for amount in amounts:
            if amount[1] != currency:
                raise same_currency(text, currency, amount[1])
        return pick(amounts)

    return run


def _abs(call: CallSite) -> Typed:
    (value,) = call.typed(*NUMERIC, Kind.MONEY, Kind.DURATION)
    type_: Type = value.type
    run = value.run
    if type_.kind is Kind.MONEY:
        return call.result(type_, lambda read: _abs_money(run(read)))
    if type_.kind is Kind.DURATION:
        return call.result(type_, lambda read: _abs_duration(run(read)))
    return call.result(type_, lambda read: abs(run(read)))


def _abs_money(amount: Money) -> Money:
    return amount if amount.minor >= 0 else Money(-amount.minor, amount.currency)


def _abs_duration(length: Duration) -> Duration:
    return Duration(abs(length.months), abs(length.micros))


FUNCTIONS = (
    Function("min(a, b, …)", 2, 64, partial(_extreme, pick=min)),
    Function("max(a, b, …)", 2, 64, partial(_extreme, pick=max)),
    Function("abs(x)", 1, 1, _abs),
    Function("round(x, step, 'half_up')", 1, 3, _round),
    Function("floor(x, step)", 1, 2, partial(_directed, rounder=_floor)),
    Function("ceil(x, step)", 1, 2, partial(_directed, rounder=_ceil)),
)
