"""The state of an order, per line and as a whole: from its parts, the reviewers' answers (words) and a time.

A word is `{by, outcome, decided_at, line?}`; `line` is an order number or a resource of the order, and without it
the word is for every line on which that reviewer is asked. A word counts up to and at the deadline. One that cannot
count raises an error, and nothing is changed. Words given after the evaluation time are not known yet.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, NoReturn

from rescind.book.words import UNSPECIFIED, OrderRefund, OrderState, RequestState
from rescind.deciding.review_states import (
    RefusedReviewerWord,
    RequestStanding,
    ReviewerWord,
    deadline_of,
    request_state,
)
from rescind.problems.exceptions import RequestError
from rescind.problems.problem import FirstProblems, Location, Problem
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.requests.read_order import OrderLine, OrderParts, SaidWord, read_word, text_of
from rescind.values.decimals import UnitError
from rescind.values.money import Money, format_money
from rescind.values.times import format_time
from rescind.values.value_readers import describe

__all__ = ["LineStatus", "Status", "status_of"]

STATUS_SCHEMA = "rescind/status/1"
AFTER_ALL = 2**63
REFUNDS: Mapping[str, OrderRefund] = {
    RequestState.APPROVED: OrderRefund.APPROVED,
    RequestState.PENDING_REVIEW: OrderRefund.OPEN,
    RequestState.AUTO_APPROVED: OrderRefund.APPROVED,
    RequestState.REJECTED: OrderRefund.REJECTED,
    RequestState.BLOCKED: OrderRefund.OPEN,
    RequestState.OVERDUE: OrderRefund.OPEN,
}
UNKNOWN = Location("", 0, 0)


class LineStatus(NamedTuple):
    """One line: the state of its review and, if it is approved, what it gives back and what the customer owes."""

    order: str
    resource: str
    state: RequestStanding
    refund: Money | None
    owed: Money | None


@dataclass(frozen=True, slots=True)
class Status:
    """The state of an order at `at`.

    `state` is `pending` while a line waits for a reviewer, then `overdue` if the time of a reviewer ran out without an
    outcome, else `decided`. `next_deadline` and `pending_until` are the first and last deadline of what is pending;
    None without one. `refunds` and `owed` are never set off against each other.
    """

    number: str
    at: int
    state: str
    counts: Mapping[str, int]
    next_deadline: int | None
    pending_until: int | None
    refunds: Mapping[str, Mapping[str, int]]
    owed: Mapping[str, Mapping[str, int]]
    lines: tuple[LineStatus, ...]
    zone: dt.tzinfo = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The status as plain data, `rescind/status/1`."""
        result: dict[str, Any] = {
            "schema": STATUS_SCHEMA,
            "number": self.number,
            "at": format_time(self.at, self.zone),
            "state": self.state,
            "counts": dict(self.counts),
        }
        for key in ("next_deadline", "pending_until"):
            time = getattr(self, key)
            if time is not None:
                result[key] = format_time(time, self.zone)
        result["refunds"] = _plain(self.refunds)
        result["owed"] = _plain(self.owed)
        return result | {"lines": list(map(self._line, self.lines))}

    def _line(self, line: LineStatus) -> dict[str, Any]:
        result = {"order": line.order, "resource": line.resource, "state": line.state.state}
        if line.state.deadline is not None:
            result["deadline"] = format_time(line.state.deadline, self.zone)
        amounts = {"refund": line.refund, "owed": line.owed}
        return result | {key: format_money(*money) for key, money in amounts.items() if money}


def status_of(order: OrderParts, words: Iterable[object], at: int) -> Status:
    """The status of an order. Times are read and written in its zone.

    Raises `RequestError` with every problem of the order and of the words.
    """
    zone = order.zone
    if isinstance(words, (str, bytes, Mapping)) or not isinstance(words, Iterable):
        hint = "put the one word into a list" if isinstance(words, Mapping) else ""
        message = f"expected a list of words, found {describe(words)}"
        _refuse(Problem("R1033", message, Location("words"), hint))
    if not order.confirmed:
        hint = "a preview was never submitted: `--confirm` submits it"
        _refuse(Problem("R1031", "the order was not confirmed", Location("confirmed"), hint))
    if at < order.submitted:
        times = [format_time(time, zone) for time in (order.submitted, at)]
        message = f"the order was submitted at {times[0]}, after the evaluation time {times[1]}"
        _refuse(Problem("R1038", message, Location("at"), "ask for a time at or after the submission"))
    problems = FirstProblems()
    said = _sorted_words(order, words, zone, problems)
    lines = [
        _line_status(line, said[index], order.submitted, at, problems, zone)
        for index, line in enumerate(order.lines)
    ]
    if len(problems):
        raise RequestError(problems=problems)
    return _whole(order.number, at, lines, zone)


def _refuse(*problems: Problem) -> NoReturn:
    raise RequestError(problems=problems)


