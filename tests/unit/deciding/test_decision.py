"""Decisions as data and as Python values: what the schema promises, in one order, whatever the outcome."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import pytest
from rescind.book.words import CountsAs, Outcome, RequestState
from rescind.engine import Engine
from rescind.problems.exceptions import EngineError
from rescind.problems.problem import Problems
from rescind.shape.shipped_schemas import base_schema
from rescind.shape.validators import validator_of
from rescind.source.read_source import read_text
from rescind.values.decimals import UnitError
from rescind.values.money import Money

CORPUS = Path(__file__).parents[2] / "corpus"
AT = "2025-03-06T10:00:00+01:00"
FIRST, SECOND = "rescind/decision/1", "rescind/decision/2"
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


# As data.


@pytest.mark.parametrize(("schema", "kind"), [(FIRST, "decision/1"), (SECOND, "decision")])
@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_as_the_schema_says(decisions, outcome, schema, kind):
    decision = decisions[outcome]
    assert decision.outcome is outcome
    data = json.loads(decision.to_json(schema))
    assert data == decision.to_dict(schema)
    assert list(validator_of(base_schema(kind)).iter_errors(data)) == []


def test_the_second_form_is_what_is_made(decisions):
    decision = decisions["allowed"]
    assert decision.to_json() == decision.to_json(SECOND)
    assert decision.to_dict()["schema"] == SECOND
    with pytest.raises(ValueError, match="expected `rescind/decision/1` or `rescind/decision/2`, found `x`"):
        decision.to_dict("x")


@pytest.mark.parametrize("schema", [FIRST, SECOND])
def test_keys_come_in_one_order(decisions, schema):
    keys = list(decisions["allowed"].to_dict(schema))
    assert keys[:4] == ["schema", "outcome", "policy", "decided_at"]
    for decision in decisions.values():
        found = [key for key in decision.to_dict(schema) if key in keys]
        assert found == [key for key in keys if key in found]


def test_a_reader_passes_over_keys_that_it_does_not_know(decisions):
    data = decisions["review_required"].to_dict()
    data |= {"report": [], "charge": {}}
    data["reviews"][0] |= {"data": {}}
    data["refund"]["added"] = []
    assert list(validator_of(base_schema("decision")).iter_errors(data)) == []


def test_a_reason_names_the_fact_its_value_and_what_was_asked(decisions):
    [blocked] = decisions["blocked"].to_dict(FIRST)["blockers"]
    assert blocked["because"] == [{"fact": "bike.damaged", "is": True, "needs": "true"}]
    [review] = decisions["review_required"].to_dict(FIRST)["reviews"]
    assert review["because"] == [{"fact": "order.amount", "is": "900.00 EUR", "needs": "over 500.00 EUR"}]
    assert review["deadline"] == "2025-03-07T10:00:00+01:00"


def test_a_reason_is_data_beside_its_words(decisions):
    [blocked] = decisions["blocked"].to_dict()["blockers"]
    assert blocked["because"] == [
        {
            "fact": "bike.damaged",
            "type": "flag",
            "operator": "is",
            "operand": True,
            "value": True,
            "is": "true",
            "needs": "true",
        }
    ]
    [review] = decisions["review_required"].to_dict()["reviews"]
    assert review["because"] == [
        {
            "fact": "order.amount",
            "type": "money",
            "operator": "over",
            "operand": {"amount": "500.00", "currency": "EUR"},
            "value": {"amount": "900.00", "currency": "EUR"},
            "is": "900.00 EUR",
            "needs": "over 500.00 EUR",
        }
    ]


def test_money_is_conserved_in_what_is_shown(decisions):
    def cents(money):
        assert money["currency"] == "EUR"
        return int(money["amount"].replace(".", ""))

    for name in ("allowed", "review_required"):
        refund = decisions[name].to_dict()["refund"]
        for line in refund["instruments"]:
            parts = [cents(line[key]) for key in ("returned", "consumed", "fees", "forfeited")]
            assert cents(line["paid"]) == sum(parts)
        assert cents(refund["total"]) == sum(cents(line["returned"]) for line in refund["instruments"])


# The settled part.


def test_the_settled_part_has_canonical_bytes(decisions):
    version = decisions["review_required"].version
    assert json.loads(decisions["review_required"].settled_part())["reviews"] == [
        {
            "id": "dear",
            "by": "manager",
            "within": "PT24H",
            "on_timeout": "approve",
            "scope": "order",
            "deadline": "2025-03-07T09:00:00+00:00",
        }
    ]
    assert decisions["blocked"].settled_part().decode() == (
        '{"blockers":["damaged"],"outcome":"blocked",'
        f'"policy":{{"digest":"{version.digest}","id":"hire","version":"2"}},"schema":"rescind/settled/1"}}'
    )


def test_the_settled_part_has_every_figure_of_the_refund(decisions):
    decision = decisions["allowed"]
    settled = json.loads(decision.settled_part())["refund"]
    shown = decision.to_dict(FIRST)["refund"]
    for row in (shown, *shown["deductions"]):
        row.pop("at")
    assert settled == shown


def test_wording_changes_nothing_that_is_settled(decisions):
    for decision in decisions.values():
        if not decision.version:
            continue
        said = [
            blocked._replace(blocker=replace(blocked.blocker, message="Anders.", remedy="Etwas tun."))
            for blocked in decision.blockers
        ]
        asked = [
            reviewed._replace(review=replace(reviewed.review, reason="Teuer."))
            for reviewed in decision.reviews
        ]
        title = replace(decision.version, title="Fahrräder")
        other = decision._replace(
            version=title, blockers=tuple(said), reviews=tuple(asked), zone=dt.UTC, at=decision.at + 1
        )
        assert other.to_json() != decision.to_json()
        assert other.settled_part() == decision.settled_part()
        assert other.settled == decision.settled == other.to_dict()["settled"]


def test_what_was_decided_changes_it(decisions):
    assert len({decision.settled for decision in decisions.values()}) == len(decisions)
    decision = decisions["review_required"]
    (line, *rest) = decision.settlement.lines
    (review,) = decision.reviews
    others = [
        decision._replace(outcome=Outcome.ALLOWED),
        decision._replace(version=replace(decision.version, digest="sha256:0")),
        decision._replace(reviews=(review._replace(due=review.due + 1),)),
        decision._replace(settlement=decision.settlement._replace(total=1)),
        decision._replace(settlement=decision.settlement._replace(lines=(line._replace(to="bank"), *rest))),
    ]
    assert len({decision.settled, *(other.settled for other in others)}) == 1 + len(others)


# In Python.


def test_results_are_typed(decisions):
    decision = decisions["review_required"]
    submitted = dt.datetime.fromisoformat(AT)
    refund = decision.refund
    assert (refund.total, refund.total.amount) == (Money(4150, "EUR"), Decimal("41.50"))
    assert str(refund.total) == "41.50 EUR"
    assert {part.counts_as for part in refund.deductions} <= set(CountsAs)
    assert sum(line.returned.amount for line in refund.instruments) == refund.total.amount
    assert decision.decided_at == submitted
    assert decision.decided_at.utcoffset() == dt.timedelta(hours=1)
    assert decision.reviews[0].deadline == submitted + dt.timedelta(days=1)
    assert decision.request.state is RequestState.PENDING_REVIEW
    assert decision.request.deadline == decision.reviews[0].deadline
    assert decisions["blocked"].refund is None


def test_an_amount_is_exact_or_an_error():
    assert Money(1, "JPY").amount == Decimal(1)
    assert Money(-5, "USD").amount == Decimal("-0.05")
    assert Money(Fraction(1, 8), "USD").amount == Decimal("0.00125")
    with pytest.raises(UnitError, match="has no end as a decimal"):
        _ = Money(Fraction(1, 3), "USD").amount


def test_it_is_short_to_look_at(decisions):
    assert [repr(decision) for decision in decisions.values()] == [
        "Decision(allowed, hire 2, 41.50 EUR)",
        "Decision(review_required, hire 2, 41.50 EUR, dear)",
        "Decision(blocked, hire 2, damaged)",
        "Decision(not_applicable)",
    ]
    assert repr(decisions["blocked"].blockers[0]) == "Blocked(damaged)"
    assert repr(decisions["review_required"].reviews[0]) == "Reviewed(dear by manager)"
    assert repr(decisions["not_applicable"].not_applied) == "(NotApplied(hire 2),)"


@pytest.mark.parametrize("outcome", Outcome)
def test_it_travels_to_another_process(decisions, outcome):
    decision = decisions[outcome]
    arrived = pickle.loads(pickle.dumps(decision))  # noqa: S301 - made here
    again = pickle.loads(pickle.dumps(arrived))  # noqa: S301 - as above
    for other in (arrived, again):
        assert [other.to_json(schema) for schema in (FIRST, SECOND)] == [
            decision.to_json(schema) for schema in (FIRST, SECOND)
        ]
        assert (other.outcome, other.refund, other.request) == (
            decision.outcome,
            decision.refund,
            decision.request,
        )
    assert isinstance(arrived.subject, MappingProxyType)


def test_what_travelled_has_no_facts_and_no_program(decisions):
    decision = decisions["allowed"]
    assert b"kilometres" in pickle.dumps(decision.run.program.version)
    arrived = pickle.loads(pickle.dumps(decision))  # noqa: S301 - made here
    with pytest.raises(AttributeError, match="keeps its reasons and figures, and no `program`"):
        _ = arrived.run.program
    with pytest.raises(EngineError, match="a formula that was pickled cannot be computed"):
        arrived.version.values[0].body.evaluate(lambda name: name)


def test_a_copy_is_itself(decisions):
    decision = decisions["blocked"]
    assert copy.copy(decision) is decision
    assert copy.deepcopy([decision])[0] is decision
