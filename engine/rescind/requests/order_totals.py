"""The totals of an order's lines: exact sums per currency, and within each currency per instrument.

What comes back and what is owed are kept apart: a charge is not set off against the refund of another resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rescind.deciding.settle import Settlement
from rescind.values.money import format_money

__all__ = ["Amounts", "Refunded", "Total", "back_and_owed", "refunded", "totals_of"]


class Amounts(NamedTuple):
    """Sums in the minor unit, none of them negative: paid + owed = returned + consumed + fees + forfeited.

    `owed` is what the customer has to pay on top of what was paid.
    """

    paid: int = 0
    returned: int = 0
    consumed: int = 0
    fees: int = 0
    forfeited: int = 0
    owed: int = 0

    def to_dict(self, currency: str) -> dict[str, Any]:
        """The sums as money."""
        return {key: format_money(minor, currency) for key, minor in self._asdict().items()}


class Refunded(NamedTuple):
    """The refund of one line: for each instrument paid, returned (below zero: owed), consumed, fees and forfeited."""

    currency: str
    instruments: Sequence[tuple[str, Sequence[int]]]


class Total(NamedTuple):
    """The lines in one currency: how many, their sums, and the sums of each instrument in the order of appearance."""

    currency: str
    lines: int
    amounts: Amounts
    instruments: tuple[tuple[str, Amounts], ...]

    def to_dict(self) -> dict[str, Any]:
        """The total as plain data."""
        return {
            "currency": self.currency,
            "lines": self.lines,
            **self.amounts.to_dict(self.currency),
            "instruments": [
                {"instrument": name, **amounts.to_dict(self.currency)} for name, amounts in self.instruments
            ],
        }


def refunded(settlement: Settlement) -> Refunded:
    """The figures of a settlement that totals are made of."""
    return Refunded(settlement.currency, [(line.instrument, line[1:6]) for line in settlement.lines])


def back_and_owed(returned: Iterable[int]) -> tuple[int, int]:
    """What comes back and what is owed in all, from the amount that each instrument returns."""
    amounts = list(returned)
    return sum(amount for amount in amounts if amount > 0), -sum(amount for amount in amounts if amount < 0)


def totals_of(refunds: Iterable[Refunded]) -> tuple[Total, ...]:
    """The totals, by currency in alphabetical order."""
    counts: dict[str, int] = {}
    sums: dict[str, dict[str, list[int]]] = {}
    for currency, instruments in refunds:
        counts[currency] = counts.get(currency, 0) + 1
        parts = sums.setdefault(currency, {})
        for name, (paid, returned, *rest) in instruments:
            part = parts.setdefault(name, [0] * len(Amounts._fields))
            back, owed = back_and_owed([returned])
            for place, amount in enumerate((paid, back, *rest, owed)):
                part[place] += amount
    return tuple(_total(currency, counts[currency], sums[currency]) for currency in sorted(counts))


def _total(currency: str, lines: int, parts: dict[str, list[int]]) -> Total:
    instruments = tuple((name, Amounts(*amounts)) for name, amounts in parts.items())
    whole = Amounts(*map(sum, zip(*parts.values(), strict=True))) if parts else Amounts()
    return Total(currency, lines, whole, instruments)
