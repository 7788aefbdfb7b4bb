"""Expectations rewritten to what is found: only what differs, comments and layout as they were."""

from __future__ import annotations

import pytest
from rescind.authoring.update_expectations import bless

from tests.unit.authoring.workbench_book import CASES, ran


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


REWRITTEN = """\
  - name: a   # why
    expect:
      refund: 90.00 EUR   # by hand
=====
  - name: a   # why
    expect:
      refund: 91.00 EUR   # by hand
#####
  - name: a
    expect: {values: {rate: 20%}, refund: {total: 1 EUR, terms: usual}}  # x
=====
  - name: a
    expect: {values: {rate: 0.1}, refund: {total: 91.00 EUR, terms: usual}}  # x
#####
  - name: blockers that the case did not mention
    facts: {bike.damaged: true}
    expect: allowed   # hm
=====
  - name: blockers that the case did not mention
    facts: {bike.damaged: true}
    expect: {blockers: [damaged]}   # hm
#####
  - name: reviews that the case did not mention
    facts: {order.amount: 600 EUR}
    expect: {refund: 91 EUR}
=====
  - name: reviews that the case did not mention
    facts: {order.amount: 600 EUR}
    expect: {refund: 91 EUR, reviews: [dear]}
#####
  - name: the same in a block
    facts: {order.amount: 600 EUR}
    expect:
      refund: 91 EUR
  # next
=====
  - name: the same in a block
    facts: {order.amount: 600 EUR}
    expect:
      refund: 91 EUR
      reviews: [dear]
  # next
#####
  - name: a list in a block
    expect:
      blockers:
        - damaged

      # money
      refund: none
=====
  - name: a list in a block
    expect:
      blockers: []

      # money
      refund: 91.00 EUR
#####
  - name: a list with a comment
    facts: {bike.damaged: true}
    expect:
      blockers:
        - broken   # x

      # money
      refund: none
=====
  - name: a list with a comment
    facts: {bike.damaged: true}
    expect:
      blockers: [damaged]   # x

      # money
      refund: none
#####
  - {name: no policy, facts: {bike.kind: toy}, expect: {refund: 1 EUR}}
=====
  - {name: no policy, facts: {bike.kind: toy}, expect: {outcome: not_applicable}}
#####
  - {name: refused, facts: {bike.damaged: null}, expect: allowed}
=====
  - {name: refused, facts: {bike.damaged: null}, expect: {error: {bike.damaged: R0901}}}
#####
  - {name: not refused, expect: {error: R0901}}
=====
  - {name: not refused, expect: {outcome: allowed}}
#####
  - name: rows
    table:
      columns: [order.amount, expect.reviews, expect.refund]
      rows:
        - [500.01 EUR,   [], 91 EUR]   # one cent more
        - [1 EUR, [dear], null]
=====
  - name: rows
    table:
      columns: [order.amount, expect.reviews, expect.refund]
      rows:
        - [500.01 EUR,   [dear], 91 EUR]   # one cent more
        - [1 EUR, [], null]
#####
  - name: the life of a request
    facts: {order.amount: 600 EUR, request.submitted_at: 2025-02-10T12:00:00+01:00}
    expect:
      reviews: {dear: {deadline: 2025-02-12T12:00:00+01:00}}
      state: approved
      states:
        - {at: 2025-02-11T12:00:01+01:00, state: overdue}   # late
=====
  - name: the life of a request
    facts: {order.amount: 600 EUR, request.submitted_at: 2025-02-10T12:00:00+01:00}
    expect:
      reviews: {dear: {deadline: 2025-02-11T12:00:00+01:00}}
      state: pending_review
      states: [{at: 2025-02-11T12:00:01+01:00, state: auto_approved}]   # late
"""
PAIRS = [pair.split("=====\n") for pair in REWRITTEN.split("#####\n")]


@pytest.mark.parametrize(
    ("before", "after"), PAIRS, ids=[before.split("\n")[0].strip() for before, _ in PAIRS]
)
def test_what_differs_is_rewritten(tmp_path, before, after):
    assert blessed(tmp_path, before) == (after, [])


def test_what_passes_is_not_touched(tmp_path):
    cases = "  - {name:   a,   expect: {refund: 91 EUR}}\n"
    assert bless(tmp_path, ran(tmp_path, CASES + cases)[2]) == []


def test_the_difference_is_shown(tmp_path):
    [found] = bless(tmp_path, ran(tmp_path, CASES + "  - {name: a, expect: {refund: 1 EUR}}\n")[2])
    assert found.diff.splitlines()[-2:] == [
        "-  - {name: a, expect: {refund: 1 EUR}}",
        "+  - {name: a, expect: {refund: 91.00 EUR}}",
    ]


def test_a_table_without_the_column_is_left(tmp_path):
    table = "{columns: [bike.damaged, expect.refund], rows: [[true, 91 EUR], [false, 91 EUR]]}"
    suite = f"  - name: a\n    table: {table}\n"
    text, left = blessed(tmp_path, suite)
    assert text == suite
    [(name, why)] = left
    assert name == "a / row 1"
    assert "`expect.blockers`" in why


EVERY = CASES.replace('version: "1"', "versions: every")


@pytest.mark.parametrize(
    "expected", ["{refund: 1 EUR}", "{refund: 91 EUR}", "{refund: 91 EUR, reviews: [dear]}"]
)
def test_versions_that_answer_differently_are_left(tmp_path, expected):
    """Whether all of them fail or one: the others may be right as they are."""
    case = f"  - {{name: a, facts: {{order.amount: 600 EUR}}, expect: {expected}}}\n"
    [found] = bless(tmp_path, ran(tmp_path, EVERY + case)[2])
    assert found.diff == ""
    [(name, _, why)] = found.left
    assert name == "a"
    assert why.startswith("`hire 1` and `hire 2` give different answers: split the suite")


def test_a_row_about_versions_that_answer_differently_is_left(tmp_path):
    table = "{columns: [order.amount, expect.reviews], rows: [[600 EUR, [dear]], [800 EUR, []]]}"
    [found] = bless(tmp_path, ran(tmp_path, f"{EVERY}  - name: a\n    table: {table}\n")[2])
    assert [name for name, _, _ in found.left] == ["a / row 1"]
    assert [line for line in found.diff.splitlines() if line.startswith("+ ")] == [
        f"+    table: {table.replace('[800 EUR, []]', '[800 EUR, [dear]]')}"
    ]


def test_versions_that_answer_alike_are_rewritten(tmp_path):
    [found] = bless(tmp_path, ran(tmp_path, EVERY + "  - {name: a, expect: {refund: 1 EUR}}\n")[2])
    assert found.left == ()
    assert bless(tmp_path, ran(tmp_path, (tmp_path / found.suite).read_text("utf-8"))[2]) == []
