"""Formulas against slow references written separately: arithmetic, rounding, brackets, calendar."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.compile_formula import compile_formula
from rescind.formula.runtime_values import FormulaError
from rescind.formula.scope import Scope
from rescind.problems.problem import Location, Problems
from rescind.values.money import Money
from rescind.values.times import parse_time
from rescind.values.types import Kind, Type

UTC = dt.UTC
ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # daylight saving of half an hour
    "America/Havana",  # midnight appears twice
    "America/Sao_Paulo",  # days without a midnight, until 2019
    "Pacific/Apia",  # a date that never was: 2011-12-30
    "Africa/Casablanca",
)
HOUR, DAY = 3_600_000_000, 86_400_000_000
NUMBERS = {"a": Type(Kind.NUMBER), "b": Type(Kind.INTEGER), "c": Type(Kind.NUMBER)}
TYPES = {
    **NUMBERS,
    "m": Type(Kind.MONEY),
    "t": Type(Kind.TIME),
    "u": Type(Kind.TIME),
    "d": Type(Kind.DATE),
    "e": Type(Kind.DATE),
}
CALENDARS = {
    "plain": BusinessCalendar(),
    "own": BusinessCalendar(
        "US",
        days_off=frozenset({dt.date(2024, 7, 8)}),
        working_days=frozenset({dt.date(2024, 7, 4), dt.date(2024, 7, 6)}),
    ),
}


def compiled(text, zone="UTC"):
    problems = Problems()
    formula = compile_formula(
        text, Scope(TYPES, frozenset(), ZoneInfo(zone), CALENDARS), Location("p", 1, 1), problems
    )
    assert formula is not None, list(problems)
    return formula.evaluate


def computed(text, values, zone="UTC"):
    return compiled(text, zone)(values.__getitem__)


small = st.fractions(-1000, 1000, max_denominator=60)


def trees():
    """Expressions as (text, function from values to the exact result)."""
    leaves = st.one_of(
        st.sampled_from([(name, lambda values, name=name: values[name]) for name in NUMBERS]),
        st.integers(0, 99).map(lambda n: (str(n), lambda _: n)),
        st.integers(0, 999).map(lambda n: (f"{n // 100}.{n % 100:02}", lambda _: Fraction(n, 100))),
        st.integers(0, 99).map(lambda n: (f"{n}%", lambda _: Fraction(n, 100))),
    )
    return st.recursive(leaves, branches, max_leaves=12)


def branches(inner):
    def pair(parts):
        (left, one), sign, (right, other) = parts
        act = {
            "+": lambda x, y: x + y,
            "-": lambda x, y: x - y,
            "*": lambda x, y: x * y,
            "/": lambda x, y: Fraction(x) / y,
        }[sign]
        return f"({left} {sign} {right})", lambda values: act(one(values), other(values))

    def choose(parts):
        (left, one), (right, other) = parts
        return (
            f"({left} if {left} <= {right} else {right})",
            lambda values: min(one(values), other(values)),
        )

    def least(parts):
        (left, one), (right, other) = parts
        return f"max({left}, -{right})", lambda values: max(one(values), -other(values))

    both = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(pair), both.map(choose), both.map(least)
    )


@given(trees(), small, st.integers(-50, 50), small)
def test_arithmetic_is_exact(tree, a, b, c):
    text, reference = tree
    if text.startswith(tuple("0123456789")) and "/ 0" in text:
        return
    values = {"a": a, "b": b, "c": c}
    problems = Problems()
    formula = compile_formula(text, Scope(TYPES, frozenset(), ZoneInfo("UTC")), Location("p", 1, 1), problems)
    if formula is None:  # a division by a literal zero is found at load, a tree may be too large
        assert {problem.code for problem in problems} <= {"R0517", "R0500"}
        return
    try:
        expected = reference(values)
    except ZeroDivisionError:
        with pytest.raises(FormulaError, match="divides by zero"):
            formula.evaluate(values.__getitem__)
        return
    result = formula.evaluate(values.__getitem__)
    assert result == expected
    assert not isinstance(result, float)


def nearest(value, mode):
    """The reference: distances to the two neighbours of the magnitude."""
    size, sign = abs(value), -1 if value < 0 else 1
    low = math.floor(size)
    if size == low:
        return sign * low
    up = {
        "up": True,
        "down": False,
        "half_up": size - low >= Fraction(1, 2),
        "half_down": size - low > Fraction(1, 2),
        "half_even": size - low > Fraction(1, 2) or (size - low == Fraction(1, 2) and low % 2 == 1),
    }[mode]
    return sign * (low + up)


@given(
    st.one_of(small, st.integers(-4000, 4000).map(lambda n: Fraction(n, 8))),
    st.sampled_from(["1", "0.01", "0.50", "7", "0.25"]),
    st.sampled_from(["half_up", "half_even", "half_down", "up", "down"]),
)
def test_rounding(a, step, mode):
    size = Fraction(step)
    assert computed(f"round(a, {step}, '{mode}')", {"a": a}) == nearest(a / size, mode) * size
    assert computed(f"floor(a, {step})", {"a": a}) == math.floor(a / size) * size
    assert computed(f"ceil(a, {step})", {"a": a}) == math.ceil(a / size) * size
    money = Money(a * 100, "USD")
    rounded = computed(f"round(m, {step} USD, '{mode}')", {"m": money})
    assert rounded == Money(nearest(a / size, mode) * size * 100, "USD")
    assert computed(f"round(m, {step}, '{mode}')", {"m": money}) == rounded
    assert computed(f"round(m, 'minor', '{mode}')", {"m": money}).minor == nearest(a * 100, mode)


@given(st.integers(0, 300), st.lists(st.integers(1, 300), min_size=1, max_size=4, unique=True).map(sorted))
def test_graduated_prices_every_unit_in_its_bracket(quantity, bounds):
    prices = range(10, 10 - len(bounds) - 1, -1)
    steps = ", ".join(f"up_to({bound}, {price} USD)" for bound, price in zip(bounds, prices, strict=False))

    def price_of(unit):
        return next(
            (price for bound, price in zip(bounds, prices, strict=False) if unit <= bound), prices[-1]
        )

    total = computed(f"graduated(b, {steps}, {prices[-1]} USD)", {"b": quantity})
    assert total == Money(100 * sum(price_of(unit) for unit in range(1, quantity + 1)), "USD")
    assert computed(f"tier(b, {steps}, {prices[-1]} USD)", {"b": quantity}) == Money(
        100 * price_of(quantity), "USD"
    )


def wall(micros, zone):
    """The clock's reading, a whole number of minutes being enough for every zone in use today."""
    return dt.datetime.fromtimestamp(micros // 1_000_000, UTC).astimezone(ZoneInfo(zone))


def hour_starts(minute, zone):
    now, before = wall(minute, zone), wall(minute - 60_000_000, zone)
    return now.minute == 0 or (now.date(), now.hour) != (before.date(), before.hour)


def slow_floor_hour(micros, zone):
    minute = micros - micros % 60_000_000
    while not hour_starts(minute, zone):
        minute -= 60_000_000
    return minute


def slow_ceil_hour(micros, zone):
    minute = -(-micros // 60_000_000) * 60_000_000
    while not hour_starts(minute, zone):
        minute += 60_000_000
    return minute


def slow_day(micros, zone):
    """The first minutes of the local date and of the next, by looking at every quarter of an hour around."""
    today = wall(micros, zone).date()
    quarters = range(micros // (900 * 10**6) - 110, micros // (900 * 10**6) + 220)
    minutes = [quarter * 900 * 10**6 for quarter in quarters]
    return (
        min(minute for minute in minutes if wall(minute, zone).date() == today),
        min(minute for minute in minutes if wall(minute, zone).date() > today),
    )


SEASONS = [
    parse_time(text)
    for text in (
        "2024-03-10T07:00:00Z",  # New York springs forward
        "2024-11-03T06:00:00Z",  # and falls back
        "2024-04-06T15:00:00Z",  # Lord Howe falls back half an hour
        "2024-10-05T15:30:00Z",
        "2024-11-03T05:00:00Z",  # Havana has 00:00 twice
        "2018-11-04T03:00:00Z",  # Sao Paulo skips midnight
        "2018-02-18T02:00:00Z",
        "2011-12-30T10:00:00Z",  # Apia skips a day
        "2024-03-10T02:00:00Z",  # Casablanca, Ramadan
    )
]
moments = st.one_of(
    st.integers(parse_time("1990-01-01T00:00:00Z"), parse_time("2037-01-01T00:00:00Z")),
    st.tuples(st.sampled_from(SEASONS), st.integers(-30 * 3600, 30 * 3600)).map(
        lambda p: p[0] + p[1] * 1_000_000
    ),
    st.tuples(st.sampled_from(SEASONS), st.integers(-60, 60)).map(lambda p: p[0] + p[1] * 1800 * 1_000_000),
)


@given(moments, st.sampled_from(ZONES))
def test_clock_hours_and_days(t, zone):
    start, following = slow_day(t, zone)
    expected = {
        "floor_hour": slow_floor_hour(t, zone),
        "ceil_hour": slow_ceil_hour(t, zone),
        "start_of_day": start,
        "end_of_day": following,
        "ceil_day": t if t == start else following,
    }
    for name, instant in expected.items():
        assert computed(f"{name}(t, '{zone}')", {"t": t}) == instant, name
        assert computed(f"{name}(t)", {"t": t}, zone) == instant, name
    assert computed("date_of(t)", {"t": t}, zone) == wall(t, zone).date()
    assert computed("weekday(t)", {"t": t}, zone) == wall(t, zone).isoweekday()
    assert computed("time_of(d)", {"d": wall(t, zone).date()}, zone) == start


def slow_add_months(date, count):
    while count:
        first = date.replace(day=1)
        first = (first + dt.timedelta(days=31)).replace(day=1) if count > 0 else first - dt.timedelta(days=1)
        date, count = first.replace(day=1), count - (1 if count > 0 else -1)
    return date


def month_later(date, count):
    first = slow_add_months(date.replace(day=1), count)
    last = slow_add_months(first, 1) - dt.timedelta(days=1)
    return first.replace(day=min(date.day, last.day))


dates = st.dates(dt.date(1999, 1, 1), dt.date(2032, 12, 31))


@given(dates, st.integers(-60, 60))
def test_adding_months_ends_on_a_day_that_exists(d, count):
    assert computed("add_months(d, b)", {"d": d, "b": count}) == month_later(d, count)
    assert computed("d + 1mo * b", {"d": d, "b": count}) == month_later(d, count)


@given(dates, dates, st.sampled_from([1, 12]))
def test_months_and_years_between(d, e, step):
    name = "months" if step == 1 else "years"
    sign, first, last = (1, d, e) if d <= e else (-1, e, d)
    steps = 0
    while month_later(first, (steps + 1) * step) <= last:
        steps += 1
    reached = month_later(first, steps * step)
    part = Fraction((last - reached).days, (month_later(first, (steps + 1) * step) - reached).days)
    values = {"d": d, "e": e}
    assert computed(f"{name}(d, e)", values) == sign * steps
    assert computed(f"{name}(d, e, 'up')", values) == sign * (steps + (reached != last))
    assert computed(f"{name}(d, e, 'exact')", values) == sign * (steps + part)


@pytest.mark.parametrize("name", ["months", "years"])
def test_no_month_has_passed_where_the_clock_falls_back_over_midnight(name):
    """A minute after midnight on the first of November it was the thirty-first of October again."""
    first, later = (
        int(dt.datetime.fromisoformat(text).timestamp()) * 10**6
        for text in ("2009-11-01T00:00:30-02:30", "2009-10-31T23:30:00-03:30")
    )
    values, zone = {"t": first, "u": later}, "America/St_Johns"
    assert computed(f"{name}(t, u)", values, zone) == 0
    assert computed(f"{name}(t, u, 'up')", values, zone) == 1
    assert 0 < computed(f"{name}(t, u, 'exact')", values, zone) < Fraction(1, 20)


@given(moments, st.integers(0, 40), st.sampled_from(ZONES))
def test_a_month_later_has_the_same_clock_time(t, count, zone):
    later = computed("add_months(t, b)", {"t": t, "b": count}, zone)
    here, there = wall(t, zone), wall(later, zone)
    assert computed("months(t, u)", {"t": t, "u": later}, zone) == count
    naive = dt.datetime.combine(month_later(here.date(), count), here.time())
    exists = (
        naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    )
    if count:
        assert there.replace(tzinfo=None, fold=0) == exists.replace(fold=0)


@given(moments, moments, st.sampled_from(["seconds", "minutes", "hours", "days", "weeks"]))
def test_lengths(t, u, name):
    size = {"seconds": 10**6, "minutes": 60 * 10**6, "hours": HOUR, "days": DAY, "weeks": 7 * DAY}[name]
    exact = Fraction(u - t, size)
    values = {"t": t, "u": u}
    assert computed(f"{name}(t, u)", values) == exact
    assert computed(f"{name}(t, u, 'down')", values) == nearest(exact, "down")
    assert computed(f"{name}(t, u, 'up')", values) == nearest(exact, "up")


@given(
    st.dates(dt.date(2024, 6, 25), dt.date(2024, 7, 20)),
    st.dates(dt.date(2024, 6, 25), dt.date(2024, 7, 20)),
    st.integers(-12, 12),
    st.sampled_from(["plain", "own"]),
)
def test_business_days(d, e, count, name):
    def works(day):
        if name == "own" and day in {dt.date(2024, 7, 4), dt.date(2024, 7, 6)}:
            return True
        return day.weekday() < 5 and not (
            name == "own" and day in {dt.date(2024, 6, 19), dt.date(2024, 7, 8)}
        )

    step = 1 if d <= e else -1
    after = [d + dt.timedelta(days=step * n) for n in range(1, abs((e - d).days) + 1)]
    assert computed(f"business_days(d, e, '{name}')", {"d": d, "e": e}) == step * sum(map(works, after))
    reached, left = d, abs(count)
    while left:
        reached += dt.timedelta(days=1 if count > 0 else -1)
        left -= works(reached)
    assert computed(f"add_business_days(d, b, '{name}')", {"d": d, "b": count}) == reached


around_new_year = st.dates(dt.date(2023, 12, 20), dt.date(2025, 1, 12))
calendars = st.builds(
    BusinessCalendar,
    days_off=st.frozensets(around_new_year, max_size=60),
    working_days=st.frozensets(around_new_year, max_size=60),
)


@given(calendars, around_new_year, around_new_year, st.integers(-300, 300))
def test_business_days_undo_what_adding_them_does(calendar, d, e, count):
    """In both directions, from a day off too: the first day is never counted, and the last is."""
    assert calendar.count(d, calendar.add(d, count)) == count
    there = calendar.count(d, e)
    assert there == 0 or (there > 0) == (e > d)
    if calendar.is_business_day(e):
        assert calendar.add(d, there) == e
    if calendar.is_business_day(d) == calendar.is_business_day(e):
        assert calendar.count(e, d) == -there


@given(moments, st.integers(-30, 30), st.sampled_from([zone for zone in ZONES if zone != "Pacific/Apia"]))
def test_business_days_undo_what_adding_them_does_to_a_time(t, count, zone):
    reached = computed("add_business_days(t, b, 'plain')", {"t": t, "b": count}, zone)
    assert computed("business_days(t, u, 'plain')", {"t": t, "u": reached}, zone) == count


def test_holidays_of_a_country_with_make_up_days():
    china = BusinessCalendar("CN")
    days = {dt.date(2024, 9, 29): True, dt.date(2024, 10, 1): False, dt.date(2024, 10, 12): True}
    assert {day: china.is_business_day(day) for day in days} == days
