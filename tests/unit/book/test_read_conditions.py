"""What conditions mean, above all where a fact is absent: each is put into a book and decided."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from rescind.book.model import leaves
from rescind.engine import Engine

BOOK = """\
schema: rescind/book/1
title: Conditions
timezone: UTC
facts: facts.yaml
policies: [{id: p, versions: [{version: "1", in_force_from: 2000-01-01, file: p.yaml}]}]
"""
FACTS = """\
schema: rescind/facts/1
facts:
  k: {type: integer, optional: true}
  m: {type: integer, default: 5}
  x: {type: number, default: 0}
  c: {type: choice, choices: [a, b, c], optional: true}
  t: {type: time, optional: true}
  s: {type: set, optional: true}
  d: {type: duration, default: 1h}
  p: {type: instruments, choices: [cash, card], default: {cash: 1 USD}}
  e: {type: money, default: 1 USD}
  rates: {type: rates, optional: true}
"""
VERSION = """\
schema: rescind/policy/1
policy: p
version: "1"
title: Conditions
values: {double: m * 2, third: m / 3}
blockers:
"""
# condition, facts, whether it holds
TABLE = [
    # absence
    ("k: 1", {}, False),
    ("k: {is_not: 1}", {}, False),
    ("k: {not_in: [1, 2]}", {}, False),
    ("k: {under: 9}", {}, False),
    ("not: {k: 1}", {}, True),
    ("not: {k: {is_not: 1}}", {}, True),
    ("not: {not: {k: 1}}", {}, False),
    ("k: {present: false}", {}, True),
    ("k: {present: true}", {}, False),
    ("k: {present: true}", {"k": 0}, True),
    ("k: {present: false}", {"k": None}, True),
    ("k: {is_not: 1}", {"k": 2}, True),
    ("s: {has: a}", {}, False),
    ("not: {s: {has: a}}", {}, True),
    ("m: {over: {fact: k}}", {}, False),
    ("m: {is_not: {fact: k}}", {}, False),
    ("not: {m: {over: {fact: k}}}", {}, True),
    ("any: [{k: 1}, {m: 5}]", {}, True),
    ("all: [{k: {present: false}}, {c: {is_not: a}}]", {"c": "b"}, True),
    # ends of ranges
    ("m: {over: 5}", {}, False),
    ("m: {at_least: 5}", {}, True),
    ("m: {under: 5}", {}, False),
    ("m: {at_most: 5}", {}, True),
    ("m: {between: [5, 9]}", {}, True),
    ("m: {between: [1, 5]}", {}, True),
    ("m: {between: [6, 9]}", {}, False),
    ("m: {over: 1, under: 5}", {}, False),
    ("m: [1, 5]", {}, True),
    ("m: {not_in: [1, 5]}", {}, False),
    ("t: {before: now}", {"t": "2024-12-31T23:59:59.999999Z"}, True),
    ("t: {before: now}", {"t": "2025-01-01T00:00:00Z"}, False),
    ("t: {not_before: now}", {"t": "2025-01-01T00:00:00Z"}, True),
    ("t: {after: now}", {"t": "2025-01-01T00:00:00.000001Z"}, True),
    ("t: {not_after: now}", {"t": "2025-01-01T00:00:00Z"}, True),
    ("t: {is: now}", {"t": "2025-01-01T01:00:00+01:00"}, True),
    ("d: 60min", {}, True),
    ("d: {over: 3599s}", {}, True),
    # exact numbers and money
    ("x: 0.1", {"x": "0.1"}, True),
    ("x: 10%", {"x": "0.10"}, True),
    ("x: {over: 0.1}", {"x": "0.100000000001"}, True),
    ("x: {under: 0.1}", {"x": "0.099999999999"}, True),
    ("third: {over: 1.666666666666}", {}, True),
    ("third: {under: 1.666666666667}", {}, True),
    ("third: {is: 1.666666666667}", {}, False),
    ("double: {is: {fact: m}}", {"m": 0}, True),
    ("e: {over: 0.99 USD}", {}, True),
    ("e: {at_most: 1.00 USD}", {}, True),
    ("p.total: 1 USD", {}, True),
    ("p.card: 0 USD", {}, True),
    ("p.total: {is: {fact: e}}", {"p": {"cash": "0.40 USD", "card": "0.60 USD"}}, True),
    ("e: {over: 6.99 CNY}", {"rates": {"USD/CNY": 7}}, True),
    ("e: {over: 7 CNY}", {"rates": {"CNY/USD": "0.142857142857"}}, True),
    ("e: {is: 7 CNY}", {"rates": {"USD/CNY": 7}}, True),
    # joints
    ("all: [{m: 5}, {m: {over: 5}}]", {}, False),
    ("any: [{m: 6}, {m: 7}]", {}, False),
    ("not: {any: [{m: 6}, {m: 7}]}", {}, True),
    ("not: {all: [{m: 5}, {c: a}]}", {"c": "b"}, True),
    ("{m: 5, c: [a, b]}", {"c": "b"}, True),
    ("{m: 5, c: [a, b]}", {"c": "c"}, False),
    ("s: {has: a}", {"s": ["b", "a"]}, True),
    ("s: {has: a}", {"s": []}, False),
    ("not: {m: {between: [1, 4]}}", {}, True),
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    return made(tmp_path_factory.mktemp("conditions"), [test for test, _, _ in TABLE])


def made(folder: Path, tests: Iterable[str]) -> Engine:
    """An engine with a blocker for each condition."""
    blockers = [
        f"  - {{id: b{number}, message: It holds., when: {test if test[0] == '{' else f'{{{test}}}'}}}\n"
        for number, test in enumerate(tests)
    ]
    files = {"policies.yaml": BOOK, "facts.yaml": FACTS, "p.yaml": VERSION + "".join(blockers)}
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return Engine.load(folder, drafts=True)


@pytest.mark.parametrize(("number", "row"), list(enumerate(TABLE)), ids=[str(row[:2]) for row in TABLE])
def test_a_condition_holds_or_not(engine, number, row):
    _, facts, holds = row
    given = {"rates": {"USD/CNY": 7}, **facts}
    blocked = {each.id for each in engine.decide(given, at="2025-01-01T00:00:00Z").blockers}
    assert (f"b{number}" in blocked) is holds


# As its author wrote it, whatever rules it becomes.
ASKED = {
    "m: {over: 5}": ("over", 5),
    "m: 5": ("is", 5),
    "m: {is_not: 5}": ("is_not", 5),
    "m: [1, 5]": ("in", [1, 5]),
    "m: {not_in: [1, 5]}": ("not_in", [1, 5]),
    "m: {between: [1, 5]}": ("between", [1, 5]),
    "s: {has: a}": ("has", "a"),
    "k: {present: true}": ("present", True),
    "k: {at_least: {fact: m}}": ("at_least", {"fact": "m"}),
    "t: {not_before: now}": ("not_before", {"fact": "now"}),
    "t: {after: 2024-10-29T00:00:00+08:00}": ("after", "2024-10-28T16:00:00+00:00"),
    "e: {under: 5 USD}": ("under", {"amount": "5.00", "currency": "USD"}),
    "e: {at_most: {fact: p.cash}}": ("at_most", {"fact": "p.cash"}),
    "d: {at_most: 24h}": ("at_most", "PT24H"),
    "x: 0.10": ("is", "0.1"),
}


def test_a_leaf_keeps_what_its_author_asked_for(tmp_path):
    version = made(tmp_path, ASKED).book.policies[0].versions[0]
    for blocker, (operator, operand) in zip(version.blockers, ASKED.values(), strict=True):
        asked = [leaf.asked for leaf in leaves(blocker.when) if not getattr(leaf, "implied", False)]
        assert asked
        assert all(each == {"operator": operator, "operand": operand} for each in asked)
