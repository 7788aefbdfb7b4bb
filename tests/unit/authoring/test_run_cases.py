"""Cases decided and compared: what fails, and what is said of it."""

from __future__ import annotations

import pytest

from tests.unit.authoring.workbench_book import CASES, ran

REVIEWED = "order.amount: 600.00 EUR"
OTHER = "{by: boss, within: 2h, on_timeout: reject}"
SUBMITTED = f"{REVIEWED}, request.submitted_at: 2025-02-10T12:00:00+01:00"
LATER = "{at: 2025-02-11T12:00:01+01:00, state: overdue}"


def differences(folder, case: str) -> dict[str, tuple[str, str]]:
    """What came out otherwise in a suite of one case."""
    [result] = ran(folder, CASES + f"  - {case}\n")[2]
    return {each.what: (each.expected, each.got) for each in result.differences}


@pytest.mark.parametrize(
    ("case", "found"),
    [
        # Blockers and reviews whole, also where the case does not mention them.
        ("{name: a, facts: {bike.damaged: true}, expect: allowed}", {"blockers": ("none", "damaged")}),
        (
            "{name: a, facts: {bike.damaged: true}, expect: {refund: 1 EUR}}",
            {"blockers": ("none", "damaged")},
        ),
        ("{name: a, expect: {blockers: [damaged]}}", {"blockers": ("damaged", "none")}),
        (f"{{name: a, facts: {{{REVIEWED}}}, expect: {{refund: 91 EUR}}}}", {"reviews": ("none", "dear")}),
        ("{name: a, expect: {reviews: [dear]}}", {"reviews": ("dear", "none")}),
        ("{name: a, facts: {bike.kind: toy}, expect: allowed}", {"outcome": ("allowed", "not_applicable")}),
        ("{name: a, expect: not_applicable}", {"outcome": ("not_applicable", "allowed")}),
        # What a review says.
        (
            f"{{name: a, facts: {{{REVIEWED}}}, expect: {{reviews: {{dear: {OTHER}}}}}}}",
            {
                "reviews.dear.by": ("boss", "manager"),
                "reviews.dear.within": ("PT2H", "PT24H"),
                "reviews.dear.on_timeout": ("reject", "approve"),
            },
        ),
        # Money.
        ("{name: a, expect: {refund: 91.01 EUR}}", {"refund.total": ("91.01 EUR", "91.00 EUR")}),
        ("{name: a, expect: {refund: none}}", {"refund": ("none", "91.00 EUR")}),
        ("{name: a, expect: {refund: {terms: other}}}", {"refund.terms": ("other", "usual")}),
        (
            "{name: a, expect: {refund: {instruments: {card: 81.00 EUR}}}}",
            {"refund.instruments.coupon": ("nothing returned", "10.00 EUR")},
        ),
        (
            "{name: a, expect: {refund: {instruments: {card: {fees: 8.99 EUR, to: bank}, coupon: 10 EUR}}}}",
            {
                "refund.instruments.card.fees": ("8.99 EUR", "9.00 EUR"),
                "refund.instruments.card.to": ("bank", "account"),
            },
        ),
        ("{name: a, expect: {refund: {deductions: {}}}}", {"refund.deductions.fee": ("none", "9.00 EUR")}),
        (
            "{name: a, expect: {refund: {deductions: {fee: 9 EUR, other: 0 EUR}}}}",
            {"refund.deductions.other": ("0.00 EUR", "none")},
        ),
        # Values.
        ("{name: a, expect: {values: {rate: 20%}}}", {"values.rate": ("20%", "0.1")}),
        ("{name: a, expect: {values: {rates: 20%}}}", {"values.rates": ("20%", "no such value")}),
        # The request.
        (
            "{name: a, expect: {state: approved}}",
            {"state": ("approved", "no request: the facts have no `request.submitted_at`")},
        ),
        (
            f"{{name: a, facts: {{{SUBMITTED}}}, expect: {{reviews: [dear], state: approved, states: [{LATER}]}}}}",
            {
                "state": ("approved", "pending_review"),
                "states.2025-02-11T12:00:01+01:00": ("overdue", "auto_approved"),
            },
        ),
        # Facts that are refused.
        (
            "{name: a, facts: {bike.damaged: null}, expect: allowed}",
            {"outcome": ("allowed", "the facts were refused: bike.damaged: R0901")},
        ),
        ("{name: a, expect: {error: R0901}}", {"error": ("R0901", "a decision: allowed")}),
        (
            "{name: a, facts: {bike.damaged: null, bike.day: 1}, expect: {error: {bike.damaged: R0901}}}",
            {"error": ("bike.damaged: R0901", "bike.day: R0902, bike.damaged: R0901")},
        ),
        (
            "{name: a, facts: {bike.damaged: null}, expect: {error: R0902}}",
            {"error": ("R0902", "bike.damaged: R0901")},
        ),
    ],
)
def test_what_comes_out_otherwise(tmp_path, case, found):
    assert differences(tmp_path, case) == found


def test_a_difference_names_the_line_of_the_policy_and_the_facts_behind_it(tmp_path):
    suite = (
        CASES
        + """\
  - name: missing
    facts: {order.amount: 500.00 EUR}
    expect: {reviews: [dear]}
  - name: unexpected
    facts: {order.amount: 500.01 EUR}
    expect: allowed
  - name: misspelt
    expect: {blockers: [damagd]}
  - name: money
    expect: {refund: 1.00 EUR}
"""
    )
    behind = {
        result.trial.name: [(line.text, line.at and line.at.line) for line in result.differences[0].because]
        for result in ran(tmp_path, suite)[2]
    }
    assert behind["missing"] == [
        ("dear", 9),
        ("  order.amount is 500.00 EUR, the rule asks for over 500.00 EUR", None),
    ]
    assert behind["unexpected"] == [
        ("dear", 9),
        ("  order.amount is 500.01 EUR, needs over 500.00 EUR", None),
    ]
    assert behind["misspelt"] == [("hire 1 has no blocker `damagd` (did you mean `damaged`?)", None)]
    assert ("terms usual", 17) in behind["money"]
    assert any(text.startswith("  fee = order.paid.card * rate = 9.00 EUR") for text, _ in behind["money"])


def test_a_case_about_two_versions_is_decided_by_both(tmp_path):
    suite = (
        CASES.replace('version: "1"', "versions: every")
        + """\
  - name: between the limits
    facts: {order.amount: 600.00 EUR}
    expect: {reviews: [dear]}
"""
    )
    results = ran(tmp_path, suite)[2]
    assert [(result.trial.name, result.passed) for result in results] == [
        ("between the limits [hire 1]", True),
        ("between the limits [hire 2]", False),
    ]
