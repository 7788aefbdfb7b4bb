"""Coverage: about rules, and only about what decisions asked."""

from __future__ import annotations

import re

from rescind.authoring.coverage import cover, percent
from rescind.authoring.coverage_html import coverage_page
from rescind.authoring.run_cases import run_trials, trials_of
from rescind.authoring.test_run_data import coverage_data
from rescind.engine import Engine

from tests.unit.authoring.workbench_book import CASES, HEAD, HIRE, opened, ran, write_book

USUAL = CASES + "  - {name: usual, expect: allowed}\n"
ALL = (
    CASES
    + """\
  - {name: usual, expect: allowed}
  - {name: not for toys, facts: {bike.kind: toy}, expect: not_applicable}
  - {name: damaged, facts: {bike.damaged: true}, expect: {blockers: [damaged]}}
  - name: limit
    table:
      columns: [order.amount, expect.reviews]
      rows: [[499.99 EUR, []], [500.00 EUR, []], [500.01 EUR, [dear]]]
  - name: rates
    table:
      columns: [bike.kind, bike.days, expect.values.rate]
      rows: [[cargo, 6, 10%], [cargo, 7, 10%], [cargo, 8, 20%], [city, 8, 10%]]
  - name: coupons
    expect: {blockers: []}
    table:
      columns: [order.coupon_until]
      rows: [[2025-02-10T11:59:59+01:00], [2025-02-10T12:00:00+01:00], [2025-02-10T12:00:01+01:00]]
  - {name: by card alone, facts: {order.paid.coupon: null}, expect: {refund: 81 EUR}}
  - {name: by coupon alone, facts: {order.paid.card: null}, expect: {refund: 10 EUR}}
"""
)


def covered(folder, suite):
    engine, _, results = ran(folder, suite)
    assert all(result.passed for result in results)
    return cover(engine, results)


def first(folder, suite):
    return covered(folder, suite).versions[0]


def test_what_one_case_leaves_untried(tmp_path):
    version = first(tmp_path, USUAL)
    assert version.untried == (
        "applies_to never does not apply",
        "applies_to: bike.kind == city never false",
        "applies_to: bike.kind == cargo never true",
        "blockers/damaged never blocks",
        "review/dear never asked for",
        "review/dear: limit order.amount > 500.00 EUR never at",
        "review/dear: limit order.amount > 500.00 EUR never above",
        "values/rate/1 never taken",
        "values/rate/1: bike.kind == cargo never true",
        "values/rate/1: bike.days > 7 never true",
        "values/rate/1: limit bike.days > 7 never at",
        "values/rate/1: limit bike.days > 7 never above",
        "terms/usual/instruments/coupon never false",
        "terms/usual/instruments/coupon: order.coupon_until present never true",
        "terms/usual/instruments/coupon: order.coupon_until < now never true",
        "terms/usual/instruments/coupon: limit order.coupon_until < now never below",
        "terms/usual/instruments/coupon: limit order.coupon_until < now never at",
        "terms/usual/instruments/coupon: limit order.coupon_until < now never above",
        "terms/usual/instruments/card: paid with it never false",
        "terms/usual/instruments/coupon: paid with it never false",
    )
    assert (version.met, version.goals) == (version.goals - 20, version.goals)


def test_everything_tried_is_a_hundred_percent(tmp_path):
    version = first(tmp_path, ALL)
    assert version.untried == ()
    assert percent(version.met, version.goals) == "100.0"


def test_percent_is_rounded_down():
    assert [percent(999, 1000), percent(9999, 10_000), percent(0, 0), percent(1, 3)] == [
        "99.9",
        "99.9",
        "100.0",
        "33.3",
    ]


def test_only_what_a_decision_asked_counts(tmp_path):
    """A blocked case asks for no review, and a row behind the one that was taken is not looked at."""
    blocked = first(
        tmp_path / "a",
        CASES
        + (
            "  - {name: a, facts: {bike.damaged: true, order.amount: 600 EUR}, expect: {blockers: [damaged]}}\n"
        ),
    )
    seen = {part.rule: part.seen for part in blocked.parts if not part.words}
    assert seen["blockers/damaged"] == {"blocks"}
    assert seen["review/dear"] == seen["values/rate/1"] == seen["terms/usual"] == set()
    cargo = first(
        tmp_path / "b", CASES + "  - {name: a, facts: {bike.kind: cargo, bike.days: 8}, expect: allowed}\n"
    )
    seen = {part.rule: part.seen for part in cargo.parts if not part.words}
    assert seen["values/rate/1"] == {"taken"}
    assert seen["values/rate/2"] == set()


