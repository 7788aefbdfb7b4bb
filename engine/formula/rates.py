"""Money in another currency by the exact rates of a case."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from engine.formula.values import FormulaError, divide, new_money, settle
from engine.units import Money, currencies

__all__ = ["convert"]


def convert(money: Money, currency: str, rates: object) -> Money:
    """`money` in `currency`, exactly: by the rate of the pair, else by the inverse of the opposite pair.

    `rates` is the value of the fact of that name, from (from, to) to how much of `to` one of `from` is worth. A third
    currency never stands in between. Raises `FormulaError` where there is no rate.
    """
    if money.currency == currency:
        return money
    rate = _rate(rates, money.currency, currency)
    if rate is None:
        raise FormulaError(f"the fact `rates` has no rate for {money.currency}/{currency}")
    decimals = currencies()
    scale = Fraction(10 ** decimals[currency], 10 ** decimals[money.currency])
    return new_money(settle(money.minor * rate * scale, f"{money.currency}/{currency}"), currency)


def _rate(rates: object, source: str, target: str) -> int | Fraction | None:
    if not isinstance(rates, Mapping):
        return None
    direct = rates.get((source, target))
    if direct is not None:
        return direct if isinstance(direct, (int, Fraction)) and direct > 0 else None
    inverse = rates.get((target, source))
    if isinstance(inverse, (int, Fraction)) and inverse > 0:
        return divide(1, inverse)
    return None
