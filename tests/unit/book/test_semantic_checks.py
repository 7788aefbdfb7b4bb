"""The table of checks. What each finds is in the corpus; here is how they go together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rescind.book.semantic_checks import CHECKS
from rescind.load import load_book

BASE = Path(__file__).parents[2] / "corpus" / "base"


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
    unread = ("rules/shared/fees.yaml", "fee_rate: 15%", "fee_rate: 15%\n  late_fee_rate: 20%")
    assert codes(tmp_path, unread, ("rules/hire/2.yaml", "review:\n", "reviews:\n")) == ["R0101"]


# A value that a version has besides, and the one place that reads it.
READ_AT = [
    ("100", "{over: 500}", "{over: {fact: extra}}"),
    ("true", "unless: {order.shop: [Mitte, Wedding]}", "unless: {extra: false}"),
    ("500 EUR", "{over: 500 EUR}", "{over: {fact: extra}}"),
    ("1", "order.ends_at)\n  hours_in_all", "order.ends_at) + extra\n  hours_in_all"),
    ("true", "when: {order.term: {at_least: 1y}}", "when: {extra: true}"),
    ("5%", "is: 5%", "is: extra"),
    ("8 EUR", "city: [8 EUR,", "city: [extra,"),
    ("true", "when: {order.starts_at: {after: now}}", "when: {extra: true}"),
    ("order.paid.cash * 1%", "early_end: order.paid.cash * early", "early_end: order.paid.cash * early + extra"),
    ("50 EUR", "at_most: 50 EUR", "at_most: extra"),
    ("true", "unless: {bike.kilometres: 0}", "unless: {extra: true}"),
    ("true", "when: {order.notice: {at_least: 1d}}", "when: {extra: true}"),
    ("true", "when: {bike.kilometres: {under: 5}}", "when: {extra: true}"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "old", "new"), READ_AT)
def test_a_value_is_used_wherever_something_reads_it(tmp_path, formula, old, new):
    version, extra = "rules/hire/2.yaml", ("values:\n", f"values:\n  extra: {formula}\n")
    assert codes(tmp_path, (version, *extra)) == ["R0334"]
    assert "R0334" not in codes(tmp_path, (version, *extra), (version, old, new))


def test_an_included_value_is_used_where_one_of_the_versions_reads_it(tmp_path):
    other = ("rules/hire/1.yaml", "refund:", "include: [rules/shared/fees.yaml]\n\nrefund:")
    assert codes(tmp_path, other) == []
    unread = ("rules/hire/2.yaml", "otherwise: fee_rate", "otherwise: 15%")
    assert codes(tmp_path, other, unread) == ["R0334"]


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
