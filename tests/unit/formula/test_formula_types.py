"""What a formula yields is of the type that it was given at load: every function and operator, of arguments at random.

The type decides how a value is compared, what it may be an argument of, and which texts a condition may ask for. Of
another type it would be a wrong answer, or an error where there is none.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import chain, zip_longest
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.compile_formula import compile_formula
from rescind.formula.library.all_functions import FUNCTIONS
from rescind.formula.runtime_values import FormulaError
from rescind.formula.scope import Scope
from rescind.problems.problem import Location, Problems
from rescind.values.durations import Duration
from rescind.values.money import Money
from rescind.values.types import ABSENT, Kind, Type

INTEGER, NUMBER, MONEY, TIME, DATE, LENGTH, MONTHS, FLAG, CHOICE, TEXT = (
    "integer number money time date length months flag choice text".split()  # noqa: SIM905 - read as one
)
EVENT = {
    "units": Type(Kind.INTEGER),
    "share": Type(Kind.NUMBER),
    "amount": Type(Kind.MONEY),
    "price": Type(Kind.MONEY, currency="USD"),
    "at": Type(Kind.TIME),
    "day": Type(Kind.DATE),
    "took": Type(Kind.DURATION),
    "term": Type(Kind.DURATION, calendar=True),
    "kind": Type(Kind.CHOICE, ("early", "late")),
    "more": Type(Kind.INTEGER, optional=True),
}
TYPES = {
    "a.n": Type(Kind.INTEGER),
    "a.x": Type(Kind.NUMBER),
    "a.cash": Type(Kind.MONEY),
    "a.usd": Type(Kind.MONEY, currency="USD"),
    "a.t": Type(Kind.TIME),
    "a.d": Type(Kind.DATE),
    "a.took": Type(Kind.DURATION),
    "a.term": Type(Kind.DURATION, calendar=True),
    "a.free": Type(Kind.FLAG),
    "a.kind": Type(Kind.CHOICE, ("early", "late")),
    "a.sort": Type(Kind.CHOICE, ("late", "never")),
    "a.note": Type(Kind.TEXT),
    "a.tags": Type(Kind.SET, ("early", "vip")),
    "a.events": Type(Kind.LIST, fields=EVENT),
    "rates": Type(Kind.RATES),
}
MAYBE = {
    INTEGER: "maybe.n",
    NUMBER: "maybe.x",
    MONEY: "maybe.cash",
    TIME: "maybe.t",
    DATE: "maybe.d",
    LENGTH: "maybe.took",
    MONTHS: "maybe.term",
    FLAG: "maybe.free",
    CHOICE: "maybe.kind",
    TEXT: "maybe.note",
}
TYPES |= {name: replace(TYPES[name.replace("maybe", "a")], optional=True) for name in MAYBE.values()}
SCOPE = Scope(
    TYPES, frozenset(MAYBE.values()), ZoneInfo("America/New_York"), {"plain": BusinessCalendar()}
)  # fmt: skip
# What the strategies do not look at: size, currencies, literal zeros and bounds, lists in lists, texts that differ.
PASSED_OVER = {"R0203", "R0500", "R0507", "R0508", "R0510", "R0517", "R0518", "R0520"}

ONE = {
    INTEGER: ["a.n", "7", "0", "999999999999999", "maybe.n"],
    NUMBER: ["a.x", "2.5", "15%", "1.0", "0.000000000001", "maybe.x"],
    MONEY: ["a.cash", "a.usd", "5 USD", "0.0035 EUR", "maybe.cash"],
    TIME: ["a.t", "time('2024-10-29T00:00:00+08:00')", "maybe.t"],
    DATE: ["a.d", "date('2024-02-29')", "maybe.d"],
    LENGTH: ["a.took", "90min", "2d", "maybe.took"],
    MONTHS: ["a.term", "1mo", "2y", "0mo", "maybe.term"],
    FLAG: ["a.free", "true", "maybe.free", "present(maybe.n)"],
    CHOICE: ["a.kind", "a.sort", "maybe.kind"],
    TEXT: ["a.note", "'early'", "'else'", "maybe.note"],
}
# `{integer}` and the like stand for formulas; a number may be an integer everywhere.
MORE = {
    INTEGER: [
        *("{integer} + {integer}", "{integer} - {integer}", "{integer} * {integer}", "-({integer})"),
        *("round({number})", "floor({number})", "ceil({number})", "round({number}, {integer}, 'up')"),
        *("days({date}, {date})", "days({time}, {time}, 'down')", "hours({time}, {time}, 'up')"),
        *("seconds({time}, {time}, 'up')", "minutes({time}, {time}, 'down')", "weeks({date}, {date}, 'up')"),
        *("months({date}, {date})", "months({time}, {time}, 'up')", "years({date}, {date}, 'up')"),
        *("weekday({date})", "weekday({time}, 'Asia/Tokyo')", "business_days({date}, {time}, 'plain')"),
        *("count(a.events)", "count(a.events, each.units > {integer})", "count(a.tags)"),
        *("sum(a.events, each.units)", "sum(a.events, each.units * 2, each.share > 0, {integer})"),
        *("sum(a.events, default(each.more, {integer}))", "abs({integer})"),
    ],
    NUMBER: [
        *("{number} + {integer}", "{integer} - {number}", "{number} * {number}", "{integer} / {integer}"),
        *("{number} / {number}", "-({number})", "{money} / {money}", "{length} / {length}"),
        *("{months} / {months}", "round({number}, 0.05)", "floor({integer}, {number})", "abs({number})"),
        *("seconds({time}, {time})", "minutes({time}, {time})", "hours({time}, {time})", "{integer}"),
        *("weeks({date}, {date})", "days({time}, {time})", "months({date}, {date}, 'exact')"),
        *(
            "years({time}, {time}, 'exact')",
            "sum(a.events, each.share)",
            "sum(a.events, each.units, {number})",
        ),
    ],
    MONEY: [
        *(
            "{money} + {money}",
            "{money} - {money}",
            "{money} * {number}",
            "{integer} * {money}",
            "-({money})",
        ),
        *("{money} / {number}", "round({money})", "ceil({money}, 0.05)", "floor({money}, {money})"),
        *("abs({money})", "convert({money}, 'EUR')", "sum(a.events, each.price)"),
        *("sum(a.events, each.amount, {money})", "sum(a.events, each.price * 2, each.share > 0)"),
    ],
    TIME: [
        *("{time} + {length}", "{time} - {length}", "{time} + {months}", "{months} + {time}"),
        *("floor_hour({time})", "ceil_hour({time})", "start_of_day({time})", "end_of_day({time})"),
        *("ceil_day({time})", "start_of_month({time})", "end_of_month({time})", "start_of_year({time})"),
        *("add_days({time}, {integer})", "add_months({time}, {integer})", "add_years({time}, {integer})"),
        *("add_business_days({time}, {integer}, 'plain')", "time_of({date})"),
    ],
    DATE: [
        *("{date} + 1d * {integer}", "{date} - 2d", "{date} + {months}", "date_of({time})"),
        *("start_of_month({date})", "start_of_year({date})", "add_days({date}, {integer})"),
        *("add_months({date}, {integer})", "add_years({date}, {integer})"),
        "add_business_days({date}, {integer}, 'plain')",
    ],
    LENGTH: [
        *("{length} + {length}", "{length} - {length}", "{length} * {number}", "{length} / {number}"),
        *("-({length})", "abs({length})", "{time} - {time}", "{date} - {date}", "round({length}, {length})"),
        *("sum(a.events, each.took)", "sum(a.events, each.took, each.units > 1, {length})"),
    ],
    MONTHS: [
        *("{months} + {months}", "{months} - {months}", "{months} * {integer}", "-({months})"),
        *("abs({months})", "sum(a.events, each.term, {months})", "sum(a.events, each.term)"),
    ],
    FLAG: [
        *("{integer} < {number}", "{money} >= {money}", "{time} != {time}", "{date} == {date}"),
        *("{length} <= {length}", "{months} > {months}", "{text} == {text}", "{choice} != {choice}"),
        *("{flag} and {flag}", "{flag} or {flag}", "not ({flag})", "{choice} in a.tags", "'vip' in a.tags"),
        *("{text} in ['early', 'late']", "{number} not in [1, 2.5]", "any(a.events, each.units > {integer})"),
        "all(a.events, each.day <= {date})",
    ],
    CHOICE: [],
    TEXT: ["{choice} if {flag} else {text}", "{text} if {flag} else {choice}"],
}
ORDERED = (INTEGER, NUMBER, MONEY, TIME, DATE, LENGTH, MONTHS)
for kind, patterns in MORE.items():
    it = f"{{{kind}}}"
    patterns += [f"{it} if {{flag}} else {it}", f"default({MAYBE[kind]}, {it})"]
    patterns += [f"tier({{{of}}}, up_to({{{of}}}, {it}), {it})" for of in ORDERED]
    if kind in ORDERED:
        patterns += [f"min({it}, {it})", f"max({it}, {it}, {it})"]
    if kind in (INTEGER, NUMBER, MONEY):
        patterns += [f"graduated({{{of}}}, up_to({{{of}}}, {it}), {it})" for of in (INTEGER, NUMBER)]
        patterns.append(f"graduated({{integer}}, up_to({{number}}, {it}), {it})")
# Of a fractional quantity, or up to a fractional bound, the sum is a number whatever the prices are.
MORE[INTEGER] = [one for one in MORE[INTEGER] if not (one.startswith("graduated") and "{number}" in one)]
MORE[NUMBER] += ["graduated({number}, up_to(50, {integer}), {integer})"]


def filled(pattern, depth):
    """Formulas of a pattern, with formulas in its gaps."""
    parts = re.split(r"\{(\w+)\}", pattern)
    gaps = st.tuples(*(formulas(name, depth) for name in parts[1::2]))
    return gaps.map(lambda texts: "".join(chain.from_iterable(zip_longest(parts[::2], texts, fillvalue=""))))


@cache
def formulas(kind, depth):
    """Formulas of a kind, in brackets where they have parts."""
    leaf = st.sampled_from(ONE[kind])
    if not depth or not MORE[kind]:
        return leaf
    tree = st.sampled_from(MORE[kind]).flatmap(lambda pattern: filled(pattern, depth - 1))
    return st.one_of(leaf, tree.map("({})".format))


numbers = st.fractions(-60, 60, max_denominator=12)
days = st.dates(dt.date(2023, 1, 1), dt.date(2026, 1, 1))
times = st.integers(1_640_000_000, 1_760_000_000).map(lambda seconds: seconds * 1_000_000)
lengths = st.integers(-100, 100).map(lambda minutes: Duration(0, minutes * 60_000_000))
terms = st.integers(-30, 30).map(lambda months: Duration(months, 0))


def money(currencies):
    return st.builds(Money, st.integers(-10_000, 10_000), st.sampled_from(currencies))


def given_as(type_):
    """Values of a type, as they are read from facts."""
    match type_.kind:
        case Kind.INTEGER:
            return st.integers(-60, 60)
        case Kind.NUMBER:
            return numbers
        case Kind.MONEY:
            return money([type_.currency] if type_.currency else ["USD", "EUR"])
        case Kind.TIME:
            return times
        case Kind.DATE:
            return days
        case Kind.DURATION:
            return terms if type_.calendar else lengths
        case Kind.FLAG:
            return st.booleans()
        case Kind.CHOICE:
            return st.sampled_from(type_.choices)
        case Kind.TEXT:
            return st.sampled_from(["early", "", "other"])
        case Kind.SET:
            return st.frozensets(st.sampled_from(type_.choices))
        case Kind.RATES:
            return st.just({("USD", "EUR"): Fraction(9, 10)})
        case _:
            fields = {name: given_as(field) for name, field in type_.fields.items() if not field.optional}
            maybe = {name: given_as(field) for name, field in type_.fields.items() if field.optional}
            return st.lists(st.fixed_dictionaries(fields, optional=maybe), max_size=3).map(tuple)


class Facts(dict):
    """A value for each fact that is read, drawn when it is."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def __missing__(self, name):
        value = given_as(TYPES[name])
        self[name] = self.data.draw(st.one_of(st.just(ABSENT), value) if TYPES[name].optional else value)
        return self[name]


