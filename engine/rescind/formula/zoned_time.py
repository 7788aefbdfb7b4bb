"""Calendar arithmetic on instants in a time zone: exact, right across daylight saving, and fast.

An instant is an `int` of microseconds since the epoch; a *wall time* is what the clock of the zone shows,
as microseconds since 1970-01-01T00:00:00 on that clock. Rules, the same for every function:

- a wall time that the zone skips moves on by the length of the gap (02:30 becomes 03:30);
- a wall time that occurs twice means the first of the two, except that an hour starts at the latest one
  that is not after the instant asked about;
- a day, month or year starts at its first instant, even where it has no 00:00;
- a month later is the same day and clock time, or the last day of that month where the day is missing.

Dates have no zone: what is computed from dates alone asks no clock, and is the same everywhere.

Most days are far from any change of the zone's offset. Those days are kept per zone with their offset, so that
the common case is integer arithmetic; the others go through `datetime`.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from rescind.formula.runtime_values import MAX_TIME, MIN_TIME, FormulaError
from rescind.values.times import DAY, EPOCH, HOUR, MICROSECOND

__all__ = [
    "Clock",
    "add_days",
    "add_months",
    "clock_of",
    "date_months_between",
    "date_months_exactly",
    "months_between",
    "months_exactly",
]

EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
FROM_ORDINAL = dt.date.fromordinal
MAX_DAY = dt.date.max.toordinal()
KEPT_DAYS = 65_536


class _SteadyDays(dict[int, int | None]):
    """For each UTC day the offset if it is the same from the day before to the one after, else None; found if asked."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, day: int) -> int | None:
        if len(self) >= KEPT_DAYS:
            self.clear()
        found = self[day] = self._find(day)
        return found

    def _find(self, day: int) -> int | None:
        first, last = (day - 1) * DAY, (day + 2) * DAY
        if first < MIN_TIME + DAY or last > MAX_TIME - DAY:
            return None
        offset = _offset(self._zone, first)
        steady = all(_offset(self._zone, at) == offset for at in range(first + HOUR, last + HOUR, HOUR))
        return offset if steady and abs(offset) < DAY else None


