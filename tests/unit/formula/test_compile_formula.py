"""Formulas as an author meets them: what is accepted, what is reported where, and what has no value at run time."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from rescind.formula.business_calendars import BusinessCalendar, calendar_problem
from rescind.formula.compile_formula import compile_formula
from rescind.formula.runtime_values import FormulaError, UnknownError
from rescind.formula.scope import Scope
from rescind.problems.codes import CODES, Severity
from rescind.problems.problem import Location, Problems
from rescind.values.durations import Duration
from rescind.values.money import Money
from rescind.values.times import parse_time
from rescind.values.types import ABSENT, Kind, Type

ZONE = ZoneInfo("Asia/Shanghai")
MONEY, TIME, NUMBER, INTEGER = Type(Kind.MONEY), Type(Kind.TIME), Type(Kind.NUMBER), Type(Kind.INTEGER)
TEXT, FLAG, DATE, SPAN = Type(Kind.TEXT), Type(Kind.FLAG), Type(Kind.DATE), Type(Kind.DURATION)
FIELDS = {
    "amount": MONEY,
    "fee": Type(Kind.MONEY, currency="USD"),
    "units": INTEGER,
    "at": TIME,
    "note": Type(Kind.TEXT, optional=True),
    "parts": Type(Kind.LIST, fields={"units": INTEGER}),
}
TYPES = {
    "now": TIME,
    "order.at": TIME,
    "order.day": DATE,
    "order.cash": MONEY,
    "order.usd": Type(Kind.MONEY, currency="USD"),
    "order.cny": Type(Kind.MONEY, currency="CNY"),
    "order.paid": Type(Kind.INSTRUMENTS, choices=("cash", "coupon")),
    "order.term": Type(Kind.CHOICE, ("1y", "2y", "3y")),
    "order.region": Type(Kind.CHOICE, ("cn", "eu")),
    "order.free": FLAG,
    "order.note": TEXT,
    "order.tags": Type(Kind.SET),
    "order.events": Type(Kind.LIST, fields=FIELDS),
    "order.closed_at": TIME,
    "length": SPAN,
    "term_length": Type(Kind.DURATION, calendar=True),
    "x": NUMBER,
    "n": INTEGER,
    "rates": Type(Kind.RATES),
}
SCOPE = Scope(TYPES, frozenset({"order.closed_at", "rates"}), ZONE, {"plain": BusinessCalendar()})
EVENT = {
    "amount": Money(500, "USD"),
    "fee": Money(100, "USD"),
    "units": 2,
    "at": 0,
    "parts": ({"units": 3}, {"units": 4}),
}
VALUES = {
    "now": parse_time("2024-11-05T09:41:00+08:00"),
    "order.at": parse_time("2024-01-31T10:20:30+08:00"),
    "order.day": dt.date(2024, 2, 29),
    "order.cash": Money(100_000, "USD"),
    "order.usd": Money(100_000, "USD"),
    "order.cny": Money(700_000, "CNY"),
    "order.term": "3y",
    "order.region": "cn",
    "order.free": False,
    "order.note": "hello",
    "order.tags": frozenset({"vip"}),
    "order.events": (EVENT, {**EVENT, "units": 5, "note": "late"}),
    "order.closed_at": ABSENT,
    "length": Duration(0, 36 * 3_600_000_000),
    "term_length": Duration(6, 0),
    "x": Fraction(5, 2),
    "n": 7,
    "rates": ABSENT,
}


def found(text, *, expect=None, scope=SCOPE, place=None):
    problems = Problems()
    formula = compile_formula(text, scope, place or Location("p.yaml", 1, 1), problems, expect)
    return formula, list(problems)


def value(text, **changes):
    formula, problems = found(text)
    assert formula is not None, problems
    return formula.evaluate({**VALUES, **changes}.__getitem__)


ERRORS = [
    # Characters and numbers.
    ("x ^ 2", "R0501", 3, "`^`", ""),
    ("n = 7", "R0501", 3, "`=`", "=="),
    ("order.free && true", "R0501", 12, "`&`", "and"),
    ("'open", "R0501", 1, "not closed", "end it"),
    ("1e3", "R0501", 1, "`1e3`", "all digits"),
    ("1_000", "R0501", 1, "`1_000`", "separators"),
    ("24hours > length", "R0501", 1, "`24hours`", "`24h`"),
    ("1.5h + length", "R0501", 1, "whole number of units", "90min"),
    ("x + \uff15", "R0501", 5, "unexpected character", ""),
    ("1,000 + n", "R0502", 2, "`,`", "`1000.50`"),
    ("n + ", "R0502", 5, "end of the formula", ""),
    ("(n + 1", "R0502", 7, "`)`", ""),
    ("n n", "R0502", 3, "`n`", ""),
    ("1 < n < 9", "R0502", 7, "one comparison", "and"),
    ("5 d", "R0502", 3, "`d`", "`5d`"),
    ("n if order.free", "R0502", 16, "`else`", ""),
    ("[1]", "R0502", 1, "a value", ""),
    ("", "R0502", 1, "a value", ""),
    # Names and functions.
    ("n + order.cahs", "R0503", 5, "`order.cahs`", "`order.cash`"),
    ("order", "R0503", 1, "a group", "order.at"),
    ("True", "R0503", 1, "`True`", "`true`"),
    ("hour(now, now)", "R0504", 1, "`hour`", "`hours`"),
    ("__import__('os')", "R0504", 1, "`__import__`", ""),
    ("up_to(1, 2)", "R0504", 1, "up_to", "tier"),
    ("hours(now)", "R0505", 1, "2 to 3", "hours(from, to"),
    ("min(1)", "R0505", 1, "found 1", ""),
    # Types and units.
    ("order.cash * order.cash", "R0506", 12, "multiply money by money", "ratio"),
    ("n + order.cash", "R0506", 3, "add money to an integer", "currency"),
    ("length + order.cash", "R0506", 8, "cannot add", ""),
    ("now + 5", "R0506", 5, "add an integer to a time", "`5d`"),
    ("5 - now", "R0506", 3, "subtract a time", ""),
    ("now + now", "R0506", 5, "add a time to a time", ""),
    ("now - order.day", "R0506", 5, "a date from a time", "date_of"),
    ("order.day + 36h", "R0506", 13, "whole number of days", "time_of"),
    ("order.paid + 1 USD", "R0506", 12, "instruments", ".total"),
    ("term_length * 1.5", "R0506", 13, "calendar duration", "integers"),
    ("not n", "R0506", 5, "`not` needs a flag", ""),
    ("order.free and n", "R0506", 16, "`and` needs a flag", ""),
    ("-order.note", "R0506", 1, "cannot be negative", ""),
    ("'a' in order.note", "R0506", 8, "needs a set", ""),
    ("now > order.day", "R0507", 5, "a time with a date", "date_of"),
    ("order.cash > 1000", "R0507", 12, "money with an integer", "currency"),
    ("order.term == 3y", "R0507", 12, "calendar duration", "'3y'"),
    ("order.day == '2024-10-29'", "R0507", 11, "a date with text", "date('2024-10-29')"),
    ("order.note < 'a'", "R0507", 12, "`<`", "`==`"),
    ("order.term == order.region", "R0507", 12, "no choice in common", ""),
    ("order.free == 1", "R0507", 12, "a flag with an integer", ""),
    ("order.usd + order.cny", "R0508", 11, "USD and CNY", "convert"),
    ("order.usd < 5 CNY", "R0508", 11, "USD and CNY", "convert"),
    ("max(order.usd, 5 CNY)", "R0508", 16, "money in CNY", ""),
    ("graduated(n, up_to(5, 1 USD), 1 CNY)", "R0508", 31, "money in CNY", ""),
    ("term_length > 24h", "R0509", 13, "calendar duration", "months"),
    ("6mo + 1d", "R0509", 5, "calendar duration", ""),
    ("round(length, 1mo)", "R0509", 15, "months", ""),
    ("order.term == '4y'", "R0510", 15, "`4y`", "y`"),
    ("'chn' != order.region", "R0510", 1, "`chn`", "`cn`"),
    ("order.term in ['1y', '9z']", "R0510", 22, "`9z`", "choices"),
    ("('early' if order.free else 'late') == 'lat'", "R0203", 40, "`lat`", "did you mean `late`?"),
    ("'lat' != tier(n, up_to(1, 'early'), 'late')", "R0203", 1, "`lat`", "did you mean `late`?"),
    ("('1y' if order.free else order.term) in ['2y', '9z']", "R0203", 48, "`9z`", "`1y`, `2y` or `3y`"),
    ("('a' if order.free else 'b') == ('c' if order.free else 'b')", "R0203", 34, "`c`", "`a` or `b`"),
    (
        "tier(n, up_to(1, 'a'), 'b') == tier(n, up_to(1, 'c'), 'd')",
        "R0507",
        29,
        "no text in common",
        "`c` or `d`",
    ),
    ("hours(now, order.cash)", "R0511", 12, "money", "hours(from, to"),
    ("count(order.tags, true)", "R0511", 19, "a set", ""),
    ("round(length)", "R0511", 1, "duration", "a step"),
    ("hours(order.day, order.day)", "R0511", 1, "dates", "time_of"),
    ("round(x, 1, 'halfup')", "R0512", 13, "`halfup`", "`half_up`"),
    ("hours(now, now, 'near')", "R0512", 17, "`near`", "exact"),
    ("start_of_day(now, 'Asia/Shangai')", "R0512", 19, "`Asia/Shangai`", "`Asia/Shanghai`"),
    ("start_of_day(now, '../../etc/localtime')", "R0512", 19, "not a time zone", ""),
    ("start_of_day(now, order.note)", "R0512", 19, "in quotes", ""),
    ("business_days(now, now, 'plan')", "R0512", 25, "`plan`", "`plain`"),
    ("convert(order.cash, 'DOL')", "R0512", 21, "`DOL`", "did you mean"),
    ("5 UDS", "R0513", 3, "`UDS`", "did you mean"),
    ("date('2024-02-30')", "R0513", 6, "not a date that exists", ""),
    ("time('2024-02-30T00:00:00Z')", "R0513", 6, "not a time that exists", ""),
    ("time('0001-01-01T00:00:00+08:00')", "R0513", 6, "years 1 to 9999", ""),
    ("order.events", "R0514", 1, "one value", ""),
    ("each.units", "R0515", 1, "outside", "count"),
    ("sum(order.events, each.unit)", "R0515", 19, "`unit`", "`units`"),
    ("sum(order.events, each.units, each.units)", "R0515", 31, "starts", ""),
    ("n if order.free else now", "R0516", 22, "a time", "one type"),
    ("x / 0", "R0517", 5, "zero", ""),
    ("now - now / 1", "R0506", 11, "divide a time", ""),
    ("round(x, 0)", "R0517", 10, "not above zero", ""),
    ("tier(x, up_to(2, 1), up_to(2, 3), 4)", "R0517", 28, "not above", "rise"),
    ("graduated(n, up_to(0, 1), 4)", "R0517", 20, "not above zero", ""),
    ("any(order.events, count(order.events) > 1)", "R0518", 19, "inside another", "value"),
    ("present(n + 1)", "R0519", 9, "name", ""),
    ("sum(order.events, each.amount)", "R0520", 1, "currency", "0 USD"),
    ("tier(x, 3, 5)", "R0502", 9, "up_to(bound, value)", "tier"),
]


@pytest.mark.parametrize(("text", "code", "column", "message", "hint"), ERRORS)
def test_mistakes_are_reported_at_their_column(text, code, column, message, hint):
    formula, problems = found(text)
    assert formula is None
    problem = next(problem for problem in problems if problem.severity is Severity.ERROR)
    assert (problem.code, problem.location.column) == (code, column), problem
    assert message in problem.message, problem
    assert hint in problem.hint, problem


def test_every_code_of_formulas_has_a_case():
    shown = {row[1] for row in ERRORS} - {"R0203"} | {"R0500", "R0521", "R0541"}
    assert shown == {code for code in CODES if "R0500" <= code < "R0550"} - {"R0540"}


def test_independent_mistakes_are_all_reported():
    _, problems = found("nn + order.cahs * hour(now)")
    assert [problem.code for problem in problems] == ["R0503", "R0503", "R0504"]


def test_a_hostile_formula_gets_a_bounded_number_of_problems():
    _, problems = found("min(" + ", ".join(f"q{at}" for at in range(60)) + ")")
    assert 1 <= len(problems) <= 25


def test_places_follow_line_breaks():
    formula, problems = found("n +\n  nn +\r\n mm", place=Location("p.yaml", 10, 8))
    assert formula is None
    assert [(p.location.line, p.location.column) for p in problems] == [(11, 3), (12, 2)]


@pytest.mark.parametrize(
    ("text", "kind", "extra"),
    [
        ("n + n", "integer", {}),
        ("n / n", "number", {}),
        ("n * 1.0", "number", {}),
        ("order.cash / n", "money", {}),
        ("order.cash + order.usd", "money", {"currency": "USD"}),
        ("order.cash if order.free else order.usd", "money", {"currency": ""}),
        ("order.cash / order.usd", "number", {}),
        ("now - order.at", "duration", {"calendar": False}),
        ("term_length + 1y", "duration", {"calendar": True}),
        ("length / 1h", "number", {}),
        ("round(x)", "integer", {}),
        ("round(x, 0.5)", "number", {}),
        ("order.day + term_length", "date", {}),
        ("length + now", "time", {}),
        ("order.term", "choice", {"choices": ("1y", "2y", "3y")}),
        ("convert(order.cny, 'USD')", "money", {"currency": "USD"}),
    ],
)
def test_types(text, kind, extra):
    formula, _ = found(text)
    assert formula.type.kind == kind
    assert {name: getattr(formula.type, name) for name in extra} == extra


@pytest.mark.parametrize(
    ("text", "expect", "code"),
    [
        ("n", NUMBER, None),
        ("x", INTEGER, "R0514"),
        ("round(x)", INTEGER, None),
        ("order.cash", NUMBER, "R0514"),
        ("order.cash", Type(Kind.MONEY, currency="CNY"), None),
        ("order.usd", Type(Kind.MONEY, currency="CNY"), "R0514"),
        ("term_length", SPAN, "R0514"),
        ("'2y' if order.free else '3y'", TYPES["order.term"], None),
        ("'2y' if order.free else '4y'", TYPES["order.term"], "R0510"),
        ("order.region", TYPES["order.term"], "R0514"),
        ("order.term", TEXT, None),
        ("n == 7", FLAG, None),
    ],
)
def test_the_result_has_the_type_that_is_expected(text, expect, code):
    formula, problems = found(text, expect=expect)
    assert [problem.code for problem in problems] == ([code] if code else [])
    assert (formula is None) is (code is not None)


def test_names_are_listed_in_order_and_once():
    formula, _ = found(
        "sum(order.events, each.fee, each.at > now) + convert(order.cash, 'USD') - order.usd * n / n"
    )
    assert formula.names == ("order.events", "now", "order.cash", "rates", "order.usd", "n")


def test_an_optional_fact_is_asked_about_first():
    for text in (
        "order.closed_at if present(order.closed_at) else now",
        "now if not present(order.closed_at) else order.closed_at",
        "present(order.closed_at) and order.closed_at > now",
        "not present(order.closed_at) or order.closed_at > now",
        "default(order.closed_at, now)",
        "count(order.events, present(each.note) and each.note == 'late')",
    ):
        formula, problems = found(text)
        assert formula is not None
        assert not problems, text


def test_an_optional_fact_used_as_it_stands_is_noted_and_an_error_of_the_case():
    formula, problems = found("1h + order.closed_at")
    assert not problems
    assert [(read.name, read.optional, read.location.column) for read in formula.reads] == [
        ("order.closed_at", True, 6)
    ]
    with pytest.raises(FormulaError, match=r"`order\.closed_at` is absent"):
        formula.evaluate(VALUES.__getitem__)
    formula, _ = found("count(order.events, each.note == 'late')")
    assert [read.name for read in formula.reads if read.optional] == ["each.note"]
    _, problems = found("present(n)")
    assert [p.code for p in problems] == ["R0541"]


@pytest.mark.parametrize(
    "text", ["n + 1", "present(n)", "default(n, 5)", "n > 1 and true", "1 if n > 1 else 2"]
)
def test_a_required_fact_that_is_missing_is_unknown_whoever_asks(text):
    with pytest.raises(UnknownError, match="`n` is not known"):
        value(text, n=ABSENT)


@pytest.mark.parametrize("unknown", ["n > 1", "1 / x > 1"])
def test_and_and_or_are_settled_by_either_side(unknown):
    """Strong Kleene: the order of writing does not matter."""
    for one, other in ((unknown, "1 > 2"), ("1 > 2", unknown)):
        assert value(f"{one} and {other}", n=ABSENT, x=0) is False
    for one, other in ((unknown, "2 > 1"), ("2 > 1", unknown)):
        assert value(f"{one} or {other}", n=ABSENT, x=0) is True
        with pytest.raises(FormulaError):
            value(f"{one} and {other}", n=ABSENT, x=0)
    with pytest.raises(FormulaError):
        value(f"not ({unknown} and 2 > 1)", n=ABSENT, x=0)


def test_convert_needs_the_fact_in_the_vocabulary():
    bare = Scope({"order.cny": TYPES["order.cny"]}, frozenset(), ZONE)
    formula, problems = found("convert(order.cny, 'USD')", scope=bare)
    assert formula is None
    assert [p.code for p in problems] == ["R0521"]


@pytest.mark.parametrize(
    ("text", "changes", "said"),
    [
        (
            "order.cash / n",
            {"n": 0},
            "`order.cash / n` divides by zero: `order.cash` is 1000.00 USD, `n` is 0",
        ),
        ("n / (x - x)", {}, "`n` is 7"),
        ("length / (now - now)", {}, "`length` is PT36H"),
        ("order.cash / order.usd", {"order.usd": Money(0, "USD")}, "divides by zero"),
        ("order.cash + 1 USD", {"order.cash": Money(1, "CNY")}, "needs one currency, found CNY and USD"),
        ("order.cash < 1 USD", {"order.cash": Money(1, "CNY")}, "needs one currency"),
        ("min(order.cash, 1 USD)", {"order.cash": Money(1, "CNY")}, "needs one currency"),
        ("sum(order.events, each.amount, 0 CNY)", {}, "needs one currency, found CNY and USD"),
        ("tier(order.cash, up_to(1 CNY, 1), 2)", {}, "needs one currency"),
        ("round(order.cash, 0.05 CNY)", {}, "needs one currency"),
        ("convert(order.cny, 'USD')", {}, "no rate for CNY/USD"),
        ("convert(order.cny, 'USD')", {"rates": {("CNY", "EUR"): Fraction(1, 8)}}, "no rate for CNY/USD"),
        ("now + 1y * n", {"n": 9000}, "outside the years 1 to 9999"),
        ("now - 999999999h * n", {}, "outside the years 1 to 9999"),
        ("order.day + 1d * n", {"n": 10**9}, "outside the years 1 to 9999"),
        ("add_days(now, n)", {"n": 10**300}, "outside the years 1 to 9999"),
        ("add_months(order.day, n)", {"n": -(10**300)}, "outside the years 1 to 9999"),
        ("end_of_month(now)", {"now": parse_time("9999-12-31T12:00:00Z")}, "outside the years 1 to 9999"),
        ("add_business_days(now, n, 'plain')", {"n": 10**9}, "at most 20000 business days"),
        ("order.day + length", {}, "needs whole days, `length` is PT36H"),
        ("length / 7000001", {}, "not a whole number of microseconds"),
        ("round(x, n)", {"n": -1}, "needs a step above zero, `n` is -1"),
        ("round(order.cash, n)", {"n": 0}, "needs a step above zero"),
        ("graduated(n, up_to(5, 1), 2)", {"n": -1}, "nothing below zero, `n` is -1"),
        ("tier(n, up_to(x, 1), up_to(n, 2), 3)", {"x": 9}, "do not rise: 9, 7"),
        ("n * n", {"n": 2**3000}, "more than 4096 bits"),
        ("x * x", {"x": Fraction(1, 2**3000)}, "more than 4096 bits"),
        ("count(order.events, each.note == 'late')", {}, "`note` of a record of `order.events` is absent"),
    ],
)
def test_what_has_no_value_names_the_part_and_its_inputs(text, changes, said):
    with pytest.raises(FormulaError) as caught:
        value(text, **changes)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("order.cash * n / 3", Money(Fraction(700_000, 3), "USD")),
        ("2 * order.cash", Money(200_000, "USD")),
        ("-order.cash", Money(-100_000, "USD")),
        ("0.0035 USD * 1000", Money(350, "USD")),
        ("100 JPY", Money(100, "JPY")),
        ("1y / 1mo", 12),
        ("term_length * 2", Duration(12, 0)),
        ("length / 3", Duration(0, 12 * 3_600_000_000)),
        ("now + term_length", parse_time("2025-05-05T09:41:00+08:00")),
        ("order.day - date('2024-02-01')", Duration(0, 28 * 86_400_000_000)),
        ("order.free or 1 / (n - 7) > 0 if order.free else 'vip' in order.tags", True),
        ("order.free and 1 / (n - 7) > 0", False),
        ("n in [1, 7.0]", True),
        ("order.term not in ['1y', '2y']", True),
        ("sum(order.events, count(each.parts))", 4),
        ("sum(order.events, sum(each.parts, each.units) * each.units)", 49),
        ("sum(order.events, each.amount * each.units, each.units > 2, 1 USD)", Money(2600, "USD")),
        ("sum(order.events, each.fee, false)", Money(0, "USD")),
        ("sum(order.events, 1h * each.units)", Duration(0, 7 * 3_600_000_000)),
        ("default(order.closed_at, now) == now", True),
        ("round(order.cny / 3, 'minor', 'up')", Money(233_334, "CNY")),
        ("floor(length, 24h)", Duration(0, 24 * 3_600_000_000)),
        ("100 JPY / 8 * 8 == 100 JPY", True),
    ],
)
def test_values(text, result):
    computed = value(text)
    assert computed == result
    assert type(computed) is type(result)


def test_rates_are_exact_in_both_directions_and_mind_the_decimals():
    rates = {("CNY", "USD"): Fraction(7, 50), ("USD", "JPY"): Fraction(150)}
    assert value("convert(order.cny, 'USD')", rates=rates) == Money(98_000, "USD")
    assert value("convert(order.usd, 'CNY')", rates=rates) == Money(Fraction(5_000_000, 7), "CNY")
    assert value("convert(order.usd, 'JPY')", rates=rates) == Money(150_000, "JPY")
    with pytest.raises(FormulaError, match="no rate for CNY/JPY"):
        value("convert(order.cny, 'JPY')", rates=rates)
    with pytest.raises(FormulaError, match="no rate"):
        value("convert(order.cny, 'USD')", rates={("CNY", "USD"): Fraction(0)})


def test_empty_lists():
    nothing = {"order.events": ()}
    assert value("sum(order.events, each.units)", **nothing) == 0
    assert value("sum(order.events, each.amount, 0 CNY)", **nothing) == Money(0, "CNY")
    assert value("sum(order.events, each.fee)", **nothing) == Money(0, "USD")
    assert value("count(order.events, each.units > 0)", **nothing) == 0
    assert value("any(order.events, true)", **nothing) is False
    assert value("all(order.events, false)", **nothing) is True


def test_calendars_are_checked_before_they_are_used():
    assert calendar_problem("CN") is None
    assert "`XX`" in calendar_problem("XX")[0]
    assert "subdivision `XX`" in calendar_problem("US", "XX")[0]
    with pytest.raises(FormulaError, match="no public holidays"):
        BusinessCalendar("QQ").is_business_day(dt.date(2024, 1, 1))
    with pytest.raises(FormulaError, match="are known for"):
        BusinessCalendar("US").is_business_day(dt.date(9000, 1, 1))


@pytest.mark.parametrize("operator", ["+", "-", "*"])
def test_a_sum_has_as_many_terms_as_a_formula_may_have_parts(operator):
    terms = 256
    assert value(f" {operator} ".join(["1"] * terms)) == {"+": terms, "-": 2 - terms, "*": 1}[operator]
