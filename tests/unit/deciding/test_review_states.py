"""The life of a review, to the microsecond."""

from __future__ import annotations

import pytest
from rescind.book.model import ALWAYS, Review
from rescind.book.words import UNSPECIFIED, OnTimeout, ReviewScope
from rescind.deciding.review_states import ReviewerWord, request_state, words_of
from rescind.problems.problem import Location
from rescind.values.durations import Duration
from rescind.values.times import HOUR

SUBMITTED = 1_000 * HOUR
DEADLINE = SUBMITTED + 24 * HOUR


def review(by="manager", hours=24, on_timeout="approve"):
    within = None if hours is None else Duration(0, hours * HOUR)
    return Review(
        by, ALWAYS, by, within, OnTimeout(on_timeout), ReviewScope.ORDER, "", Location("a.yaml", 1, 1)
    )


def state(reviews, words=(), at=DEADLINE):
    return request_state(reviews, words, SUBMITTED, at)


def test_no_review_is_approved_at_once():
    assert state([], at=SUBMITTED) == ("approved", None, ())


@pytest.mark.parametrize(
    ("on_timeout", "after"), [("approve", "auto_approved"), ("reject", "rejected"), (UNSPECIFIED, "overdue")]
)
def test_the_outcome_on_timeout_begins_right_after_the_deadline(on_timeout, after):
    asked = [review(on_timeout=on_timeout)]
    assert state(asked, at=SUBMITTED) == ("pending_review", DEADLINE, ())
    assert state(asked, at=DEADLINE) == ("pending_review", DEADLINE, ())
    assert state(asked, at=DEADLINE + 1) == (after, DEADLINE, ())


@pytest.mark.parametrize(("outcome", "now"), [("approve", "approved"), ("reject", "rejected")])
def test_a_word_counts_up_to_and_at_the_deadline(outcome, now):
    asked = [review(on_timeout="reject" if outcome == "approve" else "approve")]
    for given in (SUBMITTED, DEADLINE):
        assert state(asked, [ReviewerWord("manager", outcome, given)], at=DEADLINE + HOUR)[:1] == (now,)
    late = state(asked, [ReviewerWord("manager", outcome, DEADLINE + 1)], at=DEADLINE + HOUR)
    assert late.state == ("rejected" if outcome == "approve" else "auto_approved")
    assert [(each.code, each.why) for each in late.refused] == [
        ("R1037", "the word was given after the deadline")
    ]


def test_a_word_that_has_not_been_given_yet_is_not_known():
    words = [ReviewerWord("manager", "reject", SUBMITTED + HOUR)]
    assert state([review()], words, at=SUBMITTED + HOUR - 1) == ("pending_review", DEADLINE, ())
    assert state([review()], words, at=SUBMITTED + HOUR).state == "rejected"


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (ReviewerWord("guard", "approve", SUBMITTED), "R1034"),
        (ReviewerWord("manager", "approve", SUBMITTED - 1), "R1036"),
        (ReviewerWord("manager", "approve", DEADLINE + 1), "R1037"),
    ],
)
def test_a_word_that_cannot_count_changes_nothing_and_is_listed(word, code):
    found = state([review(on_timeout=UNSPECIFIED)], [word], at=DEADLINE + 1)
    assert found.state == "overdue"
    assert [(each.word, each.code) for each in found.refused] == [(word, code)]


def test_the_first_word_of_a_reviewer_counts_whatever_the_order_of_the_list():
    words = [
        ReviewerWord("manager", "reject", SUBMITTED + 2),
        ReviewerWord("manager", "approve", SUBMITTED + 1),
    ]
    found = state([review()], words)
    assert found.state == "approved"
    assert [(each.word, each.code) for each in found.refused] == [(words[0], "R1035")]


def test_a_word_before_the_submission_does_not_use_up_the_reviewer():
    words = [ReviewerWord("manager", "reject", SUBMITTED - 1), ReviewerWord("manager", "approve", SUBMITTED)]
    assert state([review()], words).state == "approved"


def test_one_rejection_rejects_and_approval_needs_every_review():
    asked = [review("manager"), review("cashier", 48)]
    approve, reject = (
        ReviewerWord("manager", "approve", SUBMITTED),
        ReviewerWord("cashier", "reject", SUBMITTED),
    )
    assert state(asked, [approve]) == ("pending_review", SUBMITTED + 48 * HOUR, ())
    assert state(asked, [reject]).state == "rejected"
    assert state(asked, [approve, ReviewerWord("cashier", "approve", SUBMITTED)]).state == "approved"


def test_reviews_that_time_out_one_after_the_other():
    asked = [review("manager"), review("cashier", 48)]
    assert state(asked, at=DEADLINE + 1) == ("pending_review", SUBMITTED + 48 * HOUR, ())
    assert state(asked, at=SUBMITTED + 48 * HOUR + 1) == ("auto_approved", SUBMITTED + 48 * HOUR, ())
    overdue = [review("manager", on_timeout=UNSPECIFIED), review("cashier", 48)]
    assert state(overdue, at=DEADLINE + 1).state == "overdue"


def test_an_approval_and_a_timeout_together_are_an_automatic_approval():
    asked = [review("manager"), review("cashier")]
    assert (
        state(asked, [ReviewerWord("manager", "approve", SUBMITTED)], at=DEADLINE + 1).state
        == "auto_approved"
    )


def test_a_review_without_a_limit_waits_for_ever():
    asked = [review(hours=None)]
    assert state(asked, at=DEADLINE * 1_000) == ("pending_review", None, ())
    assert (
        state(asked, [ReviewerWord("manager", "approve", DEADLINE * 10)], at=DEADLINE * 11).state
        == "approved"
    )


def test_anyone_may_decide_where_the_policy_names_nobody():
    assert state([review(UNSPECIFIED)], [ReviewerWord("whoever", "reject", SUBMITTED)]).state == "rejected"


def test_one_reviewer_with_two_limits_keeps_the_later_one_after_the_first():
    asked = [review(hours=24, on_timeout="approve"), review(hours=48, on_timeout="reject")]
    word = ReviewerWord("manager", "approve", SUBMITTED + 30 * HOUR)
    found = state(asked, [word], at=SUBMITTED + 49 * HOUR)
    assert (found.state, found.refused) == ("auto_approved", ())


def test_words_come_from_the_facts():
    record = {"by": "manager", "outcome": "approve", "decided_at": 5}
    assert words_of([record]) == [ReviewerWord("manager", "approve", 5)]
