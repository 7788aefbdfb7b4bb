"""What formulas name: choices of facts, and fields of lists."""

from __future__ import annotations

import pytest
from rescind.formula.named_parts import named_choices, named_fields

CHOICES = [
    ("a.kind == 'x'", {("a.kind", "x")}),
    ("1 if 'x' != a.kind else 2", {("a.kind", "x")}),
    ("a.kind in ['x', 'y'] or 'z' in a.tags", {("a.kind", "x"), ("a.kind", "y"), ("a.tags", "z")}),
    ('not (a.kind not in ["x"])', {("a.kind", "x")}),
    ("default(a.kind, 'x') == 'y'", {("a.kind", "x")}),
    ("count(a.rows, each.kind == 'x') + count(b.rows)", {("a.rows.kind", "x")}),
    ("sum(a.rows, each.n, each.kind in ['x'], 0)", {("a.rows.kind", "x")}),
    ("round(a.n, 'half_up') + 1", set()),
    ("hours(a.t, b.t, 'Asia/Shanghai')", set()),
    ("'x' if a.flag else 'y'", set()),
    ("a.n + 1", set()),
]


@pytest.mark.parametrize(("text", "expected"), CHOICES)
def test_the_choices_that_a_formula_names(text, expected):
    assert set(named_choices(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(a.rows, each.price, each.used, 0 EUR)", {"a.rows.price", "a.rows.used"}),
        ("any(a.rows, each.by == 'x') and all(b.rows, each.n > 1)", {"a.rows.by", "b.rows.n"}),
        ("any(a.rows, count(each.parts, each.n > 1) > 0)", {"a.rows.parts", "a.rows.parts.n"}),
        ("count(a.rows)", set()),
        ("a.beach.n", set()),
    ],
)
def test_the_fields_that_a_formula_reads(text, expected):
    assert set(named_fields(text)) == expected
