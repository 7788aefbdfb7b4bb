"""Mutants: which changes are made, which of them cases notice, and what is said of the others."""

from __future__ import annotations

import re

import pytest
from rescind.authoring.mutation.find_mutants import find_mutants
from rescind.authoring.mutation.version_mutations import mutations_of
from rescind.engine import Engine

from tests.unit.authoring.test_coverage import ALL
from tests.unit.authoring.workbench_book import BOOK, CASES, FACTS, HIRE, ran, write_book

STRICT = (
    ALL.replace(
        "{name: usual, expect: allowed}",
        """\
name: usual
    expect:
      refund:
        instruments: {card: {returned: 81.00 EUR, fees: 9.00 EUR, to: account}, coupon: 10.00 EUR}
        deductions: {fee: 9.00 EUR}""",
    )
    .replace(
        "  - name: coupons\n    expect: {blockers: []}",
        """\
  - name: nobody reviews in time
    at: 2025-02-10T12:00:00+01:00
    facts: {order.amount: 600 EUR, request.submitted_at: 2025-02-10T12:00:00+01:00}
    expect:
      reviews: {dear: {by: manager}}
      states:
        - {at: 2025-02-11T12:00:00+01:00, state: pending_review}
        - {at: 2025-02-11T12:00:01+01:00, state: auto_approved}
  - name: cents
    table:
      columns: [order.paid.card, expect.refund.instruments]
      rows:
        - [0.05 EUR, {card: 0.05 EUR, coupon: 10 EUR}]   # 4.5
        - [0.15 EUR, {card: 0.14 EUR, coupon: 10 EUR}]   # 13.5
        - [0.12 EUR, {card: 0.11 EUR, coupon: 10 EUR}]   # 10.8
        - [0.16 EUR, {card: 0.14 EUR, coupon: 10 EUR}]   # 14.4
  - name: coupons""",
    )
    .replace("columns: [order.coupon_until]", "columns: [order.coupon_until, expect.refund]")
)
STRICT = STRICT.replace("11:59:59+01:00]", "11:59:59+01:00, 81 EUR]").replace(
    "12:00:00+01:00], [2025-02-10T12:00:01+01:00]]",
    "12:00:00+01:00, 91 EUR], [2025-02-10T12:00:01+01:00, 91 EUR]]",
)


def keys(folder, hire: str = "", version: int = 0) -> list[str]:
    """The changes that are made of a version."""
    write_book(folder)
    if hire:
        (folder / "rules/hire/1.yaml").write_text(hire.replace("VERSION", "1"), "utf-8")
    engine = Engine.load(folder / "policies.yaml", drafts=True)
    return [each.key for each in mutations_of(engine.book.policies[0].versions[version], engine.book)]


def survivors(folder, suite: str) -> dict[str, str]:
    """The mutants of version 1 that survive a suite, with what is said of each."""
    engine, suites, results = ran(folder, suite)
    assert [result.trial.name for result in results if not result.passed] == []
    equivalents = [each for suite in suites for each in suite.equivalents]
    report = find_mutants(engine, results, equivalents, engine.book.policies[0].versions[:1])
    assert not report.stale, report.stale
    return {each.mutant: each.example or each.advice for each in report.survivors}


def test_every_kind_of_change_is_made_once(tmp_path):
    made = keys(tmp_path)
    assert len(made) == len(set(made))
    assert {
        "applies_to bike.kind == city to !=",
        "applies_to (bike.kind == city or bike.kind == cargo) to all",
        "applies_to without bike.kind == cargo",
        "blockers/damaged bike.damaged == true to !=",
        "blockers/damaged dropped",
        "review/dear order.amount > 500.00 EUR to >=",
        "review/dear order.amount > 500.00 EUR to <",
        "review/dear order.amount > 500.00 EUR to 499.99 EUR",
        "review/dear order.amount > 500.00 EUR to 500.01 EUR",
        "review/dear dropped",
        "review/dear on_timeout approve to reject",
        "review/dear on_timeout approve to unspecified",
        "review/dear within a second less",
        "review/dear within a second more",
        "review/dear by manager to someone-else",
        "values/rate/1 dropped",
        "values/rate/1 bike.days > 7 to 6",
        "values/rate/1 `20%` to `19%`",
        "values/rate/2 `10%` to `11%`",
        "terms/usual/deduct/fee dropped",
        "terms/usual/deduct/fee as fees to consumed",
        "terms/usual/deduct/fee `order.paid.card * rate` to `order.paid.card / rate`",
        "terms/usual/deduct/fee `order.paid.card * rate` off by one",
        "terms/usual/instruments/card remainder to none",
        "terms/usual/instruments/card remainder to full",
        "terms/usual/instruments/card to account to bank",
        "terms/usual/instruments/coupon full to none",
        "terms/usual/instruments/coupon full to remainder",
        "terms/usual/instruments/coupon without its condition",
        "refund rounding half_up to half_even",
        "refund below_zero to charge",
    } <= set(made)


def test_an_instrument_that_the_terms_do_not_name_has_no_mutants(tmp_path):
    line = "        coupon: {return: full, unless: {order.coupon_until: {before: now}}}\n"
    assert any("coupon" in key for key in keys(tmp_path))
    assert not any("coupon" in key for key in keys(tmp_path, HIRE.replace(line, "")))


