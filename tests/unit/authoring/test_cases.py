"""Suites: how they are read, and what is said of those that are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rescind.problems.problem import Problems
from rescind.shape.shipped_schemas import base_schema
from rescind.shape.validate import validate
from rescind.source.read_source import read_text

from tests.unit.authoring.workbench_book import CASES, FIRST_LINE, HEAD, opened, ran

ROOT = Path(__file__).parents[3]
SUITES = sorted([*ROOT.glob("rules/*/tests/*.yaml"), *ROOT.glob("examples/books/*/rules/*/tests/*.yaml")])


def names(folder: Path, suite: str) -> list[tuple[str, bool]]:
    return [(result.trial.name, result.passed) for result in ran(folder, suite)[2]]


def test_facts_are_merged_deeply_and_null_takes_one_away(tmp_path):
    suite = (
        CASES
        + """\
  - name: groups
    facts: {bike: {kind: cargo, days: 8}}
    expect: {values: {rate: 20%}}
  - name: dots
    facts: {bike.kind: cargo, bike.days: 8, order.paid.coupon: null}
    expect: {values: {rate: 20%}, refund: {instruments: {card: 72.00 EUR}}}
  - name: taken away
    facts: {bike.damaged: null}
    expect: {error: {bike.damaged: R0901}}
  - name: a whole group taken away
    facts: {order: null}
    expect: {error: {order.amount: R0901, order.paid: R0901}}
"""
    )
    assert [passed for _, passed in names(tmp_path, suite)] == [True] * 4


def test_a_table_makes_a_case_of_each_row(tmp_path):
    suite = (
        CASES
        + """\
  - name: limit
    facts: {bike.kind: cargo}
    table:
      columns: [order.amount, expect.reviews]
      rows:
        - [500.00 EUR, []]
        - [500.01 EUR, [dear]]
  - name: named
    expect: {refund: {terms: usual}}
    table:
      columns: [name, at, order.coupon_until, expect.refund.total]
      rows:
        - [no coupon date, 2025-02-11T12:00:00+01:00, null, 91.00 EUR]
        - [expired, 2025-02-11T12:00:00+01:00, 2025-02-11T11:59:59+01:00, 81.00 EUR]
        - [by the clock of the suite, null, null, null]
"""
    )
    assert names(tmp_path, suite) == [
        ("limit / row 1", True),
        ("limit / row 2", True),
        ("named / no coupon date", True),
        ("named / expired", True),
        ("named / by the clock of the suite", True),
    ]


@pytest.mark.parametrize(
    ("head", "targets"),
    [
        ('version: "2"', ["hire 2"]),
        ('versions: ["2", "1"]', ["hire 2", "hire 1"]),
        ("versions: every", ["hire 1", "hire 2"]),
        ("in_force_at: 2025-02-28T23:59:59+01:00", ["hire 1"]),
        ("in_force_at: [2025-01-01, 2025-02-01, 2025-03-01]", ["hire 1", "hire 2"]),
        ("", ["hire"]),
    ],
)
def test_what_decides(tmp_path, head, targets):
    suite = CASES.replace('version: "1"', head) + "  - {name: a, expect: {reviews: []}}\n"
    assert [str(result.trial.target) for result in ran(tmp_path, suite)[2]] == targets


def test_without_a_policy_it_is_every_policy_or_the_book(tmp_path):
    bare = CASES.replace('policy: hire\nversion: "1"\n', "")
    every = bare.replace("at: 2025-02-10", "in_force_at: 2025-02-10\nat: 2025-02-10")
    case = "  - {name: a, expect: {blockers: []}}\n"
    assert [str(r.trial.target) for r in ran(tmp_path / "a", every + case)[2]] == ["hire 1", "rest 1"]
    book = (
        bare
        + """\
  - name: hire
    expect: {policy: hire, version: "1", path: []}
  - name: rest
    facts: {bike.kind: toy}
    expect: {policy: rest, path: [hire], refund: {total: 0.00 EUR, instruments: {}}}
