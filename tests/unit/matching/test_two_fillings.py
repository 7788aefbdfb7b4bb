"""A record of which something is unknown is matched twice, and the two answers are held to each other."""

from __future__ import annotations

import json

import pytest
from rescind import Engine
from rescind.matching.ruleset_columns import GREATEST, LEAST, MAX_INTEGER
from rescind.matching.ruleset_limits import MAX_ATOMS_PER_SHARD, MAX_FIELDS, MAX_RULES_PER_SHARD
from rescind.matching.two_fillings import Matcher
from rescind.problems.exceptions import EngineError

COLUMNS = [{"bound": "low"}, {"bound": "high"}, {}]


class Answers:
    """A ruleset that gives the answers it was told, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def fire(self, values):
        self.asked.append(tuple(values))
        return self.answers.pop(0)


def test_unknown_columns_are_filled_so_that_no_literal_holds_and_then_that_all_do():
    ruleset = Answers(["a"], ["a", "b"])
    assert Matcher(COLUMNS, ruleset).match((None, None, 7)) == (["a"], ["b"])
    assert ruleset.asked == [(LEAST, GREATEST, 7), (GREATEST, LEAST, 7)]
    assert LEAST < -MAX_INTEGER - 1
    assert GREATEST > MAX_INTEGER + 1


def test_where_a_rule_ends_the_case_the_second_filling_is_not_asked():
    ruleset = Answers(["a", "end"])
    assert Matcher(COLUMNS, ruleset, ["end"]).match((None, 1, 2)) == (["a", "end"], [])
    assert len(ruleset.asked) == 1


@pytest.mark.parametrize("possible", [[], ["b"], ["b", "c"]])
def test_a_rule_that_holds_and_may_not_hold_is_an_error(possible):
    with pytest.raises(EngineError, match="contradicts itself"):
        Matcher(COLUMNS, Answers(["a"], possible)).match((None, 1, 2))


def loaded(folder, facts, blockers):
    version = {"version": "1", "in_force_from": "2024-01-01", "file": "p.yaml"}
    files = {
        "policies.yaml": {
            "schema": "rescind/book/1", "title": "t", "timezone": "UTC", "facts": "facts.yaml",
            "policies": [{"id": "p", "versions": [version]}],
        },
        "facts.yaml": {"schema": "rescind/facts/1", "facts": facts},
        "p.yaml": {
            "schema": "rescind/policy/1", "policy": "p", "version": "1", "title": "t",
            "blockers": [
                {"id": f"b{number}", "when": when, "message": "no"} for number, when in enumerate(blockers)
            ],
        },
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).write_text(json.dumps(data), "utf-8")
    return Engine.load(folder, drafts=True)


def test_shards_are_cut_by_all_comparisons_repeats_counted(tmp_path):
    """41 comparisons that 55 rules share are few by themselves, and too many in one ruleset."""
    facts = {f"n{number}": {"type": "integer"} for number in range(42)}
    shared = [{f"n{number}": {"is_not": 7}} for number in range(41)]
    engine = loaded(tmp_path, facts, [{"all": [*shared, {"n41": number}]} for number in range(55)])
    for shard in engine.definition("p", "1")["stages"][0]["shards"]:
        atoms = [len(rule["all"][0]["m"]["$and"]) for rule in shard["rules"].values()]
        assert sum(atoms) <= MAX_ATOMS_PER_SHARD
        assert len(atoms) <= MAX_RULES_PER_SHARD + 1
        assert len(shard["fields"]) <= MAX_FIELDS
    given = dict.fromkeys(facts, 1) | {"n41": 54}
    assert [each.id for each in engine.decide(given, at="2025-01-01T00:00:00Z").blockers] == ["b54"]
    del given["n0"]
    with pytest.raises(Exception, match="`n0` is missing"):
        engine.decide(given, at="2025-01-01T00:00:00Z")


def test_branches_with_the_same_comparisons_share_a_rule(tmp_path):
    whens = [{"n": 5}, {"n": {"at_least": 5, "at_most": 5}}, {"all": [{"n": 5}, {"n": {"at_least": 5}}]}]
    engine = loaded(tmp_path, {"n": {"type": "integer"}}, whens)
    rules = engine.definition("p", "1")["rules"]
    assert [meaning["unit"] for meaning in rules["blockers/b0#1"]] == [f"blockers/b{n}" for n in range(3)]


def test_what_is_never_unknown_has_one_column(tmp_path):
    facts = {
        "a": {"type": "integer", "default": 1}, "b": {"type": "integer", "optional": True},
        "c": {"type": "integer"}, "d": {"type": "money", "default": "1 EUR"},
    }  # fmt: skip
    whens = [{"a": 5}, {"b": 5}, {"c": 5}, {"now": {"after": "2024-01-01T00:00:00Z"}}, {"d": "5 EUR"}]
    columns = loaded(tmp_path, facts, whens).definition("p", "1")["stages"][0]["columns"]
    bounds = {}
    for column in columns:
        bounds.setdefault(column["reads"], []).append(column.get("bound"))
    assert bounds == {
        "a": [None], "b": [None, None], "c": ["low", "high"], "now": [None],
        "d": ["low", "high"],  # the case may send another currency, and no rate
    }  # fmt: skip
