"""What a case expects.

Blockers and reviews are always expected whole: what is not listed must not appear. Everything else is compared where
the case mentions it, and then whole too: an instrument that is not named must return nothing, a deduction that is not
named must not be taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from rescind.book.words import UNSPECIFIED, Destination, LineColumn, OnTimeout, Outcome, RequestState
from rescind.problems.problem import Problems
from rescind.source.document_nodes import Node
from rescind.values.decimals import UnitError
from rescind.values.durations import Duration, parse_duration
from rescind.values.money import Money, parse_figure
from rescind.values.times import parse_date_or_time

__all__ = [
    "COLUMNS",
    "NO_REFUND",
    "Expectation",
    "ExpectedRefund",
    "ExpectedReview",
    "ExpectedState",
    "outcome_of",
    "read_expectation",
]

Result = TypeVar("Result")
Word = TypeVar("Word", bound=StrEnum)

KEYS = (
    *("outcome", "policy", "version", "path", "blockers", "reviews", "refund", "values"),
    *("state", "deadline", "states", "error"),
)
# What was paid is an input: a case only expects what becomes of it.
COLUMNS = tuple(column for column in LineColumn if column is not LineColumn.PAID)
CODE = re.compile(r"R\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExpectedReview:
    """A review that must be asked for. None: not compared; `within` is a duration or `unspecified`."""

    id: str
    by: str | None = None
    within: Duration | str | None = None
    on_timeout: OnTimeout | None = None
    deadline: int | None = None


@dataclass(frozen=True, slots=True)
class ExpectedRefund:
    """What comes back. None: not compared. `instruments` maps each to its columns (and `to`)."""

    total: Money | None = None
    terms: str | None = None
    instruments: Mapping[str, Mapping[str, Money | str]] | None = None
    deductions: Mapping[str, Money] | None = None


NO_REFUND = ExpectedRefund()


@dataclass(frozen=True, slots=True)
class ExpectedState:
    """Where the request stands at a time; `at` None: at the clock of the case. None: not compared."""

    at: int | None
    state: RequestState | None
    deadline: int | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come out. `error` maps facts to codes; with "" as the only fact it is about the codes alone."""

    outcome: Outcome
    policy: str | None = None
    version: str | None = None
    path: tuple[str, ...] | None = None
    blockers: tuple[str, ...] = ()
    reviews: tuple[ExpectedReview, ...] = ()
    refund: ExpectedRefund | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    states: tuple[ExpectedState, ...] = ()
    error: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_expectation(node: Node, zone: ZoneInfo, problems: Problems) -> Expectation:
    """The expectation at a node: an outcome, or a mapping. Raises `MalformedError`; other problems are added."""
    if isinstance(node.data, str):
        expected = Expectation(node.word(Outcome))
        _check(expected, node, {}, problems)
        return expected
    return _Reader(zone, problems).read(node.only(*KEYS))


