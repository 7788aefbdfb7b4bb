"""What the first pass reads and may have no value: whoever is blocked or not meant meets no error of it."""

from __future__ import annotations

import pytest
from rescind import Engine, FactsError

AT = "2025-03-06T10:00:00+00:00"
FILES = {
    "policies.yaml": """
schema: rescind/book/1
title: t
timezone: UTC
currency: EUR
facts: facts.yaml
policies:
  - id: hire
    versions: [{version: "1", in_force_from: 2024-01-01, file: hire.yaml}]
""",
    "facts.yaml": """
schema: rescind/facts/1
facts:
  hire:
    kind: {type: choice, choices: [city, cargo]}
    hours: {type: integer, at_least: 0}
    used: {type: integer, at_least: 0}
    left: {type: integer, optional: true}
    spare: {type: integer, optional: true}
    damaged: {type: flag, default: false}
  order:
    amount: {type: money}
    paid: {type: instruments, choices: [cash]}
  rates: {type: rates, optional: true}
""",
    "hire.yaml": """
schema: rescind/policy/1
policy: hire
version: "1"
title: t
applies_to: {hire.kind: city}
values:
  share: hire.used / hire.hours
  fee:
    - {when: {share: {over: 50%}}, is: 20%}
    - {otherwise: 10%}
blockers:
  - {id: damaged, when: {hire.damaged: true}, message: damaged}
review:
  - {id: worn, when: {share: {over: 90%}}, by: clerk, within: 1d, on_timeout: reject}
  - {id: dear, when: {order.amount: {over: 500 EUR}}, by: clerk, within: 1d, on_timeout: reject}
refund:
  paid: order.paid
  terms:
    - {id: rest, deduct: {handling_fee: order.paid.cash * fee}, instruments: {cash: remainder}}
""",
}


@pytest.fixture
def load(tmp_path):
    """Load the book after replacing lines of the policy."""

    def loaded(**changes):
        files = dict(FILES)
        for old, new in changes.values():
            assert files["hire.yaml"].count(old) == 1, old
            files["hire.yaml"] = files["hire.yaml"].replace(old, new)
        for name, text in files.items():
            (tmp_path / name).write_text(text, "utf-8")
        return Engine.load(tmp_path, drafts=True)

    return loaded


def facts(*, amount="600 EUR", **hire):
    given = {"kind": "city", "hours": 10, "used": 6} | hire
    return {"hire": given, "order": {"amount": amount, "paid": {"cash": amount}}}


def codes(engine, given):
    with pytest.raises(FactsError) as caught:
        engine.decide(given, at=AT)
    return [(problem.code, problem.location.path) for problem in caught.value.problems]


def passes(engine):
    return [stage["pass"] for stage in engine.definition("hire", "1")["stages"]]


def test_rows_over_a_formula_need_one_pass(load):
    engine = load()
    assert passes(engine) == [0]
    decision = engine.decide(facts(used=6), at=AT)
    assert decision.refund.total.minor == 480_00
    assert [review.id for review in decision.reviews] == ["dear"]
    assert [*decision.values] == ["share", "fee"]
    assert [review.id for review in engine.decide(facts(used=10), at=AT).reviews] == ["worn", "dear"]
    assert engine.decide(facts(used=5), at=AT).refund.total.minor == 540_00


def test_a_value_that_cannot_be_computed_is_an_error_where_the_case_needs_it(load):
    assert codes(load(), facts(hours=0)) == [("R0908", "values.share")]


@pytest.mark.parametrize(
    ("given", "outcome"), [({"damaged": True}, "blocked"), ({"kind": "cargo"}, "not_applicable")]
)
def test_who_is_blocked_or_not_meant_meets_no_error_and_sees_no_value(load, given, outcome):
    engine = load()
    for hours in (0, 10):
        decision = engine.decide(facts(hours=hours, **given), at=AT)
        assert decision.outcome == outcome
        assert (decision.values, decision.working, decision.reviews, decision.refund) == ({}, (), (), None)


def test_rules_that_read_what_has_no_value_are_not_said_to_have_fired(load):
    """With 0 in its place `share` would be under the limit."""
    engine = load(review=("share: {over: 90%}", "share: {under: 90%}"))
    run = engine.decide(facts(hours=0, damaged=True), at=AT).run
    assert {*run.fired} == {"applies_to", "blockers/damaged", "review/dear"}
    assert {*run.verdict.unknown} == {"review/worn", "values/fee/1"}


ROW = "{when: {share: {over: 50%}}, is: 20%}"
TERM = "- {id: rest,"
WORN = "when: {share: {over: 90%}}"


