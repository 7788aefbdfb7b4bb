"""The vocabulary as records, and the names that it gives to conditions and formulas."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from rescind.book.vocabulary import read_vocabulary
from rescind.problems.problem import Problems
from rescind.source.document_nodes import MalformedError
from rescind.source.read_source import read_text
from rescind.values.durations import Duration
from rescind.values.money import Money
from rescind.values.types import ABSENT, Kind, Type

FACTS = """\
  order:
    description: The order.
    paid: {type: instruments, choices: [cash, card], currency: USD}
    total: {type: money, default: 5 USD}
    term: {type: duration, calendar: true, default: 1y}
    note: {type: text, optional: true}
    deep: {open: true, level: {type: integer, at_least: 0, at_most: 3, default: 3}}
  lines:
    type: list
    fields: {price: {type: money}, used: {type: flag, optional: true}}
  tier: {type: choice, choices: {gold: Gold, none: No tier}, description: How good a customer.}
"""


def read(facts):
    problems = Problems()
    document = read_text(f"schema: rescind/facts/1\nfacts:\n{facts}", "facts.yaml", problems)
    return read_vocabulary(document, ZoneInfo("UTC"), problems), list(problems)


@pytest.fixture(scope="module")
def vocabulary():
    found, problems = read(FACTS)
    assert problems == []
    return found


def test_facts_have_dotted_names_in_the_order_of_the_file(vocabulary):
    assert list(vocabulary.facts) == [
        *("order.paid", "order.total", "order.term", "order.note", "order.deep.level", "lines", "tier")
    ]
    assert vocabulary.groups == {"order": "The order.", "order.deep": ""}
    assert vocabulary.open_groups == {"order.deep"}
    assert vocabulary.facts["tier"].labels == {"gold": "Gold", "none": "No tier"}
    assert vocabulary.facts["tier"].location.line == 13


def test_defaults_are_typed_and_say_what_is_required(vocabulary):
    facts = vocabulary.facts
    assert facts["order.total"].default == Money(500, "USD")
    assert facts["order.term"].default == Duration(12, 0)
    assert facts["order.note"].default is ABSENT
    assert [name for name, fact in facts.items() if fact.required] == ["order.paid", "lines", "tier"]


def test_conditions_may_name_facts_instruments_their_total_and_now(vocabulary):
    names = vocabulary.names()
    dollars = Type(Kind.MONEY, currency="USD")
    assert names["now"] == Type(Kind.TIME)
    assert names["order.paid.cash"] == names["order.paid.total"] == dollars
    assert "order" not in names
    assert vocabulary.fact_of("order.paid.card") is vocabulary.facts["order.paid"]
    assert vocabulary.fact_of("order.paid") is vocabulary.facts["order.paid"]
    assert vocabulary.fact_of("refund.total") is None


def test_the_fields_of_a_list_know_which_may_be_left_out(vocabulary):
    fields = vocabulary.facts["lines"].type.fields
    assert (fields["price"].optional, fields["used"].optional) == (False, True)


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        (("How good a customer.", "Other words."), False),
        (("gold: Gold", "gold: Golden"), False),
        (("gold: Gold", "silver: Gold"), True),
        (("price: {type: money}", "price: {type: money, description: Words.}"), False),
        (("price: {type: money}", "price: {type: money, currency: USD}"), True),
        (("used: {type: flag, optional: true}", "used: {type: flag}"), True),
        (("price: {type: money}", "description: {type: money}"), True),
        (("default: 5 USD", "default: 6 USD"), True),
    ],
)
def test_what_of_a_fact_counts_for_digests(vocabulary, changed, counts):
    other, _ = read(FACTS.replace(*changed))
    assert (other.digests != vocabulary.digests) is counts


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ("now: {type: time}", "R0220"),
        ("refund: {a: {type: flag}}", "R0220"),
        ("a: {type: money, currency: EUT}", "R0210"),
        ("a: {type: integer, at_most: 3, default: 4}", "R0211"),
        ("a: {type: set, choices: [x], default: [z]}", "R0211"),
        ("a: {type: list, fields: {b: {type: flag}}, default: [{b: 1}]}", "R0211"),
        ("a: {type: integer, examples: [1, x]}", "R0211"),
        ("a: {type: integer, at_least: 3, at_most: 2}", "R0206"),
    ],
)
def test_what_is_wrong_with_a_fact(fact, code):
    _, problems = read(f"  {fact}\n")
    assert [problem.code for problem in problems] == [code]


@pytest.mark.parametrize(
    "fact",
    [
        "A: {type: flag}",
        "a-b: {type: flag}",
        "a: {type: boolean}",
        "a: {type: choice}",
        "a: {type: choice, choices: [x, x]}",
        "a: {type: instruments, choices: [Cash]}",
        "a: {type: list}",
        "a: {type: flag, choices: [x]}",
        "a: {type: text, currency: USD}",
        "a: {type: flag, optional: false}",
        "a: {type: flag, optional: true, default: true}",
        "a: {type: flag, default: }",
        "a: {type: integer, at_least: 0.5}",
        "a: {description: a group without facts}",
        "a: {type: flag, colour: red}",
        "a: {}",
        "a: 5",
    ],
)
def test_a_shape_that_the_language_does_not_have_stops_the_reader(fact):
    try:
        _, problems = read(f"  {fact}\n")
    except MalformedError:
        return
    assert [problem.code for problem in problems] == ["R0211"]  # a default that is null
