"""Three truth values from facts to decision: what is unknown is never false, and an error only where it matters."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from rescind import Engine, FactsError, RequestError
from rescind.commands import main

AT = "2025-03-06T10:00:00+00:00"
BOOK = """
schema: rescind/book/1
title: t
timezone: UTC
facts: facts.yaml
policies:
  - id: hire
    versions: [{version: "1", in_force_from: 2024-01-01, file: hire.yaml}]
"""
FACTS = """
schema: rescind/facts/1
facts:
  account: {id: {type: text, default: a}}
  resource: {id: {type: text, default: r}}
  days: {type: integer}
  used: {type: integer}
  kind: {type: choice, choices: [city, cargo]}
  hurt: {type: flag}
  spare: {type: integer, optional: true}
  usual: {type: integer, default: 1}
  tie: {type: text}
  tags: {type: set, choices: [a, b]}
  amount: {type: money}
  order: {id: {type: text, default: o}, paid: {type: instruments, choices: [cash, card], currency: EUR}}
  rates: {type: rates, optional: true}
"""
POLICY = """
schema: rescind/policy/1
policy: hire
version: "1"
title: t
"""
REFUND = "refund: {paid: order.paid, terms: [{id: all, instruments: {cash: full, card: full}}]}"
GOOD = {
    "days": 10, "used": 5, "kind": "city", "hurt": False, "tags": ["a"], "amount": "9 EUR",
    "order": {"paid": {"cash": "100.00 EUR"}},
}  # fmt: skip


@pytest.fixture
def load(tmp_path):
    def loaded(policy):
        files = {"policies.yaml": BOOK, "facts.yaml": FACTS, "hire.yaml": POLICY + policy}
        for name, text in files.items():
            (tmp_path / name).write_text(text, "utf-8")
        return Engine.load(tmp_path, drafts=True)

    return loaded


def without(*names, **changes):
    facts = json.loads(json.dumps(GOOD)) | changes
    for name in names:
        *groups, leaf = name.split(".")
        inner = facts
        for group in groups:
            inner = inner[group]
        del inner[leaf]
    return facts


def refused(engine, facts):
    with pytest.raises(FactsError) as caught:
        engine.decide(facts, at=AT)
    return [(found.code, found.location.path, "later" in found.message) for found in caught.value.problems]


def blocker(when, name="b"):
    return f"{{id: {name}, message: m, when: {when}}}"


def truth(load, when, facts):
    """What a condition is: True, False or None."""
    engine = load(f"blockers:\n  - {blocker(when)}\n")
    try:
        return engine.decide(facts, at=AT).outcome == "blocked"
    except FactsError:
        return None


MISSING = without("days", "kind", "hurt", "tags", "amount")
UNKNOWN = (
    "{days: {over: 5}}", "{days: {at_least: 5}}", "{days: {under: 5}}", "{days: {at_most: 5}}",
    "{days: 5}", "{days: {is_not: 5}}", "{days: [1, 2]}", "{days: {not_in: [1, 2]}}", "{days: {between: [1, 2]}}",
    "{kind: city}", "{kind: {is_not: city}}", "{hurt: true}", "{hurt: false}", "{hurt: {is_not: true}}",
    "{tags: {has: a}}", "{amount: {over: 5 EUR}}", "{amount: {over: 5 USD}}", "{days: {under: {fact: used}}}",
    "{used: {is: {fact: days}}}", "{used: {is_not: {fact: days}}}", "{days: {present: true}}",
    "{days: {present: false}}", "{order.paid.card: {over: 5 USD}}",
)  # fmt: skip


@pytest.mark.parametrize("leaf", UNKNOWN)
def test_a_comparison_with_what_is_missing_is_neither_true_nor_false(load, leaf):
    assert truth(load, leaf, MISSING) is None
    assert truth(load, f"{{not: {leaf}}}", MISSING) is None
    assert truth(load, f"{{all: [{leaf}, {{not: {leaf}}}]}}", MISSING) is None
    assert truth(load, f"{{any: [{{not: {leaf}}}, {leaf}]}}", MISSING) is None
    for settled in ("[{usual: 7}, %s]", "[%s, {usual: 7}]"):
        assert truth(load, f"{{all: {settled % leaf}}}", MISSING) is False
        assert truth(load, f"{{any: {settled % leaf}}}", MISSING) is None
    for settled in ("[{usual: 1}, %s]", "[%s, {usual: 1}]"):
        assert truth(load, f"{{any: {settled % leaf}}}", MISSING) is True
        assert truth(load, f"{{all: {settled % leaf}}}", MISSING) is None


def test_branches_that_contradict_or_complete_themselves_stay_unknown(load):
    for when in (
        "{all: [{days: {over: 5}}, {days: {at_most: 5}}]}",
        "{any: [{days: {over: 5}}, {days: {at_most: 5}}]}",
    ):
        assert truth(load, when, MISSING) is None
    assert truth(load, "{days: {over: 5, at_most: 5}}", GOOD) is False


def test_an_absent_optional_fact_is_known(load):
    assert truth(load, "{spare: {over: 5}}", GOOD) is False
    assert truth(load, "{spare: {is_not: 5}}", GOOD) is False
    assert truth(load, "{not: {spare: {over: 5}}}", GOOD) is True
    assert truth(load, "{spare: {over: {fact: days}}}", MISSING) is False
    assert truth(load, "{spare: {present: false}}", GOOD) is True


def test_a_condition_too_wide_for_one_ruleset_is_unknown_in_part(load):
    """Parts become flags of an earlier stage, which each filling reads for itself."""
    one = "{any: [{days: 1}, {days: 2}, {days: 3}, {days: 4}, {usual: 1}]}"
    two = "{any: [{used: 1}, {used: 2}, {used: 3}, {used: 4}, {days: 9}]}"
    assert truth(load, f"{{all: [{one}, {two}]}}", MISSING) is None
    assert truth(load, f"{{all: [{one}, {two}]}}", without("days", used=2)) is True
    assert truth(load, f"{{all: [{one}, {two}]}}", without("days", usual=2, used=2)) is None
    assert truth(load, f"{{not: {{all: [{one}, {two}]}}}}", MISSING) is None


def test_more_literals_of_two_comparisons_than_fit_into_one_rule(load):
    many = ", ".join(f"{{days: {{is_not: {number}}}}}" for number in range(150))
    assert truth(load, f"{{all: [{many}]}}", MISSING) is None
    assert truth(load, f"{{all: [{many}, {{usual: 2}}]}}", MISSING) is False
    assert truth(load, f"{{all: [{many}]}}", GOOD) is False
    assert truth(load, f"{{all: [{many}]}}", without(days=151)) is True


# The steps.


def test_an_unknown_policy_is_an_error_that_names_what_later_steps_may_ask_for(load):
    engine = load(f"applies_to: {{kind: city}}\nblockers:\n  - {blocker('{hurt: true}')}\n{REFUND}")
    given = without("kind", "hurt", "order.paid", "days")
    assert refused(engine, given) == [
        ("R0901", "kind", False), ("R0901", "hurt", True), ("R0901", "order.paid", True)
    ]  # fmt: skip
    assert engine.decide(given | {"kind": "cargo"}, at=AT).outcome == "not_applicable"
    assert refused(engine, given | {"kind": "city"}) == [
        ("R0901", "hurt", False),
        ("R0901", "order.paid", True),
    ]


def test_one_blocker_that_matches_blocks_whatever_else_is_unknown(load):
    rows = [
        blocker(when, name)
        for when, name in (("{days: 1}", "one"), ("{usual: 1}", "two"), ("{hurt: true}", "three"))
    ]
    engine = load("blockers:\n" + "".join(f"  - {row}\n" for row in rows))
    decision = engine.decide(without("days", "hurt"), at=AT)
    assert decision.outcome == "blocked"
    assert [each.id for each in decision.blockers] == ["two"]
    assert [(each.id, [why.location.path for why in each.why]) for each in decision.undetermined] == [
        ("one", ["days"]), ("three", ["hurt"])
    ]  # fmt: skip
    document = decision.to_dict()
    assert [(row["id"], row["why"][0]["code"]) for row in document["undetermined"]] == [
        ("one", "R0901"), ("three", "R0901")
    ]  # fmt: skip
    assert "undetermined" not in engine.decide(GOOD, at=AT).to_dict()
    # All that is missing for the step is named, where no other blocker matches.
    assert refused(engine, without("days", "hurt", usual=2)) == [
        ("R0901", "days", False), ("R0901", "hurt", False)
    ]  # fmt: skip


def test_an_unknown_review_is_an_error_beside_a_true_one(load):
    review = "{{id: {0}, by: x, within: 1h, on_timeout: approve, when: {{{1}}}}}"
    engine = load(f"review: [{review.format('a', 'usual: 1')}, {review.format('b', 'days: 1')}]\n{REFUND}")
    assert refused(engine, without("days", "order.paid")) == [
        ("R0901", "days", False),
        ("R0901", "order.paid", True),
    ]
    assert refused(engine, without("order.paid")) == [("R0901", "order.paid", False)]


def test_after_an_unknown_row_the_result_is_unknown_whatever_follows(load):
    policy = """
