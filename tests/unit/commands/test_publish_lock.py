"""What `rescind publish` keeps in `policies.lock`, and how that is renewed and amended."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from rescind import Engine
from rescind.authoring import freeze_version as module
from rescind.authoring.scaffold import init_book
from rescind.book.digest import digest_by_first_rule
from rescind.commands import main
from rescind.load import load_book
from rescind.problems.problem import Problems
from rescind.shape.validate import validate
from rescind.source.read_source import read_file

BOOK, LOCK = Path("policies.yaml"), Path("policies.lock")
FACTS, RULES = Path("rules/facts.yaml"), Path("rules/subscriptions/2025-01-01.yaml")
V1, V2 = "2025-01-01", "2025-07-01"
DAY = "2025-06-01"


@pytest.fixture
def book(tmp_path, monkeypatch):
    """The book of `rescind init` with a published version and a draft of the next."""
    init_book(tmp_path / "book")
    monkeypatch.chdir(tmp_path / "book")
    edit(
        BOOK,
        "facts: rules/facts.yaml",
        "facts: rules/facts.yaml\ncalendars: {works: {days_off: [2025-05-01]}}",
    )
    assert publish("subscriptions", V1).exit_code == 0
    return tmp_path / "book"


def rescind(*args):
    return CliRunner().invoke(main, list(args), catch_exceptions=False)


def publish(*args):
    return rescind("publish", *args, "--at", DAY)


def amend(because="the court said so"):
    return publish("--amend", "--because", because)


def edit(path, old, to):
    text = path.read_text("utf-8")
    assert text.count(old) == 1, (text.count(old), old)
    path.write_text(text.replace(old, to), "utf-8")


def files():
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def codes():
    return sorted({problem.code for problem in load_book(BOOK)[2]} - {"R0331"})


def next_version():
    result = rescind(
        "new", "subscriptions", "--from", V1, "--version", V2, "--in-force-from", V2,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr


# What is kept.


def test_the_lock_keeps_what_was_published_and_follows_its_schema(book):
    text = LOCK.read_text("utf-8")
    digest = re.search('digest: "(sha256-2:[0-9a-f]{64})"', BOOK.read_text("utf-8"))[1]
    assert f'digest: "{digest}"' in text
    assert "schema: rescind/lock/1\n" in text
    assert "in_force_from: 2025-01-01\n" in text
    assert "order.amount: {type: money" in text
    assert "works: {from: 2025-01-01, until: 2025-12-31, days_off: [2025-05-01]}" in text
    problems = Problems()
    assert validate(read_file(LOCK, "policies.lock", problems), "lock", problems)
    assert list(problems) == []
    assert codes() == []


def test_the_next_publication_adds_to_the_lock_and_changes_nothing_in_it(book):
    before = LOCK.read_text("utf-8").splitlines()
    next_version()
    assert publish("subscriptions", V2).exit_code == 0
    after = LOCK.read_text("utf-8").splitlines()
    assert [line for line in before if line not in after] == []
    assert len(after) > len(before)
    assert codes() == []


def test_the_same_publication_gives_the_same_lock(book):
    text = LOCK.read_bytes()
    LOCK.unlink()
    assert codes() == ["R0336"]
    result = publish("--renew")
    assert result.stdout == "policies.lock now holds 1 published version more\n"
    assert LOCK.read_bytes() == text
    assert LOCK.stat().st_mode == BOOK.stat().st_mode


def test_a_book_of_drafts_needs_no_lock(tmp_path, monkeypatch):
    init_book(tmp_path / "book")
    monkeypatch.chdir(tmp_path / "book")
    assert codes() == []


GROWTH = [
    (FACTS, "facts:\n", "facts:\n  weather: {type: text, optional: true}\n"),
    (FACTS, "        voucher: Voucher\n", "        voucher: Voucher\n        points: Points\n"),
    (FACTS, "        ended: Ended\n", "        ended: Over and done\n        paused: Paused\n"),
    (FACTS, "examples: [acct-1]", "examples: [acct-2]"),
    (RULES, "\ntitle:", "\n# why\ntitle:"),
    (BOOK, "days_off: [2025-05-01]", "days_off: [2025-05-01, 2026-01-01, 2026-05-01]"),
    (BOOK, "title: ", "title: Other "),
]


@pytest.mark.parametrize(("path", "old", "new"), GROWTH)
def test_what_may_come_under_a_published_version(book, path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    assert codes() in ([], ["R0232"])  # an instrument that the terms do not name is said


def test_a_version_may_be_given_an_end(book):
    edit(BOOK, "in_force_from: 2025-01-01,", "in_force_from: 2025-01-01, in_force_until: 2026-01-01,")
    assert codes() == []


# Digests of the first form.


@pytest.fixture
def old(book):
    """The book with a digest of the first form and no lock, as it was before there were locks."""
    LOCK.unlink()
    found, _, _ = load_book(BOOK)
    version = found.policies[0].versions[0]
    facts = {name: found.vocabulary.digests[name] for name in version.facts}
    calendars = {"works": {"days_off": ["2025-05-01"]}}
    digest = digest_by_first_rule(version.meaning, facts, found.zone.key, calendars)
    edit(BOOK, version.frozen, digest)
    return digest, version.frozen


def test_a_digest_of_the_first_form_is_read_and_said(old):
    assert codes() == ["R0335"]
    assert Engine.load(BOOK).book.policies[0].versions[0].digest == old[0]
    result = rescind("check")
    assert result.exit_code == 0
    assert "`rescind publish --renew`" in result.stderr


def test_renewing_writes_the_present_form_and_the_lock_and_nothing_else(old):
    first, present = old
    before = files()
    result = publish("--renew")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        f"subscriptions 2025-01-01 is {present}, was {first}",
        "policies.lock now holds 1 published version more",
    ]
    after = files()
    assert after.keys() - before.keys() == {LOCK}
    assert [path for path in before if before[path] != after[path]] == [BOOK]
    assert after[BOOK].decode() == before[BOOK].decode().replace(first, present)
    assert codes() == []
    assert publish("--renew").stdout.endswith("policies.lock holds what was published: nothing to do\n")
    assert files() == after


def test_a_digest_that_is_wrong_by_its_own_rule_is_not_renewed(old):
    edit(RULES, "over: 500 EUR", "over: 700 EUR")
    before = files()
    result = publish("--renew")
    assert result.exit_code == 1
    assert "R0307" in result.stderr
    assert files() == before


def test_the_next_version_of_an_old_book_is_published_beside_old_digests(old):
    next_version()
    assert publish("subscriptions", V2).exit_code == 0
    assert codes() == ["R0335"]
    assert publish("--renew").exit_code == 0
    assert codes() == []


# What was published is changed after all.


def moved():
    edit(BOOK, "in_force_from: 2025-01-01", "in_force_from: 2025-02-01")


def draft_again():
    text = BOOK.read_text("utf-8")
    BOOK.write_text(re.sub(', digest: "[^"]*"', "", text), "utf-8")


def deleted():
    next_version()
    assert publish("subscriptions", V2).exit_code == 0
    text = BOOK.read_text("utf-8")
    BOOK.write_text(re.sub(r'.*version: "2025-01-01".*\n', "", text), "utf-8")


def frozen_again():
    draft_again()
    LOCK.rename("kept")
    edit(RULES, "over: 500 EUR", "over: 600 EUR")
    suite = Path(f"rules/subscriptions/tests/{V1}.yaml")
    suite.write_text(suite.read_text("utf-8").replace("500.", "600."), "utf-8")
    assert publish("subscriptions", V1).exit_code == 0
    Path("kept").rename(LOCK)


def other_day():
    edit(BOOK, "days_off: [2025-05-01]", "days_off: [2025-05-02]")


def other_setting():
    edit(BOOK, "  - id: subscriptions\n", "  - id: subscriptions\n    before_first: error\n")


CHANGES = [
    (moved, "R0310"),
    (draft_again, "R0311"),
    (deleted, "R0311"),
    (frozen_again, "R0312"),
    (other_setting, "R0313"),
    (other_day, "R0314"),
]


@pytest.mark.parametrize(("change", "code"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_what_was_published_stays_until_somebody_says_why(book, change, code):
    change()
    assert codes() == [code]
    result = publish("subscriptions", V1)
    assert result.exit_code == 1
    before = files()
    result = amend()
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "the reason is kept in policies.lock"
    after = files()
    assert [path for path in before if before[path] != after[path]] == [LOCK]
    assert "because: the court said so" in LOCK.read_text("utf-8")
    assert codes() == []
    assert amend("again").stdout == "the book says what policies.lock holds: nothing to amend\n"
    assert files() == after


def test_policies_in_another_order_are_an_error_until_somebody_says_why(book):
    text = BOOK.read_text("utf-8")
    first = text.split("  - id: subscriptions\n")[1]
    BOOK.write_text(f"{text}{second(first)}", "utf-8")
    Path("rules/others").mkdir()
    Path("rules/others/1.yaml").write_text(
        RULES.read_text("utf-8")
        .replace("policy: subscriptions", "policy: others")
        .replace(f'version: "{V1}"', 'version: "1"'),
        "utf-8",
    )
    assert publish("others", "1", "--fail-under", "0").exit_code == 1  # no case tries it
    suite = Path("rules/others/tests/1.yaml")
    suite.parent.mkdir()
    kept = Path(f"rules/subscriptions/tests/{V1}.yaml").read_text("utf-8")
    suite.write_text(
        kept.replace("policy: subscriptions", "policy: others").replace(f'"{V1}"', '"1"'), "utf-8"
    )
    result = publish("others", "1")
    assert result.exit_code == 0, result.stderr
    both = BOOK.read_text("utf-8").split("  - id: ")
    BOOK.write_text("  - id: ".join([both[0], both[2].rstrip("\n") + "\n", both[1]]), "utf-8")
    assert codes() == ["R0313"]
    result = amend()
    assert result.exit_code == 0
    assert "order `subscriptions`, `others`, found `others`, `subscriptions`" in result.stdout
    assert codes() == []


def second(first):
    digest = re.search(', digest: "[^"]*"', first)[0]
    named = (
        first.replace(digest, "").replace(V1, "1", 1).replace(f"rules/subscriptions/{V1}", "rules/others/1")
    )
    return f"  - id: others\n{named}"


def test_an_amendment_stands_in_the_lock_for_good(book):
    moved()
    amend("first")
    edit(BOOK, "in_force_from: 2025-02-01", "in_force_from: 2025-03-01")
    amend("second: a colon, “quotes”")
    next_version()
    assert publish("subscriptions", V2).exit_code == 0
    found = load_book(BOOK)[0].lock.amendments
    assert [each.because for each in found] == ["first", "second: a colon, “quotes”"]
    assert dict(found[1].changes[0]) == {
        "policy": "subscriptions",
        "version": V1,
        "what": "in_force_from",
        "was": "2025-02-01",
        "is": "2025-03-01",
    }


def test_an_edited_text_is_not_amended(book):
    moved()
    edit(RULES, "over: 500 EUR", "over: 700 EUR")
    before = files()
    result = amend()
    assert result.exit_code == 1
    assert "R0307" in result.stderr
    assert "R0310" not in result.stderr
    assert files() == before


def test_a_new_fact_meaning_is_said_with_the_old_one(book):
    edit(FACTS, "      type: flag\n", "      type: flag\n      default: false\n")
    [problem] = load_book(BOOK)[2].errors
    assert problem.code == "R0307"
    assert "the fact `account.frozen` was a flag, required, when" in problem.message
    assert "and is now a flag, by default `false`" in problem.message


# Whole or not at all, and by the one who asked.


def test_a_lock_that_someone_else_changes_meanwhile_is_left_alone(book, monkeypatch):
    next_version()
    rehearse = module.rehearse

    def slowly(*args):
        edit(LOCK, "in_force_from: 2025-01-01", "in_force_from: 2025-01-01  # mine")
        return rehearse(*args)

    trial_load = module.trial_load

    def later(new, source, lock):
        if lock.suffix == ".tmp":
            edit(LOCK, "days_off: [2025-05-01]", "days_off: [2025-05-01]  # theirs")
        return trial_load(new, source, lock)

    monkeypatch.setattr(module, "rehearse", slowly)
    monkeypatch.setattr(module, "trial_load", later)
    result = publish("subscriptions", V2)
    assert result.exit_code == 1
    assert "R0653 the file was changed by someone else" in result.stderr
    assert LOCK.read_text("utf-8").count("#") == 3


@pytest.mark.parametrize("verb", [("subscriptions", V2), ("--renew",), ("--amend", "--because", "x")])
def test_a_failed_write_leaves_no_trace(book, monkeypatch, verb):
    next_version()
    if verb[0] == "--renew":
        LOCK.unlink()
    elif verb[0] == "--amend":
        moved()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = files()
    result = publish(*verb)
    assert result.exit_code == 1
    assert "no space left" in result.stderr
    assert files() == before


WRONG = [
    (),
    ("subscriptions",),
    ("subscriptions", V1, "--renew"),
    ("--renew", "--amend", "--because", "x"),
    ("--amend",),
    ("--because", "x", "--renew"),
    ("--amend", "--because", ""),
    ("--amend", "--because", " "),
    ("--amend", "--because", "x" * 501),
    ("--amend", "--because", "a\x07b"),
]


@pytest.mark.parametrize("arguments", WRONG)
def test_a_wrong_command_line_is_said(book, arguments):
    before = files()
    assert publish(*arguments).exit_code == 2
    assert files() == before


def test_a_broken_lock_is_a_located_error(book):
    for text in ("a: [b\n", "", "schema: rescind/lock/1\ntimezone: 5\n", "schema: rescind/lock/2\n", "- a\n"):
        LOCK.write_text(text, "utf-8")
        found = load_book(BOOK)[2].errors
        assert found, text
        assert {problem.location.path for problem in found} == {"policies.lock"}
        assert publish("--renew").exit_code == 1
        assert publish("--amend", "--because", "x").exit_code == 1
        assert LOCK.read_text("utf-8") == text


def test_json_says_what_was_done(book):
    moved()
    shown = publish("--amend", "--because", "x", "--format", "json").stdout
    assert '"was": "2025-01-01"' in shown
    LOCK.unlink()
    assert '"locked": [' in publish("--renew", "--format", "json").stdout
