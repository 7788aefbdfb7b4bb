"""`rescind diff`: what changed in meaning, in plain words; between versions, files, books and git revisions."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rescind.authoring.diff.change_records import Side
from rescind.authoring.diff.compare_sides import diff_versions
from rescind.authoring.mutation.version_mutations import mutations_of
from rescind.authoring.scaffold import init_book, new_version
from rescind.commands import main
from rescind.load import load_book

ROOT = Path(__file__).parents[3]
FIRST, SECOND = "subscriptions@2025-01-01", "subscriptions@2025-07-01"
FILE = "rules/subscriptions/2025-07-01.yaml"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template") / "book"
    init_book(folder)
    new_version(folder / "policies.yaml", "subscriptions", "2025-01-01", "2025-07-01", "2025-07-01")
    return folder


@pytest.fixture
def book(template, tmp_path, monkeypatch):
    """A book with two versions that say the same, in the current folder."""
    for path in template.rglob("*.yaml"):
        target = tmp_path / path.relative_to(template)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rescind(*args):
    return CliRunner().invoke(main, list(args), catch_exceptions=False)


def edit(old, new, file=FILE):
    text = Path(file).read_text("utf-8")
    assert text.count(old) == 1
    Path(file).write_text(text.replace(old, new), "utf-8")


def texts(*args):
    result = rescind("diff", FIRST, SECOND, "--format", "json", *args)
    assert result.exit_code == 0, result.stderr
    return [(row["part"], row["name"], row["text"]) for row in json.loads(result.stdout)["changes"]]


ROW = "    - {when: {days_used: {under: 90}}, is: 10%}\n"

CHANGES = [
    (
        "over: 500 EUR",
        "over: 7000 EUR",
        [
            (
                "review",
                "large-order",
                "`order.amount` was over 500 EUR, and is now over 7,000 EUR (fewer cases)",
            )
        ],
    ),
    (
        "over: 500 EUR",
        "at_least: 500 EUR",
        [("review", "large-order", "`order.amount` was over 500 EUR, and is now at least 500 EUR")],
    ),
    (
        "when: {order.amount: {over: 500 EUR}}",
        "when: {order.amount: {over: 500 EUR}, account.frozen: false}",
        [
            (
                "review",
                "large-order",
                "it now also asks that it is not so that the account is frozen for legal reasons [account.frozen]",
            )
        ],
    ),
    (
        "when: {order.state: ended}",
        "when: {order.state: [running, ended]}",
        [("blocker", "ended", "`order.state` may now also be running")],
    ),
    ("- id: ended", "- id: over", [("blocker", "over", "was called `ended`")]),
    (
        "within: 48h",
        "within: 2h",
        [("review", "large-order", "the time for it was PT48H, and is now PT2H")],
    ),
    (
        "on_timeout: reject",
        "on_timeout: approve",
        [("review", "large-order", "without an answer it was rejected, and is now approved")],
    ),
    (
        "{card: full, voucher: full}",
        "{card: full, voucher: none}",
        [("terms", "first-two-weeks", "`voucher` was returned in full, and is now not returned")],
    ),
    (
        "{card: full, voucher: full}",
        "{card: full}",
        [("terms", "first-two-weeks", "`voucher` was returned in full, and is now not named")],
    ),
    (
        "{card: full, voucher: full}",
        "{card: full, voucher: {return: full, unless: {order.amount: {over: 5 EUR}}}}",
        [
            (
                "terms",
                "first-two-weeks",
                "`voucher` is now lost where what the order came to is more than 5.00 EUR [order.amount]",
            )
        ],
    ),
    (
        ROW,
        ROW + "    - {when: {days_used: {under: 180}}, is: 20%}\n",
        [("value", "fee_rate", "a row is new: 20% where the value `days_used` is less than 180 [days_used]")],
    ),
    (
        "under: 90",
        "under: 60",
        [
            (
                "value",
                "fee_rate",
                "the row that gives 10%: `days_used` was under 90, and is now under 60 (fewer cases)",
            )
        ],
    ),
    (
        "is: 10%",
        "is: 12%",
        [("value", "fee_rate", "10% is now 12% where the value `days_used` is less than 90 [days_used]")],
    ),
    (
        "order.paid.card * fee_rate",
        "order.paid.card * fee_rate / 2",
        [
            (
                "terms",
                "later",
                (
                    "the deduction `handling_fee` was `order.paid.card * fee_rate`, "
                    "and is now `order.paid.card * fee_rate / 2`"
                ),
            )
        ],
    ),
    ("mode: half_up", "mode: down", [("refund", "", "the rounding: “half_up” is now “down”")]),
    (
        "  bought_by_mistake: Bought by mistake\n",
        "",
        [("reasons", "", "`bought_by_mistake` may no longer be given")],
    ),
    (
        "applies_to: {order.starts_at: {not_after: now}}",
        "applies_to: {order.starts_at: {before: now}}",
        [("applies_to", "", "`order.starts_at` was not after `now`, and is now before `now`")],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES, ids=[change[1][:40] for change in CHANGES])
def test_one_edit_is_said_in_plain_words(book, old, new, expected):
    edit(old, new)
    assert texts() == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("is: 10%", "is: 0.10"),
        ("over: 500 EUR", "over: 500.00 EUR"),
        ("on_timeout: reject", "on_timeout: reject  # sic"),
        ("order.paid.card * fee_rate", "order.paid.card  *  fee_rate"),
        ("when: {account.frozen: true}", "when: {all: [{account.frozen: true}]}"),
        ("    on_timeout: reject\n", "    on_timeout: reject\n    description: Only for people.\n"),
    ],
)
def test_what_is_only_written_otherwise_is_no_change(book, old, new):
    edit(old, new)
    assert texts() == []
    assert "nothing changed in meaning" in rescind("diff", FIRST, SECOND).stdout


def test_a_rule_that_goes_and_one_that_comes_with_the_fact_it_needs(book):
    edit("when: {account.frozen: true}", "when: {order.id: o-1}")
    edit("id: account-frozen", "id: this-order")
    assert texts() == [
        (
            "blocker",
            "account-frozen",
            "gone; it held where the account is frozen for legal reasons [account.frozen]",
        ),
        ("blocker", "this-order", "new; it holds where the number of the order is o-1 [order.id]"),
        ("fact", "order.id", "callers must now send it"),
        ("fact", "account.frozen", "it is no longer read"),
    ]


def test_the_text_is_grouped_by_rule(book):
    edit("over: 500 EUR", "over: 700 EUR")
    edit("within: 48h", "within: 24h")
    assert rescind("diff", FIRST, SECOND).stdout.splitlines() == [
        f"{FIRST} → {SECOND}",
        "  review `large-order`",
        "    `order.amount` was over 500 EUR, and is now over 700 EUR (fewer cases)",
        "    the time for it was PT48H, and is now PT24H",
    ]


def test_cases_shows_the_decisions_that_change_and_the_money(book):
    edit("over: 500 EUR", "over: 700 EUR")
    edit("days_used: {under: 14}", "days_used: {under: 30}")
    result = rescind("diff", FIRST, SECOND, "--cases", "--format", "json")
    found = json.loads(result.stdout)["cases"]
    assert found["decided"] == 20  # the second suite has the same facts
    assert [(row["case"], row["refund_difference"]) for row in found["changed"]] == [
        ("the limit of the review / row 3", None),
        ("the fee by days of use / row 3", "+30.00 EUR"),
    ]
    assert found["changed"][1]["changes"] == [
        "`card` returns 100.00 EUR, no longer 90.00 EUR",
        "`voucher` returns 20.00 EUR, no longer 0.00 EUR",
    ]
    assert "+30.00 EUR" in rescind("diff", FIRST, SECOND, "--cases").stdout


def test_every_mutation_of_a_condition_or_setting_is_seen():
    book, _, _ = load_book(ROOT / "policies.yaml")
    side = Side(book, None, str)
    unseen, count = [], 0
    for policy in book.policies[:1] + book.policies[-1:]:
        for version in policy.versions[-1:]:
            for mutation in mutations_of(version, book):
                changed = replace(side, version=replace(mutation.version, digest="another"))
                count += 1
                if "off by one" not in mutation.change and not diff_versions(
                    replace(side, version=version), changed
                ):
                    unseen.append((mutation.rule, mutation.change))
    assert count > 100
    assert unseen == []


# Files, books and revisions


def git(*args):
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", *args],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def history(book):
    """The book in git: the second version with 500 EUR at `first`, 700 EUR on the disk."""
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    git("tag", "first")
    edit("over: 500 EUR", "over: 700 EUR")
    return book


def test_a_file_is_the_version_in_it(book):
    edit("within: 48h", "within: 24h")
    result = rescind("diff", "rules/subscriptions/2025-01-01.yaml", FILE)
    assert "the time for it was PT48H, and is now PT24H" in result.stdout


@pytest.mark.parametrize(
    ("old", "new"), [(f"first:{SECOND}", SECOND), (f"first:{FILE}", FILE), (f"first:{SECOND}", FILE)]
)
def test_a_version_against_a_git_revision(history, old, new):
    result = rescind("diff", old, new)
    assert result.exit_code == 0, result.stderr
    assert "`order.amount` was over 500 EUR, and is now over 700 EUR" in result.stdout


def test_cases_of_a_book_are_decided_by_the_version_that_they_are_about(history):
    result = rescind("diff", "first:", "policies.yaml", "--cases", "--format", "json")
    found = json.loads(result.stdout)["cases"]
    assert found["decided"] == 40
    # Its clock stands before the second version comes into force, and the suite is about that version all the same.
    assert [row["at"].rpartition(":")[0] for row in found["changed"]] == [
        "rules/subscriptions/tests/2025-07-01.yaml:51"
    ]
    assert found["changed"][0]["changes"] == [
        "review required, now allowed",
        "no longer reviewed for `large-order`",
    ]


@pytest.mark.parametrize("old", ["first:", "first:policies.yaml"])
def test_a_book_against_a_git_revision(history, old):
    new_version(Path("policies.yaml"), "subscriptions", "2025-07-01", "2026-01-01", "2026-01-01")
    result = rescind("diff", old, "policies.yaml")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[1:] == [
        f"  {SECOND}",
        "    review `large-order`",
        "      `order.amount` was over 500 EUR, and is now over 700 EUR (fewer cases)",
        "  subscriptions@2026-01-01",
        "    version",
        "      new, in force from 2026-01-01T00:00:00+00:00",
    ]


def test_cases_run_against_a_revision(history):
    result = rescind("diff", f"first:{SECOND}", SECOND, "--cases")
    assert "the limit of the review / row 3" in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "status", "words"),
    [
        ("nobody@1", SECOND, 1, "R0906 the book has no policy `nobody`"),
        ("subscriptions@2025-01-02", SECOND, 1, "did you mean `2025-01-01`?"),
        ("subscriptions", SECOND, 1, "R0657 `subscriptions` is not a version, a file or a book"),
        ("rules/facts.yaml", SECOND, 1, "R0657 the book lists no version with the file `rules/facts.yaml`"),
        ("policies.yaml", SECOND, 2, "compare two of a kind"),
        ("nothing:", "policies.yaml", 1, "R0656 git does not know `nothing`"),
        ("first:missing/policies.yaml", "policies.yaml", 1, "R0656 there was no `policies.yaml`"),
    ],
)
def test_what_cannot_be_compared_is_said(history, old, new, status, words):
    (history / "missing").mkdir()
    result = rescind("diff", old, new)
    assert result.exit_code == status
    assert words in result.stderr
    assert result.stdout == ""


def test_a_revision_is_never_an_option_of_git(history):
    result = rescind("diff", "--", f"--output=stolen:{SECOND}", SECOND)
    assert result.exit_code == 1
    assert "R0656" in result.stderr
    assert not Path("stolen").exists()
