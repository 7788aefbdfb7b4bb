"""What a Python caller may get wrong: each argument of another type is a problem with a code, never a bare error."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import pytest
from rescind import Engine, EngineError, FactsError, RequestError
from rescind.requests.list_resources import Filters

EXAMPLES = Path(__file__).parents[3] / "examples"
FACTS = json.loads((EXAMPLES / "allowed.json").read_text("utf-8"))
AT = "2025-11-05T09:00:00+08:00"
NO_TEXTS = [5, True, ["a"], {}, b"a", [[]], 1.5]
NO_ROWS = [None, 5, FACTS, "abc", b"ab", 1.5]


@pytest.fixture(scope="module")
def engine():
    return Engine.load(drafts=True)


@pytest.fixture(scope="module")
def order(engine):
    return engine.request([FACTS], reason="other", at=AT, confirm=True)


def refused(kind, call):
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.problems
    for problem in caught.value.problems:
        assert "object" not in problem.message
        assert "NoneType" not in problem.message
    return [(problem.code, str(problem.location)) for problem in caught.value.problems]


@pytest.mark.parametrize("facts", [None, [], "x", 5, [("a", 1)], {"a"}])
def test_facts_are_a_mapping(engine, facts):
    assert refused(FactsError, lambda: engine.decide(facts, at=AT)) == [("R0903", "facts")]


NO_OFFSET = dt.datetime.fromisoformat("2025-01-01")


@pytest.mark.parametrize("at", [None, True, 1.5, NO_OFFSET, [], 10**30, b"x", {}])
def test_the_evaluation_time_is_a_time(engine, order, at):
    for call in (
        lambda: engine.decide(FACTS, at=at),
        lambda: engine.request([FACTS], reason="other", at=at),
        lambda: list(engine.list([FACTS], at=at)),
        lambda: list(engine.decide_many([FACTS], at=at)),
        lambda: engine.status(order, at=at),
    ):
        assert refused(FactsError, call) == [("R0904", "at")]


@pytest.mark.parametrize("name", NO_TEXTS)
def test_a_policy_and_a_version_are_named_by_texts(engine, name):
    assert refused(FactsError, lambda: engine.decide(FACTS, at=AT, policy=name)) == [("R0906", "policy")]
    assert refused(FactsError, lambda: engine.decide(FACTS, at=AT, version=name)) == [("R0906", "version")]


@pytest.mark.parametrize("rows", NO_ROWS)
def test_rows_are_a_list_of_cases(engine, rows):
    assert refused(RequestError, lambda: engine.request(rows, reason="other", at=AT)) == [("R1014", "rows")]
    assert refused(RequestError, lambda: list(engine.list(rows, at=AT))) == [("R1014", "rows")]
    assert refused(FactsError, lambda: list(engine.decide_many(rows, at=AT))) == [("R0903", "rows")]


@pytest.mark.parametrize("rows", [[FACTS], (FACTS,), iter([FACTS])])
def test_rows_are_anything_that_gives_cases(engine, rows):
    assert len(list(engine.list(rows, at=AT))) == 1


@pytest.mark.parametrize("given", NO_TEXTS)
def test_a_reason_and_a_number_are_texts(engine, given):
    ask = engine.request
    assert refused(RequestError, lambda: ask([FACTS], reason=given, at=AT)) == [("R1014", "reason")]
    assert refused(RequestError, lambda: ask([FACTS], reason="other", number=given, at=AT)) == [
        ("R1010", "number")
    ]


@pytest.mark.parametrize("given", ["no", "false", 0, 1, None, [], b"", {}])
def test_nothing_but_true_confirms(engine, given):
    ask = engine.request
    assert refused(RequestError, lambda: ask([FACTS], reason="other", at=AT, confirm=given)) == [
        ("R1014", "confirm")
    ]
    assert refused(RequestError, lambda: ask([FACTS], reason="other", at=AT, all_or_nothing=given)) == [
        ("R1014", "all_or_nothing")
    ]


@pytest.mark.parametrize("given", [5, "a", [], {}, 0])
def test_filters_are_filters(engine, given):
    assert refused(RequestError, lambda: list(engine.list([FACTS], at=AT, filters=given))) == [
        ("R1020", "filters")
    ]


@pytest.mark.parametrize(
    ("filters", "place"),
    [
        (Filters(search=5), "search"),
        (Filters(product_types="ab"), "product-type"),
        (Filters(regions=None), "region"),
        (Filters(enterprise_projects=frozenset({1})), "enterprise-project"),
    ],
)
def test_filters_hold_texts(engine, filters, place):
    assert refused(RequestError, lambda: list(engine.list([FACTS], at=AT, filters=filters))) == [
        ("R1020", place)
    ]


def test_an_order_is_an_order(engine, order):
    whole = order.to_dict()
    for change in (
        {"lines": 5},
        {"lines": [5]},
        {"number": []},
        {"submitted_at": 5},
        {"totals": 5},
        {"totals": [5]},
    ):
        [(code, _)] = refused(RequestError, lambda change=change: engine.status(whole | change, at=AT))
        assert code == "R1030"
    for given in (None, 5, "x", [], {}):
        assert refused(RequestError, lambda given=given: engine.status(given, at=AT)) == [("R1030", "schema")]


@pytest.mark.parametrize("words", [None, 5, {"by": "x"}, "x", b"x"])
def test_words_are_a_list(engine, order, words):
    assert refused(RequestError, lambda: engine.status(order, words, at=AT)) == [("R1033", "words")]


@pytest.mark.parametrize(
    "word",
    [
        1,
        None,
        [],
        {},
        {1: 2},
        {"by": [], "outcome": [], "decided_at": []},
        {"by": "a", "outcome": "approve", "decided_at": 5},
        {"by": "a", "outcome": "approve", "decided_at": AT, "line": 5},
    ],
)
def test_a_word_is_a_mapping_of_texts(engine, order, word):
    assert refused(RequestError, lambda: engine.status(order, [word], at=AT)) == [("R1033", "words[0]")]


def test_without_room_on_the_stack_nothing_is_decided(engine):
    outcomes = set()

    def deeper(left):
        if left:
            return deeper(left - 1)
        return engine.decide(FACTS, at=AT).outcome

    depth = len(_frames())
    for left in range(2, 60):
        try:
            outcomes.add(deeper(sys.getrecursionlimit() - depth - left))
        except (
            EngineError,
            RecursionError,
        ) as error:  # with no room for a call at all, Python itself says so
            outcomes.add(type(error).__name__)
    assert outcomes <= {"allowed", "EngineError", "RecursionError"}
    assert {"allowed", "EngineError"} <= outcomes
    assert engine.decide(FACTS, at=AT).outcome == "allowed"


def _frames():
    frame, found = sys._getframe(), []
    while frame:
        found.append(frame)
        frame = frame.f_back
    return found
