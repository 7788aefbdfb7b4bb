"""Times at which a policy has no version in force: passed over and said, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from rescind import Engine, FactsError
from rescind.terminal.decision_text import decision_text

FACTS = """
schema: rescind/facts/1
facts:
  resource:
    kind: {type: choice, choices: [vm, disk]}
"""
VERSION = """
schema: rescind/policy/1
policy: {policy}
version: "{version}"
title: T
applies_to: {applies_to}
"""
BOOK = """
schema: rescind/book/1
title: T
timezone: UTC
facts: facts.yaml
policies:
  - id: machines
    versions:
      - {version: "1", in_force_from: 2024-01-01, in_force_until: 2024-06-01, file: m1.yaml}
      - {version: "2", in_force_from: 2024-09-01, in_force_until: 2025-01-01, file: m2.yaml}
  - id: anything
    versions:
      - {version: "1", in_force_from: 2023-01-01, file: a1.yaml}
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder: Path = tmp_path_factory.mktemp("book")
    texts = {
        "policies.yaml": BOOK,
        "facts.yaml": FACTS,
        "m1.yaml": VERSION.format(policy="machines", version="1", applies_to="{resource.kind: vm}"),
        "m2.yaml": VERSION.format(policy="machines", version="2", applies_to="{resource.kind: vm}"),
        "a1.yaml": VERSION.format(policy="anything", version="1", applies_to="{resource.kind: [vm, disk]}"),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Engine.load(folder, drafts=True)


@pytest.mark.parametrize("at", ["2023-06-01T00:00:00Z", "2025-01-01T00:00:00Z"])
def test_before_the_first_and_after_the_last_version_a_policy_is_passed_over_and_said(engine, at):
    decision = engine.decide({"resource": {"kind": "vm"}}, at=at).to_dict()
    assert decision["policy"]["id"] == "anything"
    assert decision["path"] == [{"policy": "machines", "version": None, "because": []}]


@pytest.mark.parametrize("at", ["2024-06-01T00:00:00Z", "2024-08-31T23:59:59.999999Z"])
def test_in_a_gap_no_later_policy_takes_a_case_of_the_earlier_version(engine, at):
    with pytest.raises(FactsError, match=r"R0905 no version of `machines` is in force"):
        engine.decide({"resource": {"kind": "vm"}}, at=at)


def test_in_a_gap_other_cases_are_decided(engine):
    decision = engine.decide({"resource": {"kind": "disk"}}, at="2024-07-01T00:00:00Z")
    assert decision.version.policy == "anything"


def test_the_last_instant_of_a_version(engine):
    decision = engine.decide({"resource": {"kind": "vm"}}, at="2024-05-31T23:59:59.999999Z")
    assert decision.version.policy == "machines"


# A policy that begins later than the case.

LATER = """
schema: rescind/book/1
title: T
timezone: UTC
facts: facts.yaml
policies:
{policies}
"""
MACHINES = "  - {{id: machines{before}, versions: [{{version: '1', in_force_from: {start}, file: m1.yaml}}]}}"
ANYTHING = "  - {id: anything, versions: [{version: '1', in_force_from: 2020-01-01, file: a1.yaml}]}"
BEFORE, AFTER = "2024-06-01T00:00:00Z", "2026-06-01T00:00:00Z"


def later(tmp_path: Path, *, before: str = "", alone: bool = False, first: bool = False) -> Engine:
    """A book of `anything`, which takes disks, and of `machines`, which takes machines from 2026 on."""
    machines = MACHINES.format(before=f", before_first: {before}" if before else "", start="2026-01-01")
    policies = [machines] if alone else [machines, ANYTHING] if first else [ANYTHING, machines]
    facts = f"{FACTS}  request:\n    submitted_at: {{type: time, optional: true}}\n"
    texts = {
        "policies.yaml": LATER.format(policies="\n".join(policies)),
        "facts.yaml": facts,
        "m1.yaml": VERSION.format(policy="machines", version="1", applies_to="{resource.kind: vm}"),
        "a1.yaml": VERSION.format(policy="anything", version="1", applies_to="{resource.kind: disk}"),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Engine.load(tmp_path, drafts=True)


def answer(engine: Engine, kind: str, at: str, **request: str) -> str:
    """The outcome and the policy, or the code of the error."""
    facts = {"resource": {"kind": kind}, **({"request": request} if request else {})}
    try:
        decision = engine.decide(facts, at=at)
    except FactsError as error:
        return error.problems[0].code
    return f"{decision.outcome} {decision.version.policy if decision.version else '-'}"


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("before", ["", "pass_over"])
def test_a_policy_that_begins_later_turns_no_not_applicable_into_an_error(tmp_path, before, first):
    engine = later(tmp_path, before=before, first=first)
    assert answer(engine, "vm", BEFORE) == "not_applicable -"
    assert answer(engine, "disk", BEFORE) == "allowed anything"
    assert answer(engine, "vm", AFTER) == "allowed machines"


def test_a_submitted_request_keeps_its_answer_when_the_policy_has_begun(tmp_path):
    engine = later(tmp_path)
    submitted = answer(engine, "vm", BEFORE, submitted_at=BEFORE)
    assert submitted == "not_applicable -"
    assert answer(engine, "vm", AFTER, submitted_at=BEFORE) == submitted


def test_the_decision_says_which_policy_was_passed_over(tmp_path):
    decision = later(tmp_path).decide({"resource": {"kind": "vm"}}, at=BEFORE).to_dict()
    assert "machines was passed over: no version of it is in force at that time" in decision_text(decision)
    assert [(each["policy"], each["version"]) for each in decision["failed"]] == [
        ("anything", "1"),
        ("machines", None),
    ]


def test_where_nothing_else_is_in_force_nobody_knows_what_governed_the_case(tmp_path):
    assert answer(later(tmp_path, alone=True), "vm", BEFORE) == "R0905"
    assert answer(later(tmp_path, alone=True, before="error"), "vm", BEFORE) == "R0905"
    assert answer(later(tmp_path, alone=True, before="pass_over"), "vm", BEFORE) == "not_applicable -"


def test_before_the_first_version_a_case_may_be_an_error_also_where_a_later_policy_would_take_it(tmp_path):
    engine = later(tmp_path, before="error", first=True)
    assert answer(engine, "disk", BEFORE) == "R0905"
    assert answer(engine, "disk", AFTER) == "allowed anything"
    behind = later(tmp_path, before="error")
    assert answer(behind, "disk", BEFORE) == "allowed anything"
    assert answer(behind, "vm", BEFORE) == "R0905"


def test_after_its_last_version_a_policy_is_not_one_that_begins_later(engine):
    with pytest.raises(FactsError, match=r"R0905 no version of `machines` is in force"):
        engine.decide({"resource": {"kind": "vm"}}, at="2025-06-01T00:00:00Z", policy="machines")
