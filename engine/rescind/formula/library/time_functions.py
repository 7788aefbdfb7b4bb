"""Lengths between two times, clock hours, days, months and years in a time zone, dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from functools import partial

from rescind.formula.lexer import Mistake
from rescind.formula.library.function_call import CallSite, Function, Value
from rescind.formula.operand_fit import TIMES
from rescind.formula.runtime_values import FormulaError, Read, Run, divide, in_range
from rescind.formula.syntax_tree import Literal, Node
from rescind.formula.typed_expression import INTEGER, NUMBER, Typed, describe
from rescind.formula.zoned_time import (
    Clock,
    add_days,
    add_months,
    date_months_between,
    date_months_exactly,
    months_between,
    months_exactly,
)
from rescind.values.decimals import UnitError
from rescind.values.rounding_modes import RoundingMode
from rescind.values.times import DAY, HOUR, MINUTE, SECOND, parse_date, parse_time
from rescind.values.types import Kind, Type

__all__ = ["FUNCTIONS", "LENGTHS"]

WHOLE = (RoundingMode.DOWN, RoundingMode.UP)
# The ways to give a length that is not a whole number of units.
LENGTHS = ("exact", *WHOLE)
UTC_DAYS = {"days": DAY, "weeks": 7 * DAY}


def _two(call: CallSite) -> tuple[Typed, Typed]:
    """The first two arguments: two times or two dates."""
    start, end = call.typed(*TIMES, count=2)
    if start.type.kind is not end.type.kind:
        message = f"`{start.text}` is {describe(start.type)}, `{end.text}` is {describe(end.type)}"
        hint = "make them alike with `date_of(time)` or `time_of(date)`"
        raise Mistake("R0507", end.node.start, message, hint)
    return start, end


def _elapsed(call: CallSite, size: int) -> Typed:
    """Exact lengths: a day is 24 hours, between dates it is one day of the calendar."""
    start, end = _two(call)
    if start.type.kind is Kind.DATE and size % DAY:
        hint = "make times of them with `time_of(date)`"
        raise Mistake("R0511", call.node.start, f"`{call.node.function}` takes times, found dates", hint)
    mode = call.word(call.arguments[2], LENGTHS, "a way to round") if len(call.arguments) > 2 else "exact"
    one = start.run
    other = end.run
    if start.type.kind is Kind.DATE:
        one, other, size = _ordinal(one), _ordinal(other), size // DAY
    exact_days = start.type.kind is Kind.DATE and size == 1
    type_ = NUMBER if mode == "exact" and not exact_days else INTEGER
    return call.result(type_, _ELAPSED[mode](one, other, size))


def _ordinal(run: Value) -> Value:
    return lambda read: run(read).toordinal()


def _exact(one: Value, other: Value, size: int) -> Run:
    def run(read: Read) -> object:
        start = one(read)
        return divide(other(read) - start, size)

    return run


def _down(one: Value, other: Value, size: int) -> Run:
    def run(read: Read) -> object:
        start = one(read)
        length = other(read) - start
        return length // size if length >= 0 else -(-length // size)

    return run


def _up(one: Value, other: Value, size: int) -> Run:
    def run(read: Read) -> object:
        start = one(read)
        length = other(read) - start
        return -(-length // size) if length >= 0 else length // size

    return run


_ELAPSED: dict[str, Callable[[Value, Value, int], Run]] = {
    "exact": _exact,
    RoundingMode.DOWN: _down,
    RoundingMode.UP: _up,
}


def _months(call: CallSite, step: int) -> Typed:
    start, end = _two(call)
    rest = list(call.arguments[2:])
    mode = (
        call.word(rest.pop(0), LENGTHS, "a way to round")
        if rest and not _is_zone(rest)
        else RoundingMode.DOWN
    )
    clock = call.clock(rest[0] if rest else None)
    one = start.run
    other = end.run
    length = _DATE_MONTHS[mode] if start.type.kind is Kind.DATE else partial(_MONTHS[mode], clock)

    def run(read: Read) -> object:
        first, last = one(read), other(read)
        return length(first, last, step) if first <= last else -length(last, first, step)

    return call.result(NUMBER if mode == "exact" else INTEGER, run)


def _is_zone(rest: list[Node]) -> bool:
    """Whether the mode is left out: one text that is none of the modes but names a zone."""
    text = rest[0].value if len(rest) == 1 and isinstance(rest[0], Literal) else None
    return isinstance(text, str) and ("/" in text or text in {"UTC", "GMT"})


def _whole_down(found: tuple[int, bool]) -> int:
    return found[0]


def _whole_up(found: tuple[int, bool]) -> int:
    count, fills = found
    return count if fills else count + 1


_MONTHS: dict[str, Callable[[Clock, int, int, int], int | Fraction]] = {
    RoundingMode.DOWN: lambda clock, start, end, step: _whole_down(months_between(clock, start, end, step)),
    RoundingMode.UP: lambda clock, start, end, step: _whole_up(months_between(clock, start, end, step)),
    "exact": months_exactly,
}
_DATE_MONTHS: dict[str, Callable[[dt.date, dt.date, int], int | Fraction]] = {
    RoundingMode.DOWN: lambda start, end, step: _whole_down(date_months_between(start, end, step)),
    RoundingMode.UP: lambda start, end, step: _whole_up(date_months_between(start, end, step)),
    "exact": date_months_exactly,
}


def _zoned(call: CallSite, at: int = 1) -> Clock:
    return call.clock(call.arguments[at] if len(call.arguments) > at else None)


def _moment(call: CallSite, method: Callable[[Clock, int], int]) -> Typed:
    """A function from a time to a time in a zone."""
    time = call.one(call.arguments[0], Kind.TIME)
    run = time.run
    text, clock = call.text, _zoned(call)
    return call.result(Type(Kind.TIME), lambda read: in_range(method(clock, run(read)), text))


def _period(call: CallSite, first: Callable[[dt.date], dt.date]) -> Typed:
    """The start of a month or year, of a time or a date."""
    value = call.one(call.arguments[0], *TIMES)
    run = value.run
    clock, text = _zoned(call), call.text
    if value.type.kind is Kind.DATE:
        return call.result(value.type, lambda read: first(run(read)))
    return call.result(
        value.type, lambda read: in_range(clock.date_start(first(clock.date(run(read)))), text)
    )


def _end_of_month(clock: Clock, micros: int) -> int:
    return clock.date_start(add_months(clock.date(micros).replace(day=1), 1))


def _weekday(call: CallSite) -> Typed:
    value = call.one(call.arguments[0], *TIMES)
    run = value.run
    clock = _zoned(call)
    if value.type.kind is Kind.DATE:
        return call.result(INTEGER, lambda read: run(read).isoweekday())
    return call.result(INTEGER, lambda read: clock.date(run(read)).isoweekday())


def _add(call: CallSite, of_time: Callable[[Clock, int, int], int], of_date: Value, factor: int = 1) -> Typed:
    value = call.one(call.arguments[0], *TIMES)
    count = call.one(call.arguments[1], Kind.INTEGER)
    clock = _zoned(call, 2)
    run = value.run
    by = count.run
    text = call.text
    if value.type.kind is Kind.DATE:
        return call.result(value.type, lambda read: of_date(run(read), factor * by(read)))
    return call.result(value.type, lambda read: in_range(of_time(clock, run(read), factor * by(read)), text))


def _date_of(call: CallSite) -> Typed:
    run = call.one(call.arguments[0], Kind.TIME).run
    clock = _zoned(call)
    return call.result(Type(Kind.DATE), lambda read: clock.date(run(read)))


def _time_of(call: CallSite) -> Typed:
    run = call.one(call.arguments[0], Kind.DATE).run
    clock, text = _zoned(call), call.text
    return call.result(Type(Kind.TIME), lambda read: in_range(clock.date_start(run(read)), text))


def _literal(call: CallSite, kind: Kind, parse: Callable[[str], object]) -> Typed:
    node = call.arguments[0]
    text = call.text_of(node, f"a {kind}")
    try:
        value = parse(text)
        if kind is Kind.TIME and isinstance(value, int):
            in_range(value, text)
    except UnitError as error:
        raise Mistake("R0513", node.start, str(error), error.hint) from None
    except FormulaError as error:
        raise Mistake("R0513", node.start, str(error)) from None
    return Typed(Type(kind), lambda _: value, call.node, call.text, value)


def _time(call: CallSite) -> Typed:
    return _literal(call, Kind.TIME, lambda text: parse_time(text, call.unit.scope.zone))


def _date(call: CallSite) -> Typed:
    return _literal(call, Kind.DATE, parse_date)


def _month_start(date: dt.date) -> dt.date:
    return date.replace(day=1)


def _year_start(date: dt.date) -> dt.date:
    return date.replace(month=1, day=1)


_LENGTHS = {"seconds": SECOND, "minutes": MINUTE, "hours": HOUR, "days": DAY, "weeks": 7 * DAY}

_MOMENTS: dict[str, Callable[[Clock, int], int]] = {
    "floor_hour": Clock.floor_hour,
    "ceil_hour": Clock.ceil_hour,
    "start_of_day": Clock.start_of_day,
    "end_of_day": Clock.next_day,
    "ceil_day": Clock.ceil_day,
    "end_of_month": _end_of_month,
}

FUNCTIONS = (
    *(
        Function(f"{name}(from, to, 'exact')", 2, 3, partial(_elapsed, size=size))
        for name, size in _LENGTHS.items()
    ),
    Function("months(from, to, 'down', 'Area/City')", 2, 4, partial(_months, step=1)),
    Function("years(from, to, 'down', 'Area/City')", 2, 4, partial(_months, step=12)),
    *(
        Function(f"{name}(time, 'Area/City')", 1, 2, partial(_moment, method=method))
        for name, method in _MOMENTS.items()
    ),
    Function("start_of_month(time, 'Area/City')", 1, 2, partial(_period, first=_month_start)),
    Function("start_of_year(time, 'Area/City')", 1, 2, partial(_period, first=_year_start)),
    Function("weekday(time, 'Area/City')", 1, 2, _weekday),
    Function(
        "add_days(time, count, 'Area/City')", 2, 3, partial(_add, of_time=Clock.add_days, of_date=add_days)
    ),
    Function(
        "add_months(time, count, 'Area/City')",
        2,
        3,
        partial(_add, of_time=Clock.add_months, of_date=add_months),
    ),
    Function(
        "add_years(time, count, 'Area/City')",
        2,
        3,
        partial(_add, of_time=Clock.add_months, of_date=add_months, factor=12),
    ),
    Function("date_of(time, 'Area/City')", 1, 2, _date_of),
    Function("time_of(date, 'Area/City')", 1, 2, _time_of),
    Function("date('2024-10-29')", 1, 1, _date),
    Function("time('2024-10-29T00:00:00+08:00')", 1, 1, _time),
)
