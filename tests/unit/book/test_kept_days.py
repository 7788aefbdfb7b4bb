"""Which days of a calendar the lock keeps, and that each changed one is found."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.book.kept_days import changed_days, kept_days
from rescind.formula.business_calendars import BusinessCalendar

TODAY = dt.date(2025, 6, 15)
BEGINS = [dt.date(2024, 10, 29)]
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2026, 12, 31))


def day(text):
    return dt.date.fromisoformat(text)


def calendar(*days_off, working=(), country=""):
    return BusinessCalendar(country, "", frozenset(map(day, days_off)), frozenset(map(day, working)))


@pytest.mark.parametrize(
    ("given_", "span"),
    [
        (calendar(), ("2024-01-01", "2025-06-15")),
        (calendar("2025-05-01"), ("2024-01-01", "2025-12-31")),
        (calendar("2023-05-01", "2026-01-01"), ("2023-01-01", "2026-12-31")),
        (calendar("2024-05-01"), ("2024-01-01", "2025-06-15")),
    ],
)
def test_kept_are_the_years_that_are_listed_and_what_has_passed(given_, span):
    kept = kept_days(given_, BEGINS, TODAY, None)
    assert (kept.first, kept.last) == tuple(map(day, span))


def test_what_was_kept_stays_kept():
    before = kept_days(calendar("2023-05-01", "2026-01-01"), BEGINS, TODAY, None)
    after = kept_days(calendar("2025-05-01"), BEGINS, dt.date(2025, 7, 1), before)
    assert (after.first, after.last) == (before.first, before.last)


def test_only_what_differs_from_an_ordinary_week_is_written():
    kept = kept_days(calendar("2025-05-01", "2025-05-03", working=["2025-05-04"]), BEGINS, TODAY, None)
    assert kept.days_off == {day("2025-05-01")}  # the third is a Saturday
    assert kept.working_days == {day("2025-05-04")}


@given(st.frozensets(DAYS, max_size=20), st.frozensets(DAYS, max_size=20), DAYS, st.booleans())
def test_each_change_of_a_kept_day_is_found_and_no_other(off, working, changed, works):
    before = BusinessCalendar("", "", off, working)
    kept = kept_days(before, BEGINS, TODAY, None)
    assert changed_days(before, kept) == {}
    after = replace(
        before,
        days_off=off - {changed} if works else off | {changed},
        working_days=working | {changed} if works else working,
        _years={},
    )
    other = before.is_business_day(changed) is not after.is_business_day(changed)
    expected = {changed: works} if other and kept.first <= changed <= kept.last else {}
    assert changed_days(after, kept) == expected


def test_the_holidays_of_a_country_are_kept_as_days():
    china = calendar("2025-02-10", country="CN")
    kept = kept_days(china, BEGINS, TODAY, None)
    assert {day("2024-10-01"), day("2025-05-01"), day("2025-02-10")} <= kept.days_off
    assert changed_days(china, kept) == {}
    other = replace(kept, days_off=kept.days_off - {day("2025-05-01")})
    assert changed_days(china, other) == {day("2025-05-01"): False}


def test_a_year_of_which_nothing_is_known_has_no_kept_days():
    kept = kept_days(calendar("1900-01-01", country="CN"), BEGINS, TODAY, None)
    assert kept.first == day("1900-01-01")
    assert changed_days(calendar("1900-01-01", country="CN"), kept) == {}