@pytest.mark.parametrize("same", ["hire.damaged: true", "hire.kind: city"])
@pytest.mark.parametrize(
    "place",
    [
        (WORN, "when: {{any: [{{{same}}}, {{share: {{over: 90%}}}}]}}"),
        (ROW, "{{when: {{any: [{{share: {{over: 50%}}}}, {{{same}}}]}}, is: 20%}}"),
        (TERM, "- {{id: rest, when: {{any: [{{{same}}}, {{share: {{over: 90%}}}}]}},"),
    ],
)
def test_a_blocker_that_shares_its_comparison_with_them_blocks_all_the_same(load, place, same):
    """Branches with the same comparisons are one rule; what the blocker makes of it stands."""
    old, new = place
    engine = load(place=(old, new.format(same=same)))
    decision = engine.decide(facts(hours=0, damaged=True), at=AT)
    assert [blocked.id for blocked in decision.blockers] == ["damaged"]
    assert decision.blockers[0].because
    assert codes(engine, facts(hours=0)) == [("R0908", "values.share")]


def test_a_policy_that_shares_its_denial_with_them_says_why_it_does_not_apply(load):
    engine = load(review=(WORN, "when: {any: [{not: {hire.kind: city}}, {share: {over: 90%}}]}"))
    decision = engine.decide(facts(hours=0, kind="cargo"), at=AT)
    assert decision.outcome == "not_applicable"
    assert [reason.name for reason in decision.not_applied[0].because] == ["hire.kind"]


@pytest.mark.parametrize(
    "when",
    [
        "{any: [{hire.damaged: true}, {order.amount: {over: 500 EUR}}]}",
        "{all: [{share: {over: 90%}}, {order.amount: {over: 500 EUR}}]}",
        "{order.amount: {over: 500 EUR}}",
    ],
)
@pytest.mark.parametrize("scope", ["", ", scope: request"])
def test_an_amount_without_a_rate_is_an_error_only_where_a_review_is_come_to(load, when, scope):
    terms = "by: clerk, within: 1d, on_timeout: reject"
    engine = load(
        dear=("order.amount: {over: 500 EUR}", "hire.used: 0"),
        worn=(f"{WORN}, {terms}", f"when: {when}, {terms}{scope}"),
    )
    decision = engine.decide(facts(amount="600 USD", damaged=True), at=AT)
    assert [blocked.id for blocked in decision.blockers] == ["damaged"]
    assert engine.decide(facts(amount="600 USD", kind="cargo"), at=AT).outcome == "not_applicable"
    assert codes(engine, facts(amount="600 USD", used=10)) == [("R0907", "rates")]
    without = facts(amount="600 USD")
    del without["hire"]["used"]
    assert codes(engine, without) == [("R0901", "hire.used"), ("R0907", "rates")]


def test_an_amount_without_a_rate_is_an_error_where_only_the_blocker_that_reads_it_may_block(load):
    blocker = "message: damaged}\n  - {id: large, when: {order.amount: {over: 5000 EUR}}, message: large}"
    engine = load(blocker=("message: damaged}", blocker))
    assert codes(engine, facts(amount="600 USD")) == [("R0907", "rates")]
    decision = engine.decide(facts(amount="600 USD", damaged=True), at=AT)
    assert [blocked.id for blocked in decision.blockers] == ["damaged"]
    assert [(each.id, [why.code for why in each.why]) for each in decision.undetermined] == [
        ("large", ["R0907"])
    ]


@pytest.mark.parametrize("when", ["hire.left: {under: {fact: need}}", "need: {over: {fact: hire.left}}"])
def test_a_comparison_with_an_absent_fact_is_false_whatever_the_other_side_is(load, when):
    engine = load(
        value=(
            "share: hire.used / hire.hours",
            "share: hire.used / hire.hours\n  need: hire.used + hire.spare",
        ),
        blocker=(
            "message: damaged}",
            f"message: damaged}}\n  - {{id: left, when: {{{when}}}, message: left}}",
        ),
    )
    assert engine.decide(facts(), at=AT).outcome == "review_required"
    assert codes(engine, facts(left=3)) == [("R0908", "values.need")]
    assert engine.decide(facts(spare=1, left=3), at=AT).outcome == "blocked"
    assert engine.decide(facts(spare=1), at=AT).outcome == "review_required"


def test_an_absent_optional_fact_is_an_error_only_where_it_is_needed(load):
    engine = load(value=("share: hire.used / hire.hours", "share: hire.used / hire.left"))
    assert codes(engine, facts()) == [("R0908", "values.share")]
    assert engine.decide(facts(damaged=True), at=AT).outcome == "blocked"
    assert engine.decide(facts(left=10), at=AT).refund.total.minor == 480_00


