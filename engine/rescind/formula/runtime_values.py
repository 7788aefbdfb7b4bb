"""What formulas compute with at run time: absence, run-time errors, bounds on numbers, and how values are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from rescind.values.decimals import format_decimal
from rescind.values.durations import Duration, format_duration
from rescind.values.money import Money, format_money
from rescind.values.times import format_date, format_time
from rescind.values.types import ABSENT, Kind, Type

__all__ = [
    "ABSENT",
    "LIMIT",
    "MAX_TIME",
    "MIN_TIME",
    "FormulaError",
    "Read",
    "Run",
    "UnknownError",
    "divide",
    "in_range",
    "multiply",
    "new_money",
    "settle",
    "show",
]


class FormulaError(Exception):
    """A formula has no value for these inputs. The message names the part of the formula and its inputs."""


class UnknownError(FormulaError):
    """A formula reads a name that is unknown itself: a required fact that is missing, a value that failed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` is not known")


# What is read and what a part yields is of the type that was checked when the part was built.
Read = Callable[[str], Any]
Run = Callable[[Read], Any]

# Numerators and denominators stay below this; products that pass it are errors, never rounded.
MAX_BITS = 4096
LIMIT = 2**MAX_BITS

MIN_TIME = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z in microseconds
MAX_TIME = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z


def settle(value: int | Fraction, part: str) -> int | Fraction:
    """An exact number within the bounds, as an `int` where it is whole. `part` is the formula's part."""
    if type(value) is not int and value.denominator == 1:
        value = value.numerator
    if -LIMIT < value.numerator < LIMIT and value.denominator < LIMIT:
        return value
    raise FormulaError(f"`{part}` yields a number of more than {MAX_BITS} bits")


def multiply(one: int | Fraction, other: int | Fraction, part: str) -> int | Fraction:
    """The exact product, an `int` where it is whole. `part` is the formula's part."""
    if type(one) is not int:
        one, other = other, one
    if type(one) is not int or type(other) is int:
        value = one * other
        return value if type(value) is int and -LIMIT < value < LIMIT else settle(value, part)
    # An amount times a rate: one division here instead of two greatest common divisors and three fractions.
    above, below = one * other.numerator, other.denominator
    if not -LIMIT < above < LIMIT:
        return settle(one * other, part)
    whole, rest = divmod(above, below)
    return Fraction(above, below) if rest else whole


def divide(above: int | Fraction, below: int | Fraction, part: str = "") -> int | Fraction:
    """The exact quotient, an `int` where it is whole. `below` is not 0; `part` is the formula's part."""
    if type(above) is int and type(below) is int:
        whole, rest = divmod(above, below)
        # Within the bounds, as both are.
        return Fraction(above, below) if rest else whole
    return settle(Fraction(above) / below, part)


def new_money(minor: int | Fraction, currency: str) -> Money:
    """`Money`, without the cost of its constructor."""
    return tuple.__new__(Money, (minor, currency))


def in_range(micros: int, part: str) -> int:
    """An instant in the years 1 to 9999 (in UTC)."""
    if MIN_TIME <= micros <= MAX_TIME:
        return micros
    raise FormulaError(f"`{part}` is outside the years 1 to 9999")


def show(value: object, type_: Type, zone: ZoneInfo) -> str:
    """A value as a person writes it: `1000.00 USD`, `2024-11-05T09:00:00+08:00`, `PT24H`, `1/3`."""
    if value is ABSENT:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return format_money(value.minor, value.currency)
    if isinstance(value, Duration):
        return _show_duration(value)
    if isinstance(value, dt.date):
        return format_date(value)
    if isinstance(value, (int, Fraction)):
        is_time = type_.kind is Kind.TIME and isinstance(value, int)
        return format_time(int(value), zone) if is_time else format_decimal(value)
    if isinstance(value, str):
        return value
    if isinstance(value, (tuple, frozenset, dict)):
        return f"{type_} of {len(value)}"
    return str(type_)


def _show_duration(value: Duration) -> str:
    if value.months < 0 or value.micros < 0:
        return "-" + format_duration(Duration(-value.months, -value.micros))
    return format_duration(value)
