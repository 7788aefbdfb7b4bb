"""`business_days` and `add_business_days` by a calendar of the book."""

from __future__ import annotations

from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.lexer import Mistake
from rescind.formula.library.function_call import CallSite, Function, Value
from rescind.formula.operand_fit import TIMES
from rescind.formula.runtime_values import Read, in_range
from rescind.formula.typed_expression import INTEGER, Typed
from rescind.formula.zoned_time import Clock, day_number
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.times import DAY
from rescind.values.types import Kind

__all__ = ["FUNCTIONS"]


def _calendar(call: CallSite) -> BusinessCalendar:
    calendars, node = call.unit.scope.calendars, call.arguments[2]
    name = call.text_of(node, "the name of a calendar")
    if name not in calendars:
        known = f"the book has {one_of(calendars)}" if calendars else "list it under `calendars:` in the book"
        message = f"`{name[:60]}` is not a calendar of the book"
        raise Mistake("R0512", node.start, message, did_you_mean(name, calendars) or known)
    return calendars[name]


def _clock(call: CallSite) -> Clock:
    return call.clock(call.arguments[3] if len(call.arguments) > 3 else None)


def _business_days(call: CallSite) -> Typed:
    parts = call.typed(*TIMES, count=2)
    calendar, clock = _calendar(call), _clock(call)
    start, end = (_as_date(part, clock) for part in parts)
    return call.result(INTEGER, lambda read: calendar.count(start(read), end(read)))


def _as_date(part: Typed, clock: Clock) -> Value:
    run = part.run
    return run if part.type.kind is Kind.DATE else (lambda read: clock.date(run(read)))


def _add_business_days(call: CallSite) -> Typed:
    start = call.one(call.arguments[0], *TIMES)
    by = call.one(call.arguments[1], Kind.INTEGER).run
    calendar, clock, text = _calendar(call), _clock(call), call.text
    run = start.run
    if start.type.kind is Kind.DATE:
        return call.result(start.type, lambda read: calendar.add(run(read), by(read)))

    def shifted(read: Read) -> object:
        micros = run(read)
        day, time = divmod(clock.wall(micros), DAY)
        reached = day_number(calendar.add(clock.date(micros), by(read)))
        return micros if reached == day else in_range(clock.instant(reached * DAY + time), text)

    return call.result(start.type, shifted)


FUNCTIONS = (
    Function("business_days(from, to, 'calendar', 'Area/City')", 3, 4, _business_days),
    Function("add_business_days(time, count, 'calendar', 'Area/City')", 3, 4, _add_business_days),
)
