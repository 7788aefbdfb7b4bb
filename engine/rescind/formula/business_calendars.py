"""Business days: weekends and public holidays of a country, with extra days off and make-up working days.

Public holidays come from the `holidays` package (the extra `calendars`), imported when a calendar with a country
is first used: it is slow to import and most books need none. Which holidays a year has depends on that package; a day
that must never change belongs in the book's lists, which take precedence.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from rescind.formula.runtime_values import FormulaError
from rescind.problems.frozen_records import frozen
from rescind.problems.suggestions import did_you_mean

if TYPE_CHECKING:
    from holidays import HolidayBase

__all__ = ["BusinessCalendar", "calendar_problem"]

SATURDAY_AND_SUNDAY = frozenset({5, 6})
MAX_DAYS = 20_000  # the most business days added at once; the most years counted over
MAX_YEARS = 100


@frozen
class BusinessCalendar:
    """Which days are business days.

    `country` and `subdivision` are ISO 3166 codes as the `holidays` package knows them ("" for neither: only
    Saturdays and Sundays are off). `days_off` and `working_days` win over weekends and holidays; a day in both is off.
    """

    country: str = ""
    subdivision: str = ""
    days_off: frozenset[dt.date] = frozenset()
    working_days: frozenset[dt.date] = frozenset()
    _years: dict[int, tuple[int, ...]] = field(default_factory=dict, repr=False, compare=False)

    def is_business_day(self, date: dt.date) -> bool:
        """Whether `date` is a business day."""
        return date.toordinal() in self._days(date.year)

    def count(self, start: dt.date, end: dt.date) -> int:
        """The business days from `start`, not counted, to `end`, counted; negative where `end` is before `start`.

        INVARIANT: `count(start, add(start, n))` is `n`, whatever the sign of `n` and whether or not `start` is off.
        """
        if abs(end.year - start.year) > MAX_YEARS:
            raise FormulaError(
                f"business days are counted over at most {MAX_YEARS} years, not {start} to {end}"
            )
        if end < start:
            return -self._within(end.toordinal(), start.toordinal() - 1)
        return self._within(start.toordinal() + 1, end.toordinal())

    def _within(self, first: int, last: int) -> int:
        """The business days among days given as ordinals, both ends included; none where `last` is before `first`."""
        if last < first:
            return 0
        years = range(dt.date.fromordinal(first).year, dt.date.fromordinal(last).year + 1)
        return sum(bisect_right(days, last) - bisect_left(days, first) for days in map(self._days, years))

    def add(self, start: dt.date, count: int) -> dt.date:
        """The `count`-th business day after `start` (before it where negative); `start` itself where 0."""
        if abs(count) > MAX_DAYS:
            raise FormulaError(f"at most {MAX_DAYS} business days are added at once, not {count}")
        if not count:
            return start
        for passed, day in enumerate(self._from(start, 1 if count > 0 else -1), start=1):
            if passed == abs(count):
                return day
        raise FormulaError(f"the calendar has no business day that far from {start}")

    def _from(self, start: dt.date, step: int) -> Iterator[dt.date]:
        ordinal = start.toordinal()
        for year in range(start.year, start.year + step * (MAX_YEARS + 1), step):
            for day in self._days(year)[::step]:
                if (day - ordinal) * step > 0:
                    yield dt.date.fromordinal(day)

    def _days(self, year: int) -> tuple[int, ...]:
        """The business days of a year as ordinals, in order."""
        days = self._years.get(year)
        if days is None:
            days = self._years[year] = tuple(self._find_days(year))
        return days

    def _find_days(self, year: int) -> Iterator[int]:
        if not dt.MINYEAR <= year <= dt.MAXYEAR:
            raise FormulaError("the time is outside the years 1 to 9999")
        holidays = _holidays(self.country, self.subdivision, year) if self.country else None
        for ordinal in range(dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal() + 1):
            if self._works(dt.date.fromordinal(ordinal), holidays):
                yield ordinal

    def _works(self, date: dt.date, holidays: HolidayBase | None) -> bool:
        if date in self.days_off:
            return False
        if date in self.working_days:
            return True
        if holidays is None:
            return date.weekday() not in SATURDAY_AND_SUNDAY
        return holidays.is_working_day(date)


@cache
def _holidays(country: str, subdivision: str, year: int) -> HolidayBase:
    """The holidays of a year and its neighbours: one may be observed in the year before or after its own."""
    try:
        import holidays

        known = holidays.country_holidays(country, subdiv=subdivision or None, expand=False)
    except (ImportError, NotImplementedError) as error:
        raise FormulaError(f"no public holidays of `{country}`: {error}") from None
    if not known.start_year <= year <= known.end_year:
        raise FormulaError(
            f"the public holidays of `{country}` are known for {known.start_year} to {known.end_year}, not {year}"
        )
    return holidays.country_holidays(
        country, subdiv=subdivision or None, years=range(year - 1, year + 2), expand=False
    )


def calendar_problem(country: str, subdivision: str = "") -> tuple[str, str] | None:
    """What is wrong with a country and subdivision of a calendar: a message and a hint, else None."""
    try:
        import holidays
    except ImportError:
        return (
            f"the calendar of `{country}` needs the package `holidays`",
            "install `rescind[calendars]`, or leave out the country and list the days off",
        )
    countries = holidays.list_supported_countries()
    if country not in countries:
        return f"no public holidays are known for `{country}`", did_you_mean(country, countries)
    try:
        holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        places = countries[country]
        return f"`{country}` has no subdivision `{subdivision}`", did_you_mean(subdivision, places)
    return None
