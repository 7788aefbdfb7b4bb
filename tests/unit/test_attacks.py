"""Attacks that once worked: wrong money, missed blockers and crashes. Each is a small book and a case against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.engine import Engine
from engine.errors import BookError, FactsError

BOOK = """\
schema: rescind/book/1
title: Attacked
timezone: UTC
facts: facts.yaml
policies: [{id: p, versions: [{version: "1", in_force_from: 2000-01-01, file: p.yaml}]}]
"""
NOON = "2025-01-01T12:00:00Z"


@pytest.fixture
def load(tmp_path: Path):
    def made(facts: str, version: str) -> Engine:
        head = 'schema: rescind/policy/1\npolicy: p\nversion: "1"\ntitle: Attacked\n'
        (tmp_path / "policies.yaml").write_text(BOOK, "utf-8")
        (tmp_path / "facts.yaml").write_text(f"schema: rescind/facts/1\nfacts: {facts}\n", "utf-8")
        (tmp_path / "p.yaml").write_text(head + version, "utf-8")
        return Engine.load(tmp_path, drafts=True)

    return made


def blockers(engine: Engine, facts: dict) -> list[str]:
    return [each.id for each in engine.decide(facts, at=NOON).blockers]


def test_a_required_choice_that_only_a_matrix_reads_may_not_be_missing(load):
    engine = load(
        "{kind: {type: choice, choices: [a, b]}, paid: {type: instruments, choices: [cash]}}",
        "values: {fee: {matrix: kind, columns: [rate], rows: {a: [10%], b: [90%]}}}\n"
        "refund: {paid: paid, terms: [{id: t, deduct: {fee: paid.cash * fee.rate}, instruments: {cash: remainder}}]}\n",
    )
    paid = {"paid": {"cash": "100 USD"}}
    with pytest.raises(FactsError, match="R0901 the fact `kind` is missing"):
        engine.decide(paid, at=NOON)
    assert engine.decide({**paid, "kind": "a"}, at=NOON).refund.total == 90_00


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"low": 1, "high": 9}, ["inside"]),
        ({"low": 6, "high": 9}, ["outside"]),
        ({"low": 1}, ["outside"]),
        ({"high": 9}, ["outside"]),
        ({}, ["outside"]),
    ],
)
def test_between_does_not_hold_where_an_end_is_absent(load, facts, expected):
    ends = "{x: {between: [{fact: low}, {fact: high}]}}"
    engine = load(
        "{x: {type: integer}, low: {type: integer, optional: true}, high: {type: integer, optional: true}}",
        f"blockers: [{{id: inside, message: I, when: {ends}}}, {{id: outside, message: O, when: {{not: {ends}}}}}]\n",
    )
    assert blockers(engine, {"x": 5, **facts}) == expected


@pytest.mark.parametrize(
    ("destinations", "code"),
    [
        ("[{when: {f: true}, to: account, otherwise: bank}]", "R0107"),
        ("[{otherwise: bank}, {when: {f: true}, to: account}]", "R0224"),
    ],
)
def test_a_destination_that_would_never_be_reached_is_a_problem(load, destinations, code):
    with pytest.raises(BookError, match=code):
        load(
            "{f: {type: flag}, paid: {type: instruments, choices: [cash]}}",
            "refund: {paid: paid, terms: [{id: t, instruments: {cash: {return: full, to: GOALS}}}]}\n".replace(
                "GOALS", destinations
            ),
        )


LIST = "{type: list, fields: {count: {type: integer, at_least: 0, at_most: 5}, note: {type: text, optional: true}}}"
TOO_MANY = "values: {whole: 'sum(events, each.count)'}\nblockers: [{id: many, message: Many., when: {whole: {over: 4}}}]\n"


def test_bounds_hold_in_the_records_of_a_list(load):
    engine = load(f"{{events: {LIST}}}", TOO_MANY)
    assert blockers(engine, {"events": [{"count": 5}]}) == ["many"]
    with pytest.raises(FactsError) as error:
        engine.decide({"events": [{"count": 9}, {"count": 1}, {"count": -9}]}, at=NOON)
    found = [(problem.location.path, problem.message) for problem in error.value.problems]
    assert found == [
        ("events[0].count", "expected 5 or less, found `9`"),
        ("events[2].count", "expected 0 or more, found `-9`"),
    ]


def test_null_leaves_an_optional_field_of_a_record_out(load):
    engine = load(f"{{events: {LIST}}}", TOO_MANY)
    assert blockers(engine, {"events": [{"count": 5, "note": None}]}) == ["many"]
    with pytest.raises(FactsError, match=r"events\[0\].count: R0903"):
        engine.decide({"events": [{"count": None}]}, at=NOON)


def test_a_default_in_a_record_is_a_problem(load):
    with pytest.raises(BookError, match=r"R0211 the field `events.count` has a `default`"):
        load("{events: {type: list, fields: {count: {type: integer, default: 1}}}}", "")


HUGE = 10**5_000
KINDS = {
    "n1": ("number", HUGE),
    "i1": ("integer", HUGE),
    "f1": ("flag", HUGE),
    "t1": ("text", HUGE),
    "m1": ("money", HUGE),
    "m2": ("money", {"amount": HUGE, "currency": "USD"}),
    "m3": ("money", {"amount": "1", "currency": HUGE}),
    "d1": ("date", HUGE),
    "s1": ("set", [HUGE]),
    "r1": ("rates", {"CNY/USD": HUGE}),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_number_of_thousands_of_digits_is_a_problem_of_the_facts(load, name):
    kind, raw = KINDS[name]
    engine = load(f"{{{name}: {{type: {kind}, optional: true}}}}", "")
    with pytest.raises(FactsError, match="R0903"):
        engine.decide({name: raw}, at=NOON)
