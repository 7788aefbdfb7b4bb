"""Bad input is cheap: twice as many mistakes are twice the work, and hints are looked for only where they are told."""

from __future__ import annotations

import difflib
import io
import json
import sys

import pytest
from rescind import Engine
from rescind.deciding.facts_csv import csv_file
from rescind.deciding.facts_files import open_facts, parse_json
from rescind.load import load_book, shipped_book
from rescind.problems.exceptions import FactsError, RequestError
from rescind.problems.problem import MAX_PROBLEMS
from rescind.source import json_positions

AT = "2025-03-06T10:00:00+01:00"


@pytest.fixture(scope="module")
def engine():
    return Engine.load(shipped_book(), drafts=True)


def calls(run):
    """How many calls something takes: work that does not depend on the machine."""
    count = 0

    def note(frame, event, argument):
        del frame, argument
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


def test_all_problems_of_a_line_are_placed_by_looking_at_it_once(tmp_path, engine, monkeypatch):
    surveys = []
    real = json_positions.survey
    monkeypatch.setattr(json_positions, "survey", lambda *args: surveys.append(1) or real(*args))
    path = tmp_path / "facts.jsonl"
    path.write_text(json.dumps({f"k{index}": 1 for index in range(50)}) + "\n", "utf-8")
    with open_facts(str(path)) as file:
        [row] = file.rows
        with pytest.raises(FactsError) as caught:
            engine.decide(row.facts, at=AT)
        located = row.located(caught.value.problems)
        assert row.line == 1
    assert sum(problem.code == "R0902" for problem in located) == 50
    assert {problem.location.path for problem in located} == {str(path)}
    assert len(surveys) == 1


MANY = {
    "unknown facts": lambda n: {f"unknown_{index}": 1 for index in range(n)},
    "unknown facts in a group": lambda n: {"order": {f"unknown_{index}": 1 for index in range(n)}},
    "unknown instruments": lambda n: {"order": {"paid": {f"cash_{index}": "1 USD" for index in range(n)}}},
    "unknown fields": lambda n: {"request": {"reviews": [{f"by_{index}": 1 for index in range(n)}]}},
    "bad records": lambda n: {"request": {"reviews": [{"by": 1, "outcome": 2, "decided_at": 3}] * n}},
    "bad choices": lambda n: {
        "request": {"reviews": [{"by": "a", "outcome": f"o{index}"} for index in range(n)]}
    },
}


@pytest.mark.parametrize("name", MANY)
def test_facts_with_twice_the_mistakes_are_twice_the_work(name, engine, monkeypatch):
    searches = []
    real = difflib.get_close_matches
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda *args, **kw: searches.append(1) or real(*args, **kw)
    )

    def refused(n):
        with pytest.raises(FactsError) as caught:
            engine.decide(MANY[name](n), at=AT)
        more = caught.value.problems[-1]
        assert more.code == "R0992"
        assert more.stands_for >= n - MAX_PROBLEMS

    few, many = (calls(lambda n=n: refused(n)) for n in (1_000, 2_000))
    assert many < 3 * few
    assert len(searches) <= 4 * (MAX_PROBLEMS + 2)


LINES = {
    "no numbers": lambda n: "[" + "NaN," * n + "0]",
    "keys twice": lambda n: "{" + ",".join(['"a": 1'] * n) + "}",
    "open brackets": lambda n: "[" * n,
    "open quotes": lambda n: '"' * n,
    "backslashes": lambda n: '"' + "\\" * n,
    "commas": lambda n: "," * n,
    "digits": lambda n: "1" * n,
    "lines": lambda n: "[\n" + "1,\n" * n + "x]",
}


@pytest.mark.parametrize("name", LINES)
def test_json_with_twice_the_mistakes_is_twice_the_work(name):
    few, many = (calls(lambda n=n: parse_json(LINES[name](n), "facts", 1)) for n in (4_000, 8_000))
    assert many < 3 * few + 1_000
    assert len(parse_json(LINES[name](4_000), "facts", 1)[1]) <= MAX_PROBLEMS + 1


