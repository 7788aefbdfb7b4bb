"""Comments that allow a warning or advice, with a reason."""

from __future__ import annotations

import pytest
from rescind.authoring.allowed_warnings import without_allowed
from rescind.problems.codes import Severity
from rescind.problems.problem import Location, Problem

WARNING, OTHER, ERROR, ADVICE = "R0332", "R0331", "R0201", "R0601"
WHY = "because absence is meant to be free"


def run(text, *places, book="policies.yaml", path="a.yaml", **options):
    """What is left of problems `code@line`."""
    problems = [
        Problem(code, "it is so", Location(path, int(line), 3))
        for code, line in (place.split("@") for place in places)
    ]
    found = without_allowed(problems, {path: text}, book, **options)
    return [f"{problem.code}@{problem.location.line}" for problem in found]


@pytest.mark.parametrize(
    "text",
    [
        f"a: 1\nb: 2  # rescind: allow R0332 {WHY}\n",
        f"a: 1  # rescind: allow R0332 {WHY}\nb: 2  # rescind: allow R0332 {WHY}\n".split("\n", 1)[1].join(
            ["a: 1\n", ""]
        ),
        f"# rescind: allow R0332 {WHY}\nb: 2\n",
        f"#rescind:allow  R0332   {WHY}\nb: 2\n",
        f"# rescind: allow R0332 {WHY}\r\nb: 2\r\n",
    ],
)
def test_on_the_line_or_alone_above_it(text):
    assert run(text, f"{WARNING}@2") == []


def test_several_codes_and_several_comments():
    text = f"# rescind: allow R0332, R0331 {WHY}\na: 1\n"
    assert run(text, f"{WARNING}@2", f"{OTHER}@2") == []
    text = f"# rescind: allow R0332 {WHY}\n# rescind: allow R0331 {WHY}\na: 1\n"
    assert run(text, f"{WARNING}@3", f"{OTHER}@3") == []


def test_other_lines_and_other_codes_stay():
    text = f"a: 1  # rescind: allow R0332 {WHY}\nb: 2\n"
    assert run(text, f"{WARNING}@1", f"{OTHER}@1", f"{WARNING}@2") == ["R0331@1", "R0332@2"]


def test_a_comment_behind_something_does_not_speak_for_the_next_line():
    assert run(f"a: 1  # rescind: allow R0332 {WHY}\nb: 2\n", f"{WARNING}@2") == ["R0622@1", "R0332@2"]


def test_errors_are_never_allowed():
    text = f"a: 1  # rescind: allow R0201 {WHY}\n"
    assert run(text, f"{ERROR}@1") == ["R0201@1", "R0621@1"]


@pytest.mark.parametrize(
    "words",
    [
        "allow R0332",
        "allow R0332 because",
        "allow R0332 because   ",
        "allow because it is so",
        "ignore R0332 because it is so",
        "allow R0332 it is so",
        "",
    ],
)
def test_without_code_or_reason_it_is_a_problem_and_allows_nothing(words):
    assert run(f"a: 1  # rescind: {words}\n", f"{WARNING}@1") == ["R0332@1", "R0620@1"]


def test_a_code_that_there_is_not():
    assert run(f"a: 1  # rescind: allow R9999 {WHY}\n") == ["R0621@1"]


def test_an_unused_one_is_reported_where_its_problems_were_looked_for():
    text = f"a: 1  # rescind: allow R0601 {WHY}\nb: 1  # rescind: allow R0332 {WHY}\n"
    assert run(text) == ["R0622@1", "R0622@2"]
    assert run(text, looked_for=(Severity.WARNING,)) == ["R0622@2"]
    assert run(text, looked_for=()) == []


@pytest.mark.parametrize(
    "text",
    [
        f'a: "x # rescind: allow R0332 {WHY}"\n',
        f"a: |\n  # rescind: allow R0332 {WHY}\n  b\n",
        f"a: x#rescind: allow R0332 {WHY}\n".replace(": allow", " allow"),
    ],
)
def test_what_looks_like_a_comment_inside_a_text_is_none(text):
    line = 2 if "|" in text else 1
    assert run(text, f"{WARNING}@{line}") == [f"R0332@{line}"]


def test_everywhere_speaks_for_the_whole_book_from_its_own_file_only():
    text = f"# rescind: allow R0332 everywhere {WHY}\n"
    other = [Problem(WARNING, "it is so", Location("rules/b.yaml", 7, 1))]
    assert without_allowed(other, {"policies.yaml": text}, "policies.yaml") == ()
    found = without_allowed(other, {"rules/b.yaml": text}, "policies.yaml")
    assert [problem.code for problem in found] == ["R0622", "R0332"]
    assert "outside of the book's own file" in found[0].message