def is_of(value, type_):
    """Whether a value is what its type says, exactly."""
    match type_.kind:
        case Kind.INTEGER | Kind.TIME:
            return type(value) is int
        case Kind.NUMBER:
            return type(value) in (int, Fraction)
        case Kind.MONEY:
            known = type(value) is Money and type(value.minor) in (int, Fraction)
            return known and type_.currency in ("", value.currency)
        case Kind.DATE:
            return type(value) is dt.date
        case Kind.DURATION:
            empty, _ = (value.micros, value.months) if type_.calendar else (value.months, value.micros)
            return type(value) is Duration and {*map(type, value)} == {int} and not empty
        case Kind.FLAG:
            return type(value) is bool
        case Kind.CHOICE:
            return value in type_.choices
        case _:
            return type(value) is str and (not type_.choices or value in type_.choices)


@pytest.mark.parametrize(
    "pattern", dict.fromkeys(pattern for patterns in MORE.values() for pattern in patterns)
)
@settings(max_examples=12)
@given(data=st.data())
def test_a_formula_yields_what_its_type_says(pattern, data):
    text, problems = data.draw(filled(pattern, 2)), Problems()
    formula = compile_formula(text, SCOPE, Location("p", 1, 1), problems)
    if formula is None:
        assert {problem.code for problem in problems.errors} <= PASSED_OVER, (text, list(problems))
        return
    try:
        value = formula.evaluate(Facts(data).__getitem__)
    except FormulaError:
        return
    assert is_of(value, formula.type), (text, formula.type, value)