COLUMNS = {
    "unknown": lambda n: [f"unknown_{index}" for index in range(n)],
    "twice": lambda n: ["order.id"] * n,
    "inside another": lambda n: ["order.amount", *(f"order.amount.x{index}" for index in range(n))],
    "dots": lambda n: ["a" + "." * n],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_csv_with_twice_the_columns_is_twice_the_work(name, engine):
    def refused(n):
        head = ",".join(COLUMNS[name](n)) + "\n1\n"
        with pytest.raises(FactsError) as caught:
            csv_file(io.BytesIO(head.encode()), "facts.csv", 0, engine.book.vocabulary)
        assert len(caught.value.problems) <= MAX_PROBLEMS + 1

    few, many = (calls(lambda n=n: refused(n)) for n in (1_000, 2_000))
    assert many < 3 * few


FACTS = """schema: rescind/facts/1
facts:
  paid: {type: instruments, choices: [cash]}
  number: {type: integer}
"""
VERSION = """schema: rescind/policy/1
policy: p{0}
version: "1"
title: t
applies_to: {{number: {0}}}
refund:
  paid: paid
  terms: [{{id: all, instruments: {{cash: full}}}}]
"""
ENTRY = """  - id: p{0}
    versions: [{{version: "1", in_force_from: 2020-01-01, file: {0}.yaml}}]
"""
# Where each policy of `n` hands its cases over to; None: to the next one.
HANDED_OVER = {
    "nowhere": lambda _, __: None,
    "next": lambda index, n: f"p{index + 1}" if index + 1 < n else None,
    "circle": lambda index, n: f"p{(index + 1) % n}",
    "unknown": lambda _, __: "q",
}


def write_book(folder, n, handed_over):
    folder.mkdir()
    (folder / "facts.yaml").write_text(FACTS, "utf-8")
    entries = []
    for index in range(n):
        (folder / f"{index}.yaml").write_text(VERSION.format(index), "utf-8")
        otherwise = handed_over(index, n)
        entries.append(ENTRY.format(index) + (f"    otherwise: {otherwise}\n" if otherwise else ""))
    head = "schema: rescind/book/1\ntitle: t\ntimezone: UTC\nfacts: facts.yaml\npolicies:\n"
    (folder / "policies.yaml").write_text(head + "".join(entries), "utf-8")
    return folder / "policies.yaml"


@pytest.mark.parametrize("name", HANDED_OVER)
def test_a_book_of_twice_the_policies_is_twice_the_work(name, tmp_path):
    books = [write_book(tmp_path / str(n), n, HANDED_OVER[name]) for n in (60, 120)]
    few, many = (calls(lambda path=path: load_book(path)) for path in books)
    assert many < 2.5 * few


def test_a_long_circle_of_policies_is_told_shortly(tmp_path):
    book, _, problems = load_book(write_book(tmp_path / "book", 20, HANDED_OVER["circle"]))
    assert book is not None
    [circle] = [problem for problem in problems if problem.code == "R0306"]
    assert circle.message == (
        "cases are handed over in a circle: `p0` → `p1` → `p2` → `p3` → `p4` → `p5` → `p6` → `p7` → 12 more → `p0`"
    )


def test_words_for_lines_that_are_not_there_are_counted_not_searched(engine, monkeypatch):
    searches = []
    real = difflib.get_close_matches
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda *args, **kw: searches.append(1) or real(*args, **kw)
    )
    with open_facts(str(shipped_book().parent / "examples" / "review.json")) as file:
        order = engine.request(
            [next(file.rows).facts], reason="other", at="2025-11-05T09:00:00+08:00", confirm=True
        )
    words = [
        {"by": "account_manager", "outcome": "approve", "decided_at": AT, "line": f"line-{index}"}
        for index in range(1_000)
    ]
    with pytest.raises(RequestError) as caught:
        engine.status(order, words, at="2025-11-06T09:00:00+08:00")
    assert caught.value.problems[-1].stands_for == 1_000 - MAX_PROBLEMS
    assert len(searches) <= MAX_PROBLEMS + 1


def test_a_row_of_a_request_that_counts_others_is_counted_whole(engine):
    with pytest.raises(RequestError) as caught:
        engine.request([MANY["unknown facts"](1_000)], reason="other", at=AT)
    assert caught.value.problems[-1].stands_for >= 900
