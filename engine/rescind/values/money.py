"""Money: an exact amount in minor units and its currency; read from text, converted by exact rates, written back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from rescind.values.decimals import (
    DECIMAL,
    MAX_DIGITS,
    PLAIN_DIGITS,
    UnitError,
    decimal_hint,
    format_decimal,
    plainly,
    short_text,
)

__all__ = [
    "Money",
    "currencies",
    "exchange",
    "exchanged",
    "format_money",
    "parse_figure",
    "parse_money",
]

# Far above any amount ever billed and far below 2**63: sums of thousands of lines stay inside too.
MAX_MINOR = 10**15
# The longest amount that is ever written: numbers grow to 4096 bits.
MAX_FIGURE = 1_300


class Money(NamedTuple):
    """An amount in the currency's minor unit (cents, fen): an `int` in facts, maybe a `Fraction` in formulas."""

    minor: int | Fraction
    currency: str

    @property
    def amount(self) -> Decimal:
        """The amount in the currency's own unit, exactly, with all its decimals: `Decimal("1100.01")`.

        Raises `UnitError` for a fraction of a formula that has no end as a decimal.
        """
        text = format_money(*self).partition(" ")[0]
        if "/" in text:
            raise UnitError(f"`{text}` has no end as a decimal", "take `minor`, a fraction of the minor unit")
        return Decimal(text)

    def __str__(self) -> str:
        return format_money(*self)


@cache
def currencies() -> dict[str, int]:
    """ISO 4217 currency codes to their number of decimals.

    The table is data of the `iso4217` package, kept as JSON because importing that package costs more than a
    whole decision run; `scripts/update_currencies.py` renews it and a test compares the two.
    """
    table: dict[str, int] = json.loads(
        (Path(__file__).parent / "data" / "currencies.json").read_text("utf-8")
    )
    return table


_MONEY = re.compile(f"(-?{PLAIN_DIGITS}) ([A-Z]{{3}})")


def _money_hint(text: str) -> str:
    """What is probably meant by a text that is no money."""
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.strip())
    plain = plainly(plain)
    swapped = re.sub(r"([A-Z]{3}) ?(\S+)", r"\2 \1", plain) if plain[:3].isalpha() else plain
    for meant in (plain, swapped):
        if len(text) <= MAX_DIGITS and _MONEY.fullmatch(meant):
            return f"write `{meant}`"
    return "write digits, an optional point, a space and a three-letter currency"


@lru_cache(maxsize=65_536, typed=True)
def parse_money(text: str) -> Money:
    """An amount and its currency, `1000.01 USD`, in the minor unit."""
    return money_of(*_amount_and_currency(text))


def parse_figure(text: str) -> Money:
    """The same of what decisions and orders say: a sum or a debt may be above any amount that is sent."""
    amount, currency = _amount_and_currency(text)
    if len(amount) > MAX_FIGURE:
        raise UnitError(f"the amount `{short_text(text)}` is out of range")
    return Money(_minor(amount, currency), currency)


def _amount_and_currency(text: str) -> tuple[str, str]:
    match = _MONEY.fullmatch(text)
    if not match:
        raise UnitError(
            f"expected an amount and a currency such as `1000.01 USD`, found `{short_text(text)}`",
            _money_hint(text),
        )
    return match[1], match[2]


@lru_cache(maxsize=65_536, typed=True)
def money_of(amount: str, currency: str) -> Money:
    """An amount given as text, and a currency, in the minor unit."""
    if currency in currencies() and (not DECIMAL.fullmatch(amount) or len(amount) > MAX_DIGITS):
        raise UnitError(
            f"expected an amount such as `1000.01`, found `{short_text(amount)}`", decimal_hint(amount)
        )
    minor = _minor(amount, currency)
    if abs(minor) > MAX_MINOR:
        raise UnitError(f"the amount `{short_text(amount)} {currency}` is out of range")
    return Money(minor, currency)


def _minor(amount: str, currency: str) -> int:
    """A well-formed amount in the minor unit of its currency."""
    if currency not in currencies():
        raise UnknownCurrencyError(currency)
    decimals = currencies()[currency]
    whole, _, fraction = amount.partition(".")
    kept = fraction.rstrip("0")
    if len(kept) > decimals:
        raise TooManyDecimalsError(amount, currency, decimals)
    return int(whole + kept.ljust(decimals, "0"))


class UnknownCurrencyError(UnitError):
    """A currency that ISO 4217 does not know."""

    def __init__(self, currency: str) -> None:
        from rescind.problems.suggestions import did_you_mean

        super().__init__(
            f"`{short_text(currency)}` is not a currency of ISO 4217",
            lambda: did_you_mean(currency, currencies()) or "use a three-letter ISO 4217 code",
        )


class TooManyDecimalsError(UnitError):
    """An amount with more decimals than its currency has."""

    def __init__(self, amount: str, currency: str, decimals: int) -> None:
        super().__init__(
            f"`{short_text(amount)} {currency}` has more decimals than {currency}, which has {decimals or 'none'}",
            "write an amount that can be paid",
        )


def exchange(money: Money, currency: str, rates: Mapping[tuple[str, str], Fraction]) -> Money | None:
    """Money in another currency, exactly; None without a rate for the pair or the opposite pair."""
    quotient = exchanged(money, currency, rates)
    return None if quotient is None else Money(Fraction(*quotient), currency)


def exchanged(
    money: Money, currency: str, rates: Mapping[tuple[str, str], Fraction]
) -> tuple[int, int] | None:
    """Money in minor units of another currency: a numerator and a denominator above 0; None without a rate."""
    source = money.currency
    if rate := rates.get((source, currency)):
        above, below = rate.numerator, rate.denominator
    elif inverse := rates.get((currency, source)):
        above, below = inverse.denominator, inverse.numerator
    else:
        return None
    if above <= 0 or below <= 0:
        return None
    minor, decimals = money.minor, currencies()
    above *= minor.numerator * 10 ** decimals[currency]
    return above, below * minor.denominator * 10 ** decimals[source]


def format_money(minor: int | Fraction, currency: str) -> str:
    """Money with all decimals of its currency: `1000.00 USD`. A fraction of the minor unit keeps its decimals."""
    decimals = currencies()[currency]
    if not isinstance(minor, int):
        if minor.denominator != 1:
            return f"{format_decimal(minor / 10**decimals)} {currency}"
        minor = minor.numerator
    if not decimals:
        return f"{minor} {currency}"
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]} {currency}"
