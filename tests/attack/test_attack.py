"""A short attack, and that an attack notices faults: of the answers here, which is the same as faults of the engine."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.attack import answers, books, meaning, shapes
from tests.attack.attack import attack, summary


def test_a_short_attack_finds_nothing():
    tally = attack(20_000, 3)
    assert tally.judged > 50
    assert not tally.kinds, summary(tally)


def first_in_doubt(rules, read):
    return next((rule for rule in rules if rule.holds(read) is True), meaning.UNKNOWN)


# What is broken, where, and how: each is a mistake that an engine could make.
ROUNDED, SHARED, LEFT_OVER = answers.rounded, answers.shared, answers.left_over
ARITHMETIC, CONVERTED = shapes.arithmetic, meaning.converted


def half_down(number, mode):
    return ROUNDED(number, "half_down" if mode == "half_up" else mode)


def no_debt(refund, pool, left, sharing):
    return LEFT_OVER(refund, pool, max(left, Fraction(0)), sharing)


def first_day_counts(start, end, off, on):
    return meaning.business_days(start, end, off, on) + meaning.works(start, off, on)


def no_make_up_days(day, count, off, _on):
    return meaning.add_business_days(day, count, off, ())


def turned_round(money, currency, rates):
    return CONVERTED(money, currency, {pair[::-1]: rate for pair, rate in (rates or {}).items()})


def bound_above(sign, left, right):
    number = not isinstance(left, meaning.Money)
    return ARITHMETIC("<" if sign == "<=" and number else sign, left, right)


FAULTS = {
    "a half is rounded down": (answers, "rounded", half_down),
    "the last gets the odd cent": (
        answers,
        "shared",
        lambda total, weights: SHARED(total, weights[::-1])[::-1],
    ),
    "a debt is forgotten": (answers, "left_over", no_debt),
    "unknown is false in all": (shapes, "every", lambda verdicts: all(each is True for each in verdicts)),
    "unknown is false in any": (shapes, "some", lambda verdicts: any(each is True for each in verdicts)),
    "not unknown is true": (shapes, "negated", lambda verdict: verdict is not True),
    "unknown rows and terms are passed over": (answers, "first", first_in_doubt),
    "the first business day counts": (books, "business_days", first_day_counts),
    "a make-up day is off": (books, "add_business_days", no_make_up_days),
    "months are rounded up": (books, "months", lambda start, end: meaning.months(start, end) + 1),
    "a rate is turned round": (meaning, "converted", turned_round),
    "a bound belongs to the step above": (shapes, "arithmetic", bound_above),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(monkeypatch, fault):
    module, name, wrong = FAULTS[fault]
    monkeypatch.setattr(module, name, wrong)
    for first in range(0, 200, 5):
        if attack(first, 60, books=5).kinds:
            return
    pytest.fail("an attack on 200 books does not notice it")
