"""Refunds to the minor unit, against independent arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rescind.book.model import (
    ALWAYS,
    AllOf,
    Deduction,
    Instrument,
    Name,
    Not,
    Refund,
    Route,
    Term,
    Version,
)
from rescind.book.rules_of_version import rules_of
from rescind.book.words import BelowZero, CountsAs, Destination, RoundingPlace, Share, Split
from rescind.deciding.settle import apportion, arithmetic_of, plan_of, settle, why_unsettled
from rescind.formula.runtime_values import FormulaError
from rescind.formula.scope import Formula
from rescind.problems.exceptions import EngineError
from rescind.problems.problem import Location
from rescind.values.money import Money
from rescind.values.rounding_modes import ROUNDERS, RoundingMode
from rescind.values.types import Kind, Type

HERE = Location("a.yaml", 1, 1)
SOMETIMES = Not(AllOf(()))
amounts = st.fractions(min_value=0, max_value=5_000, max_denominator=60)
paid_amounts = st.lists(st.integers(0, 3_000), min_size=1, max_size=5)


class Everything:
    """The conditions that hold: all of them."""

    def __contains__(self, unit):
        return True


EVERYTHING = Everything()


def money(minor, currency="USD"):
    return Formula("x", Type(Kind.MONEY), (), lambda _: Money(minor, currency))


def deduction(name, minor, *, column="fees", low=None, high=None, currency="USD"):
    limits = [None if limit is None else money(limit) for limit in (low, high)]
    return Deduction(name, money(minor, currency), CountsAs(column), limits[0], limits[1], ALWAYS, HERE)


def instrument(name, back, *, when=ALWAYS, to=(), named=True):
    return Instrument(name, Share(back), when, to, HERE, named)


def refund_of(*terms, mode="half_up", place="once", below_zero="zero", split="proportional"):
    words = RoundingMode(mode), RoundingPlace(place), BelowZero(below_zero), Split(split)
    return Refund(Name("order.paid", Type(Kind.INSTRUMENTS)), *words, terms, HERE)


def settlement(term, paid, held=EVERYTHING, **settings):
    refund = refund_of(term, **settings)
    version = Version("p", "1", "", "", ALWAYS, (), (), (), refund, {}, "", {}, HERE, {})
    (rules,) = rules_of(version).terms
    return settle(plan_of(arithmetic_of(refund), rules, held), paid, {}.__getitem__)


def rounded(value, mode):
    return ROUNDERS[mode](value.numerator, value.denominator)


def settled(paid, deductions=(), *, held=EVERYTHING, back=None, **settings):
    """The settlement of instruments `a`, `b`, … that return what `back` says, else a remainder."""
    names = "abcdefgh"[: len(paid)]
    parts = tuple(instrument(name, (back or {}).get(name, "remainder")) for name in names)
    term = Term("t", ALWAYS, tuple(deductions), parts, HERE)
    given = {name: Money(minor, "USD") for name, minor in zip(names, paid, strict=True)}
    return settlement(term, given, held, **settings)


# Sharing


@given(total=st.integers(-5_000, 5_000), weights=st.lists(st.integers(0, 900), min_size=1, max_size=8))
def test_parts_add_up_and_lie_within_a_unit_of_their_share(total, weights):
    if not sum(weights):
        weights = [1, *weights]
    parts = apportion(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part


@given(weights=st.lists(st.integers(1, 900), min_size=1, max_size=8), data=st.data())
def test_no_part_is_larger_than_its_weight(weights, data):
    total = data.draw(st.integers(0, sum(weights)))
    assert all(part <= weight for part, weight in zip(apportion(total, weights), weights, strict=True))


def test_the_missing_unit_goes_to_the_part_that_lost_most_then_to_the_first():
    assert apportion(100, [1, 1, 1]) == [34, 33, 33]
    assert apportion(10, [1, 2, 3]) == [2, 3, 5]
    assert apportion(-100, [1, 1, 1]) == [-34, -33, -33]
    assert apportion(0, [0, 0]) == [0, 0]
    with pytest.raises(EngineError):
        apportion(1, [0, 0])


# Settlements


@given(
    paid=paid_amounts,
    deductions=st.lists(st.tuples(amounts, st.booleans()), max_size=4),
    mode=st.sampled_from(RoundingMode),
    place=st.sampled_from(RoundingPlace),
    below_zero=st.sampled_from(BelowZero),
    split=st.sampled_from(Split),
)
def test_every_unit_that_was_paid_goes_somewhere(paid, deductions, *, mode, place, below_zero, split):
    parts = [
        deduction(f"d{number}", minor, column="consumed" if use else "fees")
        for number, (minor, use) in enumerate(deductions)
    ]
    result = settled(paid, parts, mode=mode, place=place, below_zero=below_zero, split=split)
    for line in result.lines:
        assert line.paid == line.returned + line.consumed + line.fees + line.forfeited
        assert line.consumed >= 0
        assert line.fees >= 0
        assert line.returned >= 0 or below_zero == "charge"
    assert result.total == sum(line.returned for line in result.lines)
    for column in CountsAs:
        taken = sum(each.taken for each in result.deductions if each.deduction.column == column)
        assert taken == sum(getattr(line, column) for line in result.lines)


@given(paid=paid_amounts, deductions=st.lists(amounts, max_size=4), mode=st.sampled_from(RoundingMode))
def test_the_refund_is_what_was_paid_less_the_exact_deductions_rounded_once(paid, deductions, mode):
    result = settled(paid, [deduction(f"d{n}", each) for n, each in enumerate(deductions)], mode=mode)
    left = max(Fraction(sum(paid)) - sum(deductions), Fraction(0))
    assert result.total == rounded(left, mode)
    for line in result.lines:
        share = left * line.paid / sum(paid) if sum(paid) else 0
        assert abs(line.returned - share) < 2


@given(paid=paid_amounts, deductions=st.lists(amounts, max_size=4), mode=st.sampled_from(RoundingMode))
def test_each_deduction_rounds_before_it_is_taken(paid, deductions, mode):
    parts = [deduction(f"d{n}", each) for n, each in enumerate(deductions)]
    result = settled(paid, parts, mode=mode, place="each_deduction", below_zero="charge")
    assert result.total == sum(paid) - sum(rounded(each, mode) for each in deductions)


def test_each_instrument_rounds_its_own_share():
    result = settled([100, 100, 100], [deduction("d", 50)], place="each_instrument")
    assert [line.returned for line in result.lines] == [83, 83, 83]
    assert (result.total, [each.taken for each in result.deductions]) == (249, [51])


def test_what_is_left_is_shared_in_proportion_or_fills_one_instrument_after_the_other():
    fee = [deduction("fee", 101)]
    assert [line.returned for line in settled([300, 100], fee).lines] == [224, 75]
    assert [line.returned for line in settled([300, 100], fee, split="in_order").lines] == [299, 0]


def test_nothing_below_zero_unless_the_policy_charges():
    fees = [deduction("first", 150, column="consumed"), deduction("second", 80)]
    kept = settled([100, 100], fees)
    assert kept.total == 0
    assert [each.taken for each in kept.deductions] == [150, 50]
    charged = settled([100, 100], fees, below_zero="charge")
    assert charged.total == -30
    assert [each.taken for each in charged.deductions] == [150, 80]
    first = settled([100, 100], fees, below_zero="charge", split="in_order")
    assert [line.returned for line in first.lines] == [-30, 0]


@given(
    paid=paid_amounts,
    deductions=st.lists(amounts, max_size=4),
    mode=st.sampled_from(RoundingMode),
    place=st.sampled_from(RoundingPlace),
    split=st.sampled_from(Split),
    given_first=st.booleans(),
)
def test_a_debt_is_owed_by_the_first_that_shares_and_by_no_voucher(
    paid, deductions, *, mode, place, split, given_first
):
    parts = tuple(instrument(name, "remainder") for name in "abcdefgh"[: len(paid) + 1])
    term = Term(
        "t", ALWAYS, tuple(deduction(f"d{n}", each) for n, each in enumerate(deductions)), parts, HERE
    )
    names = [part.name for part in parts][not given_first :]
    result = settlement(
        term,
        {name: Money(minor, "USD") for name, minor in zip(names, paid, strict=False)},
        mode=mode,
        place=place,
        below_zero="charge",
        split=split,
    )
    assert {line.instrument for line in result.lines if line.returned < 0} <= {"a"}
    assert result.total >= 0 or all(line.returned == 0 for line in result.lines if line.instrument != "a")
    taken = sum(rounded(each, mode) if place == "each_deduction" else each for each in deductions)
    if taken > sum(paid):
        assert result.total == rounded(Fraction(sum(paid) - taken), mode)


def test_a_debt_on_instruments_that_paid_nothing_falls_on_the_first():
    result = settled([0, 0], [deduction("fee", 30)], below_zero="charge")
    assert [line.returned for line in result.lines] == [-30, 0]


def test_only_remainders_bear_deductions():
    result = settled([100, 100, 100], [deduction("fee", 30)], back={"a": "full", "b": "none"})
    assert [(line.returned, line.fees, line.forfeited) for line in result.lines] == [
        (100, 0, 0),
        (0, 0, 100),
        (70, 30, 0),
    ]


def test_an_instrument_whose_condition_does_not_hold_is_forfeited_and_leaves_the_pool():
    parts = (
        instrument("a", "remainder"),
        instrument("b", "remainder", when=SOMETIMES),
        instrument("c", "full", when=SOMETIMES),
    )
    term = Term("t", ALWAYS, (deduction("fee", 30),), parts, HERE)
    paid = {name: Money(100, "USD") for name in "abc"}
    result = settlement(term, paid, {"terms/t/deduct/fee", "terms/t/instruments/c"})
    assert [(line.returned, line.fees, line.forfeited) for line in result.lines] == [
        (70, 30, 0),
        (0, 0, 100),
        (100, 0, 0),
    ]


def test_an_instrument_that_was_not_used_has_no_line():
    term = Term("t", ALWAYS, (), (instrument("a", "full"), instrument("b", "full")), HERE)
    result = settlement(term, {"b": Money(5, "JPY")})
    assert [line.instrument for line in result.lines] == ["b"]
    assert (result.currency, result.total) == ("JPY", 5)


def test_an_instrument_that_paid_and_is_not_named_leaves_the_case_undecided():
    parts = instrument("a", "full"), instrument("b", "none", named=False)
    term = Term("t", ALWAYS, (), parts, HERE)
    nothing = settlement(term, {"a": Money(5, "USD"), "b": Money(0, "USD")})
    assert [(line.instrument, line.forfeited) for line in nothing.lines] == [("a", 0), ("b", 0)]
    with pytest.raises(FormulaError) as caught:
        settlement(term, {"a": Money(5, "USD"), "b": Money(1, "USD")})
    refund = refund_of(term)
    version = Version("p", "1", "", "", ALWAYS, (), (), (), refund, {}, "", {}, HERE, {})
    (rules,) = rules_of(version).terms
    problem = why_unsettled(version, plan_of(arithmetic_of(refund), rules, EVERYTHING), caught.value)
    assert (problem.code, problem.location.path) == ("R0909", "order.paid.b")
    assert problem.message == "`b` paid 0.01 USD, and the terms `t` do not name it (a.yaml:1:1)"


def test_money_goes_where_the_first_condition_says():
    to = (Route(SOMETIMES, Destination.BANK), Route(ALWAYS, Destination.ACCOUNT))
    term = Term("t", ALWAYS, (), (instrument("a", "full", to=to),), HERE)
    paid = {"a": Money(5, "USD")}
    assert settlement(term, paid).lines[0].to == "bank"
    assert settlement(term, paid, {"terms/t/instruments/a/to/2"}).lines[0].to == "account"


# Deductions


@pytest.mark.parametrize(
    ("amount", "low", "high", "taken"),
    [(50, None, None, 50), (5, 10, None, 10), (50, None, 40, 40), (20, 10, 40, 20), (40, 40, 40, 40)],
)
def test_a_deduction_keeps_within_its_limits(amount, low, high, taken):
    result = settled([100], [deduction("fee", amount, low=low, high=high)])
    assert [each.taken for each in result.deductions] == [taken]


def test_a_deduction_whose_condition_does_not_hold_takes_nothing():
    result = settled(
        [100],
        [deduction("one", 10), deduction("two", 5)],
        held={"terms/t/deduct/two"},
    )
    assert [(each.deduction.name, each.taken) for each in result.deductions] == [("two", 5)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (deduction("fee", -1), "the deduction `fee` is negative: -0.01 USD"),
        (deduction("fee", 1, currency="EUR"), "the deduction `fee` is in EUR, and what was paid is in USD"),
        (deduction("fee", 1, low=20, high=10), "the limits of the deduction `fee` exclude each other"),
    ],
)
def test_a_deduction_that_makes_no_sense_leaves_the_case_undecided(wrong, message):
    with pytest.raises(FormulaError, match=message):
        settled([100], [wrong])
