"""What a decision gives to Python: money with its currency, times as `datetime`, words as enums.

The engine itself counts in minor units and microseconds; these results are made on request.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from rescind.book.words import CountsAs, Destination, LineColumn, RequestState, ReviewerAnswer
from rescind.deciding.review_states import RequestStanding
from rescind.deciding.settle import Settlement
from rescind.values.decimals import UnitError
from rescind.values.money import Money
from rescind.values.times import local
from rescind.values.types import Kind, Type

__all__ = [
    "DeductedAmount",
    "InstrumentRefund",
    "RefundResult",
    "RefusedAnswer",
    "RequestResult",
    "instant",
    "python_value",
    "refund_result",
    "request_result",
]


class InstrumentRefund(NamedTuple):
    """Where what was paid with one instrument goes: paid = returned + consumed + fees + forfeited."""

    instrument: str
    paid: Money
    returned: Money
    consumed: Money
    fees: Money
    forfeited: Money
    to: Destination | None


class DeductedAmount(NamedTuple):
    """What was taken off; `exact` as the formula yields it, a fraction of the minor unit."""

    name: str
    amount: Money
    exact: Money
    counts_as: CountsAs


class RefundResult(NamedTuple):
    """What comes back. `total` is negative where the customer owes."""

    terms: str
    total: Money
    instruments: tuple[InstrumentRefund, ...]
    deductions: tuple[DeductedAmount, ...]


class RefusedAnswer(NamedTuple):
    """A reviewer's word that does not count, why, and the code of that problem."""

    by: str
    outcome: ReviewerAnswer
    decided_at: dt.datetime
    why: str
    code: str


class RequestResult(NamedTuple):
    """Where a request stands. `deadline` is the next one, or the last where none is pending; None without any."""

    state: RequestState
    deadline: dt.datetime | None
    refused: tuple[RefusedAnswer, ...]


def refund_result(settled: Settlement) -> RefundResult:
    """A settlement as money."""

    def money(minor: Any) -> Money:
        return Money(minor, settled.currency)

    lines = [
        InstrumentRefund(
            line.instrument,
            **{str(column): money(getattr(line, column)) for column in LineColumn},
            to=Destination(line.to) if line.to else None,
        )
        for line in settled.lines
    ]
    deductions = [
        DeductedAmount(part.name, money(taken), money(exact), part.column)
        for part, exact, taken in settled.deductions
    ]
    return RefundResult(settled.term.id, money(settled.total), tuple(lines), tuple(deductions))


def request_result(standing: RequestStanding, zone: dt.tzinfo) -> RequestResult:
    """The state of a request, its times in `zone`."""
    deadline = None if standing.deadline is None else instant(standing.deadline, zone)
    refused = [
        RefusedAnswer(word.by, ReviewerAnswer(word.outcome), instant(word.decided_at, zone), why, code)
        for word, why, code in standing.refused
    ]
    return RequestResult(RequestState(standing.state), deadline, tuple(refused))


def instant(micros: int, zone: dt.tzinfo) -> dt.datetime:
    """An instant as a datetime in `zone`, at the ends of the calendar in UTC."""
    try:
        return local(micros, zone)
    except UnitError:
        return local(micros, dt.UTC)


def python_value(value: Any, type_: Type, zone: dt.tzinfo) -> Any:
    """A value of a policy; a time is a datetime in `zone`."""
    return instant(value, zone) if type_.kind is Kind.TIME and isinstance(value, int) else value
