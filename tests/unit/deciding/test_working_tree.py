"""The working as a tree: every figure once, under what first read it; flags and zones say where they come from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from rescind.deciding.derivation import Step
from rescind.deciding.working_tree import MAX_DEPTH, in_order, working_tree
from rescind.engine import Engine
from rescind.problems.exceptions import FactsError
from rescind.problems.problem import Location
from rescind.terminal.decision_text import decision_text, working_text
from rescind.values.types import Kind, Type

NUMBER = Type(Kind.NUMBER)
AT = "2025-01-01T20:00:00Z"
BOOK = """\
schema: rescind/book/1
title: Worked out
timezone: UTC
facts: facts.yaml
policies: [{id: p, versions: [{version: "1", in_force_from: 2000-01-01, file: p.yaml}]}]
"""


def step(name, *inputs, zone="", type_=NUMBER):
    given = tuple((each, 1, type_) for each in inputs)
    return Step(name, f"f({', '.join(inputs)})", given, 1, type_, None, Location("p.yaml", 7, 1), zone)


def names(nodes):
    """A tree as names: a figure in full is a pair of its name and what is under it."""
    return [(node["name"], names(node["inputs"])) if "formula" in node else node["name"] for node in nodes]


@pytest.fixture
def load(tmp_path: Path):
    def made(facts: str, version: str) -> Engine:
        head = 'schema: rescind/policy/1\npolicy: p\nversion: "1"\ntitle: Worked out\n'
        (tmp_path / "policies.yaml").write_text(BOOK, "utf-8")
        (tmp_path / "facts.yaml").write_text(f"schema: rescind/facts/1\nfacts: {facts}\n", "utf-8")
        (tmp_path / "p.yaml").write_text(head + version, "utf-8")
        return Engine.load(tmp_path, drafts=True)

    return made


def test_a_figure_stands_under_what_reads_it():
    steps = [step("a", "x"), step("b", "a", "y"), step("c", "b")]
    assert names(working_tree(steps, dt.UTC)) == [("c", [("b", [("a", ["x"]), "y"])])]


def test_what_is_read_twice_stands_in_full_once():
    steps = [step("a", "x"), step("b", "a"), step("c", "a"), step("d", "b", "c")]
    assert names(working_tree(steps, dt.UTC)) == [("d", [("b", [("a", ["x"])]), ("c", ["a"])])]


def test_figures_that_nothing_reads_stand_side_by_side():
    assert names(working_tree([step("a", "x"), step("b", "y")], dt.UTC)) == [("a", ["x"]), ("b", ["y"])]


def test_a_deduction_may_be_called_as_the_value_that_it_reads():
    steps = [step("fee", "x"), step("fee", "fee"), step("remainder", "fee")]
    assert names(working_tree(steps, dt.UTC)) == [("remainder", [("fee", [("fee", ["x"])])])]


def test_a_column_of_an_instrument_is_no_deduction_of_that_name():
    steps = [step("consumed", "x"), step("returned.cash", "paid", "consumed"), step("total", "returned.cash")]
    assert names(working_tree(steps, dt.UTC)) == [
        ("consumed", ["x"]),
        ("total", [("returned.cash", ["paid", "consumed"])]),
    ]


def test_a_tree_is_never_too_deep_to_be_read():
    chain = [step("v0", "x"), *(step(f"v{number}", f"v{number - 1}") for number in range(1, 500))]
    tree = working_tree(chain, dt.UTC)

    def depth(node):
        return 1 + max(map(depth, node.get("inputs", ())), default=0)

    assert max(map(depth, tree)) <= MAX_DEPTH + 1
    assert sorted(node["name"] for node in in_order(tree)) == sorted(each.name for each in chain)


def test_a_figure_follows_what_went_in():
    steps = [step("a", "x"), step("b", "y"), step("c", "b", "a")]
    assert [node["name"] for node in in_order(working_tree(steps, dt.UTC))] == ["b", "a", "c"]


def test_times_are_shown_in_the_zone_that_the_formula_names(load):
    engine = load(
        "{bought: {type: time}, more: {type: integer}}",
        "values:\n  begins: start_of_day(bought, 'Asia/Tokyo')\n  years_used: years(bought, now, 'down')\n"
        "blockers:\n  - {id: late, message: Late., when: {begins: {before: now}}}\n"
        "  - {id: old, message: Old., when: {years_used: {over: 0}}}\n",
    )
    decision = engine.decide({"bought": "2023-03-01T20:00:00Z", "more": 1}, at=AT)
    begins, years = decision.to_dict()["working"]
    assert begins["value"] == "2023-03-02T00:00:00+09:00"
    assert [each["value"] for each in begins["inputs"]] == ["2023-03-02T05:00:00+09:00"]
    assert [each["value"] for each in years["inputs"]] == [
        "2023-03-01T20:00:00+00:00",
        "2025-01-01T20:00:00+00:00",
    ]
    assert decision.values["begins"] == dt.datetime(2023, 3, 1, 15, tzinfo=dt.UTC)
    assert "    bought  2023-03-02T05:00:00+09:00\n" in working_text(decision.to_dict())
    first = decision.to_dict("rescind/decision/1")["working"]
    assert first[0]["value"] == "2023-03-01T15:00:00+00:00"


FLAGS = (
    "{paid_on: {type: time}, due: {type: time}, kind: {type: choice, choices: [a, b]}}",
    (
        "values:\n  late: paid_on > due\n"
        "  special:\n    - {when: {kind: a}, is: true}\n    - {otherwise: false}\n"
        "blockers:\n  - {id: late, message: Late., when: {late: true}}\n"
        "  - {id: special, message: Special., when: {special: true}}\n"
    ),
)


def test_a_flag_says_what_decided_it(load):
    facts = {"paid_on": "2025-01-02T00:00:00Z", "due": "2025-01-01T00:00:00Z", "kind": "a"}
    data = load(*FLAGS).decide(facts, at=AT).to_dict()
    (late,), (special,) = (blocker["because"] for blocker in data["blockers"])
    assert late["decided_by"]["formula"] == "paid_on > due"
    assert [each["name"] for each in late["decided_by"]["inputs"]] == ["paid_on", "due"]
    assert special["decided_by"]["at"] == "p.yaml:8"
    text = decision_text(data)
    assert (
        "because late is true: paid_on > due, with paid_on 2025-01-02T00:00:00+00:00, due 2025-01-01T00:00:00+00:00\n"
        in text
    )
    assert "because special is true, where kind is a\n" in text


def test_a_flag_of_a_policy_that_does_not_apply_says_it_too(load):
    version = FLAGS[1].replace("blockers:", "applies_to: {late: true}\nblockers:")
    facts = {"paid_on": "2025-01-01T00:00:00Z", "due": "2025-01-01T00:00:00Z", "kind": "b"}
    data = load(FLAGS[0], version).decide(facts, at=AT).to_dict()
    (failed,) = data["failed"][0]["because"]
    assert (failed["value"], failed["decided_by"]["formula"]) == (False, "paid_on > due")
    assert "because late is false: paid_on > due, with paid_on " in decision_text(data)


def test_what_is_compared_with_another_fact_has_both_values(load):
    engine = load(
        "{whole: {type: integer}, part: {type: number, optional: true}}",
        "blockers:\n  - {id: b, message: B., when: {whole: {under: {fact: part}}}}\n"
        "  - {id: other, message: N., when: {not: {whole: {under: {fact: part}}}}}\n",
    )
    (blocker,) = engine.decide({"whole": 2, "part": "2.5"}, at=AT).to_dict()["blockers"]
    (reason,) = blocker["because"]
    assert reason["operand"] == {"fact": "part"}
    assert (reason["value"], reason["operand_value"], reason["needs"]) == (2, "2.5", "under part (2.5)")
    (blocker,) = engine.decide({"whole": 2}, at=AT).to_dict()["blockers"]
    assert [(each["fact"], each["operator"], each["value"]) for each in blocker["because"]] == [
        ("part", "present", None)
    ]
    assert blocker["because"][0]["negated"] is True
    assert "because part is absent\n" in decision_text(engine.decide({"whole": 2}, at=AT).to_dict())


def test_lists_and_sets_are_readable(load):
    engine = load(
        "{tags: {type: set}, stays: {type: list, optional: true, fields: {id: {type: text}, open: {type: flag}}}}",
        "blockers:\n  - {id: t, message: T., when: {tags: {has: x}}}\n"
        "  - {id: s, message: S., when: {stays: {present: true}}}\n",
    )
    facts = {"tags": ["y", "x"], "stays": [{"id": "1", "open": True}, {"id": "2", "open": False}]}
    text = decision_text(engine.decide(facts, at=AT).to_dict())
    assert "because tags is x, y, which has x\n" in text
    assert "because stays is present\n" in text


def test_a_formula_without_a_value_names_its_policy_and_line(load):
    engine = load(
        "{parts: {type: integer}}",
        "values:\n  share: 1 / parts\nblockers:\n  - {id: b, message: B., when: {share: {over: 1}}}\n",
    )
    with pytest.raises(
        FactsError, match=r"^values\.share: R0908 `1 / parts`: .* \(the policy `p` 1, p\.yaml:6\)$"
    ):
        engine.decide({"parts": 0}, at=AT)
