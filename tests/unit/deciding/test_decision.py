"""Decisions as data: what the schema promises, in one order, whatever the outcome."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rescind.book.words import Outcome
from rescind.engine import Engine
from rescind.problems.problem import Problems
from rescind.shape.shipped_schemas import base_schema
from rescind.shape.validators import validator_of
from rescind.source.read_source import read_text

CORPUS = Path(__file__).parents[2] / "corpus"
AT = "2025-03-06T10:00:00+01:00"
CASES = {
    "allowed": {},
    "review_required": {"order": {"amount": "900 EUR"}},
    "blocked": {"bike": {"damaged": True}},
    "not_applicable": {"bike": {"kind": "racer"}},
}


@pytest.fixture(scope="module")
def decisions():
    engine = Engine.load(CORPUS / "base", drafts=True)
    good = read_text((CORPUS / "facts.yaml").read_text("utf-8"), "facts", Problems()).data
    found = {}
    for name, changes in CASES.items():
        facts = {group: {**values, **changes.get(group, {})} for group, values in good.items()}
        facts["request"] = {"submitted_at": AT}
        found[name] = engine.decide(facts, at=AT, policy="hire")
    return found


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_as_the_schema_says(decisions, outcome):
    decision = decisions[outcome]
    assert decision.outcome == outcome
    data = json.loads(decision.to_json())
    assert data == decision.to_dict()
    assert list(validator_of(base_schema("decision")).iter_errors(data)) == []


def test_keys_come_in_one_order(decisions):
    keys = list(decisions["allowed"].to_dict())
    assert keys[:4] == ["schema", "outcome", "policy", "decided_at"]
    for decision in decisions.values():
        found = [key for key in decision.to_dict() if key in keys]
        assert found == [key for key in keys if key in found]


def test_a_reason_names_the_fact_its_value_and_what_was_asked(decisions):
    [blocked] = decisions["blocked"].to_dict()["blockers"]
    assert blocked["because"] == [{"fact": "bike.damaged", "is": True, "needs": "true"}]
    [review] = decisions["review_required"].to_dict()["reviews"]
    assert review["because"] == [{"fact": "order.amount", "is": "900.00 EUR", "needs": "over 500.00 EUR"}]
    assert review["deadline"] == "2025-03-07T10:00:00+01:00"


def test_money_is_conserved_in_what_is_shown(decisions):
    def cents(text):
        return int(text.removesuffix(" EUR").replace(".", ""))

    for name in ("allowed", "review_required"):
        refund = decisions[name].to_dict()["refund"]
        for line in refund["instruments"]:
            parts = [cents(line[key]) for key in ("returned", "consumed", "fees", "forfeited")]
            assert cents(line["paid"]) == sum(parts)
        assert cents(refund["total"]) == sum(cents(line["returned"]) for line in refund["instruments"])
