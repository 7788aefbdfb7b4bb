"""The table of checks. What each finds is in the corpus; here is how they go together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.checks import CHECKS
from engine.engine import load_book

BASE = Path(__file__).parents[1] / "corpus" / "base"


def codes(tmp_path, *changes):
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    for name, old, new in changes:
        path = tmp_path / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
    return [problem.code for problem in load_book(tmp_path / "policies.yaml")[2]]


def test_every_check_has_a_name_of_its_own():
    names = [name for name, _ in CHECKS]
    assert len(set(names)) == len(names)


def test_one_check_does_not_hide_another(tmp_path):
    found = codes(
        tmp_path,
        ("policies.yaml", "otherwise: rest", "otherwise: rset"),
        ("policies.yaml", "governed_by: order.placed_on", "governed_by: order.shop"),
        ("policies.yaml", "in_force_until: 2030-01-01", "in_force_until: 2020-01-01"),
        ("rules/hire/2.yaml", "{present: true, after: now}", "{after: now}"),
    )
    assert sorted(found) == ["R0226", "R0305", "R0306", "R0332"]


def test_nothing_is_called_unused_while_something_cannot_be_read(tmp_path):
    assert codes(tmp_path, ("rules/hire/2.yaml", "review:\n", "reviews:\n")) == ["R0101"]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("2025-01-01T00:00:00+01:00", []),
        ("2024-12-31T23:59:59+01:00", ["R0330"]),
        ("2025-01-01T00:00:01+01:00", ["R0305"]),
    ],
)
def test_a_version_may_end_at_the_very_instant_at_which_the_next_starts(tmp_path, second, expected):
    old = "in_force_from: 2024-01-01, file: rules/hire"
    assert codes(tmp_path, ("policies.yaml", old, f'in_force_until: "{second}", {old}')) == expected
