"""Problems, their order, their hints, and the page that explains every code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from rescind.commands import main
from rescind.problems.codes import CODES, RETIRED, Severity
from rescind.problems.exceptions import FactsError
from rescind.problems.near_names import NearNames
from rescind.problems.problem import MAX_PROBLEMS, FirstProblems, Location, Problem, Problems, capped
from rescind.problems.suggestions import did_you_mean, one_of

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "problems.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (R\d{4}) (.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
HERE = Location("a.yaml", 3, 7)


def test_problems_come_sorted_by_place_each_once():
    problems = Problems()
    problems.add("R0202", "later", Location("a.yaml", 10, 1))
    problems.add("R0201", "same place, second code", HERE)
    problems.add("R0102", "same place, first code", HERE)
    problems.add("R0102", "same place, first code", HERE)
    problems.add("R0101", "another file", Location("B.yaml", 99, 1))
    assert [problem.code for problem in problems] == ["R0101", "R0102", "R0201", "R0202"]
    assert len(problems) == 4


def test_what_later_stages_say_of_an_unreadable_text_is_left_out():
    problems = Problems()
    problems.add("R0103", "expected a text, found `false`", HERE)
    problems.add("R0011", "`no` may be false", HERE)
    problems.add("R0103", "elsewhere", Location("a.yaml", 3, 8))
    assert [problem.code for problem in problems] == ["R0011", "R0103"]


def test_only_errors_stop_a_book():
    problems = Problems([Problem("R0331", "unused", HERE), Problem("R0201", "unknown", HERE)])
    assert [problem.code for problem in problems.errors] == ["R0201"]
    assert problems.errors[0].severity is Severity.ERROR


def mistakes(count, code="R0201"):
    return [Problem(code, "wrong", Location("a.yaml", line, 1)) for line in range(1, count + 1)]


@pytest.mark.parametrize(
    ("count", "told"), [(0, 0), (MAX_PROBLEMS, MAX_PROBLEMS), (MAX_PROBLEMS + 1, MAX_PROBLEMS + 1)]
)
def test_problems_are_told_up_to_the_cap(count, told):
    assert len(FactsError(problems=mistakes(count)).problems) == told


def test_beyond_the_cap_one_problem_counts_the_others_and_a_second_cap_adds_nothing():
    once = capped(mistakes(5_000))
    assert len(once) == MAX_PROBLEMS + 1
    assert str(once[-1]) == (
        "a.yaml:101:1: R0992 4900 more problems are not told one by one (mend the first ones and look again)"
    )
    assert capped(once) == once
    # Two readers that each told no more than the cap: what both left out is added up.
    assert capped([*once, *once])[-1].stands_for == 4_900 * 2 + MAX_PROBLEMS
    assert (
        capped([*mistakes(MAX_PROBLEMS), *mistakes(1)])[-1].message == "1 more problem is not told one by one"
    )


def test_warnings_do_not_count_and_hide_no_error():
    found = capped([*mistakes(300, "R0331"), *mistakes(2)])
    assert [problem.code for problem in found[-2:]] == ["R0201", "R0201"]
    assert len(found) == 302


def test_what_is_not_told_is_counted_and_neither_worded_nor_looked_up():
    found, worded = FirstProblems(), []

    def make(line):
        worded.append(line)
        return Problem("R0902", "unknown", Location("a.yaml", line, 1))

    for line in range(10_000):
        found.add(lambda line=line: make(line))
    assert len(found) == 10_000
    assert len(worded) == MAX_PROBLEMS + 1  # the place of the first that is left out
    assert list(found)[-1].stands_for == 10_000 - MAX_PROBLEMS


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("legal_freeze", "legal_freeze"),
        ("LegalFreeze", "legal_freeze"),  # the same letters
        ("legal-freeze", "legal_freeze"),
        ("legalfreeze", "legal_freeze"),
        ("legal_freze", "legal_freeze"),  # one slip
        ("legal_freezed", "legal_freeze"),
        ("legal_freesze", "legal_freeze"),
        ("elgal_freeze", "legal_freeze"),
        ("lgal_freezee", "legal_freeze"),  # two slips in a long name
        ("xxlegal_freeze", "legal_freeze"),
        ("gelal_freeze", "legal_freeze"),
        ("lgal_frzee", ""),  # three slips
        ("states", "state"),  # one slip in a short name
        ("sttae", "state"),
        ("stats", "state"),
        ("status", ""),  # two slips in a short name
        ("tax", "tax"),
        ("taxi", ""),  # too short for a slip
        ("line_2", ""),  # another digit is another name
        ("line_1", "line_1"),
        ("line__1", "line_1"),
        ("", ""),
        ("x" * 10**6, ""),
    ],
)
def test_a_name_is_near_by_the_rule_that_is_stated(name, near):
    assert NearNames(["legal_freeze", "state", "tax", "line_1"]).to(name) == near


def test_near_names_are_found_by_any_slip_anywhere():
    name = "reservation_code"
    names = NearNames([name, *(f"other_{index}_name" for index in range(500))])
    for at in range(len(name)):
        assert names.to(name[:at] + name[at + 1 :]) == name
        assert names.to(name[:at] + "q" + name[at:]) == name
        assert names.to(name[:at] + "q" + name[at + 1 :]) == name
        for other in range(at + 2, len(name)):
            assert names.to(name[:at] + name[at + 1 : other] + name[other + 1 :]) == name
            assert names.to(name[:at] + "q" + name[at:other] + "q" + name[other:]) == name


def test_a_code_that_is_not_in_the_table_cannot_be_added():
    with pytest.raises(KeyError):
        Problems().add("R9999", "nothing", HERE)


def test_a_problem_as_text_and_as_data():
    problem = Problem("R0201", "`a` is not a fact", HERE, "did you mean `b`?")
    assert str(problem) == "a.yaml:3:7: R0201 `a` is not a fact (did you mean `b`?)"
    assert problem.to_dict() == {
        "code": "R0201",
        "severity": "error",
        "path": "a.yaml",
        "line": 3,
        "column": 7,
        "message": "`a` is not a fact",
        "hint": "did you mean `b`?",
    }
    assert str(Location("order.amount")) == "order.amount"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("paied", "paid"),
        ("UER", "EUR"),
        ("eur", "EUR"),
        ("Paid", "paid"),
        ("xyz", ""),
        ("", ""),
        ("x" * 10**6, ""),
    ],
)
def test_a_near_word_is_found(word, meant):
    assert did_you_mean(word, ["paid", "EUR", "YER", "total"]) == (
        f"did you mean `{meant}`?" if meant else ""
    )


def test_choices_as_a_phrase():
    assert [one_of("abc"[:count]) for count in range(4)] == [
        "nothing",
        "`a`",
        "`a` or `b`",
        "`a`, `b` or `c`",
    ]
    assert one_of(map(str, range(20)), 2) == "`0`, `1` … (20 in all)"


# docs/problems.md


def test_every_code_is_explained_and_no_other():
    headings = re.findall(r"^## (R\d{4}) (.+)$", PAGE, flags=re.MULTILINE)
    assert headings == [(code, row.title) for code, row in CODES.items()]


@pytest.mark.parametrize("code", CODES)
def test_a_section_says_how_much_it_weighs_shows_an_example_and_what_to_do(code):
    section = SECTIONS[code]
    assert f"*{CODES[code].severity.value.capitalize()}.*" in section
    assert "**What to do.** " in section
    assert re.search(rf"```text\n.*{code} \S", section), "an example of the message"


def corpus_of(code):
    """What the cases of a code change, and what they expect, as texts."""
    for path in sorted((ROOT / "tests" / "corpus" / "invalid").glob(f"{code}-*.yaml")):
        text = path.read_text("utf-8")
        yield yaml.load(text, yaml.BaseLoader)  # noqa: S506 - builds texts only


def texts(data):
    if isinstance(data, dict):
        return [text for value in data.values() for text in texts(value)]
    return [text for value in data for text in texts(value)] if isinstance(data, list) else [data]


@pytest.mark.parametrize("code", CODES)
def test_an_example_and_its_message_are_those_of_the_corpus(code):
    cases = list(corpus_of(code))
    message = re.search(rf"```text\n(.*{code} .*)\n", SECTIONS[code])
    assert message
    if not cases:  # the codes that `test_corpus.py` argues away
        return
    assert any(text.endswith(message[1]) for case in cases for text in texts(case))
    written = {line.strip() for case in cases for text in texts(case) for line in text.splitlines()}
    for language, shown in re.findall(r"```(yaml|sh)\n(.*?)\n```", SECTIONS[code], flags=re.DOTALL):
        for line in filter(None, map(str.strip, shown.splitlines())):
            if language == "sh" and any("run" in case for case in cases):
                assert any(each.startswith(line) for each in written), line
            elif language == "yaml" and code < "R0600" and "#" not in line:
                assert line in written


def test_a_retired_code_is_explained_and_given_to_nothing_else():
    assert RETIRED.keys().isdisjoint(CODES)
    for code, became in RETIRED.items():
        result = CliRunner().invoke(main, ["explain", code])
        assert (result.exit_code, result.output) == (0, f"{code} (retired) {became}\n")