def test_names_of_mutants_do_not_depend_on_layout(tmp_path):
    moved = "# moved\n\n" + HIRE.replace("blockers:", "\n\nblockers:")
    assert keys(tmp_path / "a") == keys(tmp_path / "b", moved)


FORMULAS = [
    ("hours(floor_hour(order.start), now)", ["hours(ceil_hour(order.start), now)"]),
    ("years(order.start, now, 'up')", ["years(order.start, now, 'down')"]),
    ("min(order.amount, 7.50 EUR)", ["max(order.amount, 7.50 EUR)", "min(order.amount, 7.49 EUR)"]),
    ("order.start + 1s", ["order.start - 1s", "order.start + 0s", "order.start + 2s"]),
    ("1.05 * 2", ["1.04 * 2", "1.06 * 2", "1.05 / 2", "1.05 * 1", "1.05 * 3"]),
    ("bike.damaged and bike.days < 3", ["bike.damaged or bike.days < 3", "bike.damaged and bike.days <= 3"]),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "changed"), FORMULAS)
def test_formulas_are_changed_where_the_change_is_a_formula(tmp_path, formula, changed):
    write_book(tmp_path)
    facts = FACTS.replace("    amount:", "    start: {type: time}\n    amount:")
    (tmp_path / "rules/facts.yaml").write_text(facts, "utf-8")
    (tmp_path / "rules/hire/1.yaml").write_text(
        HIRE.replace("VERSION", "1").replace("values:\n", f'values:\n  extra: "{formula}"\n'), "utf-8"
    )
    engine = Engine.load(tmp_path / "policies.yaml", drafts=True)
    made = [each.change for each in mutations_of(engine.book.policies[0].versions[0], engine.book)]
    for text in changed:
        assert f"`{formula}` to `{text}`" in made
    # Nothing that is no formula of this type.
    assert not any(re.search(r"to `.*(now \+|\+ now)", change) for change in made)


def test_cases_that_try_everything_leave_only_what_is_equivalent(tmp_path):
    found = survivors(tmp_path, STRICT)
    assert found == {
        "refund below_zero to charge": "a case with more deducted than was paid",
    }


def test_an_equivalent_mutant_is_argued_away_in_the_suite(tmp_path):
    argued = (
        STRICT
        + "equivalent:\n  - {mutant: refund below_zero to charge, reason: The fee is at most a fifth.}\n"
    )
    assert survivors(tmp_path, argued) == {}


@pytest.mark.parametrize(
    ("mutant", "words"),
    [
        ("blockers/damaged dropped", "a case notices the mutant"),
        ("blockers/damged dropped", "did you mean `blockers/damaged dropped`?"),
    ],
)
def test_an_argument_about_no_survivor_is_a_problem(tmp_path, mutant, words):
    engine, suites, results = ran(
        tmp_path, STRICT + f"equivalent:\n  - {{mutant: {mutant}, reason: So it is.}}\n"
    )
    report = find_mutants(engine, results, suites[0].equivalents, engine.book.policies[0].versions[:1])
    [problem] = report.stale
    assert problem.code == "R0713"
    assert words in str(problem)
    assert problem.location.line == STRICT.count("\n") + 2


def test_a_survivor_comes_with_a_case_that_would_notice_it(tmp_path):
    found = survivors(
        tmp_path,
        CASES
        + """\
  - {name: usual, expect: {refund: {total: 91 EUR, deductions: {fee: 9 EUR}}}}
  - {name: damaged, facts: {bike.damaged: true}, expect: {blockers: [damaged]}}
  - {name: dear, facts: {order.amount: 501.00 EUR}, expect: {reviews: [dear]}}
""",
    )
    assert "review/dear order.amount > 500.00 EUR to <" not in found
    assert found["review/dear order.amount > 500.00 EUR to >="] == (
        "like `usual`, with `{order.amount: 500.00 EUR}`: allowed, refund 91.00 EUR; "
        "the mutant says review_required, dear, refund 91.00 EUR"
    )
    assert found["values/rate/1 bike.days > 7 to 8"] == (
        "like `usual`, with `{bike.kind: cargo, bike.days: 8}`: allowed, refund 82.00 EUR; "
        "the mutant says allowed, refund 91.00 EUR"
    )
    assert found["review/dear on_timeout approve to reject"] == (
        "a case of `review/dear` with `states` at the deadline and a second later"
    )


def test_no_version_changes_while_its_mutants_are_tried(tmp_path):
    engine, _, results = ran(tmp_path, STRICT)
    before = [
        engine.definition("hire", "1"),
        engine.decide(results[0].trial.case.facts, at="2025-02-10T12:00:00Z").to_json(),
    ]
    find_mutants(engine, results, [], engine.book.policies[0].versions)
    after = [
        engine.definition("hire", "1"),
        engine.decide(results[0].trial.case.facts, at="2025-02-10T12:00:00Z").to_json(),
    ]
    assert before == after
    assert BOOK


def test_a_mutant_of_an_integer_is_an_integer(tmp_path):
    """What reads the value was checked against that: months are added by whole numbers only."""
    more = "values:\n  twice: bike.days * 2\n  later: add_months(date('2025-01-31'), twice)\n"
    found = keys(tmp_path, HIRE.replace("values:\n", more, 1))
    assert "values/twice `bike.days * 2` to `bike.days * 3`" in found
    assert [key for key in found if "bike.days / 2" in key] == []
