"""Random, mutated and hostile text: formulas are refused or computed, nothing crashes, hangs or runs."""

from __future__ import annotations

import datetime as dt
import time
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.compile_formula import compile_formula
from rescind.formula.library.all_functions import FUNCTIONS
from rescind.formula.runtime_values import FormulaError, show
from rescind.formula.scope import Scope
from rescind.problems.problem import Location, Problems
from rescind.values.durations import Duration
from rescind.values.money import Money
from rescind.values.types import ABSENT, Kind, Type

EVENTS = Type(Kind.LIST, fields={"amount": Type(Kind.MONEY), "at": Type(Kind.TIME), "n": Type(Kind.INTEGER)})
TYPES = {
    "now": Type(Kind.TIME),
    "day": Type(Kind.DATE),
    "cash": Type(Kind.MONEY),
    "x": Type(Kind.NUMBER),
    "n": Type(Kind.INTEGER),
    "free": Type(Kind.FLAG),
    "term": Type(Kind.CHOICE, ("1y", "3y")),
    "length": Type(Kind.DURATION),
    "events": EVENTS,
    "tags": Type(Kind.SET),
    "late": Type(Kind.TIME),
    "rates": Type(Kind.RATES),
}
VALUES = {
    "now": 1_730_770_860_000_000,
    "day": dt.date(2024, 2, 29),
    "cash": Money(100_001, "USD"),
    "x": Fraction(7, 3),
    "n": 0,
    "free": True,
    "term": "3y",
    "length": Duration(0, 3_600_000_001),
    "events": ({"amount": Money(5, "USD"), "at": 0, "n": 3}, {"amount": Money(5, "CNY"), "at": 1, "n": 0}),
    "tags": frozenset({"a"}),
    "late": ABSENT,
    "rates": {("CNY", "USD"): Fraction(1, 7)},
}
ZONE = ZoneInfo("America/New_York")
SCOPE = Scope(TYPES, frozenset({"late"}), ZONE, {"plain": BusinessCalendar()})

WORDS = [
    *TYPES,
    *FUNCTIONS,
    *"+ - * / ( ) , < <= == != > >= and or not if else in [ ] % ' \" .".split(),  # noqa: SIM905 - read as one
    *"0 1 2.5 15% 10 USD 0.5 CNY 24h 1y 6mo 5d '3y' 'up' 'minor' 'UTC' 'plain'".split(),  # noqa: SIM905
    *"up_to( true false each.n each.amount each".split(),  # noqa: SIM905
    "\n",
]
VALID = [
    "cash * hours(floor_hour(now), ceil_day(now)) / 7",
    "15% if term == '3y' and n > 2 else tier(n, up_to(1, 10%), 5%)",
    "sum(events, each.amount, each.at > now - 365d, 0 USD)",
    "graduated(n, up_to(96, 2 USD), 1.50 USD) + convert(5 CNY, 'USD')",
    "months(now, default(late, now + 1y), 'exact')",
    "round(cash / 3, 'minor', 'half_even') - max(cash, 5 USD)",
    "business_days(day, day + 2w, 'plain') * 3",
]


def survives(text):
    problems = Problems()
    formula = compile_formula(text, SCOPE, Location("p", 1, 1), problems)
    if formula is None:
        assert problems.errors
        lines = text.count("\n") + 1
        assert all(1 <= p.location.line <= lines and p.location.column >= 1 for p in problems)
        return
    try:
        result = formula.evaluate(VALUES.__getitem__)
    except FormulaError:
        return
    assert isinstance(result, (bool, int, Fraction, Money, Duration, dt.date, str))
    assert isinstance(show(result, formula.type, ZONE), str)


@given(st.text(max_size=60))
@example("\x00")
@example("__import__('os').system('true')")
@example("(lambda: 1)()")
@example("now.__class__.__mro__")
@example("f'{now}'")
@example("x if x else x if x else x")
@example("'" * 7)
def test_any_text(text):
    survives(text)


@given(st.lists(st.sampled_from(WORDS), max_size=25), st.sampled_from([" ", ""]))
def test_any_words(words, gap):
    survives(gap.join(words))


@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), st.sampled_from(WORDS)), min_size=1, max_size=4),
)
def test_mutated_formulas(text, edits):
    for where, length, word in edits:
        at = int(where * len(text))
        text = text[:at] + word + text[at + length :]
    survives(text)


def test_the_formulas_that_are_mutated_are_sound():
    for text in VALID:
        assert compile_formula(text, SCOPE, Location("p", 1, 1), Problems()) is not None


HOSTILE = {
    "long": "1 + " * 100_000 + "1",
    "parentheses": "(" * 2000 + "1" + ")" * 2000,
    "open": "(" * 4000,
    "minus": "-" * 4000 + "1",
    "not": "not " * 1000 + "free",
    "chain": "+".join(["1"] * 2000),
    "calls": "abs(" * 500 + "x" + ")" * 500,
    "else": "1 if free else " * 250 + "1",
    "arguments": f"min({', '.join(['x'] * 1000)})",
    "digits": "9" * 4000,
    "text": "'" + "a" * 4000,
    "names": " + ".join(f"unknown_{at}" for at in range(200)),
    "dots": "a" + ".a" * 2000,
    "member": "free in " * 500 + "[true]",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_sizes_are_refused_quickly(text):
    began = time.perf_counter()
    problems = Problems()
    assert compile_formula(text, SCOPE, Location("p", 1, 1), problems) is None
    assert problems.errors
    assert time.perf_counter() - began < 5


def nested(outer, inner, levels):
    text = inner
    for _ in range(levels):
        text = outer.format(text)
    return text


@pytest.mark.parametrize(
    "text",
    [
        nested("(term == ('1y' if {} else '3y'))", "free", 20),
        nested("(({}) in [true, false])", "free", 40),
        nested("((1 if {} else 2) in [1, 3])", "free", 30),
        nested("max({0}, 1, 2)", "x", 60),
        nested("tier({}, up_to(1, 1), up_to(2, x), 3)", "x", 40),
        nested("default(late, {})", "now", 60),
        nested("(x if ({}) > 1 else x)", "x", 28),
        nested("sum(events, each.n, true, {})", "0", 30),
        nested("count(events, {} > 0)", "1", 8),
        nested("round({0}, 0.01, 'half_even')", "x", 50),
        nested("({0}) * 999999999999999999999999", "x", 50),
        nested("1 / ({0} + 1 / 3)", "x", 60),
    ],
)
def test_nesting_does_not_multiply_the_work(text):
    began = time.perf_counter()
    survives(text)
    assert time.perf_counter() - began < 5


def test_numbers_that_grow_stop_at_the_bound():
    square = " * ".join(["x"] * 40)
    formula = compile_formula(square, SCOPE, Location("p", 1, 1), Problems())
    with pytest.raises(FormulaError, match="more than 4096 bits"):
        formula.evaluate({"x": 2**200}.__getitem__)
