"""Reports of problems: text with carets, JSON, SARIF, GitHub annotations, JUnit."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from rescind.authoring import problem_reports
from rescind.authoring.problem_reports import REPORTS, Lines, snippet
from rescind.authoring.scaffold import init_book
from rescind.commands import main
from rescind.problems.codes import CODES
from rescind.problems.problem import Location, Problem

PAGE = Path(__file__).parents[3] / "docs" / "problems.md"
ERROR = Problem("R0201", "`oder` is not a fact", Location("rules/a b.yaml", 3, 7), "did you mean `order`?")
WARNING = Problem("R0331", "no policy reads `x`", Location("facts.yaml", 9, 3))
WHOLE = Problem("R0001", "it cannot be read: 100%,\nreally", Location("policies.yaml"))


# Text


@pytest.mark.parametrize(
    ("line", "column", "marked"),
    [
        ("when: {oder.amount: {over: 1 EUR}}", 8, "oder.amount"),
        ("  - id: ended", 9, "ended"),
        ("a: {b: c}", 4, "{"),
        ('a: "two words"  # why', 4, '"two words"'),
        ("facts:", 1, "facts"),
        ("a: b", 5, ""),
        ("größe: 1", 8, "1"),
    ],
)
def test_carets_stand_under_what_is_wrong(tmp_path, line, column, marked):
    path = tmp_path / "a.yaml"
    path.write_text(f"# first\n{line}\n", "utf-8")
    shown, carets = snippet(Problem("R0201", "x", Location(str(path), 2, column)), Lines())
    assert shown == line
    assert carets == " " * (column - 1) + "^" * max(1, len(marked))


def test_a_very_long_line_is_cut_around_the_place(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("x" * 500 + " here " + "y" * 500, "utf-8")
    shown, carets = snippet(Problem("R0201", "x", Location(str(path), 1, 502)), Lines())
    assert len(shown) <= 160
    assert shown[carets.index("^") :].startswith("here")
    assert carets.strip() == "^^^^"


@pytest.mark.parametrize("place", [Location("missing.yaml", 1, 1), Location("x"), Location("\0", 1, 1)])
def test_no_line_no_carets(place):
    assert snippet(Problem("R0201", "x", place), Lines()) == ("", "")


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: \x1b[31mred\n", "utf-8")
    assert "\x1b" not in snippet(Problem("R0015", "x", Location(str(path), 1, 4)), Lines())[0]


# SARIF: what the schema of version 2.1.0 requires of the parts that are used.

MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = {
    "type": "object",
    "required": ["id", "shortDescription", "defaultConfiguration"],
    "properties": {
        "shortDescription": MESSAGE,
        "help": MESSAGE,
        "defaultConfiguration": {"properties": {"level": LEVEL}},
    },
}
REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {
        "startLine": {"type": "integer", "minimum": 1},
        "startColumn": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}
PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation"],
    "properties": {
        "artifactLocation": {
            "required": ["uri"],
            "properties": {"uri": {"type": "string", "pattern": r"^[^ \\]+$"}},
        },
        "region": REGION,
    },
}
RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "locations"],
    "properties": {
        "message": MESSAGE,
        "level": LEVEL,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "locations": {
            "type": "array",
            "minItems": 1,
            "items": {"properties": {"physicalLocation": PHYSICAL}},
        },
    },
}
DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string", "minLength": 1},
        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
    },
    "additionalProperties": False,
}
RUN = {
    "type": "object",
    "required": ["tool"],
    "properties": {
        "tool": {"required": ["driver"], "properties": {"driver": DRIVER}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": RESULT},
    },
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {"type": "array", "items": RUN},
    },
    "additionalProperties": False,
}


def not_installed(name):
    raise PackageNotFoundError(name)


@pytest.mark.parametrize("problems", [[], [ERROR], [WHOLE, WARNING, ERROR, ERROR]])
@pytest.mark.parametrize("installed", [True, False])
def test_sarif_has_what_its_schema_requires(problems, installed, monkeypatch):
    if not installed:
        monkeypatch.setattr(problem_reports, "version", not_installed)
    log = json.loads(REPORTS["sarif"](problems, []))
    Draft202012Validator(SARIF).validate(log)
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert ("version" in run["tool"]["driver"]) is installed
    assert len(run["results"]) == len(problems)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_a_sarif_result_says_where_and_how_bad():
    [result, other] = json.loads(REPORTS["sarif"]([ERROR, WARNING], []))["runs"][0]["results"]
    assert (result["level"], other["level"]) == ("error", "warning")
    assert result["message"]["text"] == "`oder` is not a fact (did you mean `order`?)"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "rules/a%20b.yaml"},
        "region": {"startLine": 3, "startColumn": 7},
    }


# GitHub and JUnit


def test_github_annotations_are_one_line_each_with_signs_escaped():
    assert REPORTS["github"]([ERROR, WHOLE], []).splitlines() == [
        (
            "::error file=rules/a b.yaml,line=3,col=7,title=R0201 a name that is neither a fact nor a value::`oder` is"
            " not a fact (did you mean `order`?)"
        ),
        "::error file=policies.yaml,title=R0001 a file cannot be read::it cannot be read: 100%25,%0Areally",
    ]
    assert REPORTS["github"]([WARNING], []).startswith("::warning ")


def test_junit_has_a_case_for_each_file_and_fails_those_with_errors():
    root = ET.fromstring(REPORTS["junit"]([ERROR, WARNING], ["policies.yaml", "facts.yaml"]))  # noqa: S314 - our own text
    suite = root.find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    cases = {case.get("name"): case for case in suite}
    assert sorted(cases) == ["facts.yaml", "policies.yaml", "rules/a b.yaml"]
    assert cases["rules/a b.yaml"].find("failure").text == str(ERROR)
    assert cases["facts.yaml"].find("failure") is None
    assert cases["facts.yaml"].find("system-out").text == str(WARNING)


def test_junit_of_a_text_that_xml_cannot_hold():
    bad = Problem("R0201", "a \x00\x1b\ud800 b", Location("a.yaml", 1, 1))
    ET.fromstring(REPORTS["junit"]([bad], []).encode())  # noqa: S314 - our own text


# The command


@pytest.fixture
def broken(tmp_path, monkeypatch):
    init_book(tmp_path / "book")
    monkeypatch.chdir(tmp_path / "book")
    path = Path("rules/subscriptions/2025-01-01.yaml")
    path.write_text(path.read_text("utf-8").replace("order.state: ended", "order.stat: ended"), "utf-8")


def check(*args):
    return CliRunner().invoke(main, ["check", *args], catch_exceptions=False)


def test_text_shows_the_line_carets_and_link(broken):
    result = check()
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        (
            "rules/subscriptions/2025-01-01.yaml:21:12: R0201 `order.stat` is not a fact or a value"
            " (did you mean `order.state`?)"
        ),
        "    when: {order.stat: ended}",
        "           ^^^^^^^^^^",
        "    rescind explain R0201",
    ]
    assert result.stdout == "policies.yaml: 1 error\n"


def test_colour_only_where_it_is_wanted(broken):
    assert "\x1b[" not in check().stderr
    coloured = CliRunner().invoke(main, ["check"], color=True)
    assert "\x1b[31m\x1b[1m^^^^^^^^^^\x1b[0m" in coloured.stderr


@pytest.mark.parametrize("format_", REPORTS)
def test_other_formats_go_to_standard_output_and_fail_alike(broken, format_):
    result = check("--format", format_)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "R0201" in result.stdout
    assert "rules/subscriptions/2025-01-01.yaml" in result.stdout


# explain


@pytest.mark.parametrize("code", ["R0332", "r0332", " R0332 "])
def test_explain_prints_the_section_of_the_page(code):
    result = CliRunner().invoke(main, ["explain", code])
    assert result.exit_code == 0
    assert result.stdout.startswith("## R0332 ")
    assert "**What to do.**" in result.stdout
    assert len(re.findall(r"^## ", result.stdout, re.MULTILINE)) == 1


def test_explain_knows_every_code():
    for code in CODES:
        assert CliRunner().invoke(main, ["explain", code]).stdout.startswith(f"## {code} ")


def test_explain_of_no_code_is_a_wrong_command_line():
    result = CliRunner().invoke(main, ["explain", "R0399"])
    assert result.exit_code == 2
    assert "there is no problem `R0399`: did you mean" in result.stderr
