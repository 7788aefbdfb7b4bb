"""From an evaluation to a decision: blockers or reviews, the refund, the state of the request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from rescind.book.engine_facts import ORDER, RESOURCE, REVIEWS, SUBMITTED
from rescind.book.model import Book, Review
from rescind.book.words import Outcome, RequestState
from rescind.deciding.decision import Blocked, Decision, NotApplied, Reviewed
from rescind.deciding.evaluation import Evaluation
from rescind.deciding.explain_unknown import settlement_of
from rescind.deciding.review_states import RequestStanding, deadline_of, request_state, words_of
from rescind.deciding.settle import record
from rescind.values.types import ABSENT

__all__ = ["DecisionMaker"]

SUBJECT = {"resource": RESOURCE, "order": ORDER}
# Looked up once here, because each look-up of an enum member goes through its class.
ALLOWED, REVIEW_REQUIRED = Outcome.ALLOWED, Outcome.REVIEW_REQUIRED
BLOCKED, NOT_APPLICABLE = Outcome.BLOCKED, Outcome.NOT_APPLICABLE
BLOCKED_REQUEST = RequestStanding(str(RequestState.BLOCKED), None, ())
APPROVED = RequestStanding(str(RequestState.APPROVED), None, ())


class DecisionMaker:
    """Makes the decisions of a book. `slots` gives the place of each fact in the values of a case."""

    def __init__(self, book: Book, slots: Mapping[str, int]) -> None:
        self._zone = book.zone
        self._submitted = slots.get(SUBMITTED)
        self._words = slots.get(REVIEWS)
        self._subject = [(key, slots[name]) for key, name in SUBJECT.items() if name in slots]

    def decision(self, evaluation: Evaluation, at: int, tried: tuple[NotApplied, ...]) -> Decision:
        """The decision of a policy that applies, as of `at`. `tried` are the policies before it.

        Raises `FactsError` where the refund is unknown.
        """
        verdict, values, version = evaluation.verdict, evaluation.values, evaluation.program.version
        submitted = ABSENT if self._submitted is None else values[self._submitted]
        blockers: tuple[Blocked, ...] = ()
        reviews: tuple[Reviewed, ...] = ()
        if verdict.blocked:
            blockers = tuple([record(Blocked, (blocker, evaluation)) for blocker in verdict.blockers])
        elif verdict.reviews:
            reviews = tuple(
                [_reviewed(review, evaluation, submitted, self._zone) for review in verdict.reviews]
            )
        refund = settlement_of(evaluation) if version.refund and not blockers else None
        evaluation.seal()
        parts = (
            BLOCKED if blockers else REVIEW_REQUIRED if reviews else ALLOWED,
            version,
            at,
            self._subject_of(values),
            blockers,
            reviews,
            refund,
            None if submitted is ABSENT else self._request(evaluation, at),
            tried,
            self._zone,
            evaluation,
        )
        return record(Decision, parts)  # type: ignore[no-any-return]

    def not_applicable(self, values: list[Any], at: int, tried: tuple[NotApplied, ...]) -> Decision:
        """The decision of a case to which no policy applies."""
        subject = self._subject_of(values)
        return Decision(NOT_APPLICABLE, None, at, subject, (), (), None, None, tried, self._zone, None)

    def _request(self, evaluation: Evaluation, at: int) -> RequestStanding:
        verdict, values = evaluation.verdict, evaluation.values
        if verdict.blocked:
            return BLOCKED_REQUEST
        words = ABSENT if self._words is None else values[self._words]
        if not verdict.reviews and (not words or words is ABSENT):
            return APPROVED
        given = [] if words is ABSENT else words_of(words)
        return request_state(verdict.reviews, given, values[-1], at)

    def _subject_of(self, values: list[Any]) -> Mapping[str, str]:
        return MappingProxyType(
            {key: values[slot] for key, slot in self._subject if values[slot] is not ABSENT}
        )


def _reviewed(review: Review, evaluation: Evaluation, submitted: Any, zone: dt.tzinfo) -> Reviewed:
    due = None if submitted is ABSENT else deadline_of(review, submitted)
    return record(Reviewed, (review, evaluation, due, zone))  # type: ignore[no-any-return]
