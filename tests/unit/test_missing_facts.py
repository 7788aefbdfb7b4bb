"""What is decided without some facts stays decided, and the same, whatever those facts are.

The authors' cases of the books here, each without a few of its required facts: either an error that names what is
missing, or the answer that the whole case has.
"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path

import pytest
from rescind import Engine, FactsError
from rescind.authoring.run_cases import read_suites, suite_files, trials_of
from rescind.problems.problem import Problems

ROOT = Path(__file__).parents[2]
BOOKS = ("policies.yaml", "examples/books/china/policies.yaml")


def without(facts, names):
    less = copy.deepcopy(facts)
    for name in names:
        *groups, leaf = name.split(".")
        inner = less
        for group in groups:
            inner = inner.get(group, {})
        inner.pop(leaf, None)
    return less


def grows(less, whole):
    """Whether the decision on fewer facts is that on all of them, but for what it says it does not know."""
    same = ("outcome", "policy", "refund", "request")
    found, blockers = ({row["id"] for row in each["blockers"]} for each in (less, whole))
    perhaps = {row["id"] for row in less.get("undetermined", ())}
    return (
        all(less.get(key) == whole.get(key) for key in same)
        and [row["id"] for row in less["reviews"]] == [row["id"] for row in whole["reviews"]]
        and found <= blockers <= found | perhaps
        and all(whole["values"].get(name, value) == value for name, value in less["values"].items())
    )


@pytest.mark.parametrize("book", BOOKS)
def test_facts_that_are_not_needed_change_nothing(book):
    engine, rng = Engine.load(ROOT / book, drafts=True), random.Random(7)
    required = [fact.name for fact in engine.book.vocabulary.facts.values() if fact.required]
    folder, decided = (ROOT / book).parent, 0
    trials = trials_of(read_suites(suite_files(engine.book, folder), folder, engine.book, Problems()))
    for trial in trials:
        facts, at = json.loads(json.dumps(trial.case.facts, default=str)), trial.case.at
        try:
            whole = engine.decide(facts, at=at).to_dict()
        except FactsError:
            continue
        for count in (1, 2, 5):
            names = rng.sample(required, min(count, len(required)))
            try:
                less = engine.decide(without(facts, names), at=at)
            except FactsError:
                continue
            decided += 1
            assert grows(less.to_dict(), whole), (names, trial.case.name)
    assert decided > 5