def _offset(zone: ZoneInfo, micros: int) -> int:
    moment = dt.datetime.fromtimestamp(micros // 1_000_000, zone)
    return (moment.utcoffset() or dt.timedelta()) // MICROSECOND


class Clock:
    """The clock and calendar of one zone. Safe to share between threads: it only caches."""

    __slots__ = ("_steady", "zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._steady = _SteadyDays(zone)

    def offset(self, micros: int) -> int:
        """The offset from UTC at an instant."""
        steady = self._steady[micros // DAY]
        if steady is not None:
            return steady
        try:
            return _offset(self.zone, micros)
        except (OverflowError, ValueError, OSError):
            raise _outside() from None

    def wall(self, micros: int) -> int:
        """The wall time of an instant."""
        return micros + self.offset(micros)

    def date(self, micros: int) -> dt.date:
        """The local date of an instant."""
        offset = self._steady[micros // DAY]
        if offset is None:
            return day_date(self.wall(micros) // DAY)
        return FROM_ORDINAL((micros + offset) // DAY + EPOCH_DAY)

    def instant(self, wall: int) -> int:
        """The instant of a wall time; a skipped one moves on by the gap, of two the first."""
        steady = self._steady[wall // DAY]
        return wall - steady if steady is not None else self._both(wall)[0]

    def _both(self, wall: int) -> tuple[int, int]:
        """The instants by the offset before and after a change; they differ only near one."""
        try:
            naive = EPOCH.replace(tzinfo=None) + dt.timedelta(microseconds=wall)
            early, late = (
                (naive.replace(tzinfo=self.zone, fold=fold) - EPOCH) // MICROSECOND for fold in (0, 1)
            )
        except OverflowError:
            raise _outside() from None
        return early, late

    def _starts(self, wall: int) -> tuple[int, ...]:
        """The instants at which the clock first shows `wall` or jumps past it, in order."""
        early, late = self._both(wall)
        if early <= late:
            return (early, late)
        return (self._change(late, early),)

    def _change(self, before: int, after: int) -> int:
        """The first instant after a change of offset between two instants."""
        old = _offset(self.zone, before)
        while after - before > 1:
            middle = (before + after) // 2
            if _offset(self.zone, middle) == old:
                before = middle
            else:
                after = middle
        return after

    def floor_hour(self, micros: int) -> int:
        """The start of the clock hour."""
        offset = self._steady[micros // DAY]
        if offset is not None:
            return micros - (micros + offset) % HOUR
        wall = self.wall(micros)
        return max(at for at in self._starts(wall - wall % HOUR) if at <= micros)

    def ceil_hour(self, micros: int) -> int:
        """The instant itself at the start of a clock hour, else the start of the next."""
        offset = self._steady[micros // DAY]
        if offset is not None:
            return micros + -(micros + offset) % HOUR
        if self.floor_hour(micros) == micros:
            return micros
        wall = self.wall(micros)
        hour = wall - wall % HOUR
        return min(at for at in (*self._starts(hour), *self._starts(hour + HOUR)) if at > micros)

    def start_of_day(self, micros: int) -> int:
        """The first instant of the local date."""
        offset = self._steady[micros // DAY]
        if offset is not None:
            return micros - (micros + offset) % DAY
        return self._day_start(self.wall(micros) // DAY)

    def ceil_day(self, micros: int) -> int:
        """The instant itself at the start of a local date, else the start of the next."""
        offset = self._steady[micros // DAY]
        if offset is not None:
            return micros + -(micros + offset) % DAY
        day = self.wall(micros) // DAY
        return micros if self._day_start(day) == micros else self._day_start(day + 1)

    def next_day(self, micros: int) -> int:
        """The first instant of the next local date."""
        return self._day_start(self.wall(micros) // DAY + 1)

    def date_start(self, date: dt.date) -> int:
        """The first instant of a local date."""
        return self._day_start(date.toordinal() - EPOCH_DAY)

    def _day_start(self, day: int) -> int:
        offset = self._steady[day]
        return day * DAY - offset if offset is not None else self._starts(day * DAY)[0]

    def add_months(self, micros: int, months: int) -> int:
        """The same clock time `months` later, on the last day of the month where the day is missing."""
        if not months:
            return micros
        day, time = divmod(self.wall(micros), DAY)
        return self.instant(day_number(add_months(day_date(day), months)) * DAY + time)

    def add_days(self, micros: int, days: int) -> int:
        """The same clock time `days` later."""
        return self.instant(self.wall(micros) + days * DAY) if days else micros


def day_number(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return date.toordinal() - EPOCH_DAY


def day_date(day: int) -> dt.date:
    """The date of a day since 1970-01-01."""
    if not 1 <= day + EPOCH_DAY <= MAX_DAY:
        raise _outside()
    return dt.date.fromordinal(day + EPOCH_DAY)


def _outside() -> FormulaError:
    return FormulaError("the time is outside the years 1 to 9999")


def add_months(date: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the last day of that month where the day is missing."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise _outside()
    return date.replace(year=year, month=month + 1, day=min(date.day, monthrange(year, month + 1)[1]))


def add_days(date: dt.date, days: int) -> dt.date:
    """The date `days` later."""
    return day_date(day_number(date) + days)


def date_months_between(start: dt.date, end: dt.date, step: int) -> tuple[int, bool]:
    """How many times `step` months fit between two dates, `start` not after `end`; whether they fill it."""
    count = ((end.year - start.year) * 12 + end.month - start.month) // step
    reached = add_months(start, count * step)
    if reached > end:
        # They differ only in days: `end` lies in the month that was reached.
        count -= 1
        reached = add_months(start, count * step)
    return count, reached == end


def date_months_exactly(start: dt.date, end: dt.date, step: int) -> int | Fraction:
    """Whole steps of `step` months, plus the days elapsed of the step that `end` lies in, by that step's own days."""
    count, fills = date_months_between(start, end, step)
    if fills:
        return count
    reached, after = (add_months(start, more * step).toordinal() for more in (count, count + 1))
    return count + Fraction(end.toordinal() - reached, after - reached)


def months_between(clock: Clock, start: int, end: int, step: int) -> tuple[int, bool]:
    """How many times `step` months fit between two instants, `start` not after `end`; whether they fill it."""
    first, last = clock.date(start), clock.date(end)
    # If the clock is set back over midnight, a later instant has an earlier date.
    count = max(0, (last.year - first.year) * 12 + last.month - first.month) // step
    reached = start
    while count and (reached := clock.add_months(start, count * step)) > end:
        count -= 1
        reached = start
    return count, reached == end


def months_exactly(clock: Clock, start: int, end: int, step: int) -> int | Fraction:
    """Whole steps of `step` months, plus the elapsed part of the step that `end` lies in."""
    count, fills = months_between(clock, start, end, step)
    if fills:
        return count
    reached = clock.add_months(start, count * step)
    return count + Fraction(end - reached, clock.add_months(start, (count + 1) * step) - reached)


@lru_cache(maxsize=1024)
def clock_of(zone: ZoneInfo) -> Clock:
    """The clock of a zone, one per zone."""
    return Clock(zone)
