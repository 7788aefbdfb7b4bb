"""What has become of an order: per line and as a whole, from its document, the reviewers' words and a time.

A word is `{by, outcome, decided_at, line?}`; `line` is an order number or a resource of the order, and without it
the word is for every line on which that reviewer is asked. Words stand up to and at the deadline. One that cannot
count raises, and nothing has changed. Words that were given after the evaluation time are not known yet.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from rescind.book.model import ALWAYS, Review
from rescind.book.words import (
    UNSPECIFIED,
    OnTimeout,
    OrderRefund,
    OrderState,
    RequestState,
    ReviewerAnswer,
    ReviewScope,
)
from rescind.deciding.review_states import RequestStanding, Word, deadline_of, request_state
from rescind.problems.exceptions import RequestError
from rescind.problems.problem import Location, Problem
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.requests.order import SCHEMA
from rescind.values.convert import describe
from rescind.values.units import (
    Money,
    UnitError,
    format_money,
    format_time,
    parse_duration,
    parse_money,
    parse_time,
)

__all__ = ["LineStatus", "OrderParts", "Status", "read_order", "status_of"]

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
    """One line: where its review stands, and what it gives back if approved."""

    order: str
    resource: str
    state: RequestStanding
    refund: Money | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where an order stands at `at`.

    `state` is `pending` while a line waits for a reviewer, then `overdue` where the time of one ran out without an
    outcome, else `decided`. `next_deadline` and `pending_until` are the first and last deadline of what is pending;
    None without one.
    """

    number: str
    at: int
    state: str
    counts: Mapping[str, int]
    next_deadline: int | None
    pending_until: int | None
    refunds: Mapping[str, Mapping[str, int]]
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
        result["refunds"] = [
            {"currency": currency} | {key: format_money(minor, currency) for key, minor in sums.items()}
            for currency, sums in self.refunds.items()
        ]
        return result | {"lines": list(map(self._line, self.lines))}

    def _line(self, line: LineStatus) -> dict[str, Any]:
        result = {"order": line.order, "resource": line.resource, "state": line.state.state}
        if line.state.deadline is not None:
            result["deadline"] = format_time(line.state.deadline, self.zone)
        return result | ({"refund": format_money(*line.refund)} if line.refund else {})


def status_of(document: Mapping[str, Any], words: Iterable[object], at: int, zone: dt.tzinfo) -> Status:
    """The status of an order's document. Raises `RequestError` with every problem of the order and of the words."""
    order = read_order(document)
    if not order.confirmed:
        hint = "a preview was never submitted: `--confirm` submits it"
        _refuse(Problem("R1031", "the order was not confirmed", Location("confirmed"), hint))
    if at < order.submitted:
        times = [format_time(time, zone) for time in (order.submitted, at)]
        message = f"the order was submitted at {times[0]}, after the evaluation time {times[1]}"
        _refuse(Problem("R1038", message, Location("at"), "ask for a time at or after the submission"))
    problems: list[Problem] = []
    said = _sorted_words(order, words, zone, problems)
    lines = [
        _line_status(line, said[index], order.submitted, at, problems, zone)
        for index, line in enumerate(order.lines)
    ]
    if problems:
        raise RequestError(problems=problems)
    return _whole(order.number, at, lines, zone)


class _Said(NamedTuple):
    """A word and where it was written."""

    word: Word
    place: str


class _Line(NamedTuple):
    order: str
    resource: str
    reviews: tuple[Review, ...]
    words: tuple[_Said, ...]
    refund: Money | None


class OrderParts(NamedTuple):
    """What the states of an order depend on."""

    number: str
    confirmed: bool
    submitted: int
    lines: tuple[_Line, ...]


def _refuse(*problems: Problem) -> NoReturn:
    raise RequestError(problems=problems)


