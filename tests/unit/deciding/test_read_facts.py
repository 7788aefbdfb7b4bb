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


OPEN = """schema: rescind/facts/1
facts:
  order:
    open: true
    paid: {type: instruments, choices: [cash]}
    frozen: {type: flag, optional: true}
    deep:
      legal_freeze: {type: flag, optional: true}
"""
VERSION = """schema: rescind/policy/1
policy: p
version: "1"
title: t
blockers:
  - {id: frozen, when: {order.frozen: true}, message: It is frozen.}
  - {id: freeze, when: {order.deep.legal_freeze: true}, message: It is frozen.}
refund:
  paid: order.paid
  terms: [{id: all, instruments: {cash: full}}]
"""
BOOK = """schema: rescind/book/1
title: t
timezone: UTC
facts: facts.yaml
policies: [{id: p, versions: [{version: "1", in_force_from: 2020-01-01, file: p.yaml}]}]
"""


@pytest.fixture(scope="module")
def open_engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    for name, text in (("facts.yaml", OPEN), ("p.yaml", VERSION), ("policies.yaml", BOOK)):
        (folder / name).write_text(text, "utf-8")
    return Engine.load(folder, drafts=True)


class Name(str):
    """A name of a class of its own, as members of enums are."""

    __slots__ = ()


def decide_open(engine, more):
    return engine.decide({"order": {"paid": {"cash": "1 USD"}, **more}}, at="2025-11-05T10:00:00Z")


@pytest.mark.parametrize("key", [1, 10**5000, None, b"note", ("a",), True], ids=type)
def test_a_key_of_an_open_group_that_is_no_text_is_a_problem(open_engine, key):
    with pytest.raises(FactsError) as caught:
        decide_open(open_engine, {key: 2})
    [problem] = caught.value.problems
    assert (problem.code, str(problem.location)) == ("R0902", "order")
    assert problem.message.startswith("expected a text as the name of a fact, found ")


@pytest.mark.parametrize("key", ["frozzen", "Frozen", "frzoen", "deep.legal_freeze", "deeep"])
def test_what_is_nearly_a_fact_of_an_open_group_unblocks_nothing(open_engine, key):
    with pytest.raises(FactsError, match="what is nearly a fact is not taken as an extra one"):
        decide_open(open_engine, {key: True})
    with pytest.raises(FactsError, match="what is nearly a fact is not taken as an extra one"):
        decide_open(open_engine, {Name(key): True})


def test_other_names_are_passed_over_in_an_open_group(open_engine):
    extra = {"note": "x", "frost": 1, "id": {"frozzen": True}, Name("depth"): [], "x" * 10_000: 1}
    assert decide_open(open_engine, extra).outcome == "allowed"
