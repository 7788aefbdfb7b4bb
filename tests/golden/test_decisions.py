"""The decisions of the golden file; see `decisions.py` for what it holds and how it is renewed on purpose."""

from __future__ import annotations

import pytest

from tests.golden.decisions import FILE, answers, differences, read

RENEW = "if this is meant: python -m tests.golden.decisions --update"


@pytest.fixture(scope="module")
def golden():
    return read()


def test_every_decision_is_that_of_the_golden_file(golden):
    books, cases = golden
    assert differences(cases, list(answers(books, cases))) == {}, RENEW


def test_the_golden_file_covers_every_outcome_and_stays_small(golden):
    books, cases = golden
    assert len(cases) >= 20_000
    assert len(books) > 40
    least = dict.fromkeys(("allowed", "review_required", "blocked", "not_applicable", "R0901"), 100)
    least |= dict.fromkeys(("R0907", "R0908"), 40)  # only where the answer depends on what is unknown
    for outcome, count in least.items():
        assert sum(case.kind.startswith(outcome) for case in cases) >= count, outcome
    assert FILE.stat().st_size < 3_000_000


def test_another_answer_is_noticed(golden):
    books, cases = golden
    known = [cases[0]._replace(sha256="0" * 64), *cases[1:10]]
    assert differences(known, list(answers(books, known))).total() == 1