""".replace(", instruments: {}", "")
    )
    results = ran(tmp_path / "b", book)[2]
    assert [str(result.trial.target) for result in results] == ["the book"] * 2
    assert all(result.passed for result in results)


def test_the_submission_is_the_clock_where_there_is_no_other(tmp_path):
    head = CASES.replace("at: 2025-02-10T12:00:00+01:00\n", "")
    suite = (
        head
        + """\
  - name: a
    facts: {request.submitted_at: 2025-02-11T12:00:00+01:00, order.amount: 600.00 EUR}
    expect:
      reviews: {dear: {by: manager, within: 1d, on_timeout: approve, deadline: 2025-02-12T12:00:00+01:00}}
      state: pending_review
      deadline: 2025-02-12T12:00:00+01:00
      states: [{at: 2025-02-12T12:00:00.000001+01:00, state: auto_approved}]
"""
    )
    assert names(tmp_path, suite) == [("a", True)]


CASE = "  - {name: a, expect: allowed}\n"
WHOLE = [
    # What decides.
    (HEAD.replace("hire", "hyre") + "cases:\n" + CASE, "R0700", (2, 9), "did you mean `hire`?"),
    (HEAD.replace('"1"', '"3"') + "cases:\n" + CASE, "R0700", (3, 10), "versions: `1` or `2`"),
    (
        HEAD.replace('version: "1"', 'versions: ["1", "3"]') + "cases:\n" + CASE,
        "R0700",
        (3, 17),
        "no version `3`",
    ),
    (
        HEAD.replace('version: "1"', "in_force_at: 2024-12-31") + "cases:\n" + CASE,
        "R0700",
        (3, 14),
        "no version",
    ),
    (HEAD.replace("policy: hire\n", "") + "cases:\n" + CASE, "R0102", (1, 1), "needs `policy`"),
    (HEAD + "versions: every\ncases:\n" + CASE, "R0107", (8, 1), "cannot stand beside"),
    # The clock.
    (HEAD.replace("at: 2025-02-10T12:00:00+01:00\n", "") + "cases:\n" + CASE, "R0701", (8, 5), "no clock"),
    # Cases.
    (HEAD + "cases: []\n", "R0106", (8, 8), "an empty list"),
    (
        CASES + CASE + CASE,
        "R0705",
        (FIRST_LINE + 1, 5),
        f"the first is at rules/hire/tests/suite.yaml:{FIRST_LINE}:5",
    ),
]
# A case, the code, the column (all on the first line of the cases), and words of the problem.
SINGLE = [
    ("{name: a, at: 2025-02-30, expect: allowed}", "R0303", 19, "not a date that exists"),
    ("{name: a, at: noon, expect: allowed}", "R0303", 19, "a date or a time"),
    ("{name: a}", "R0102", 5, "`expect` is missing"),
    ("{name: a, given: {a: 1}, expect: allowed}", "R0101", 15, "did you mean `facts`?"),
    # What is expected.
    ("{name: a, expect: alowed}", "R0104", 23, "did you mean `allowed`?"),
    ("{name: a, expect: {reviws: []}}", "R0101", 24, "did you mean `reviews`?"),
    ("{name: a, expect: {blockers: damaged}}", "R0103", 34, "write a list of ids"),
    ("{name: a, expect: {refund: 12.345 EUR}}", "R0707", 32, "more decimals"),
    ("{name: a, expect: {refund: a lot}}", "R0707", 32, "an amount and a currency"),
    ("{name: a, expect: {reviews: {dear: {within: soon}}}}", "R0707", 49, "a duration"),
    ("{name: a, expect: {error: broken}}", "R0105", 31, "the code of a problem"),
    ("{name: a, expect: {state: waiting}}", "R0104", 31, "expected `approved`"),
    # What cannot all be true.
    ("{name: a, expect: {outcome: allowed, blockers: [x]}}", "R0703", 23, "`blocked`"),
    ("{name: a, expect: {outcome: blocked}}", "R0703", 23, "which blockers"),
    ("{name: a, expect: blocked}", "R0703", 23, "which blockers"),
    ("{name: a, expect: review_required}", "R0703", 23, "which reviews"),
    ("{name: a, expect: {blockers: [x], reviews: [dear]}}", "R0703", 23, "no reviews"),
    ("{name: a, expect: {blockers: [x], refund: 1 EUR}}", "R0703", 23, "no refund"),
    ("{name: a, expect: {error: R0901, reviews: [dear]}}", "R0703", 23, "have no `reviews`"),
    ("{name: a, expect: {outcome: not_applicable, refund: 1 EUR}}", "R0703", 23, "no policy"),
    # Tables.
    ("{name: a, expect: allowed, table: {columns: [bike.dayz], rows: [[1]]}}", "R0704", 50, "`bike.days`"),
    ("{name: a, table: {columns: [expect.reveiws], rows: [[[]]]}}", "R0704", 33, "`reviews`"),
    (
        "{name: a, expect: allowed, table: {columns: [bike.days], rows: [[1, 2]]}}",
        "R0702",
        69,
        "2 cells for 1 column",
    ),
    (
        "{name: a, expect: allowed, table: {columns: [bike.days], rows: [1]}}",
        "R0103",
        69,
        "write a row as a list",
    ),
    ("{name: a, table: {columns: [bike.days], rows: [[1]]}}", "R0703", 52, "expects nothing"),
    # The reader's own.
    ("{name: a, facts: {bike.damaged: yes}, expect: allowed}", "R0011", 37, "`yes`"),
]
BROKEN = WHOLE + [
    (f"{CASES}  - {case}\n", code, (FIRST_LINE, column), words) for case, code, column, words in SINGLE
]


@pytest.mark.parametrize(("suite", "code", "place", "words"), BROKEN, ids=lambda value: str(value)[-60:])
def test_one_mistake_is_one_problem_where_it_was_made(tmp_path, suite, code, place, words):
    _, suites, problems = opened(tmp_path, suite)
    assert suites == []
    found = [(problem.code, problem.location.line, problem.location.column) for problem in problems]
    assert found == [(code, *place)]
    assert words in str(problems[0])
    assert problems[0].location.path == "rules/hire/tests/suite.yaml"


def test_a_suite_with_problems_does_not_hide_the_others(tmp_path):
    engine, _, _ = opened(tmp_path, CASES + CASE)
    (tmp_path / "rules/hire/tests/b.yaml").write_text("schema: rescind/cases/1\ncases: 3\n", "utf-8")
    (tmp_path / "rules/hire/tests/c.yaml").write_text("schema: rescind/policy/1\n", "utf-8")
    from rescind.authoring.run_cases import read_suites, suite_files

    problems = Problems()
    suites = read_suites(suite_files(engine.book, tmp_path), tmp_path, engine.book, problems)
    assert [suite.document.path for suite in suites] == ["rules/hire/tests/suite.yaml"]
    assert [problem.code for problem in problems] == ["R0103", "R0100"]


@pytest.mark.parametrize("path", SUITES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_schema_alone_accepts_every_shipped_suite(path):
    document = read_text(path.read_text("utf-8"), path.name, Problems())
    assert document
    assert validate(document, "cases", Problems())


def test_every_shipped_suite_names_a_schema_that_is_there():
    for path in SUITES:
        first = path.read_text("utf-8").splitlines()[0]
        assert (
            path.parent / first.partition("$schema=")[2]
        ).resolve() == ROOT / "engine/rescind/shape/schemas/cases.schema.json"


def test_the_schema_is_one():
    schema = base_schema("cases")
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    assert '"anyOf"' not in text
    assert '"oneOf"' not in text
