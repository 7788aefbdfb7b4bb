"""Everything that is wrong with a case in one error: mistyped, unknown and missing facts together."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from rescind import Engine, FactsError

EXAMPLES = Path(__file__).parents[3] / "examples"


def problems_of(facts: object) -> dict[str, str]:
    with pytest.raises(FactsError) as caught:
        Engine.load(drafts=True).decide(facts, at="2025-11-05T10:00:00+08:00")
    return {problem.location.path: problem.code for problem in caught.value.problems}


def test_all_eight_mistakes_of_the_example():
    facts = json.loads((EXAMPLES / "bad.json").read_text("utf-8"), parse_float=Decimal)
    assert problems_of(facts) == {
        "resource.package": "R0903",
        "resource.effective_at": "R0903",
        "resource.transactions_in_progress": "R0903",
        "order.promotional": "R0901",
        "order.amount": "R0903",
        "order.paid": "R0903",
        "order.promotionl": "R0902",
        "account.legal_freeze": "R0901",
    }


def test_a_wrong_fact_is_not_called_missing():
    facts = json.loads((EXAMPLES / "allowed.json").read_text("utf-8"), parse_float=Decimal)
    facts["order"]["amount"] = {"amount": 12.5, "currency": "USD"}
    assert problems_of(facts) == {"order.amount.amount": "R0903"}
