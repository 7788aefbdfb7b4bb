"""Reviews of a whole request: their amounts are sums over its lines.

In the condition of a review with `scope: request`, each name of money stands for the sum of that figure over the
lines of the request. The sum gets a separate name, so that it has its own columns and no other condition sees it:
`sums/USD/order.amount`, with the currency of the limit that it is compared with ("" between two figures).

A comparison with an optional amount holds only if the amount was sent: here, with any line of the request. Whether it
was sent has a separate name too, `sums/?/order.amount`, which needs no rates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from rescind.book.model import Compare, Condition, Leaf, Name, Not, Present, Review, fold
from rescind.book.words import ReviewScope
from rescind.matching.evaluation_passes import names_of
from rescind.values.types import Kind

__all__ = ["ANYWHERE", "SUM_PREFIX", "Summed", "over_request", "summed", "summed_names"]

SUM_PREFIX = "sums/"
# In place of a currency: whether any line of the request has the figure.
ANYWHERE = "?"


class Summed(NamedTuple):
    """A figure to be summed, and the currency of the sum: "" for the currency of the figure itself, or `ANYWHERE`."""

    name: str
    currency: str


def summed(name: str) -> Summed:
    """What a name of a sum stands for."""
    _, currency, own = name.split("/", 2)
    return Summed(own, currency)


def over_request(condition: Condition) -> Condition:
    """The condition with sums in place of amounts."""
    return fold(condition, _leaf_over_request, lambda joint, parts: joint(tuple(parts)), Not)


def _leaf_over_request(leaf: Leaf) -> Condition:
    match leaf:
        case Compare(subject, _, operand) if subject.type.kind is Kind.MONEY:
            other = _sum(operand, "") if isinstance(operand, Name) else operand
            return replace(leaf, subject=_sum(subject, getattr(operand, "currency", "")), operand=other)
        case Present(subject, implied=True) if subject.type.kind is Kind.MONEY:
            return replace(leaf, subject=_sum(subject, ANYWHERE))
        case _:
            return leaf


def summed_names(review: Review) -> set[str]:
    """The figures whose sums a review reads; none where it reviews each order by itself."""
    if review.scope is not ReviewScope.REQUEST:
        return set()
    return {summed(name).name for name in names_of(over_request(review.when)) if name.startswith(SUM_PREFIX)}


def _sum(name: Name, currency: str) -> Name:
    return replace(name, name=f"{SUM_PREFIX}{currency}/{name.name}", certain=False)
