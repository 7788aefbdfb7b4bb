"""A digest changes with what a version says, and with nothing else: not with a vocabulary or a calendar that grows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rescind.book.digest import digest_by_first_rule, digest_of
from rescind.engine import Engine
from rescind.problems.exceptions import BookError

BASE = Path(__file__).parents[2] / "corpus" / "base"
HIRE, FACTS, RULES, FEES = (
    "rules/hire/2.yaml",
    "rules/facts.yaml",
    "rules/shared/rules.yaml",
    "rules/shared/fees.yaml",
)


def digests(folder):
    return {
        (policy.id, version.version): version.digest
        for policy in Engine.load(folder, drafts=True).book.policies
        for version in policy.versions
    }


@pytest.fixture(scope="module")
def before():
    return digests(BASE)


def changed(before, tmp_path, file, old, new):
    """The versions whose digest another text changes."""
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / file).read_text("utf-8")
    assert text.count(old) == 1
    (tmp_path / file).write_text(text.replace(old, new), "utf-8")
    after = digests(tmp_path)
    return sorted(" ".join(key) for key in before if before[key] != after[key])


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (HIRE, "values:\n", "values:   # a comment\n\n"),
        (
            HIRE,
            'version: "2"\ntitle: Giving back a hired bicycle',
            'title: "Giving back a hired bicycle"\nversion: "2"',
        ),
        (HIRE, "by: manager\n    within: 24h", "within: 24h\n    by: manager"),
        (HIRE, "- id: dear\n", "- id: dear\n    description: Many words.\n"),
        (HIRE, "{bike.kilometres: {under: 5}}", "{ 'bike.kilometres' : {under: 5} }"),
        (FACTS, "description: What kind of bicycle.", "description: Another description."),
        (FACTS, "{city: City bike,", "{city: Bicycle,"),
        (FACTS, "kilometres:\n", "kilometres:\n      examples: [5]\n"),
        (FACTS, "racer: Racing bike", "racing: Racing bike"),
        (FACTS, "racer: Racing bike", "racer: Racing bike, tandem: Tandem"),
        (FACTS, "voucher: Voucher", "voucher: Voucher, points: Points"),
        (FACTS, "[basket, child_seat, lock]", "[basket, bell, child_seat, lock]"),
        (FACTS, "[basket, child_seat, lock]", "[child_seat]"),
        (FACTS, "        used: {type: flag}\n", "        used: {type: flag}\n        colour: {type: text}\n"),
        (FACTS, "  order:\n", "  weather: {type: text}\n  order:\n"),
        (FACTS, "default: 24h", "default: 1d"),
        (FACTS, 'default: "0"', "default: 0.00"),
        (RULES, "values:\n  unused: 1\n", "values:\n  unused: 2\n"),
        ("policies.yaml", "currency: EUR", "currency: EUR\ncalendars: {c: {days_off: [2025-01-01]}}"),
        ("policies.yaml", "title: Bicycle hire", "title: Bicycles for hire"),
        ("policies.yaml", "in_force_from: 2025-01-01", "in_force_from: 2025-01-02"),
    ],
)
def test_layout_and_words_for_people_do_not_count(before, tmp_path, file, old, new):
    assert changed(before, tmp_path, file, old, new) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "versions"),
    [
        (HIRE, "over: 500 EUR", "over: 501 EUR", ["hire 2"]),
        (HIRE, "message: The insurance still runs.", "message: The insurance runs.", ["hire 2"]),
        (HIRE, "within: 24h", "within: 25h", ["hire 2"]),
        (HIRE, "below_zero: zero", "below_zero: charge", ["hire 2"]),
        (
            HIRE,
            "early_end: order.paid.cash * early\n",
            "early_end: order.paid.cash * early * 1\n",
            ["hire 2"],
        ),
        (HIRE, "[too_long, weather]", "[weather, too_long]", ["hire 2"]),
        (HIRE, "cash: full, voucher: full", "voucher: full, cash: full", ["hire 2"]),
        (FEES, "fee_rate: 15%", "fee_rate: 16%", ["hire 2"]),
        (RULES, "message: The bicycle is damaged.", "message: The bicycle is broken.", ["hire 2", "rest 1"]),
        (RULES, "order.term: {over: 2y}", "order.term: {over: 3y}", ["rest 1"]),
        (FACTS, "type: flag\n", "type: flag\n      default: false\n", ["hire 2", "rest 1"]),
        (FACTS, "type: flag\n", "type: flag\n      optional: true\n", ["hire 2", "rest 1"]),
        (FACTS, "amount: {type: money}", "amount: {type: money, currency: EUR}", ["hire 2"]),
        (
            FACTS,
            "kilometres:\n      type: integer\n      at_least: 0",
            "kilometres:\n      type: number",
            ["hire 2"],
        ),
        (FACTS, "      at_least: 0\n", "", ["hire 2"]),
        (
            FACTS,
            "      default: []\n      fields:\n        price",
            "      fields:\n        price",
            ["hire 2"],
        ),
        (FACTS, "used: {type: flag}", "used: {type: flag, optional: true}", ["hire 2"]),
        (FACTS, "default: 24h", "default: 48h", ["hire 2"]),
        ("policies.yaml", "Europe/Berlin", "Europe/Paris", ["hire 1", "hire 2", "rest 1"]),
    ],
)
def test_whatever_can_change_a_decision_or_its_words_counts(before, tmp_path, file, old, new, *, versions):
    assert changed(before, tmp_path, file, old, new) == versions


@pytest.mark.parametrize(
    "meaning",
    [
        {"values": [{"description": "1"}]},
        {"blockers": [{"when": {"description": True}}]},
        {"applies_to": {"all": [{"schema": {"over": "1"}}]}},
        {"refund": {"terms": [{"deduct": {"description": "1 EUR"}}]}},
        {"refund": {"terms": [{"instruments": {"schema": "full"}}]}},
        {"reasons": {"description": "1"}},
    ],
)
def test_a_thing_that_is_called_description_counts(meaning):
    def altered(data):
        if isinstance(data, dict):
            return {key: altered(value) for key, value in data.items()}
        return [altered(item) for item in data] if isinstance(data, list) else "another"

    assert digest_of(meaning, {}, "UTC") != digest_of(altered(meaning), {}, "UTC")
    assert digest_by_first_rule(meaning, {}, "UTC", {}) != digest_by_first_rule(
        altered(meaning), {}, "UTC", {}
    )


def test_a_digest_is_the_same_on_every_machine_and_day():
    said = {"policy": "p", "description": "x", "n": 1}
    assert digest_of(said, {"a": {"type": "flag"}}, "UTC") == (
        "sha256-2:bf4ba516badf01a2fe46f4c16d21a25cdd2070ab41bdb555747aa5c442bf19da"
    )
    assert digest_by_first_rule(said, {"a": {"type": "flag"}}, "UTC", {}) == (
        "sha256:a8892fae8dd897f7db2604070b6145dbf49a4abf51fe0a98752ee3aeffb6980d"
    )


def test_a_value_may_move_into_an_included_file():
    own = {"values": [{"a": "1", "b": "2"}]}
    assert digest_of(own, {}, "UTC") == digest_of({"values": [{"b": "2"}, {"a": "1"}]}, {}, "UTC")
    assert digest_of(own, {}, "UTC") != digest_of({"values": [{"a": "1", "b": "3"}]}, {}, "UTC")


def frozen(tmp_path, digest):
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    entry = f"file: rules/hire/1.yaml, digest: {digest!r}"
    only = f"""\