class _Reader:
    def __init__(self, zone: ZoneInfo, problems: Problems) -> None:
        self._zone = zone
        self._problems = problems

    def read(self, node: Node) -> Expectation:
        error = self._error(node.get("error"))
        blockers = _ids(node.get("blockers"))
        reviews = self._reviews(node.get("reviews"))
        outcome = node.get("outcome")
        expected = Expectation(
            outcome.word(Outcome) if outcome else outcome_of(blockers, reviews),
            node.id_of("policy") or None,
            node.text_of("version") or None,
            _ids(node.get("path")) if node.get("path") else None,
            blockers,
            reviews,
            self._refund(node.get("refund")),
            self._values(node.get("values")),
            self._states(node),
            error,
        )
        _check(expected, node, node.mapping(), self._problems)
        return expected

    def _parsed(self, node: Node, parse: Callable[[str], Result]) -> Result | None:
        try:
            return parse(node.text())
        except UnitError as error:
            self._problems.add("R0707", str(error), node.location, error.hint)
            return None

    def _money(self, node: Node | None) -> Money | None:
        return self._parsed(node, parse_figure) if node else None

    def _moment(self, node: Node | None) -> int | None:
        return self._parsed(node, lambda text: parse_date_or_time(text, self._zone)) if node else None

    def _reviews(self, node: Node | None) -> tuple[ExpectedReview, ...]:
        if not node:
            return ()
        if isinstance(node.data, list):
            return tuple(map(ExpectedReview, _ids(node)))
        return tuple(self._review(name, child) for name, child in node.items()) if node.data != {} else ()

    def _review(self, name: str, node: Node) -> ExpectedReview:
        node.only("by", "within", "on_timeout", "deadline")
        within = node.get("within")
        return ExpectedReview(
            name,
            node.id_of("by") or None,
            self._parsed(within, _within) if within else None,
            _word(node.get("on_timeout"), OnTimeout),
            self._moment(node.get("deadline")),
        )

    def _refund(self, node: Node | None) -> ExpectedRefund | None:
        if not node:
            return None
        if not isinstance(node.data, dict):
            return NO_REFUND if node.text() == "none" else ExpectedRefund(self._money(node))
        node.only("total", "terms", "instruments", "deductions")
        instruments, deductions = node.get("instruments"), node.get("deductions")
        return ExpectedRefund(
            self._money(node.get("total")),
            node.id_of("terms") or None,
            {name: self._instrument(child) for name, child in instruments.items()} if instruments else None,
            self._deductions(deductions) if deductions else None,
        )

    def _instrument(self, node: Node) -> dict[str, Money | str]:
        if not isinstance(node.data, dict):
            money = self._money(node)
            return {LineColumn.RETURNED: money} if money else {}
        columns = {key: self._money(node.get(key)) for key in COLUMNS}
        to = _word(node.only(*COLUMNS, "to").get("to"), Destination)
        found: dict[str, Money | str] = {key: money for key, money in columns.items() if money}
        return found | ({"to": to} if to else {})

    def _deductions(self, node: Node) -> dict[str, Money]:
        if node.data == {}:
            return {}
        amounts = {name: self._money(child) for name, child in node.items()}
        return {name: money for name, money in amounts.items() if money}

    @staticmethod
    def _values(node: Node | None) -> dict[str, Any]:
        return dict(node.mapping()) if node else {}

    def _states(self, node: Node) -> tuple[ExpectedState, ...]:
        states = node.get("states")
        first: tuple[ExpectedState, ...] = ()
        if node.get("state") or node.get("deadline"):
            state = _word(node.get("state"), RequestState)
            first = (ExpectedState(None, state, self._moment(node.get("deadline"))),)
        return (*first, *(self._later(item) for item in (states.each() if states else ())))

    def _later(self, node: Node) -> ExpectedState:
        node.only("at", "state", "deadline")
        at = self._moment(node.child("at"))
        return ExpectedState(at, node.child("state").word(RequestState), self._moment(node.get("deadline")))

    @staticmethod
    def _error(node: Node | None) -> dict[str, tuple[str, ...]]:
        if not node:
            return {}
        if isinstance(node.data, str):
            return {"": (_code(node),)}
        if isinstance(node.data, list):
            return {"": tuple(sorted(_code(item) for item in node.once()))}
        return {name: (_code(child),) for name, child in node.items()}


def _code(node: Node) -> str:
    return node.matching(CODE, "the code of a problem")


def _within(text: str) -> Duration | str:
    return text if text == UNSPECIFIED else parse_duration(text)


def _ids(node: Node | None) -> tuple[str, ...]:
    if not node or node.data == []:
        return ()
    return tuple(item.id() for item in node.once())


def _word(node: Node | None, words: type[Word]) -> Word | None:
    return node.word(words) if node else None


def outcome_of(blockers: Sized, reviews: Sized) -> Outcome:
    """The outcome that follows from the blockers and reviews that are listed."""
    return Outcome.BLOCKED if blockers else Outcome.REVIEW_REQUIRED if reviews else Outcome.ALLOWED


def _check(expected: Expectation, node: Node, given: Mapping[str, object], problems: Problems) -> None:
    if wrong := _contradiction(expected, given):
        hint = "leave `outcome` out: it follows from the rest" if "outcome" in given else ""
        problems.add("R0703", wrong, node.location, hint)


def _contradiction(expected: Expectation, given: Mapping[str, object]) -> str:
    """Which parts of an expectation contradict each other; "" where all can be true."""
    outcome, follows = expected.outcome, outcome_of(expected.blockers, expected.reviews)
    if expected.error:
        others = [key for key in given if key != "error"]
        return f"facts that are refused have no `{others[0]}`" if others else ""
    if outcome is Outcome.BLOCKED and not expected.blockers:
        return "a case that is `blocked` says by which blockers: `{blockers: […]}`"
    if outcome is Outcome.REVIEW_REQUIRED and not expected.reviews:
        return "a case that is `review_required` says which reviews: `{reviews: […]}`"
    if expected.blockers and expected.reviews:
        return "a blocked case has no reviews"
    if outcome is Outcome.NOT_APPLICABLE and (
        follows is not Outcome.ALLOWED or expected.refund or expected.values
    ):
        return "a case that no policy is for has no blockers, reviews, refund or values"
    if outcome not in (Outcome.NOT_APPLICABLE, follows):
        return f"`{outcome}` does not go with what is listed, which makes the case `{follows}`"
    if outcome is Outcome.BLOCKED and expected.refund not in (None, NO_REFUND):
        return "a blocked case has no refund"
    return ""
