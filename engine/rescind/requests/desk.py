"""What the engine lends to requests: how facts are read and cases decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rescind.book.vocabulary import Vocabulary
from rescind.deciding.decision import Decision
from rescind.deciding.evaluation import Sums
from rescind.values.types import ABSENT

__all__ = ["ACCOUNT", "NAME", "ORDER", "RESOURCE", "SUBMITTED", "WORDS", "Desk"]

RESOURCE, ORDER, ACCOUNT, NAME = "resource.id", "order.id", "account.id", "resource.name"
SUBMITTED, WORDS = "request.submitted_at", "request.reviews"


@dataclass(frozen=True, slots=True)
class Desk:
    """`read` turns facts and an evaluation time into typed values by slot, the last of them `now`.

    `judge` decides such values as of a time. `again` decides once more, with the sums of the request. All raise
    `FactsError`.
    """

    vocabulary: Vocabulary
    zone: dt.tzinfo
    slots: Mapping[str, int]
    read: Callable[[object, int], list[Any]]
    judge: Callable[[list[Any], int], Decision]
    again: Callable[[Decision, list[Any], int, Sums], Decision]

    def fact(self, values: list[Any], name: str) -> Any:
        """A fact of a case; `ABSENT` where it was not sent or the book does not know it."""
        slot = self.slots.get(name)
        return ABSENT if slot is None else values[slot]