@pytest.mark.parametrize("scope", ["", ", scope: request"])
def test_a_rate_that_is_missing_is_an_error_only_where_it_is_needed(load, scope):
    engine = load(
        value=("share: hire.used / hire.hours", "share: hire.used / hire.hours\n  tenth: order.amount * 10%"),
        review=(
            "{id: worn, when: {share: {over: 90%}}, by: clerk, within: 1d, on_timeout: reject}",
            f"{{id: worn, when: {{tenth: {{over: 10 EUR}}}}, by: clerk, within: 1d, on_timeout: reject{scope}}}",
        ),
        dear=("order.amount: {over: 500 EUR}", "hire.used: 0"),
    )
    dollars = facts(amount="600 USD")
    assert codes(engine, dollars) == [("R0907", "rates")]
    assert engine.decide(facts(amount="600 USD", damaged=True), at=AT).outcome == "blocked"
    decision = engine.decide(dollars | {"rates": {"USD/EUR": "0.9"}}, at=AT)
    assert [review.id for review in decision.reviews] == ["worn"]


def test_a_part_that_is_set_aside_waits_with_its_rule(load):
    """Two wide alternatives are more than is multiplied out, so one becomes a flag of its own."""
    wide = "any: [{share: 10%}, {share: 20%}, {share: 30%}, {share: 40%}, {share: {over: 90%}}]"
    used = "any: [{hire.used: 1}, {hire.used: 2}, {hire.used: 3}, {hire.used: 4}, {hire.used: 10}]"
    engine = load(review=("when: {share: {over: 90%}}", f"when: {{all: [{{{wide}}}, {{{used}}}]}}"))
    assert passes(engine) == [0, 0]
    assert [review.id for review in engine.decide(facts(used=10), at=AT).reviews] == ["worn", "dear"]
    assert [review.id for review in engine.decide(facts(used=9), at=AT).reviews] == ["dear"]
    assert engine.decide(facts(hours=0, damaged=True), at=AT).outcome == "blocked"
    assert codes(engine, facts(hours=0)) == [("R0908", "values.share")]


def test_where_a_blocker_reads_a_value_the_first_pass_reads_none(load):
    engine = load(
        blocker=(
            "message: damaged}",
            "message: damaged}\n  - {id: worn-out, when: {share: 1}, message: worn}",
        )
    )
    assert passes(engine) == [0, 1]
    decision = engine.decide(facts(used=10), at=AT)
    assert [blocked.id for blocked in decision.blockers] == ["worn-out"]
    assert [*decision.values] == ["share"]
    assert engine.decide(facts(hours=0, kind="cargo"), at=AT).outcome == "not_applicable"
    assert codes(engine, facts(hours=0)) == [("R0908", "values.share")]
    # Whether `worn-out` blocks as well is not known, and that is said.
    decision = engine.decide(facts(hours=0, damaged=True), at=AT)
    assert [blocked.id for blocked in decision.blockers] == ["damaged"]
    assert [each.id for each in decision.undetermined] == ["worn-out"]


@pytest.mark.parametrize(
    "applies",
    [
        ("applies_to: {hire.kind: city}", "applies_to: {fee: 20%}"),
        ("applies_to: {hire.kind: city}", "applies_to: {refund.total: {over: 1 USD}}"),
    ],
)
@pytest.mark.parametrize("missing", [False, True])
def test_whether_a_policy_applies_is_never_read_off_what_is_unknown(load, applies, missing):
    """Without a rate the rows say nothing, whatever else is missing; the next policy must not take the case."""
    engine = load(
        applies=applies,
        row=("{when: {share: {over: 50%}}, is: 20%}", "{when: {order.amount: {over: 500 EUR}}, is: 20%}"),
    )
    dollars = facts(amount="600 USD")
    if missing:
        del dollars["hire"]["used"]
    later = [("R0901", "hire.used")] if missing else []
    assert codes(engine, dollars) == [("R0907", "rates"), *later]
    dollars["rates"] = {"USD/EUR": "0.9"}
    if missing:
        assert codes(engine, dollars) == later
    else:
        assert engine.decide(dollars, at=AT).outcome == "review_required"


def test_facts_that_are_missing_are_named_before_values_that_have_no_value(load):
    given = facts(hours=0)
    del given["order"]["amount"]
    assert codes(load(), given) == [("R0901", "order.amount"), ("R0908", "values.share")]