def read_order(document: object) -> OrderParts:
    """The parts of an order's document that its states need. Raises `RequestError` where it is none."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        found = describe(document.get("schema") if isinstance(document, Mapping) else document)
        hint = "`rescind request … --confirm --format json` writes one"
        _refuse(Problem("R1030", f"expected an order, `{SCHEMA}`, found {found}", Location("schema"), hint))
    path = ""
    try:
        lines = []
        for index, line in enumerate(document["lines"]):
            path = f"lines[{index}]"
            lines.append(_read_line(line, path))
        path = "totals"
        _agree(lines, document["totals"])
        path = "submitted_at"
        confirmed, submitted = document["confirmed"] is True, parse_time(_text(document["submitted_at"]))
        return OrderParts(_text(document["number"]), confirmed, submitted, tuple(lines))
    except (KeyError, TypeError, AttributeError, UnitError) as error:
        what = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else str(error)
        _refuse(Problem("R1030", f"the order cannot be read: {what}", Location(path or "schema")))


def _agree(lines: Sequence[_Line], totals: Iterable[Mapping[str, Any]]) -> None:
    """An order whose parts contradict each other was changed by somebody: raises `UnitError`."""
    sums: Counter[str] = Counter()
    seen = set()
    for line in lines:
        if line.resource in seen:
            raise UnitError(f"the resource `{line.resource[:60]}` stands twice in the order")
        seen.add(line.resource)
        if line.refund:
            sums[line.refund.currency] += int(line.refund.minor)
    given = {total["currency"]: parse_money(_text(total["returned"])) for total in totals}
    if given != {currency: Money(minor, currency) for currency, minor in sums.items()}:
        raise UnitError("the totals are not the sums of the lines")


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise UnitError(f"expected a text, found {describe(raw)}")
    return raw


def _read_line(line: Mapping[str, Any], path: str) -> _Line:
    decision = line["decision"]
    words = [
        _Said(_read_word(word, dt.UTC), f"{path}.words[{index}]")
        for index, word in enumerate(line.get("words", ()))
    ]
    refund = decision["refund"]
    return _Line(
        _text(line["order"]),
        _text(line["resource"]),
        tuple(map(_read_review, decision["reviews"])),
        tuple(words),
        parse_money(_text(refund["total"])) if refund else None,
    )


def _read_review(data: Mapping[str, Any]) -> Review:
    within = _text(data["within"])
    limit = None if within == UNSPECIFIED else parse_duration(within)
    if limit and limit.months:
        raise UnitError(f"a time limit is counted in days or hours, found `{within[:60]}`")
    by, timeout = _text(data["by"]), data["on_timeout"]
    if timeout not in tuple(OnTimeout):
        raise UnitError(f"expected {one_of(OnTimeout)}, found {describe(timeout)}")
    return Review(_text(data["id"]), ALWAYS, by, limit, OnTimeout(timeout), ReviewScope.ORDER, "", UNKNOWN)


def _read_word(data: object, zone: dt.tzinfo) -> Word:
    if not isinstance(data, Mapping):
        raise UnitError(f"expected a word with `by`, `outcome` and `decided_at`, found {describe(data)}")
    if unknown := sorted(set(data) - {"by", "outcome", "decided_at", "line"}, key=str):
        raise UnitError(
            f"a word has `by`, `outcome`, `decided_at` and maybe `line`, found `{str(unknown[0])[:60]}`"
        )
    if data["outcome"] not in tuple(ReviewerAnswer):
        raise UnitError(f"expected the outcome {one_of(ReviewerAnswer)}, found {describe(data['outcome'])}")
    return Word(_text(data["by"]), data["outcome"], parse_time(_text(data["decided_at"]), zone))


def _sorted_words(
    order: OrderParts, words: Iterable[object], zone: dt.tzinfo, problems: list[Problem]
) -> list[list[_Said]]:
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
            word = _read_word(data, zone)
            for index in _lines_of(word, data, places, asked):
                said[index].append(_Said(word, place))
        except (UnitError, KeyError, TypeError) as error:
            what = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else str(error)
            problems.append(Problem("R1033", what, Location(place), getattr(error, "hint", "")))
        except RequestError as error:
            problems += [Problem(p.code, p.message, Location(place), p.hint) for p in error.problems]
    return said


def _lines_of(
    word: Word, data: Any, places: Mapping[str, Sequence[int]], asked: Mapping[str, Sequence[int]]
) -> Sequence[int]:
    """The lines that a word is for."""
    line = data.get("line")
    if line is not None:
        _text(line)
        if line not in places:
            hint = did_you_mean(_text(line), places)
            _refuse(Problem("R1032", f"the order has no line `{line[:60]}`", UNKNOWN, hint))
        return places[line]
    lines = sorted({*asked.get(word.by, ()), *asked.get(UNSPECIFIED, ())})
    if not lines:
        hint = f"asked are {one_of(asked)}" if asked else "the order needs no review"
        _refuse(Problem("R1034", f"no review by `{word.by[:60]}` is asked for", UNKNOWN, hint))
    return lines


def _line_status(  # noqa: PLR0913, PLR0917 - one line, and where its problems go
    line: _Line, said: Sequence[_Said], submitted: int, at: int, problems: list[Problem], zone: dt.tzinfo
) -> LineStatus:
    words = [each.word for each in said]
    for refused in request_state(line.reviews, words, submitted, AFTER_ALL).refused if words else ():
        when = format_time(refused.word.decided_at, zone)
        message = f"{refused.why}: `{refused.word.by[:60]}` at {when}, line `{line.order[:60]}`"
        # Of equal words the later one is refused.
        place = next(each.place for each in reversed(said) if each.word == refused.word)
        problems.append(
            Problem(refused.code, message, Location(place), _hint(line, refused.code, submitted, zone))
        )
    return LineStatus(
        line.order, line.resource, request_state(line.reviews, words, submitted, at), line.refund
    )


def _hint(line: _Line, code: str, submitted: int, zone: dt.tzinfo) -> str:
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
        _refunds(lines),
        tuple(lines),
        zone,
    )


def _state(counts: Mapping[str, int]) -> OrderState:
    if counts[RequestState.PENDING_REVIEW]:
        return OrderState.PENDING
    return OrderState.OVERDUE if counts[RequestState.OVERDUE] else OrderState.DECIDED


def _refunds(lines: Iterable[LineStatus]) -> dict[str, dict[str, int]]:
    """Per currency what is given back, what waits for an outcome, and what was rejected, in the minor unit."""
    sums: dict[str, dict[str, int]] = {}
    for line in lines:
        if line.refund:
            row = sums.setdefault(line.refund.currency, dict.fromkeys(map(str, OrderRefund), 0))
            row[REFUNDS[line.state.state]] += int(line.refund.minor)
    return {currency: sums[currency] for currency in sorted(sums)}
