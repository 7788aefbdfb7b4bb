"""Advice: one small change of a good book for each code, and that the good book gets none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from rescind.authoring.lint import LINTS
from rescind.commands import main
from rescind.problems.codes import CODES, Severity

TEMPLATE = Path(__file__).parents[3] / "engine" / "rescind" / "authoring" / "templates" / "book"
FILE = "rules/subscriptions/2025-01-01.yaml"
SUITE = "rules/subscriptions/tests/2025-01-01.yaml"
REMEDY = "    remedy: Nothing is left to give back.\n"


@pytest.fixture
def book(tmp_path, monkeypatch):
    folder = tmp_path / "book"
    shutil.copytree(TEMPLATE, folder)
    monkeypatch.chdir(folder)
    return folder


def check(*args):
    result = CliRunner().invoke(main, ["check", "--format", "json", *args], catch_exceptions=False)
    return [
        (row["code"], f"{row['path']}:{row['line']}:{row['column']}", row["message"], row["hint"])
        for row in json.loads(result.stdout)
    ]


def edit(old, new, file=FILE):
    text = Path(file).read_text("utf-8")
    assert text.count(old) == 1
    Path(file).write_text(text.replace(old, new), "utf-8")


ADVICE = [
    (
        REMEDY,
        "",
        "R0601",
        "20:5",
        "the blocker `ended` does not say what the customer can do",
    ),
    (
        "    on_timeout: reject\n    reason: The order came to more than the billing team wants to pay back unseen.\n",
        "    on_timeout: approve\n",
        "R0602",
        "27:5",
        "the review `large-order` approves when nobody looks, and gives no reason why it is asked for",
    ),
    (
        "message: The subscription has ended.",
        "message: the account is frozen for  legal reasons.",
        "R0604",
        "20:5",
        "the blocker `ended` has the message of `account-frozen`",
    ),
    (
        "when: {order.state: ended}",
        "when: {all: [{account.frozen: true}]}",
        "R0605",
        "20:5",
        "`ended` has the same condition as `account-frozen`: they always come together",
    ),
    (
        "days(order.starts_at, now, 'down')",
        "days(date_of(order.starts_at, 'UTC'), date_of(now))",
        "R0606",
        "36:3",
        "`date_of(now)` counts days and does not say in which time zone",
    ),
    (
        "days(order.starts_at, now, 'down')",
        "years(order.starts_at, now, 'up')",
        "R0606",
        "36:3",
        "`years(order.starts_at, now, 'up')` counts days and does not say in which time zone",
    ),
    (
        "days(order.starts_at, now, 'down')",
        "years(date_of(order.starts_at, 'UTC'), date_of(now), 'up')",  # of the two calls, this one has no zone
        "R0606",
        "36:3",
        "`date_of(now)` counts days and does not say in which time zone",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [(a[0], a[1], a[2:]) for a in ADVICE],
    ids=[f"{a[2]}-{i}" for i, a in enumerate(ADVICE)],
)
def test_advice_stands_where_the_change_was_made(book, old, new, row):
    code, place, message = row
    edit(old, new)
    unasked = {"R0331"}  # a fact that nothing reads any more is a warning of its own
    assert [row[:3] for row in check("--lint") if row[0] not in unasked] == [
        (code, f"{FILE}:{place}", message)
    ]
    assert [row for row in check() if row[0] not in unasked] == []
    assert [row for row in check("--lint", "--allow", code) if row[0] not in unasked] == []


def test_a_threshold_in_another_currency(book):
    edit(
        "      currency: EUR\n      description: What the order came to.",
        "      description: What the order came to.",
        "rules/facts.yaml",
    )
    edit("over: 500 EUR", "over: 500 USD")
    assert [row[:3] for row in check("--lint")] == [
        ("R0603", f"{FILE}:28:27", "the threshold 500.00 USD is not in EUR, the currency of the book")
    ]
    edit("currency: EUR                #", "#", "policies.yaml")
    assert check("--lint") == []  # without a currency of the book, none is another one


@pytest.mark.parametrize(
    ("old", "new"),
    [('version: "2025-01-01"\n', 'version: "2024-01-01"\n'), ("policy: subscriptions", "policy: others")],
)
def test_a_version_that_no_suite_is_for(book, old, new):
    edit(old, new, SUITE)
    [(code, place, message, _)] = check("--lint")
    assert (code, place) == ("R0607", "policies.yaml:15:9")
    assert message == "no case tries version `2025-01-01` of `subscriptions`"


@pytest.mark.parametrize(
    "line",
    [
        "versions: every",
        'versions: ["2024-01-01", "2025-01-01"]',
        "versions:\n  - 2025-01-01",
        "in_force_at: 2025-02-01",
        "version: 2025-01-01   # this one",
    ],
)
def test_suites_may_name_versions_in_many_ways(book, line):
    edit('version: "2025-01-01"', line, SUITE)
    assert check("--lint") == []


def test_a_named_zone_is_no_matter(book):
    edit("days(order.starts_at, now, 'down')", "years(order.starts_at, now, 'up', 'Asia/Shanghai')")
    assert check("--lint") == []


def test_advice_is_kept_for_books_without_errors_and_never_fails(book):
    edit(REMEDY, "")
    result = CliRunner().invoke(main, ["check", "--lint"])
    assert result.exit_code == 0
    assert result.stdout == "policies.yaml: 1 piece of advice\n"
    edit("order.state: ended", "order.stat: ended")
    assert [row[0] for row in check("--lint")] == ["R0201"]


def test_only_warnings_and_advice_can_be_allowed_on_the_command_line(book):
    result = CliRunner().invoke(main, ["check", "--allow", "R0201"])
    assert result.exit_code == 2
    assert "R0201 is an error, which cannot be allowed" in result.stderr
    assert CliRunner().invoke(main, ["check", "--allow", "R9999"]).exit_code == 2


def test_every_code_of_advice_has_a_case_here_and_a_lint():
    codes = {code for code, row in CODES.items() if row.severity is Severity.ADVICE}
    assert codes == {advice[2] for advice in ADVICE} | {"R0540", "R0603", "R0607"}
    assert len(LINTS) == len(codes)
