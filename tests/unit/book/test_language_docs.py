"""The examples of docs/language.md and docs/facts.md: loaded, decided, and right."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from rescind.book.engine_facts import ENGINE_FACTS
from rescind.engine import Engine
from rescind.load import load_book
from rescind.problems.exceptions import FactsError
from rescind.problems.problem import Problems
from rescind.source.read_source import read_text
from rescind.values.scalar_readers import MAX_NUMBER, MAX_PLACES, MAX_TEXT
from rescind.values.types import Kind, Type
from rescind.values.value_readers import MAX_ITEMS, reader, typed

DOCS = Path(__file__).parents[3] / "docs"
LANGUAGE = (DOCS / "language.md").read_text("utf-8")
FACTS = (DOCS / "facts.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```yaml\n# (\S+).*?\n(.*?)```", LANGUAGE, flags=re.DOTALL))
AT = "2025-05-28T12:00:00+08:00"


@pytest.fixture
def book(tmp_path):
    for name, text in BLOCKS.items():
        if name.endswith(".yaml"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, "utf-8")
    return tmp_path / "policies.yaml"


def put(book, old, new):
    path = book.parent / "rules" / "tickets" / "1.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def problems_of(book):
    return [str(problem) for problem in load_book(book)[2].errors]


def indented(text, indent):
    return "".join(f"{indent}{line}\n" for line in text.splitlines())


def test_the_book_of_the_page_loads(book):
    assert [problem for problem in load_book(book)[2] if problem.code != "R0331"] == []


def test_the_decision_of_the_page(book):
    facts = read_text(BLOCKS["facts,"], "facts", Problems()).data
    refund = Engine.load(book, drafts=True).decide(facts, at=AT).to_dict("rescind/decision/1")["refund"]
    shown = {each["name"]: each["amount"] for each in refund["deductions"]}
    expected = re.search(r'```json\n(\{"terms".*?)\n```', LANGUAGE)
    assert {"terms": refund["terms"], "total": refund["total"], **shown} == json.loads(expected[1])


def test_the_charge_of_the_page(book):
    put(book, "  rounding: {mode: half_up}\n", "  rounding: {mode: half_up}\n  below_zero: charge\n")
    facts = read_text(
        BLOCKS["facts,"].replace("{cash: 100 USD, voucher: 20 USD}", "{cash: 1 USD}"), "f", Problems()
    )
    refund = Engine.load(book, drafts=True).decide(facts.data, at=AT).to_dict("rescind/decision/1")["refund"]
    [expected] = re.findall(r'```json\n(\{"total".*?)\n```', LANGUAGE)
    assert {key: refund[key] for key in ("total", "instruments")} == json.loads(expected)


def test_the_page_lists_the_names_that_the_engine_knows():
    table = LANGUAGE.partition("<!-- engine facts")[2].partition("<!-- end of engine facts -->")[0]
    rows = re.findall(r"^\| `([a-z_.]+)` \| ([a-z ]+) \|", table, flags=re.MULTILINE)
    # A text may be one of a closed list as well: the page names the kinds from the widest on.
    kinds = {name: " or ".join(sorted(kinds, reverse=True)) for name, kinds in ENGINE_FACTS.items()}
    assert dict(rows) == kinds


def test_the_conditions_of_the_page(book):
    rule = "  - id: all-of-them\n    message: They hold.\n    when:\n      any:\n"
    put(book, "blockers:\n", "blockers:\n" + rule + indented(BLOCKS["conditions"], "        "))
    assert problems_of(book) == []


def test_the_values_of_the_page(book):
    put(book, "values:\n", "values:\n" + indented(BLOCKS["values"], "  "))
    assert problems_of(book) == []


def test_every_word_of_the_schemas_is_on_the_page():
    for kind in ("book", "facts", "policy"):
        schema = json.loads(
            (DOCS.parent / "engine" / "rescind" / "shape" / "schemas" / f"{kind}.schema.json").read_text(
                "utf-8"
            )
        )
        words = set(schema["properties"])
        for name, part in schema["$defs"].items():
            if name not in {"condition", "test", "operand"}:
                words |= set(part.get("properties", {}))
        shown = set(re.findall(r"[a-z_]+", LANGUAGE))
        assert sorted(word for word in words if word not in shown) == []


# docs/facts.md


def rows_of_facts():
    block = re.search(r"```json\n(.*?)\n```", FACTS, flags=re.DOTALL)
    return json.loads(block[1], parse_float=Decimal)


@pytest.mark.parametrize("row", rows_of_facts(), ids=lambda row: f"{row[0]} {row[1]}")
def test_a_form_of_the_page_is_read_and_shown(row):

    kind, raw, shown = row
    type_ = Type(Kind(kind), ("a", "b") if kind in {"choice", "instruments", "set"} else ())
    zone = ZoneInfo("Asia/Shanghai")
    assert typed(reader(type_, zone)(raw), type_, zone) == shown


def test_every_type_and_bound_is_on_the_page():
    for kind in Kind:
        assert f"| `{kind}` |" in FACTS
    assert MAX_NUMBER == 10**15
    assert f"| decimals of a number | {MAX_PLACES} |" in FACTS
    assert f"| a text | {MAX_TEXT} characters |" in FACTS
    assert f"| items of a set or list | {MAX_ITEMS} |" in FACTS


def test_what_is_left_out(book):
    engine = Engine.load(book, drafts=True)
    facts = yaml.safe_load(BLOCKS["facts,"].replace("2025-03-01", '"2025-03-01"'))
    facts["ticket"]["collected_at"] = None
    assert engine.decide(facts, at=AT).outcome == "allowed"
    facts["ticket"]["guests"] = None
    with pytest.raises(FactsError, match="R0903"):
        engine.decide(facts, at=AT)
