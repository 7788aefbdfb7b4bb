"""Money in another currency by the exact rates of a case."""

from __future__ import annotations

from collections.abc import Mapping

from rescind.formula.runtime_values import FormulaError, new_money, settle
from rescind.values.money import Money, exchange

__all__ = ["convert"]


def convert(money: Money, currency: str, rates: object) -> Money:
    """`money` in `currency`, exactly: by the rate of the pair, else by the inverse of the opposite pair.

    `rates` is the value of the fact `rates`: it maps (from, to) to how much of `to` one unit of `from` is worth. There
    is never a conversion through a third currency. Raises `FormulaError` where there is no rate.
    """
    if money.currency == currency:
        return money
    converted = exchange(money, currency, rates) if isinstance(rates, Mapping) else None
    if converted is None:
        raise FormulaError(f"the fact `rates` has no rate for {money.currency}/{currency}")
    return new_money(settle(converted.minor, f"{money.currency}/{currency}"), currency)
