"""Expectations rewritten to what is found: only what differs, comments and layout as they were."""

from __future__ import annotations

import pytest

from engine.workbench.bless import bless
from tests.unit.workbench_book import CASES, ran


def blessed(folder, cases: str) -> tuple[str, list[tuple[str, str]]]:
    """The cases after they were rewritten, and those that were left with why; every rewritten case passes then."""
    suite = CASES + cases
    found = bless(folder, ran(folder, suite)[2])
    text = (folder / "rules/hire/tests/suite.yaml").read_text("utf-8")
    left = [(name, why) for each in found for name, _, why in each.left]
    again = ran(folder, text)[2]
    assert {result.trial.name for result in again if not result.passed} == {name for name, _ in left}
    assert text.startswith(CASES)
    return text.removeprefix(CASES), left


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # One value, where it is said.
        (
            "  - name: a   # why\n    expect:\n      refund: 90.00 EUR   # by hand\n",
            "  - name: a   # why\n    expect:\n      refund: 91.00 EUR   # by hand\n",
        ),
        (
            "  - name: a\n    expect: {values: {rate: 20%}, refund: {total: 1 EUR, terms: usual}}  # x\n",
            "  - name: a\n    expect: {values: {rate: 0.1}, refund: {total: 91.00 EUR, terms: usual}}  # x\n",
        ),
        # Blockers that the case did not mention.
        (
            "  - name: a\n    facts: {bike.damaged: true}\n    expect: allowed   # hm\n",
            "  - name: a\n    facts: {bike.damaged: true}\n    expect: {blockers: [damaged]}   # hm\n",
        ),
        (
            "  - name: a\n    facts: {order.amount: 600 EUR}\n    expect: {refund: 91 EUR}\n",
            "  - name: a\n    facts: {order.amount: 600 EUR}\n    expect: {refund: 91 EUR, reviews: [dear]}\n",
        ),
        (
            "  - name: a\n    facts: {order.amount: 600 EUR}\n    expect:\n      refund: 91 EUR\n  # next\n",
            "  - name: a\n    facts: {order.amount: 600 EUR}\n    expect:\n      refund: 91 EUR\n      reviews: [dear]\n  # next\n",
        ),
        # Blocks.
        (
            "  - name: a\n    expect:\n      blockers:\n        - damaged\n\n      # money\n      refund: none\n",
            "  - name: a\n    expect:\n      blockers: []\n\n      # money\n      refund: 91.00 EUR\n",
        ),
        (
            "  - name: a\n    facts: {bike.damaged: true}\n    expect:\n      blockers:\n        - broken   # x\n\n      # money\n      refund: none\n",
            "  - name: a\n    facts: {bike.damaged: true}\n    expect:\n      blockers: [damaged]   # x\n\n      # money\n      refund: none\n",
        ),
        # Outcomes and errors.
        (
            "  - {name: a, facts: {bike.kind: toy}, expect: {refund: 1 EUR}}\n",
            "  - {name: a, facts: {bike.kind: toy}, expect: {outcome: not_applicable}}\n",
        ),
        (
            "  - {name: a, facts: {bike.damaged: null}, expect: allowed}\n",
            "  - {name: a, facts: {bike.damaged: null}, expect: {error: {bike.damaged: R0901}}}\n",
        ),
        (
            "  - {name: a, expect: {error: R0901}}\n",
            "  - {name: a, expect: {outcome: allowed}}\n",
        ),
        # Rows.
        (
            "  - name: a\n    table:\n      columns: [order.amount, expect.reviews, expect.refund]\n      rows:\n"
            "        - [500.01 EUR,   [], 91 EUR]   # one cent more\n        - [1 EUR, [dear], null]\n",
            "  - name: a\n    table:\n      columns: [order.amount, expect.reviews, expect.refund]\n      rows:\n"
            "        - [500.01 EUR,   [dear], 91 EUR]   # one cent more\n        - [1 EUR, [], null]\n",
        ),
        # The life of a request.
        (
            "  - name: a\n    facts: {order.amount: 600 EUR, request.submitted_at: 2025-02-10T12:00:00+01:00}\n"
            "    expect:\n      reviews: {dear: {deadline: 2025-02-12T12:00:00+01:00}}\n      state: approved\n"
            "      states:\n        - {at: 2025-02-11T12:00:01+01:00, state: overdue}   # late\n",
            "  - name: a\n    facts: {order.amount: 600 EUR, request.submitted_at: 2025-02-10T12:00:00+01:00}\n"
            "    expect:\n      reviews: {dear: {deadline: 2025-02-11T12:00:00+01:00}}\n      state: pending_review\n"
            "      states: [{at: 2025-02-11T12:00:01+01:00, state: auto_approved}]   # late\n",
        ),
    ],
)  # fmt: skip
def test_what_differs_is_rewritten(tmp_path, before, after):
    assert blessed(tmp_path, before) == (after, [])


def test_what_passes_is_not_touched(tmp_path):
    cases = "  - {name:   a,   expect: {refund: 91 EUR}}\n"
    assert bless(tmp_path, ran(tmp_path, CASES + cases)[2]) == []


def test_the_difference_is_shown(tmp_path):
    [found] = bless(tmp_path, ran(tmp_path, CASES + "  - {name: a, expect: {refund: 1 EUR}}\n")[2])
    assert found.diff.splitlines()[-2:] == ["-  - {name: a, expect: {refund: 1 EUR}}", "+  - {name: a, expect: {refund: 91.00 EUR}}"]


def test_a_table_without_the_column_is_left(tmp_path):
    cases = "  - name: a\n    table:\n      columns: [bike.damaged, expect.refund]\n      rows: [[true, null], [false, 91 EUR]]\n"
    suite = cases.replace("[true, null]", "[true, 91 EUR]")
    text, left = blessed(tmp_path, suite)
    assert text == suite
    [(name, why)] = left
    assert name == "a / row 1"
    assert "`expect.blockers`" in why


def test_versions_that_answer_differently_are_left(tmp_path):
    suite = CASES.replace('version: "1"', "versions: every") + "  - {name: a, facts: {order.amount: 600 EUR}, expect: allowed}\n"
    suite = suite.replace("expect: allowed", "expect: {refund: 1 EUR}")
    [found] = bless(tmp_path, ran(tmp_path, suite)[2])
    assert found.diff == ""
    assert "split the suite" in found.left[0][2]
