"""What words of the language mean: truth values, arithmetic, days and rounding, on fractions and Python's dates.

Written from the contract, for the attack alone. It shares nothing with the engine.
"""

from __future__ import annotations

import calendar
import datetime as dt
import operator
from fractions import Fraction
from typing import Any, NamedTuple

__all__ = [
    "ABSENT",
    "DIGITS",
    "UNKNOWN",
    "FailureError",
    "Money",
    "Unknown",
    "add_business_days",
    "add_months",
    "business_days",
    "compared",
    "converted",
    "every",
    "is_unknown",
    "lifted",
    "money_text",
    "months",
    "negated",
    "rounded",
    "shared",
    "some",
    "to_minor",
]

DIGITS = {"USD": 2, "EUR": 2, "CNY": 2, "JPY": 0, "KWD": 3}
ABSENT = None
DAY = dt.timedelta(1)


class Unknown:
    """Neither true nor false; whoever asks it for a truth value has a mistake."""

    def __bool__(self):
        raise TypeError("what is unknown is neither true nor false")

    def __repr__(self):
        return "unknown"


UNKNOWN = Unknown()


class FailureError(Exception):
    """A formula has no value for these arguments."""


class Money(NamedTuple):
    amount: Fraction  # in the main unit
    currency: str


def is_unknown(value):
    return value is UNKNOWN


# Strong Kleene.


def every(verdicts):
    verdicts = list(verdicts)
    return False if False in verdicts else UNKNOWN if UNKNOWN in verdicts else True


def some(verdicts):
    verdicts = list(verdicts)
    return True if True in verdicts else UNKNOWN if UNKNOWN in verdicts else False


def negated(verdict):
    return UNKNOWN if verdict is UNKNOWN else not verdict


def lifted(function, *arguments):
    """A function of what may be unknown, and which may fail."""
    if any(value is UNKNOWN for value in arguments):
        return UNKNOWN
    try:
        return function(*arguments)
    except (ZeroDivisionError, OverflowError, FailureError):
        return UNKNOWN


ORDER = {
    "is": operator.eq, "is_not": operator.ne,
    "over": operator.gt, "at_least": operator.ge, "under": operator.lt, "at_most": operator.le,
    "after": operator.gt, "not_before": operator.ge, "before": operator.lt, "not_after": operator.le,
}  # fmt: skip


def compared(test, one, other, rates):
    """A comparison of a mapping. With an absent fact it does not hold, whatever the other side is."""
    if one is ABSENT or other is ABSENT:
        return False
    if hasattr(one, "in_currency") and other is not UNKNOWN:  # a sum over a request
        one = one.in_currency(other.currency)
    if isinstance(one, Money) and isinstance(other, Money):
        one, other = converted(one, other.currency, rates), other.amount
        return lifted(lambda money: ORDER[test](money.amount, other), one)
    return lifted(ORDER[test], one, other)


def converted(money, currency, rates):
    """Money in another currency, by the rate of the pair or the inverse of the opposite one; else unknown."""
    if money.currency == currency:
        return money
    if rates is UNKNOWN:
        return UNKNOWN
    rates = rates or {}
    if (money.currency, currency) in rates:
        return Money(money.amount * rates[money.currency, currency], currency)
    if (currency, money.currency) in rates:
        return Money(money.amount / rates[currency, money.currency], currency)
    return UNKNOWN


# Rounding and sharing.


def rounded(number, mode):
    """A fraction as a whole number; the modes are symmetric about zero."""
    size = abs(number)
    whole = size.numerator // size.denominator
    over = size - whole
    half = Fraction(1, 2)
    up = {
        "half_up": over >= half,
        "half_down": over > half,
        "half_even": over > half or (over == half and whole % 2 == 1),
        "up": over > 0,
        "down": False,
    }[mode]
    return (whole + up) * (1 if number >= 0 else -1)


def shared(total, weights):
    """A whole number in proportion to weights: rounded down, and a unit more for who lost most, earlier ones first."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(total) * weight / whole for weight in weights]
    parts = [each.numerator // each.denominator for each in exact]
    order = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def to_minor(money):
    return money.amount * 10 ** DIGITS[money.currency]


def money_text(minor, currency):
    """Whole minor units as a caller writes them."""
    digits = DIGITS[currency]
    sign, size = "-" * (minor < 0), abs(int(minor))
    whole, rest = divmod(size, 10**digits)
    return f"{sign}{whole}{f'.{rest:0{digits}d}' if digits else ''} {currency}"


# Days.


def works(day, off, on):
    return day not in off and (day in on or day.weekday() < 5)


def business_days(start, end, off, on):
    """The first day is not counted and the last is; backwards the sign is negative."""
    step = DAY if end >= start else -DAY
    count, day = 0, start
    while day != end:
        day += step
        count += works(day, off, on)
    return Fraction(count if end >= start else -count)


def add_business_days(start, count, off, on):
    """The count-th business day after a day, or before it."""
    day, left = start, abs(int(count))
    while left:
        day += DAY if count > 0 else -DAY
        left -= works(day, off, on)
    return day


def add_months(day, count):
    year, month = divmod(day.year * 12 + day.month - 1 + int(count), 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise FailureError
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months(start, end) -> Any:
    """The largest number of months after `start` that is not after `end`; swapping the two changes the sign."""
    if end < start:
        return -months(end, start)
    count = (end.year - start.year) * 12 + end.month - start.month
    return Fraction(count - (add_months(start, count) > end))