def test_every_function_is_drawn():
    drawn = " ".join(text for texts in (*ONE.values(), *MORE.values()) for text in texts)
    assert [name for name in FUNCTIONS if f"{name}(" not in drawn] == []


def typed(text):
    formula = compile_formula(text, SCOPE, Location("p", 1, 1), Problems())
    return formula and formula.type


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("graduated(a.n, up_to(50, 1), 2)", Kind.INTEGER),
        ("graduated(a.n, 3)", Kind.INTEGER),
        ("graduated(a.x, up_to(50, 1), 2)", Kind.NUMBER),
        ("graduated(a.n, up_to(0.5, 1), 2)", Kind.NUMBER),
        ("graduated(a.n, up_to(50, 1), up_to(a.x, 2), 3)", Kind.NUMBER),
        ("graduated(a.n, up_to(50, 1), 2.5)", Kind.NUMBER),
        ("graduated(a.x, up_to(50, 1 USD), 2 USD)", Kind.MONEY),
    ],
)
def test_brackets_are_whole_only_where_everything_is(text, kind):
    assert typed(text).kind is kind


@pytest.mark.parametrize(
    "text",
    [
        "a.d + 1mo * graduated(a.x, up_to(50, 1), 2)",
        "add_months(a.d, graduated(a.x, up_to(50, 1), 2))",
        "add_business_days(a.d, graduated(a.n, up_to(0.5, 1), 2), 'plain')",
    ],
)
def test_a_fraction_of_months_is_refused(text):
    assert typed(text) is None


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("default(maybe.cash, 5 USD)", ""),
        ("tier(a.n, up_to(1, 5 USD), a.cash)", ""),
        ("5 USD if a.free else a.cash", ""),
        ("tier(a.n, up_to(1, 5 USD), a.usd)", "USD"),
        ("max(a.cash, 5 USD)", "USD"),
        ("sum(a.events, each.amount, 5 USD)", "USD"),
        ("graduated(a.n, up_to(1, 5 USD), a.cash)", "USD"),
    ],
)
def test_a_currency_is_known_only_where_every_outcome_has_it(text, currency):
    assert typed(text).currency == currency


@pytest.mark.parametrize(
    ("text", "kind", "choices"),
    [
        ("'early'", Kind.TEXT, ("early",)),
        ("'early' if a.free else 'late'", Kind.TEXT, ("early", "late")),
        ("'early' if a.free else a.sort", Kind.TEXT, ("early", "late", "never")),
        ("a.kind if a.free else a.sort", Kind.CHOICE, ("early", "late", "never")),
        ("tier(a.n, up_to(1, 'early'), up_to(2, 'late'), 'early')", Kind.TEXT, ("early", "late")),
        ("'early' if a.free else a.note", Kind.TEXT, ()),
        ("a.note if a.free else a.kind", Kind.TEXT, ()),
        ("default(maybe.note, 'early')", Kind.TEXT, ()),
    ],
)
def test_the_texts_that_a_formula_yields_are_known(text, kind, choices):
    assert (typed(text).kind, typed(text).choices) == (kind, choices)
