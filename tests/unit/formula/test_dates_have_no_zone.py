"""What is computed from dates alone is the same in every time zone: a date has no first instant unless one asks."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.compile_formula import compile_formula
from rescind.formula.library.all_functions import FUNCTIONS
from rescind.formula.runtime_values import FormulaError
from rescind.formula.scope import Scope
from rescind.problems.problem import Location, Problems
from rescind.values.types import Kind, Type

TYPES = {"d": Type(Kind.DATE), "e": Type(Kind.DATE), "n": Type(Kind.INTEGER)}
CALENDARS = {"plain": BusinessCalendar(days_off=frozenset({dt.date(2024, 9, 9)}))}
# Names of the machine's own zone, if it has them, are not of the tz database.
ZONES = sorted(name for name in available_timezones() if name[:1].isupper())

BETWEEN = [f"{name}(d, e, '{mode}')" for name in ("days", "weeks") for mode in ("exact", "down", "up")]
BETWEEN += [f"{name}(d, e, '{mode}')" for name in ("months", "years") for mode in ("exact", "down", "up")]
BETWEEN += ["months(d, e, 'exact', 'America/Santiago')", "years(d, e, 'down', 'America/Sao_Paulo')"]
MOVED = [f"{name}(d, n)" for name in ("add_days", "add_months", "add_years")]
MOVED += [
    "d + 1mo * n",
    "d - 1d * n",
    "start_of_month(d)",
    "start_of_year(d)",
    "weekday(d)",
    "min(d, e)",
    "max(d, e)",
]
COMPARED = ["e - d", *(f"d {sign} e" for sign in ("==", "!=", "<", "<=", ">", ">="))]
BUSINESS = ["business_days(d, e, 'plain')", "add_business_days(d, n, 'plain')"]
STEPS = ["tier(d, up_to(e, 1), 2)", "1 if d in [date('2024-09-08'), date('2024-03-10')] else 2"]
FORMULAS = [*BETWEEN, *MOVED, *COMPARED, *BUSINESS, *STEPS]


@cache
def compiled(text, zone):
    problems = Problems()
    formula = compile_formula(
        text, Scope(TYPES, frozenset(), ZoneInfo(zone), CALENDARS), Location("p", 1, 1), problems
    )
    assert formula is not None, list(problems)
    return formula.evaluate


def computed(text, zone, values):
    try:
        return compiled(text, zone)(values.__getitem__)
    except FormulaError as error:
        return str(error)


# No midnight in Santiago, half a year apart; an hour less in a month of New York; a date that Apia never had.
PAIRS = [
    ("2024-09-08", "2025-09-08", 1),
    ("2024-03-01", "2024-03-16", -2),
    ("2011-12-30", "2012-02-29", 3),
    ("2018-11-04", "2017-10-15", -40),
    ("2024-01-31", "2024-02-29", 13),
]


@pytest.mark.parametrize("text", FORMULAS)
def test_every_zone_gives_the_same(text):
    for first, second, count in PAIRS:
        values = {"d": dt.date.fromisoformat(first), "e": dt.date.fromisoformat(second), "n": count}
        expected = computed(text, "UTC", values)
        assert [zone for zone in ZONES if computed(text, zone, values) != expected] == []
    compiled.cache_clear()


dates = st.one_of(st.dates(dt.date(1900, 1, 1), dt.date(2037, 12, 31)), st.dates())


@settings(max_examples=300)
@given(st.sampled_from(FORMULAS), st.sampled_from(ZONES), dates, dates, st.integers(-50, 50))
def test_whatever_the_dates_are(text, zone, d, e, count):
    values = {"d": d, "e": e, "n": count}
    assert computed(text, zone, values) == computed(text, "UTC", values)


def test_every_function_that_takes_dates_is_asked():
    asked = {name for name in FUNCTIONS if any(f"{name}(" in text for text in FORMULAS)}
    takes = set()
    for name in FUNCTIONS:
        for rest in ("", ", e", ", n", ", 'plain'", ", e, 'plain'", ", n, 'plain'"):
            scope = Scope(TYPES, frozenset(), ZoneInfo("UTC"), CALENDARS)
            formula = compile_formula(f"{name}(d{rest})", scope, Location("p", 1, 1), Problems())
            if formula and formula.type.kind is not Kind.TIME:
                takes.add(name)
    assert takes - {"present", "default"} == asked - {"date"}


@pytest.mark.parametrize(
    ("text", "zone", "result"),
    [
        ("years(date('2024-09-08'), date('2025-09-08'))", "America/Santiago", 1),
        ("years(date('2024-09-08'), date('2025-09-08'), 'exact')", "America/Santiago", 1),
        ("months(date('2024-03-01'), date('2024-03-16'), 'exact')", "America/New_York", Fraction(15, 31)),
        ("months(date('2024-03-16'), date('2024-03-01'), 'exact')", "America/New_York", Fraction(-15, 31)),
        ("months(date('2024-11-01'), date('2024-11-30'), 'exact')", "America/New_York", Fraction(29, 30)),
        ("months(date('9999-11-30'), date('9999-12-31'), 'up')", "Pacific/Kiritimati", 2),
        ("months(date('0001-01-01'), date('0001-03-01'))", "America/Los_Angeles", 2),
    ],
)
def test_as_on_a_calendar_on_the_wall(text, zone, result):
    assert computed(text, zone, {}) == result
