"""What the lines of an order come to: exact sums per currency, and in each per instrument."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from rescind.deciding.settle import Settlement
from rescind.values.units import format_money

__all__ = ["Amounts", "Total", "totals_of"]


class Amounts(NamedTuple):
    """Sums in the minor unit: paid = returned + consumed + fees + forfeited."""

    paid: int = 0
    returned: int = 0
    consumed: int = 0
    fees: int = 0
    forfeited: int = 0

    def to_dict(self, currency: str) -> dict[str, Any]:
        """The sums as money."""
        return {key: format_money(minor, currency) for key, minor in self._asdict().items()}


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


def totals_of(settlements: Iterable[Settlement]) -> tuple[Total, ...]:
    """The totals, by currency in alphabetical order."""
    counts: dict[str, int] = {}
    sums: dict[str, dict[str, list[int]]] = {}
    for settlement in settlements:
        currency = settlement.currency
        counts[currency] = counts.get(currency, 0) + 1
        parts = sums.setdefault(currency, {})
        for line in settlement.lines:
            part = parts.setdefault(line.instrument, [0] * len(Amounts._fields))
            for place, amount in enumerate(line[1:6]):
                part[place] += amount
    return tuple(_total(currency, counts[currency], sums[currency]) for currency in sorted(counts))


def _total(currency: str, lines: int, parts: dict[str, list[int]]) -> Total:
    instruments = tuple((name, Amounts(*amounts)) for name, amounts in parts.items())
    whole = Amounts(*map(sum, zip(*parts.values(), strict=True))) if parts else Amounts()
    return Total(currency, lines, whole, instruments)
