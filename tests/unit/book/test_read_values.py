"""The type of a value by cases: what any of its rows may yield."""

from __future__ import annotations

import pytest
from rescind.engine import Engine
from rescind.problems.exceptions import BookError
from rescind.values.types import Kind, Type

BOOK = """\
schema: rescind/book/1
title: Rows
timezone: Europe/Berlin
facts: facts.yaml
policies:
  - id: rows
    versions: [{version: "1", in_force_from: 2025-01-01, file: rows.yaml}]
"""
FACTS = """\
schema: rescind/facts/1
facts:
  a:
    count: {type: integer}
    x: {type: number}
    cash: {type: money}
    sort: {type: choice, choices: [early, late]}
    kind: {type: choice, choices: [late, never]}
    note: {type: text}
    free: {type: flag}
"""
RULES = """\
schema: rescind/policy/1
policy: rows
version: "1"
title: Rows
values:
  it:
    - {{when: {{a.free: true}}, is: "{}"}}
    - {{otherwise: "{}"}}
blockers:
  - {{id: asked, when: {{it: {}}}, message: It is.}}
"""
AT = "2025-02-01T00:00:00+01:00"


@pytest.fixture
def load(tmp_path):
    def build(one: str, other: str, asked: str) -> Engine:
        (tmp_path / "policies.yaml").write_text(BOOK, "utf-8")
        (tmp_path / "facts.yaml").write_text(FACTS, "utf-8")
        (tmp_path / "rows.yaml").write_text(RULES.format(one, other, asked), "utf-8")
        return Engine.load(tmp_path, drafts=True)

    return build


@pytest.mark.parametrize(
    ("one", "other", "asked", "type_"),
    [
        ("a.count", "a.count * 2", "5", Type(Kind.INTEGER)),
        ("a.count", "a.x", "5", Type(Kind.NUMBER)),
        ("a.count", "graduated(a.x, up_to(2, 1), 3)", "5", Type(Kind.NUMBER)),
        ("5 USD", "6 USD", "5 USD", Type(Kind.MONEY, currency="USD")),
        ("5 USD", "a.cash", "5 USD", Type(Kind.MONEY)),
        ("5 USD", "6 EUR", "5 USD", Type(Kind.MONEY)),
        ("a.sort", "a.kind", "never", Type(Kind.CHOICE, ("early", "late", "never"))),
        ("'early'", "'late'", "late", Type(Kind.TEXT, ("early", "late"))),
        ("'early'", "a.note", "late", Type(Kind.TEXT)),
    ],
)
def test_the_type_is_that_of_every_row(load, one, other, asked, type_):
    (value,) = load(one, other, asked).book.policies[0].versions[0].values
    assert value.type == type_


def test_a_choice_of_a_later_row_can_be_asked_for(load):
    engine = load("a.sort", "a.kind", "never")
    facts = {"a": {"sort": "early", "kind": "never", "free": False}}
    assert engine.decide(facts, at=AT).outcome == "blocked"
    assert engine.decide({"a": facts["a"] | {"free": True}}, at=AT).outcome == "allowed"


def test_a_fraction_of_a_bracket_is_compared_as_it_is(load):
    engine = load("graduated(a.x, up_to(50, 1), 2)", "0", "{over: 2}")
    for units, outcome in (("2", "allowed"), ("2.5", "blocked"), ("1.999999999999", "allowed")):
        assert engine.decide({"a": {"x": units, "free": True}}, at=AT).outcome == outcome, units


TEXTS = """\
never yielded, with what is near | 'early' | 'late'  | lat                    | R0203 did you mean `late`?
not                              | 'early' | 'late'  | {is_not: lat}          | R0203 did you mean `late`?
of several                       | 'early' | 'late'  | [early, lat]           | R0203 did you mean `late`?
not of several                   | 'early' | 'late'  | {not_in: [early, lat]} | R0203 did you mean `late`?
no text at all                   | 'early' | 'late'  | 5                      | R0203
a choice that is never the same  | 'other' | 'more'  | {fact: a.sort}         | R0205
a choice that may be the same    | 'other' | 'late'  | {fact: a.sort}         |
yielded by the other row         | 'early' | 'late'  | late                   |
any text                         | 'early' | a.note  | lat                    |
"""


@pytest.mark.parametrize("row", TEXTS.splitlines())
def test_a_text_that_no_row_yields_is_refused(load, row):
    _, one, other, asked, said = (part.strip() for part in row.split("|"))
    if not said:
        load(one, other, asked)
        return
    with pytest.raises(BookError) as found:
        load(one, other, asked)
    (problem,) = found.value.problems
    code, _, hint = said.partition(" ")
    assert problem.code == code
    assert hint in problem.hint
