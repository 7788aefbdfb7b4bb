"""However long a chain of values is, it is typed and computed without calls within calls."""

from __future__ import annotations

import pytest
from rescind import Engine
from rescind.load import load_book

FACTS = """schema: rescind/facts/1
facts:
  paid: {type: instruments, choices: [cash]}
  number: {type: integer}
"""
VERSION = """schema: rescind/policy/1
policy: p
version: "1"
title: t
values:
%s
blockers:
  - {id: high, when: {%s: {over: 500}}, message: It is too high.}
refund:
  paid: paid
  terms: [{id: all, instruments: {cash: full}}]
"""
BOOK = """schema: rescind/book/1
title: t
timezone: UTC
facts: facts.yaml
policies: [{id: p, versions: [{version: "1", in_force_from: 2020-01-01, file: p.yaml}]}]
"""


def book_of(folder, formulas, last):
    lines = "\n".join(f"  v{index}: {formula}" for index, formula in formulas)
    for name, text in (("facts.yaml", FACTS), ("p.yaml", VERSION % (lines, last)), ("policies.yaml", BOOK)):
        (folder / name).write_text(text, "utf-8")
    return folder / "policies.yaml"


def outcome(engine, number):
    return engine.decide({"paid": {"cash": "1 USD"}, "number": number}, at="2025-11-05T10:00:00Z").outcome


@pytest.mark.parametrize("length", [3, 66, 700])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_chain_of_values_of_any_length_is_computed(tmp_path, length, backwards):
    formulas = [(0, "number + 1"), *((index, f"v{index - 1} + 1") for index in range(1, length))]
    engine = Engine.load(
        book_of(tmp_path, reversed(formulas) if backwards else formulas, f"v{length - 1}"), drafts=True
    )
    assert outcome(engine, 500 - length) == "allowed"
    assert outcome(engine, 501 - length) == "blocked"


def test_only_what_a_long_chain_reads_is_computed(tmp_path):
    formulas = [(0, "1 / number"), *((index, f"v{index - 1} + 1") for index in range(1, 100))]
    formulas.append((100, "1 if number == 0 else v99"))
    engine = Engine.load(book_of(tmp_path, formulas, "v100"), drafts=True)
    assert outcome(engine, 0) == "allowed"


@pytest.mark.parametrize("length", [2, 6, 30])
def test_a_circle_tells_all_of_its_links(tmp_path, length):
    formulas = [(index, f"v{(index + 1) % length} + number") for index in range(length)]
    problems = load_book(book_of(tmp_path, formulas, "v0"))[2]
    [circle] = [problem for problem in problems if problem.code == "R0222"]
    words = " → ".join(f"`v{index % length}`" for index in range(length + 1))
    assert circle.message == f"values use each other in a circle: {words}"


def test_a_very_long_circle_is_a_problem_too(tmp_path):
    formulas = [(index, f"v{(index + 1) % 300} + number") for index in range(300)]
    problems = load_book(book_of(tmp_path, formulas, "v0"))[2]
    assert {problem.code for problem in problems} == {"R0222"}
