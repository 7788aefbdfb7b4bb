"""Times at which a policy has no version in force: passed over and said, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from rescind import Engine, FactsError

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