def test_a_limit_that_facts_cannot_lie_below_is_not_asked_for(tmp_path):
    write_book(tmp_path)
    path = tmp_path / "rules/hire/1.yaml"
    engine, _, results = ran(tmp_path, USUAL)
    path.write_text(
        HIRE.replace("VERSION", "1").replace("bike.days: {over: 7}", "bike.days: {over: 0}"), "utf-8"
    )
    engine = Engine.load(tmp_path / "policies.yaml", drafts=True)
    goals = {part.words: part.goals for part in cover(engine, []).versions[0].parts}
    assert goals["limit bike.days > 0"] == ("at", "above")
    assert goals["limit order.amount > 500.00 EUR"] == ("below", "at", "above")
    assert results


def test_layout_comments_and_order_of_keys_change_nothing(tmp_path):
    one = covered(tmp_path / "a", ALL)
    write_book(tmp_path / "b")
    engine, _, results = ran(
        tmp_path / "b", "# a comment\n\n" + ALL.replace("  - {name: usual", "\n\n  - {name: usual")
    )
    path = tmp_path / "b/rules/hire/1.yaml"
    text = path.read_text("utf-8").replace("blockers:\n", "\n# why\nblockers:\n\n")
    row = "{when: {bike.kind: cargo, bike.days: {over: 7}}, is: 20%}"
    assert row in text
    text = text.replace(row, "when:\n        bike.kind: cargo\n        bike.days: {over: 7}\n      is: 20%")
    path.write_text(text, "utf-8")
    engine = Engine.load(tmp_path / "b/policies.yaml", drafts=True)
    two = cover(engine, run_trials(engine, [result.trial for result in results]))
    assert coverage_data(one) == coverage_data(two)
    assert "line" not in str(coverage_data(one))


def test_the_page_is_whole_and_asks_for_nothing(tmp_path):
    page = coverage_page(covered(tmp_path, USUAL), "Hire & <more>")
    assert page.startswith("<!DOCTYPE html>")
    assert "Hire &amp; &lt;more&gt;" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=.(?!#)", page)
    assert page.count("<details") == page.count("</details>") == 3
    assert 'class="missing">never above<' in page
    assert 'class="seen">✓ does not block<' in page


def test_a_version_without_a_case_has_nothing_tried(tmp_path):
    coverage = covered(tmp_path, USUAL)
    assert [(each.policy, each.version, each.cases) for each in coverage.versions] == [
        ("hire", "1", 1),
        ("hire", "2", 0),
        ("rest", "1", 0),
    ]
    assert coverage.versions[1].met == 0
    assert HEAD


def test_a_policy_without_a_version_in_force_is_passed_over(tmp_path):
    """A case from before `hire` began is decided by `rest`; of `hire` there is nothing to ask."""
    suite = (
        CASES.replace('policy: hire\nversion: "1"\n', "").replace("2025-02-10T12", "2024-12-01T12")
        + "  - {name: a, expect: {policy: rest, refund: none}}\n"
    )
    write_book(tmp_path)
    book = tmp_path / "policies.yaml"
    assert book.read_text("utf-8").count("2025-01-01, file: rules/rest/1.yaml") == 1
    engine, suites, problems = opened(tmp_path, suite)
    assert problems == []
    assert suites
    book.write_text(
        book.read_text("utf-8").replace("2025-01-01, file: rules/rest", "2024-01-01, file: rules/rest"),
        "utf-8",
    )
    engine = Engine.load(tmp_path, drafts=True)
    [result] = run_trials(engine, trials_of(suites))
    assert [difference.what for difference in result.differences] == ["refund"]
    assert [each.cases for each in cover(engine, [result]).versions] == [0, 0, 1]


def test_an_instrument_is_asked_for_only_of_the_terms_that_were_taken(tmp_path):
    version = covered(
        tmp_path, CASES + "  - {name: a, facts: {bike.damaged: true}, expect: {blockers: [damaged]}}\n"
    )
    paid = {part.rule: part.seen for part in version.versions[0].parts if part.words == "paid with it"}
    assert paid == {"terms/usual/instruments/card": set(), "terms/usual/instruments/coupon": set()}