def _sorted_words(
    order: OrderParts, words: Iterable[object], zone: dt.tzinfo, problems: FirstProblems
) -> list[list[SaidWord]]:
    """The words for each line: those that the order holds, then those given now."""
    said = [list(line.words) for line in order.lines]
    places: dict[str, list[int]] = defaultdict(list)
    asked: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(order.lines):
        for name in dict.fromkeys((line.order, line.resource)):
            places[name].append(index)
        for by in dict.fromkeys(review.by for review in line.reviews):
            asked[by].append(index)
    for number, data in enumerate(words):
        place = f"words[{number}]"
        try:
            word = read_word(data, zone)
            for index in _lines_of(word, data, places, asked):
                said[index].append(SaidWord(word, place))
        except (UnitError, KeyError, TypeError) as error:
            problems.add(partial(_malformed, error, place))
        except _NoLineError as error:
            problems.add(partial(error.problem, Location(place)))
    return said


def _malformed(error: UnitError | KeyError | TypeError, place: str) -> Problem:
    what = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else str(error)
    if isinstance(error, TypeError):
        what = "expected a word with `by`, `outcome` and `decided_at`"
    return Problem("R1033", what, Location(place), error.hint if isinstance(error, UnitError) else "")


class _NoLineError(Exception):
    """A word that is for no line of the order; `problem` makes the problem for a given place."""

    def __init__(self, problem: Callable[[Location], Problem]) -> None:
        super().__init__()
        self.problem = problem


def _lines_of(
    word: ReviewerWord, data: Any, places: Mapping[str, Sequence[int]], asked: Mapping[str, Sequence[int]]
) -> Sequence[int]:
    """The lines that a word is for."""
    line = data.get("line")
    if line is not None:
        if text_of(line) not in places:
            message = f"the order has no line `{line[:60]}`"
            raise _NoLineError(lambda place: Problem("R1032", message, place, did_you_mean(line, places)))
        return places[line]
    lines = sorted({*asked.get(word.by, ()), *asked.get(UNSPECIFIED, ())})
    if not lines:
        message = f"no review by `{word.by[:60]}` is asked for"
        raise _NoLineError(lambda place: Problem("R1034", message, place, _asked(asked)))
    return lines


def _asked(asked: Iterable[str]) -> str:
    return f"asked are {one_of(asked)}" if asked else "the order needs no review"


def _line_status(  # noqa: PLR0913, PLR0917 - one line, and where its problems go
    line: OrderLine,
    said: Sequence[SaidWord],
    submitted: int,
    at: int,
    problems: FirstProblems,
    zone: dt.tzinfo,
) -> LineStatus:
    words = [each.word for each in said]
    # Of equal words the later one is refused.
    places = {each.word: each.place for each in said}
    for refused in request_state(line.reviews, words, submitted, AFTER_ALL).refused if words else ():
        problems.add(partial(_refused, line, refused, Location(places[refused.word]), submitted, zone))
    return LineStatus(
        line.order,
        line.resource,
        request_state(line.reviews, words, submitted, at),
        line.refund,
        line.owed,
    )


def _refused(
    line: OrderLine, refused: RefusedReviewerWord, place: Location, submitted: int, zone: dt.tzinfo
) -> Problem:
    when = format_time(refused.word.decided_at, zone)
    message = f"{refused.why}: `{refused.word.by[:60]}` at {when}, line `{line.order[:60]}`"
    return Problem(refused.code, message, place, _hint(line, refused.code, submitted, zone))


def _hint(line: OrderLine, code: str, submitted: int, zone: dt.tzinfo) -> str:
    if code == "R1034":
        asked = dict.fromkeys(review.by for review in line.reviews)
        return f"asked on this line: {one_of(asked)}" if asked else "this line needs no review"
    if code == "R1037":
        ends = [
            deadline for review in line.reviews if (deadline := deadline_of(review, submitted)) is not None
        ]
        return f"words counted until and at {format_time(max(ends), zone)}"
    return f"it was submitted at {format_time(submitted, zone)}" if code == "R1036" else ""


def _whole(number: str, at: int, lines: Sequence[LineStatus], zone: dt.tzinfo) -> Status:
    counts = Counter(line.state.state for line in lines)
    pending = [line.state.deadline for line in lines if line.state.state == RequestState.PENDING_REVIEW]
    known = [deadline for deadline in pending if deadline is not None]
    return Status(
        number,
        at,
        str(_state(counts)),
        {state: counts[state] for state in sorted(counts)},
        min(known, default=None),
        max(known) if len(known) == len(pending) and known else None,
        _sums((line.state.state, line.refund) for line in lines),
        _sums((line.state.state, line.owed) for line in lines),
        tuple(lines),
        zone,
    )


def _state(counts: Mapping[str, int]) -> OrderState:
    if counts[RequestState.PENDING_REVIEW]:
        return OrderState.PENDING
    return OrderState.OVERDUE if counts[RequestState.OVERDUE] else OrderState.DECIDED


def _sums(amounts: Iterable[tuple[str, Money | None]]) -> dict[str, dict[str, int]]:
    """For each currency what is given, what waits for an outcome, and what was rejected, in the minor unit."""
    sums: dict[str, dict[str, int]] = {}
    for state, money in amounts:
        if money:
            row = sums.setdefault(money.currency, dict.fromkeys(map(str, OrderRefund), 0))
            row[REFUNDS[state]] += int(money.minor)
    return {currency: sums[currency] for currency in sorted(sums)}


def _plain(sums: Mapping[str, Mapping[str, int]]) -> list[dict[str, str]]:
    return [
        {"currency": currency} | {key: format_money(minor, currency) for key, minor in row.items()}
        for currency, row in sums.items()
    ]
