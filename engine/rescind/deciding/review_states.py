"""The life of a review: from the submission of a request to a reviewer's answer or the end of the time limit.

A pure function of the reviews that a decision requires, the answers given (called words), and the evaluation time. A
word counts up to and at the deadline; the outcome on timeout begins right after it. A word that does not count changes
nothing and is listed under `refused` with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from rescind.book.model import Review
from rescind.book.words import UNSPECIFIED, OnTimeout, RequestState, ReviewerAnswer
from rescind.values.times import LAST

__all__ = ["RefusedReviewerWord", "RequestStanding", "ReviewerWord", "request_state", "words_of"]

DECIDED_AT = attrgetter("decided_at")
# Decisions hold plain text.
PENDING = str(RequestState.PENDING_REVIEW)
AFTER_ANSWER: Mapping[str, str] = {
    ReviewerAnswer.APPROVE: str(RequestState.APPROVED),
    ReviewerAnswer.REJECT: str(RequestState.REJECTED),
}
AFTER_TIMEOUT = {
    OnTimeout.APPROVE: str(RequestState.AUTO_APPROVED),
    OnTimeout.REJECT: str(RequestState.REJECTED),
    OnTimeout.UNSPECIFIED: str(RequestState.OVERDUE),
}
# One rejection rejects; an overdue review stops the rest; approval needs every review. A blocked case has no reviews.
BY_WEIGHT = tuple(
    map(
        str,
        (
            RequestState.REJECTED,
            RequestState.OVERDUE,
            RequestState.PENDING_REVIEW,
            RequestState.AUTO_APPROVED,
            RequestState.APPROVED,
        ),
    )
)


class ReviewerWord(NamedTuple):
    """What a reviewer said, and when (microseconds)."""

    by: str
    outcome: str
    decided_at: int


class RefusedReviewerWord(NamedTuple):
    """A word that does not count, and why: `code` is one of `rescind.problems.codes.CODES`."""

    word: ReviewerWord
    why: str
    code: str


class RequestStanding(NamedTuple):
    """Where a request stands. `deadline` is the next one, or the last where none is pending; None without any."""

    state: str
    deadline: int | None
    refused: tuple[RefusedReviewerWord, ...]


class _Standing(NamedTuple):
    state: str
    deadline: int | None


def words_of(records: Iterable[Mapping[str, Any]]) -> list[ReviewerWord]:
    """The fact `request.reviews` as words."""
    return [ReviewerWord(record["by"], record["outcome"], record["decided_at"]) for record in records]


def deadline_of(review: Review, submitted: int) -> int | None:
    """The last instant at which a word on this review counts; None where the policy sets no limit.

    A limit that would end after the last date of the calendar ends on that date.
    """
    return None if review.within is None else min(submitted + review.within.micros, LAST)


def request_state(
    reviews: Sequence[Review], words: Iterable[ReviewerWord], submitted: int, at: int
) -> RequestStanding:
    """The state of a request at `at`. Words given after `at` are not known yet."""
    counted, refused = _sift(reviews, words, submitted, at) if words else ({}, [])
    if len(reviews) == 1:
        state, deadline = _standing(reviews[0], counted, submitted, at)
        return RequestStanding(state, deadline, tuple(refused))
    standings = [_standing(review, counted, submitted, at) for review in reviews]
    return RequestStanding(_joined([one.state for one in standings]), _next(standings), tuple(refused))


def _sift(
    reviews: Sequence[Review], words: Iterable[ReviewerWord], submitted: int, at: int
) -> tuple[dict[str, ReviewerWord], list[RefusedReviewerWord]]:
    """The word of each reviewer that counts, and the words that do not count."""
    counted: dict[str, ReviewerWord] = {}
    refused = []
    for word in sorted(words, key=DECIDED_AT):
        if word.decided_at > at:
            continue
        objection = _objection(reviews, counted, word, submitted)
        if objection:
            code, why = objection
            refused.append(RefusedReviewerWord(word, why, code))
        else:
            counted[word.by] = word
    return counted, refused


def _objection(
    reviews: Sequence[Review], counted: Mapping[str, ReviewerWord], word: ReviewerWord, submitted: int
) -> tuple[str, str] | None:
    """Why a word does not count, with the code of the problem; None for a word that does."""
    asked = [review for review in reviews if review.by in (word.by, UNSPECIFIED)]
    if not asked:
        return "R1034", f"no review by `{word.by}` is asked for"
    if word.by in counted:
        return "R1035", f"`{word.by}` has already decided"
    if word.decided_at < submitted:
        return "R1036", "the word was given before the request was submitted"
    if all(_answered(review, counted, submitted) for review in asked):
        return "R1035", f"what `{word.by}` could decide has already been decided"
    for review in asked:
        deadline = deadline_of(review, submitted)
        if deadline is None or word.decided_at <= deadline:
            return None
    return "R1037", "the word was given after the deadline"


def _answered(review: Review, counted: Mapping[str, ReviewerWord], submitted: int) -> ReviewerWord | None:
    """The first word that decides a review."""
    deadline = deadline_of(review, submitted)
    return next(
        (
            word
            for word in counted.values()
            if review.by in (word.by, UNSPECIFIED) and (deadline is None or word.decided_at <= deadline)
        ),
        None,
    )


def _standing(review: Review, counted: Mapping[str, ReviewerWord], submitted: int, at: int) -> _Standing:
    deadline = deadline_of(review, submitted)
    if word := _answered(review, counted, submitted):
        return _Standing(AFTER_ANSWER[word.outcome], deadline)
    if deadline is None or at <= deadline:
        return _Standing(PENDING, deadline)
    return _Standing(AFTER_TIMEOUT[review.on_timeout], deadline)


def _joined(states: Sequence[str]) -> str:
    """The state of a request with several reviews; without any it is approved."""
    return next((state for state in BY_WEIGHT if state in states), BY_WEIGHT[-1])


def _next(standings: Sequence[_Standing]) -> int | None:
    pending = [one.deadline for one in standings if one.state == PENDING]
    known = [deadline for deadline in pending if deadline is not None]
    if pending:
        return min(known, default=None)
    return max((one.deadline for one in standings if one.deadline is not None), default=None)
