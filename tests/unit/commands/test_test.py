"""`rescind test` as it is typed: what it finds, what it shows, how it ends."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner
from rescind.commands import main

from tests.unit.authoring.test_find_mutants import STRICT
from tests.unit.authoring.workbench_book import CASES, write_book

GOOD = (
    CASES
    + "  - {name: usual, expect: {refund: 91 EUR}}\n  - {name: toys, facts: {bike.kind: toy}, expect: not_applicable}\n"
)
BAD = (
    GOOD
    + """\
  - name: one euro too much
    facts: {bike.days: 8}
    expect: {refund: 92.00 EUR}
"""
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def start(*arguments, suite=GOOD):
        write_book(tmp_path, suite)
        return CliRunner().invoke(main, ["test", *arguments])

    return start


def test_all_passed(run):
    done = run()
    assert done.exit_code == 0
    assert "hire 1" in done.stdout
    assert "2 cases of 1 suite, all passed" in done.stdout.splitlines()[-1]
    assert done.stderr == ""


def test_a_failure_is_shown_with_what_is_behind_it(run):
    done = run(suite=BAD)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "FAILED rules/hire/tests/suite.yaml:11:5: R0710 one euro too much  (hire 1)"
    assert lines[1] == "  refund.total  expected 92.00 EUR"
    assert lines[2] == "                got      91.00 EUR"
    assert "                  terms usual  at rules/hire/1.yaml:17:7" in lines
    assert any(line.strip().startswith("fee = order.paid.card * rate = 9.00 EUR") for line in lines)
    assert "  facts         {bike.days: 8}" in lines
    assert "3 cases of 1 suite, 1 failed" in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["-k", "usual"], ["usual"]),
        (["-k", "TOYS hire"], ["toys"]),
        (["--policy", "hire"], ["usual", "toys"]),
        (["--policy", "hire", "--version", "1"], ["usual", "toys"]),
        (["rules"], ["usual", "toys"]),
        (["rules/hire/tests/suite.yaml"], ["usual", "toys"]),
        (["policies.yaml"], ["usual", "toys"]),
        (["."], ["usual", "toys"]),
        (["--book", "policies.yaml"], ["usual", "toys"]),
    ],
)
def test_which_cases_are_run(run, arguments, names):
    done = run(*arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    assert [result["case"] for result in json.loads(done.stdout)["results"]] == names


def test_a_suite_elsewhere_finds_its_book(run, tmp_path, monkeypatch):
    run()
    monkeypatch.chdir(tmp_path / "rules/hire/tests")
    assert "2 cases" in CliRunner().invoke(main, ["test", "suite.yaml"]).stdout


@pytest.mark.parametrize(
    ("arguments", "suite", "code"),
    [
        (["-k", "nothing"], GOOD, "R0706"),
        (["--version", "2"], GOOD, "R0706"),
        ([], "", "R0706"),
        ([], CASES + "  []\n", "R0106"),
        ([], CASES + "  - {name: a, expect: {reviws: []}}\n", "R0101"),
    ],
)
def test_nothing_to_run_is_a_failure(run, arguments, suite, code):
    done = run(*arguments, suite=suite)
    assert done.exit_code == 1
    assert code in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        ["--policy", "hyre"],
        ["--fail-under", "101"],
        [".", "--book", "other.yaml"],
        ["--format", "xml"],
    ],
)
def test_a_wrong_command_line_ends_with_2(run, arguments):
    assert run(*arguments).exit_code == 2


def test_fail_fast_stops_at_the_first_failure(run):
    suite = BAD + "  - {name: never reached, expect: {refund: 1 EUR}}\n"
    assert run(suite=suite).stdout.count("FAILED") == 2
    done = run("-x", suite=suite)
    assert done.exit_code == 1
    assert done.stdout.count("FAILED") == 1
    assert "never reached" not in done.stdout


def test_json_says_everything_and_nothing_of_the_clock(run):
    done = run("--format", "json", "--coverage", suite=BAD)
    assert done.exit_code == 1
    data = json.loads(done.stdout)
    assert data["schema"] == "rescind/test/1"
    assert (data["cases"], data["passed"], data["failed"], data["problems"]) == (3, 2, 1, [])
    failed = data["results"][2]
    assert failed["suite"] == "rules/hire/tests/suite.yaml"
    assert (failed["line"], failed["policy"], failed["version"]) == (11, "hire", "1")
    assert failed["facts"] == {"bike.days": 8}
    assert failed["differences"][0]["what"] == "refund.total"
    assert failed["differences"][0]["expected"] == "92.00 EUR"
    assert failed["differences"][0]["because"][0] == "terms usual at rules/hire/1.yaml:17"
    assert data["coverage"]["versions"][0]["parts"][0] == {
        "rule": "applies_to",
        "what": "",
        "seen": ["applies", "does not apply"],
        "missing": [],
    }
    assert run("--format", "json", "--coverage", suite=BAD).stdout == done.stdout


def test_junit_is_xml_that_a_ci_reads(run):
    done = run(
        "--format",
        "junit",
        suite=BAD.replace("one euro too much", 'a "b" <c> & d'),
    )
    assert done.exit_code == 1
    root = ET.fromstring(done.stdout)  # noqa: S314 - our own output
    [suite] = root.findall("testsuite")
    assert suite.attrib["name"] == "rules/hire/tests/suite.yaml"
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("3", "1")
    cases = suite.findall("testcase")
    assert [case.attrib["line"] for case in cases] == ["9", "10", "11"]
    [failure] = root.iter("failure")
    assert failure.attrib["message"] == "refund.total: expected 92.00 EUR, got 91.00 EUR"
    assert "terms usual at rules/hire/1.yaml:17" in (failure.text or "")
    assert cases[2].attrib["name"] == 'a "b" <c> & d'


def test_junit_shows_problems_of_suites_as_errors(run):
    done = run("--format", "junit", suite=CASES + "  - {name: a}\n")
    assert done.exit_code == 1
    [error] = ET.fromstring(done.stdout).iter("error")  # noqa: S314 - our own output
    assert error.attrib["type"] == "R0102"


def test_coverage_lists_what_no_case_tries(run):
    done = run("--coverage")
    assert done.exit_code == 0
    assert "    blockers/damaged never blocks" in done.stdout.splitlines()
    assert "    review/dear: limit order.amount > 500.00 EUR never at" in done.stdout.splitlines()


def test_too_little_coverage_is_a_failure(run):
    done = run("--fail-under", "60", "-k", "hire")
    assert done.exit_code == 1
    assert "R0711" in done.stderr
    assert "of `hire` 1 is tried, 60 % is asked for" in done.stderr
    assert run("--fail-under", "20", "-k", "hire").exit_code == 0
    # Over the whole book, a version without any case counts.
    assert "`rest` 1" in run("--fail-under", "20").stderr


def test_the_page_is_written(run, tmp_path):
    assert run("--html", "coverage.html").exit_code == 0
    page = (tmp_path / "coverage.html").read_text("utf-8")
    assert "Hire of bicycles" in page
    assert "never above" in page


def test_mutants_are_listed_with_line_and_case(run):
    done = run("--mutants", "-k", "hire")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    at = lines.index("  review/dear order.amount > 500.00 EUR to >=")
    assert lines[at - 1] == "SURVIVED rules/hire/1.yaml:9:38: R0712 hire 1"
    assert lines[at + 1].startswith(
        "  would be noticed by a case like `usual`, with `{order.amount: 500.00 EUR}`"
    )


def test_no_mutants_while_a_case_fails(run):
    done = run("--mutants", suite=BAD)
    assert done.exit_code == 1
    assert "mutants are tried once every case passes" in done.stdout


def test_no_survivor_is_success(run):
    argued = (
        STRICT
        + "equivalent:\n  - {mutant: refund below_zero to charge, reason: The fee is at most a fifth.}\n"
    )
    done = run("--mutants", "--policy", "hire", "--version", "1", suite=argued)
    assert done.exit_code == 0, done.output
    assert "equivalent: hire 1 refund below_zero to charge" in done.stdout
    assert "0 survived" in done.stdout
    data = json.loads(run("--mutants", "--policy", "hire", "--format", "json", suite=argued).stdout)
    assert data["mutants"]["survivors"] == []
    assert [each["reason"] for each in data["mutants"]["equivalent"]] == ["The fee is at most a fifth."]


def test_update_rewrites_and_shows_the_difference(run, tmp_path):
    done = run("--update", suite=BAD)
    assert done.exit_code == 0
    assert "-    expect: {refund: 92.00 EUR}\n+    expect: {refund: 91.00 EUR}\n" in done.stdout
    assert (tmp_path / "rules/hire/tests/suite.yaml").read_text("utf-8") == BAD.replace("92.00", "91.00")
    again = run("--update", suite=BAD.replace("92.00", "91.00"))
    assert again.stdout == "every case passes; nothing to write\n"


EVERY = CASES.replace('version: "1"', "versions: every")


@pytest.mark.parametrize("options", [(), ("--version", "2"), ("-k", "hire 2")])
def test_update_sees_all_versions_of_a_case_and_does_not_flip_it(run, tmp_path, options):
    """Versions 1 and 2 differ at 600 EUR: what is right of one is wrong of the other, whichever is asked for."""
    suite = EVERY + "  - {name: a, facts: {order.amount: 600 EUR}, expect: {reviews: [dear]}}\n"
    for _ in range(2):
        done = run("--update", *options, suite=suite)
        assert done.exit_code == 1
        assert "R0710 `a` is not rewritten: `hire 1` and `hire 2` give different answers" in done.stderr
        assert (tmp_path / "rules/hire/tests/suite.yaml").read_text("utf-8") == suite


def test_update_needs_every_result(run):
    done = run("--update", "--fail-fast", suite=BAD)
    assert done.exit_code == 2
    assert "leave `--fail-fast` out" in done.stderr


def test_mutants_are_those_of_the_version_that_was_asked_for(run):
    suite = EVERY + "  - {name: a, expect: {refund: 91 EUR}}\n"
    data = json.loads(run("--version", "2", "--mutants", "--format", "json", suite=suite).stdout)
    assert data["mutants"]["made"] > 20
    assert {each["version"] for each in data["mutants"]["survivors"]} == {"2"}


def test_mutants_of_a_policy_are_those_of_the_versions_that_decided(run):
    suite = CASES.replace('version: "1"\n', "") + "  - {name: a, expect: {refund: 91 EUR}}\n"
    data = json.loads(run("--policy", "hire", "--mutants", "--format", "json", suite=suite).stdout)
    assert {each["version"] for each in data["mutants"]["survivors"]} == {"1"}


def test_update_writes_nothing_where_suites_have_problems(run, tmp_path):
    suite = BAD + "  - {name: a}\n"
    done = run("--update", suite=suite)
    assert done.exit_code == 1
    assert (tmp_path / "rules/hire/tests/suite.yaml").read_text("utf-8") == suite


def test_a_policy_that_is_not_in_force_yet_is_passed_over(run, tmp_path):
    """A case from before `hire` began, which `rest` decides: run, covered, and a failure of it explained."""
    suite = (
        CASES.replace('policy: hire\nversion: "1"\n', "").replace("2025-02-10T12", "2024-12-01T12")
        + "  - {name: a, expect: {policy: hire}}\n"
    )
    run(suite=suite)
    book = tmp_path / "policies.yaml"
    text = book.read_text("utf-8").replace("2025-01-01, file: rules/rest", "2024-01-01, file: rules/rest")
    book.write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["test", "--coverage"])
    assert "hire has no version in force" in done.stdout
    assert done.exit_code == 1
    suite_file = tmp_path / "rules/hire/tests/suite.yaml"
    suite_file.write_text(suite.replace("policy: hire}", "policy: rest}"), "utf-8")
    assert CliRunner().invoke(main, ["test", "--mutants", "--coverage"]).stderr == ""
    done = CliRunner().invoke(main, ["publish", "rest", "1", "--fail-under", "30"])
    assert done.exit_code == 0, done.stderr


def test_a_broken_book_is_a_located_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path, GOOD)
    path = tmp_path / "rules/rest/1.yaml"
    path.write_text(path.read_text("utf-8").replace("order.paid", "order.payed"), "utf-8")
    done = CliRunner().invoke(main, ["test"])
    assert done.exit_code == 1
    assert "rules/rest/1.yaml:5" in done.stderr
