"""Verdicts are kept by the number of their rules, so that odd facts cannot fill the memory."""

from __future__ import annotations

import itertools
import json
import random
import tracemalloc
from pathlib import Path

import pytest
from rescind import Engine
from rescind.book.rules_of_version import rules_of
from rescind.deciding import verdict
from rescind.deciding.verdict import MAX_RULES_KEPT, Judge

COUNT = 1_000


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A policy of a thousand blockers that hold independently of each other."""
    flags = [f"f{number}" for number in range(COUNT)]
    version = {"version": "1", "in_force_from": "2024-01-01", "file": "p.yaml"}
    files = {
        "policies.yaml": {
            "schema": "rescind/book/1",
            "title": "t",
            "timezone": "UTC",
            "facts": "facts.yaml",
            "policies": [{"id": "p", "versions": [version]}],
        },
        "facts.yaml": {"schema": "rescind/facts/1", "facts": {flag: {"type": "flag"} for flag in flags}},
        "p.yaml": {
            "schema": "rescind/policy/1",
            "policy": "p",
            "version": "1",
            "title": "t",
            "blockers": [{"id": f"b-{flag}", "when": {flag: True}, "message": "no"} for flag in flags],
        },
    }
    folder: Path = tmp_path_factory.mktemp("book")
    for name, data in files.items():
        (folder / name).write_text(json.dumps(data), "utf-8")
    return Engine.load(folder, drafts=True)


def judge_of(engine):
    version = engine.book.policies[0].versions[0]
    return Judge(version, rules_of(version), engine.definition("p", "1"))


@pytest.fixture
def judge(engine):
    return judge_of(engine)


def some_rules(engine, count, rng):
    rules = [rule for rule in engine.definition("p", "1")["rules"] if rule.startswith("blockers/")]
    return tuple(rule for rule in rules if rng.random() < count / COUNT)


def kept(judge):
    return sum(len(held) + len(possible) + verdict.RULES_PER_VERDICT for held, possible in judge._known)


def test_what_is_kept_of_a_thousand_independent_blockers_has_a_bound_in_bytes(engine, judge):
    rng = random.Random(1)
    judge(some_rules(engine, 500, rng))
    tracemalloc.start()
    before, sizes = tracemalloc.get_traced_memory()[0], []
    for _ in range(3):
        for _ in range(70):
            rules = some_rules(engine, 500, rng)
            assert len(judge(rules).blockers) == len(rules)
        sizes.append(tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    assert MAX_RULES_KEPT - COUNT < kept(judge) <= MAX_RULES_KEPT
    assert sizes[0] < 25_000_000
    assert sizes[2] - sizes[1] < 100_000


def test_many_small_verdicts_have_the_same_bound(engine, judge, monkeypatch):
    monkeypatch.setattr(judge, "_room", 4_096)
    pairs = list(itertools.pairwise(some_rules(engine, COUNT, random.Random(2))))
    for pair in pairs:
        judge(pair)
    assert kept(judge) == 4_096 // 10 * 10
    assert len(judge._known) < len(pairs)


def test_a_verdict_that_is_kept_is_the_same_as_one_that_is_not(engine, judge, monkeypatch):
    rng = random.Random(3)
    monkeypatch.setattr(verdict, "MAX_RULES_KEPT", 0)
    forgetful = judge_of(engine)
    for _ in range(5):
        rules = some_rules(engine, 500, rng)
        assert judge(rules) is judge(rules) == forgetful(rules)
    assert not forgetful._known
