"""What both forms of a decision promise, over cases of the golden file: of every kind of answer some."""

from __future__ import annotations

import datetime as dt
import json
import pickle
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from rescind.problems.exceptions import RescindError
from rescind.shape.shipped_schemas import base_schema
from rescind.shape.validators import validator_of
from rescind.terminal.decision_text import decision_line, decision_text, working_text
from rescind.values.durations import parse_duration

from tests.golden.decisions import _load, read

FIRST, SECOND = "rescind/decision/1", "rescind/decision/2"
OF_EACH_KIND = 12


@pytest.fixture(scope="module")
def decisions():
    books, cases = read()
    kinds: dict[tuple[str, bool], list[Any]] = defaultdict(list)
    for case in cases:
        kinds[case.kind, not books[case.book]].append(case)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        engines: dict[str, Any] = {}
        for of_kind in kinds.values():
            for case in of_kind[:: max(1, len(of_kind) // OF_EACH_KIND)]:
                if case.book not in engines:
                    engines[case.book] = _load(case.book, books[case.book], Path(folder))
                try:
                    decision = engines[case.book].decide(
                        case.facts, at=case.at, policy=case.policy, version=case.version
                    )
                except RescindError:
                    continue
                found.append(decision)
        yield found


def test_there_are_decisions_of_every_outcome(decisions):
    assert len(decisions) > 300
    assert len({decision.outcome for decision in decisions}) == 4


@pytest.mark.parametrize(("schema", "kind"), [(FIRST, "decision/1"), (SECOND, "decision")])
def test_each_form_is_as_its_schema_says(decisions, schema, kind):
    validator = validator_of(base_schema(kind))
    for decision in decisions:
        data = json.loads(decision.to_json(schema))
        assert data == decision.to_dict(schema)
        assert [error.message for error in validator.iter_errors(data)] == []


def test_no_key_of_the_first_form_is_lost(decisions):
    def keys(data: Any, path: str = "") -> set[str]:
        if isinstance(data, list):
            return set().union(*(keys(item, path) for item in data)) if data else set()
        if not isinstance(data, dict) or path.endswith((".values", ".working", ".is")):
            return {path}
        return {path}.union(*(keys(item, f"{path}.{key}") for key, item in data.items()))

    for decision in decisions:
        first = keys(decision.to_dict(FIRST))
        second = keys(decision.to_dict(SECOND))
        assert first <= second


def exact_duration(text: str) -> tuple[int, ...]:
    duration = parse_duration(text.removeprefix("-"))
    return tuple(-part if text.startswith("-") else part for part in duration)


# A typed value as something that compares, made from what stands in the JSON alone.
READ: dict[str, Callable[[Any], Any]] = {
    "money": lambda value: Fraction(value["amount"]),
    "number": Fraction,
    "integer": Fraction,
    "time": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "duration": exact_duration,
}
# Whether a value fits operands; one operand is a list of one.
FITS: dict[str, Callable[[Any, list[Any]], bool]] = {
    "is": lambda value, asked: value == asked[0],
    "is_not": lambda value, asked: value != asked[0],
    "in": lambda value, asked: value in asked,
    "not_in": lambda value, asked: value not in asked,
    "between": lambda value, asked: asked[0] <= value <= asked[1],
    **dict.fromkeys(("over", "after"), lambda value, asked: value > asked[0]),
    **dict.fromkeys(("under", "before"), lambda value, asked: value < asked[0]),
    **dict.fromkeys(("at_least", "not_before"), lambda value, asked: value >= asked[0]),
    **dict.fromkeys(("at_most", "not_after"), lambda value, asked: value <= asked[0]),
}


def names_a_fact(operand: Any) -> bool:
    return isinstance(operand, dict) and "fact" in operand


def holds(row: dict[str, Any]) -> bool | None:
    """Whether a comparison holds by its typed data; None where that takes a rate or other facts."""
    operator, value = row["operator"], row["value"]
    if operator == "present":
        return value is not None
    if operator == "has":
        return value is not None and row["operand"] in value
    operand = row["operand_value"] if names_a_fact(row["operand"]) else row["operand"]
    operands = operand if isinstance(operand, list) else [operand]
    if value is None or operand is None:
        return False
    if any(map(names_a_fact, operands)):
        return None
    if row["type"] == "money" and {each["currency"] for each in operands} != {value["currency"]}:
        return None
    read = READ.get(row["type"], lambda each: each)
    return FITS[operator](read(value), [read(each) for each in operands])


def test_the_data_of_a_reason_is_true(decisions):
    operators = set()
    for decision in decisions:
        data = decision.to_dict()
        held = [row for rule in (*data["blockers"], *data["reviews"]) for row in rule["because"]]
        failed = [
            row for tried in (*data.get("path", ()), *data.get("failed", ())) for row in tried["because"]
        ]
        for rows, expected in ((held, True), (failed, False)):
            for row in rows:
                found = holds(row)
                if found is not None:
                    assert (found is not row.get("negated", False)) is expected, row
                    operators.add(row["operator"])
    assert len(operators) >= 12


def figures(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [found for node in nodes for found in (*figures(node.get("inputs", [])), node)]


def test_the_tree_has_every_figure_of_the_list_once(decisions):
    for decision in decisions:
        listed = [
            (step["name"], step["formula"], step["at"]) for step in decision.to_dict(FIRST).get("working", ())
        ]
        tree = figures(decision.to_dict().get("working", []))
        found = [(each["name"], each["formula"], each["at"]) for each in tree if "formula" in each]
        assert sorted(found) == sorted(listed)


def test_the_money_of_the_tree_is_that_of_the_refund(decisions):
    for decision in decisions:
        data = decision.to_dict()
        if data["refund"]:
            (total,) = (each for each in data["working"] if each["name"] == "total")
            assert total["value"] == data["refund"]["total"]


def test_a_decision_travels(decisions):
    for decision in decisions:
        arrived = pickle.loads(pickle.dumps(decision))  # noqa: S301 - made here
        for schema in (FIRST, SECOND):
            assert arrived.to_json(schema) == decision.to_json(schema)
        assert (arrived.settled, repr(arrived)) == (decision.settled, repr(decision))
        assert arrived.values == decision.values


PYTHON = re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|[\[{]'|Fraction\(|Money\(|Decimal\(|datetime")


@pytest.mark.parametrize("schema", [FIRST, SECOND])
def test_text_speaks_the_language_and_not_python(decisions, schema):
    for decision in decisions:
        data = decision.to_dict(schema)
        for text in (decision_text(data), working_text(data), decision_line(data, 1)):
            assert not PYTHON.search(text), text


def test_a_stored_decision_reads_as_a_fresh_one(decisions):
    for decision in decisions:
        first, second = (decision_text(decision.to_dict(schema)) for schema in (FIRST, SECOND))
        # What decided a flag is in the second form alone.
        assert first == re.sub(r"( is (?:true|false))(?:: |, where|, in every).*", r"\1", second)


def test_a_reason_is_said_once(decisions):
    for decision in decisions:
        for rule in decision_text(decision.to_dict()).split("\n\n"):
            said = [line for line in rule.splitlines() if line.startswith("  because ")]
            assert len(said) == len(set(said))
