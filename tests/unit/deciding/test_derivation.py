"""The working of a decision: every figure with its formula, inputs, exact value, rounding and line."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from rescind import Engine

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def steps() -> dict[str, dict[str, object]]:
    text = (EXAMPLES / "sister-policies" / "in-use-second-year.json").read_text("utf-8")
    decision = Engine.load(drafts=True).decide(
        json.loads(text, parse_float=Decimal), at="2026-07-20T11:05:00+08:00"
    )
    return {step["name"]: step for step in decision.to_dict("rescind/decision/1")["working"]}


def test_steps_stand_in_the_order_of_computation(steps):
    assert list(steps)[-6:] == [
        *("consumed", "handling_fee", "remainder", "returned.cash", "returned.cash_coupon", "total")
    ]


def test_a_deduction_shows_its_exact_and_its_rounded_amount(steps):
    consumed = steps["consumed"]
    assert consumed["formula"] == "order.paid.cash * used_hours / order_hours"
    assert consumed["inputs"] == {
        "order.paid.cash": "8400.00 USD",
        "used_hours": "12145",
        "order_hours": "26318",
    }
    # 8400 * 12145 / 26318 by hand: 51009000/13159 = 3876.3583…
    assert consumed["value"] == "51009000/13159 USD"
    assert consumed["rounded"] == "3876.36 USD"
    assert consumed["at"].startswith("rules/in-use-resources/2026-05-26.yaml:")


def test_the_remainder_says_how_it_is_rounded(steps):
    assert steps["remainder"]["formula"] == (
        "paid.cash - consumed - handling_fee, not below zero, rounded half up once"
    )
    assert steps["remainder"]["rounded"] == "3683.64 USD"


def test_the_lines_add_up_to_the_total(steps):
    assert steps["total"]["inputs"] == {"returned.cash": "3683.64 USD", "returned.cash_coupon": "0.00 USD"}
    assert steps["total"]["value"] == "3683.64 USD"


def test_a_condition_with_several_branches_says_which_one_held():
    text = (EXAMPLES / "blocked.json").read_text("utf-8")
    facts = json.loads(text, parse_float=Decimal)
    decision = Engine.load(drafts=True).decide(facts, at="2025-11-05T10:00:00+08:00").to_dict()
    branches = {blocker["id"]: blocker.get("branch") for blocker in decision["blockers"]}
    assert branches == {"transaction-in-progress": None, "promotional-and-invoiced": 1, "legal-freeze": 1}


def test_a_tier_says_which_row_held_and_what_made_it_hold(steps):
    assert steps["fee_rate"]["formula"] == "10%, where order.term is P3Y and year_of_use is 2"
    assert steps["fee_rate"]["inputs"] == {"order.term": "P3Y", "year_of_use": 2}


def test_the_last_row_of_a_tier_says_that_no_other_held():
    text = (EXAMPLES / "sister-policies" / "in-use.json").read_text("utf-8")
    facts = json.loads(text, parse_float=Decimal)
    decision = (
        Engine.load(drafts=True).decide(facts, at="2026-01-15T18:40:00+08:00").to_dict("rescind/decision/1")
    )
    formulas = {step["name"]: step["formula"] for step in decision["working"]}
    assert formulas["fee_rate"] == "10%, in every other case"