values:
  rate: [{when: {days: 1}, is: 1}, {when: {usual: 1}, is: 2}, {otherwise: 3}]
  other: [{when: {usual: 1}, is: 2}, {when: {days: 1}, is: 1}, {otherwise: 3}]
blockers: [{id: b, message: m, when: {%s: 2}}]
"""
    assert refused(load(policy % "rate"), without("days")) == [("R0901", "days", False)]
    assert load(policy % "other").decide(without("days"), at=AT).outcome == "blocked"


def test_after_unknown_terms_the_refund_is_unknown_whatever_follows(load):
    terms = "[{id: a, when: {days: 1}, %s}, {id: b, when: {usual: 1}, %s}, {id: c, %s}]"
    same = "instruments: {cash: full, card: full}"
    engine = load(f"refund: {{paid: order.paid, terms: {terms % (same, same, same)}}}")
    assert refused(engine, without("days")) == [("R0901", "days", False)]
    assert engine.decide(GOOD, at=AT).refund.terms == "b"


@pytest.mark.parametrize(
    ("instruments", "needs"),
    [
        ("{cash: full, card: {return: full, when: {hurt: false}}}", False),  # nothing was paid by card
        ("{cash: {return: full, when: {hurt: false}}, card: full}", True),
        (
            "{cash: {return: full, to: [{when: {hurt: true}, to: bank}, {otherwise: account}]}, card: full}",
            True,
        ),
        (
            "{cash: {return: full, to: [{when: {usual: 1}, to: bank}, {when: {hurt: true}, to: bank}]}, card: full}",
            False,
        ),
    ],
)
def test_conditions_of_what_paid_nothing_are_not_asked(load, instruments, needs):
    engine = load(f"refund: {{paid: order.paid, terms: [{{id: a, instruments: {instruments}}}]}}")
    if needs:
        assert refused(engine, without("hurt")) == [("R0901", "hurt", False)]
    else:
        assert engine.decide(without("hurt"), at=AT).refund.total.minor == 100_00


def test_a_debt_falls_on_an_instrument_that_paid_nothing_so_its_condition_is_asked(load):
    engine = load(
        "refund:\n  paid: order.paid\n  below_zero: charge\n  terms:\n"
        "    - id: a\n      deduct: {fee: 5 EUR}\n"
        "      instruments: {cash: full, card: {return: remainder, when: {hurt: false}}}\n"
    )
    assert refused(engine, without("hurt")) == [("R0901", "hurt", False)]


def test_where_a_debt_of_an_instrument_that_paid_nothing_goes_is_asked(load):
    engine = load(
        "refund:\n  paid: order.paid\n  below_zero: charge\n  terms:\n"
        "    - id: a\n      deduct: {fee: 5 EUR}\n"
        "      instruments:\n        cash: full\n        card:\n          return: remainder\n"
        "          to: [{when: {hurt: true}, to: bank}, {otherwise: account}]\n"
    )
    assert refused(engine, without("hurt")) == [("R0901", "hurt", False)]


def test_where_a_debt_would_go_is_not_asked_where_there_is_none(load):
    engine = load(
        "refund:\n  paid: order.paid\n  below_zero: charge\n  terms:\n"
        "    - id: a\n      deduct: {fee: 5 EUR}\n"
        "      instruments:\n        cash: remainder\n        card:\n          return: remainder\n"
        "          to: [{when: {hurt: true}, to: bank}, {otherwise: account}]\n"
    )
    assert engine.decide(without("hurt"), at=AT).refund.total.minor == 95_00


def test_every_cause_of_an_unknown_refund_is_named(load):
    engine = load(
        "refund:\n  paid: order.paid\n  terms:\n    - id: a\n"
        "      deduct: {one: 1 EUR * days, two: 1 EUR / (used - 5)}\n"
        "      instruments: {cash: remainder, card: none}\n"
    )
    assert refused(engine, without("days")) == [("R0901", "days", False), ("R0908", "refund.a", False)]
    assert refused(engine, without("days", "order.paid")) == [
        ("R0901", "days", False), ("R0901", "order.paid", False), ("R0908", "refund.a", False)
    ]  # fmt: skip


def test_causes_are_found_once_however_often_they_are_read(load):
    """Two values of each level read both of the level below: there are 2^60 ways down to the fact."""
    levels = "\n".join(
        f"  x{n}: x{n - 1} + y{n - 1}\n  y{n}: x{n - 1} - y{n - 1}" if n else "  x0: days\n  y0: days"
        for n in range(60)
    )
    engine = load(f"values:\n{levels}\nblockers:\n  - {blocker('{x59: 1}')}\n")
    assert refused(engine, without("days")) == [("R0901", "days", False)]


def test_a_long_list_is_explained_in_time(load):
    many = ", ".join(map(str, range(1_000)))
    engine = load(f"blockers:\n  - {blocker(f'{{days: [{many}]}}')}\n")
    assert refused(engine, without("days")) == [("R0901", "days", False)]


# Guards, and that whatever is decided can be printed.

SHARE = "values:\n  share: used / days\n"
GUARDS = {
    "beside a name": "blockers: [{id: b, message: m, when: {days: {over: 0}, share: {over: 1}}}]\n" + REFUND,
    "in all": "blockers: [{id: b, message: m, when: {all: [{share: {over: 1}}, {days: {over: 0}}]}}]\n" + REFUND,
    "in applies_to": "applies_to: {not: {all: [{share: {over: 1}}, {days: {over: 0}}]}}\n" + REFUND,
    "in unless": "review: [{id: r, by: x, within: 1h, on_timeout: reject, when: {share: {over: 1}}, "
    "unless: {days: 0}}]\n" + REFUND,
    "a row": SHARE + "  part: [{when: {days: 0}, is: 1}, {otherwise: share}]\n" + REFUND.replace(
        "{id: all,", "{id: all, when: {part: {at_least: 0}},"
    ),
    "a deduction": REFUND.replace(
        "instruments: {cash: full, card: full}",
        "deduct: {fee: {amount: 10 EUR * share, when: {days: {over: 0}}}}, instruments: {cash: remainder, card: full}",
    ),
    "a term": "refund: {paid: order.paid, terms: [{id: some, when: {days: {over: 0}}, deduct: {fee: 10 EUR * share}, "
    "instruments: {cash: remainder, card: full}}, {id: all, instruments: {cash: full, card: full}}]}",
    "if": SHARE + "  part: share if days > 0 else 0\n" + REFUND.replace(
        "instruments: {cash: full, card: full}",
        "deduct: {fee: 10 EUR * part}, instruments: {cash: remainder, card: full}",
    ),
    "and": SHARE + "  large: days > 0 and share > 1\nblockers: [{id: b, message: m, when: {large: true}}]\n" + REFUND,
}  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guarded_value_is_no_error_and_the_decision_prints(load, guard, tmp_path):
    policy = GUARDS[guard]
    engine = load(policy if "share: used" in policy else SHARE + policy)
    given = without(days=0)
    decision = engine.decide(given, at=AT)
    assert decision.outcome == "allowed"
    assert decision.refund.total.minor == 100_00
    document = json.loads(decision.to_json())
    assert "share" not in document["values"]
    assert decision.working
    for why in document.get("unknown_values", {}).values():
        assert why[0]["code"] == "R0908"
    assert decision.to_json() == decision.to_json()
    assert engine.decide(GOOD, at=AT).outcome in {"allowed", "blocked"}
    _prints_everywhere(tmp_path, given)


def _prints_everywhere(folder, facts):
    """The commands that print decisions do, and all of them."""
    rows = folder / "rows.jsonl"
    rows.write_text(f"{json.dumps(facts)}\n{json.dumps(facts)}\n", "utf-8")
    one = folder / "one.json"
    one.write_text(json.dumps(facts), "utf-8")
    book = ("--book", str(folder), "--at", AT)
    for words in (
        ["decide", str(rows), *book],
        ["decide", str(rows), *book, "--format", "jsonl"],
        ["decide", str(one), *book, "--explain"],
        ["decide", str(one), *book, "--format", "json"],
        ["request", str(one), *book, "--reason", "any", "--format", "json"],
        ["list", str(rows), *book],
    ):
        result = CliRunner().invoke(main, words)
        assert (result.exit_code, result.exception) == (0, None), (words, result.output)
        assert result.stdout.strip()


def test_a_fact_that_is_sent_and_wrong_is_an_error_before_anything_is_asked(load):
    engine = load("applies_to: {kind: cargo}\n" + REFUND)
    assert refused(engine, without(days="many")) == [("R0903", "days", False)]


def test_a_request_knows_what_goes_together_or_is_an_error(load):
    engine = load("together: tie\n" + REFUND)
    one, two = (GOOD | {"resource": {"id": name}, "tie": "t"} for name in "ab")
    assert len(engine.request([one, two], reason="any", at=AT).lines) == 2
    del two["tie"]
    with pytest.raises(RequestError) as caught:
        engine.request([one, two], reason="any", at=AT)
    assert [(each.code, each.location.path) for each in caught.value.problems] == [("R0901", "row 2: tie")]
    assert len(engine.request([two], reason="any", at=AT).lines) == 1


def test_text_says_what_is_undetermined(load, tmp_path):
    load(f"blockers:\n  - {blocker('{usual: 1}', 'two')}\n  - {blocker('{hurt: true}', 'three')}\n")
    path = tmp_path / "one.json"
    path.write_text(json.dumps(without("hurt")), "utf-8")
    words = CliRunner().invoke(main, ["decide", str(path), "--book", str(tmp_path), "--at", AT]).stdout
    assert "three" in words
    assert "the fact `hurt` is missing" in words
