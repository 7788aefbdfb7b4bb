"""The shipped books and their suites: every case passes, every rule is tried, no mutant survives unargued."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from rescind.authoring.cases import Equivalent
from rescind.authoring.coverage import cover
from rescind.authoring.evaluate_conditions import Unknown, holds
from rescind.authoring.mutation.find_mutants import find_mutants
from rescind.authoring.run_cases import (
    Result,
    read_suites,
    run_trials,
    suite_files,
    trials_of,
    versions_reached,
)
from rescind.book.rules_of_version import rules_of
from rescind.book.words import Outcome
from rescind.engine import Engine
from rescind.problems.problem import Problems

ROOT = Path(__file__).parents[3]
BOOKS = {
    "shipped": ROOT,
    "china": ROOT / "examples/books/china",
    "new-york": ROOT / "examples/books/new-york",
}
# A rule that two policies share, and that one of them never asks in this way; the suites argue it.
NEVER = {
    "in-use-resources 2026-05-26": (
        "blockers/effective-package: resource.state != creation_failed never false",
    )
}


@cache
def session(name: str) -> tuple[Engine, list[Result], list[Equivalent]]:
    engine = Engine.load(BOOKS[name], drafts=True)
    problems = Problems()
    suites = read_suites(suite_files(engine.book, BOOKS[name]), BOOKS[name], engine.book, problems)
    assert list(problems) == []
    results = run_trials(engine, trials_of(suites))
    return engine, results, [each for suite in suites for each in suite.equivalents]


each_book = pytest.mark.parametrize("name", BOOKS)


@each_book
def test_every_case_passes(name):
    _, results, _ = session(name)
    assert len(results) > 30
    assert [result.trial.name for result in results if not result.passed] == []


@each_book
def test_every_rule_is_tried_both_ways_and_every_limit_on_both_sides(name):
    engine, results, _ = session(name)
    for version in cover(engine, results).versions:
        assert version.untried == NEVER.get(f"{version.policy} {version.version}", ())


POLICIES = [
    (name, policy.id)
    for name, path in BOOKS.items()
    for policy in Engine.load(path, drafts=True).book.policies
]


@pytest.mark.parametrize(("name", "policy"), POLICIES)
def test_no_mutant_survives(name, policy):
    engine, results, equivalents = session(name)
    mine = [each for each in equivalents if any(target.policy == policy for target in each.targets)]
    versions = next(each for each in engine.book.policies if each.id == policy).versions
    report = find_mutants(engine, results, mine, versions)
    assert report.made > 25 * len(versions)
    assert [f"{each.version} {each.mutant}" for each in report.survivors] == []
    assert report.stale == ()
    assert all(each.reason for each in report.accepted)


@each_book
def test_the_rules_engine_and_python_agree_on_every_condition(name):
    """The workbench evaluates conditions itself: of each case, every condition that the rules engine decided."""
    engine, results, _ = session(name)
    compared = 0
    for result in results:
        for contact in versions_reached(engine, result):
            if not contact.decided:
                assert holds(contact.version.applies_to, contact.run) is False
                continue
            rules = rules_of(contact.version)
            blocked = not result.decision or result.decision.outcome == Outcome.BLOCKED
            for rule in rules.gates() if blocked else rules:
                try:
                    held = holds(rule.condition, contact.run)
                except Unknown:
                    continue
                assert held == contact.run.holds(rule.name), (result.trial.name, rule.name)
                compared += 1
    assert compared > 500