schema: rescind/book/1
title: Frozen
timezone: Europe/Berlin
facts: rules/facts.yaml
policies: [{{id: hire, versions: [{{version: "1", in_force_from: 2024-01-01, {entry}}}]}}]
"""
    (tmp_path / "policies.yaml").write_text(only, "utf-8")
    return tmp_path


# What the first rule made of `hire 1` of the base: books that were frozen by it are still read.
BY_FIRST_RULE = "sha256:35747fba65aa66f559b4fb92f6eea9ed9a52f259528326e05b41a9fcdb4692a8"


@pytest.mark.parametrize("rule", ["first", "present"])
def test_a_frozen_version_loads_and_an_edited_one_does_not(before, tmp_path, rule):
    digest = BY_FIRST_RULE if rule == "first" else before["hire", "1"]
    folder = frozen(tmp_path, digest)
    [version] = Engine.load(folder).book.policies[0].versions
    assert not version.draft
    assert version.digest == digest
    assert version.present_digest == before["hire", "1"]
    rules = folder / "rules/hire/1.yaml"
    rules.write_text(rules.read_text("utf-8").replace("voucher: none", "voucher: full"), "utf-8")
    with pytest.raises(BookError, match="R0307"):
        Engine.load(folder, drafts=True)


def test_the_first_rule_covers_the_whole_vocabulary_entry_and_says_how_to_do_with_less(tmp_path):
    folder = frozen(tmp_path, BY_FIRST_RULE)
    facts = folder / FACTS
    facts.write_text(
        facts.read_text("utf-8").replace("voucher: Voucher", "voucher: Voucher, points: Points"), "utf-8"
    )
    with pytest.raises(BookError, match="publish --renew") as caught:
        Engine.load(folder, drafts=True)
    assert [problem.code for problem in caught.value.problems] == ["R0307"]
