"""Which days of a calendar the lock keeps, and which of them are business days.

The lock keeps whole years, from the first that matters to the last for which the calendar itself lists days, and every
day that is past on the day of publishing: these days were used, or could be. Later days may still be announced.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from rescind.book.lock import KeptDays
from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.runtime_values import FormulaError
from rescind.problems.problem import Location

__all__ = ["changed_days", "kept_days"]

FRIDAY = 4


def kept_days(
    calendar: BusinessCalendar, begins: Iterable[dt.date], today: dt.date, before: KeptDays | None
) -> KeptDays:
    """The days of a calendar to keep. `begins`: when versions come into force; `before`: what was kept so far.

    What was kept stays kept: the span only grows.
    """
    listed = calendar.days_off | calendar.working_days
    first = min((date.year for date in (*listed, *begins, today)), default=today.year)
    last = max([today, *(dt.date(date.year, 12, 31) for date in listed)])
    span = dt.date(first, 1, 1), last
    if before:
        span = min(span[0], before.first), max(span[1], before.last)
    days_off, working_days = _unusual(calendar, *span)
    return KeptDays(*span, frozenset(days_off), frozenset(working_days), Location(""))


def changed_days(calendar: BusinessCalendar, kept: KeptDays) -> dict[dt.date, bool]:
    """The kept days on which the calendar no longer says what it said, and whether each is a business day now."""
    days_off, working_days = _unusual(calendar, kept.first, kept.last)
    off_now = (days_off - kept.days_off) | (kept.working_days - working_days)
    open_now = (working_days - kept.working_days) | (kept.days_off - days_off)
    return {day: day in open_now for day in sorted(off_now | open_now)}


def _unusual(calendar: BusinessCalendar, first: dt.date, last: dt.date) -> tuple[set[dt.date], set[dt.date]]:
    """Days off from Monday to Friday, and working days at weekends."""
    days_off, working_days = set(), set()
    for date in _known_days(calendar, first, last):
        works = calendar.is_business_day(date)
        if works and date.weekday() > FRIDAY:
            working_days.add(date)
        elif not works and date.weekday() <= FRIDAY:
            days_off.add(date)
    return days_off, working_days


def _known_days(calendar: BusinessCalendar, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The days of a span, without years of which nothing is known: no case can have used their days."""
    for year in range(first.year, last.year + 1):
        start, end = max(first, dt.date(year, 1, 1)), min(last, dt.date(year, 12, 31))
        try:
            calendar.is_business_day(start)
        except FormulaError:
            continue
        yield from map(dt.date.fromordinal, range(start.toordinal(), end.toordinal() + 1))
