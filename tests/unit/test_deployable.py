"""What may be deployed: `Engine.load` and `check --deployable` agree, and a draft that begins later is left out."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import pytest
from click.testing import CliRunner
from rescind import BookError, Engine, FactsError
from rescind.authoring.lock_file import lock_of, lock_text
from rescind.commands import main
from rescind.load import load_book

FACTS = """
schema: rescind/facts/1
facts:
  kind: {type: choice, choices: [vm, disk]}
"""
VERSION = """
schema: rescind/policy/1
policy: {policy}
version: "{version}"
title: T
applies_to: {applies}
"""
BOOK = """
schema: rescind/book/1
title: T
timezone: UTC
facts: facts.yaml
policies:
  - id: machines
    versions:
{versions}
  - id: anything
    versions:
      - {{version: "1", in_force_from: 2020-01-01, file: anything-1.yaml{anything}}}
"""
STARTS = {"1": "2024-01-01", "2": "2025-01-01", "3": "2026-01-01"}
VM = {"kind": "vm"}


def entry(name, digest, start=None):
    frozen = f', digest: "{digest}"' if digest else ""
    return f'      - {{version: "{name}", in_force_from: {start or STARTS[name]}, file: machines-{name}.yaml{frozen}}}'


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A function that writes the book: which of its versions are drafts, and which of `machines` it has."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "facts.yaml").write_text(FACTS, "utf-8")
    for name in STARTS:
        text = VERSION.format(policy="machines", version=name, applies="{kind: vm}")
        (tmp_path / f"machines-{name}.yaml").write_text(text, "utf-8")
    text = VERSION.format(policy="anything", version="1", applies="{kind: [vm, disk]}")
    (tmp_path / "anything-1.yaml").write_text(text, "utf-8")
    path = tmp_path / "policies.yaml"
    path.write_text(BOOK.format(versions="\n".join(entry(name, "") for name in STARTS), anything=""), "utf-8")
    found = Engine.load(path, drafts=True).book
    digests = {(each.policy, each.version): each.digest for one in found.policies for each in one.versions}

    def write(drafts="", versions="123", start=None):
        lines = [entry(name, "" if name in drafts else digests["machines", name], start) for name in versions]
        frozen = f', digest: "{digests["anything", "1"]}"'
        path.write_text(BOOK.format(versions="\n".join(lines), anything=frozen), "utf-8")
        published = load_book(path)[0]
        lock = lock_text(lock_of(published, "policies.lock", dt.date(2025, 6, 1)), published.zone)
        path.with_suffix(".lock").write_text(lock, "utf-8")
        return path

    return write


def checked(at):
    done = CliRunner().invoke(main, ["check", "--deployable", "--at", at, "--format", "json"])
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize(
    ("drafts", "at"),
    [
        ("".join(drafts), at)
        for count in range(4)
        for drafts in itertools.combinations("123", count)
        for at in ("2023-06-01", "2024-01-01", "2025-06-01", "2026-06-01")
    ],
)
def test_check_fails_exactly_where_a_load_does(book, drafts, at):
    path = book(drafts)
    status, found = checked(at)
    begun = [name for name in drafts if STARTS[name] <= at]
    errors, warnings = loaded(path, f"{at}T00:00:00Z")
    assert [each["code"] for each in errors] == ["R0308"] * len(begun)
    assert status == (1 if errors else 0)
    assert errors == [each for each in found if each["severity"] == "error"]
    if not errors:
        assert warnings == found
        assert [each["code"] for each in found] == ["R0337"] * len(drafts)


def loaded(path, at):
    """What a load says: its errors, else its warnings."""
    try:
        return [], [problem.to_dict() for problem in Engine.load(path, at=at).left_out]
    except BookError as error:
        return [problem.to_dict() for problem in error.problems], []


def test_the_clock_says_what_has_begun_where_no_time_is_given(book):
    path = book("1", "1", "2999-01-01")
    assert [problem.code for problem in Engine.load(path).left_out] == ["R0337"]
    assert CliRunner().invoke(main, ["check", "--deployable"]).exit_code == 0
    with pytest.raises(BookError, match="version `1` of `machines` is in force and still a draft"):
        Engine.load(book("1", "1"))
    with pytest.raises(FactsError, match="R0904"):
        Engine.load(path, at="tomorrow")


def test_a_draft_that_was_superseded_is_said_to_have_been_in_force(book):
    with pytest.raises(BookError) as caught:
        Engine.load(book("1"), at="2025-06-01T00:00:00Z")
    assert "`1` of `machines` was in force until 2025-01-01T00:00:00+00:00 and is still a draft" in str(
        caught.value
    )


def test_nothing_takes_the_place_of_a_draft_that_is_left_out(book):
    """Neither the version before it nor the policy after it: the book says that another version governs then."""
    engine = Engine.load(book("3"), at="2025-06-01T00:00:00Z")
    assert engine.decide(VM, at="2025-12-31T23:59:59Z").version.version == "2"
    for at in ("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"):
        with pytest.raises(FactsError) as caught:
            engine.decide(VM, at=at)
        assert "R0905 no version of `machines` is in force at 20" in str(caught.value)
        assert "3 from 2026-01-01T00:00:00+00:00 (a draft, left out)" in str(caught.value)
    assert engine.decide({"kind": "disk"}, at="2030-01-01T00:00:00Z").version.policy == "anything"


def test_a_policy_of_which_nothing_has_begun_is_passed_over(book):
    engine = Engine.load(book("23", "23"), at="2024-06-01T00:00:00Z")
    decision = engine.decide(VM, at="2026-06-01T00:00:00Z").to_dict()
    assert decision["policy"]["id"] == "anything"
    assert decision["path"] == [{"policy": "machines", "version": None, "because": []}]


def test_what_is_missing_is_said_of_what_may_decide(book):
    engine = Engine.load(book("3"), at="2025-06-01T00:00:00Z")
    with pytest.raises(FactsError, match="R0902"):
        engine.decide({"kind": "vm", "knd": "vm"}, at="2026-06-01T00:00:00Z")


def test_a_draft_that_is_left_out_is_not_decided_by_when_it_is_named(book):
    engine = Engine.load(book("3"), at="2025-06-01T00:00:00Z")
    with pytest.raises(FactsError, match="R0906 version `3` of `machines` is a draft, and was left out"):
        engine.decide(VM, at="2025-06-01T00:00:00Z", policy="machines", version="3")


def test_with_drafts_nothing_is_left_out(book):
    engine = Engine.load(book("3"), drafts=True)
    assert engine.left_out == ()
    assert engine.decide(VM, at="2030-01-01T00:00:00Z").to_dict()["policy"]["draft"] is True


def test_the_old_name_of_the_option_works_and_says_what_to_write(book):
    book("1")
    done = CliRunner().invoke(main, ["check", "--frozen"])
    assert done.exit_code == 1
    assert "`--frozen` is now `--deployable`" in done.stderr
    assert "R0308" in done.stderr
    assert "--frozen" not in CliRunner().invoke(main, ["check", "--help"]).stdout


def test_a_warning_of_what_is_left_out_may_be_allowed_for_a_run(book):
    book("3")
    done = CliRunner().invoke(main, ["check", "--deployable", "--at", "2025-06-01", "--allow", "R0337"])
    assert done.stdout == "policies.yaml: no problems\n"


def test_a_run_of_cases_says_which_versions_are_drafts(book, tmp_path):
    book("2")
    suite = (
        "schema: rescind/cases/1\npolicy: machines\nversions: ['1', '2']\nat: 2025-06-01T00:00:00Z\ncases:\n"
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/a.yaml").write_text(
        suite + "  - {name: a, facts: {kind: vm}, expect: allowed}\n", "utf-8"
    )
    lines = CliRunner().invoke(main, ["test"]).stdout.splitlines()
    assert [line.strip().split()[:2] for line in lines if line.endswith(", a draft")] == [["machines", "2"]]
