"""R0540 is said where nothing asks whether an optional fact is there, and nowhere else."""

from __future__ import annotations

import pytest
from rescind import Engine
from rescind.authoring.unguarded_reads import unguarded_reads

FILES = {
    "policies.yaml": """
schema: rescind/book/1
title: t
timezone: UTC
facts: facts.yaml
policies: [{id: hire, versions: [{version: "1", in_force_from: 2024-01-01, file: hire.yaml}]}]
""",
    "facts.yaml": """
schema: rescind/facts/1
facts:
  spare: {type: integer, optional: true}
  used: {type: integer}
  rows: {type: list, default: [], fields: {units: {type: integer, optional: true}}}
  paid: {type: instruments, choices: [cash], currency: EUR}
  more: {type: instruments, choices: [cash], currency: EUR, optional: true}
""",
}
HEAD = 'schema: rescind/policy/1\npolicy: hire\nversion: "1"\ntitle: t\n'
TERM = "refund: {{paid: paid, terms: [{{id: a, {0}deduct: {{fee: {1}}}, instruments: {{cash: remainder}}}}]}}"
VALUE = "values: {{v: {0}}}\nblockers: [{{id: b, message: m, when: {1}}}]"


def found(tmp_path, policy):
    for name, text in (FILES | {"hire.yaml": HEAD + policy}).items():
        (tmp_path / name).write_text(text, "utf-8")
    book = Engine.load(tmp_path, drafts=True).book
    return [read.name for read in unguarded_reads(book.policies[0].versions[0], book.vocabulary)]


GUARDED = {
    "in the formula": VALUE.format('"spare > 1 and present(spare)"', "{v: true}"),
    "by another side of or": VALUE.format('"spare > 1 or not present(spare)"', "{v: true}"),
    "by if": VALUE.format('"spare if present(spare) else 0"', "{v: 1}"),
    "by default": VALUE.format('"default(spare, 1)"', "{v: 1}"),
    "beside the value": VALUE.format("spare * 2", "{v: 1, spare: {present: true}}"),
    "beside it in all": VALUE.format("spare * 2", "{all: [{v: 1}, {spare: {over: 1}}]}"),
    "beside it in any": VALUE.format("spare * 2", "{any: [{v: 1}, {spare: {present: false}}]}"),
    "under not": VALUE.format("spare * 2", "{not: {any: [{v: 1}, {spare: {present: false}}]}}"),
    "in the row": VALUE.format("[{when: {spare: {over: 0}}, is: spare}, {otherwise: 0}]", "{v: 1}"),
    "in the row before": VALUE.format(
        "[{when: {spare: {present: false}}, is: 0}, {otherwise: spare}]", "{v: 1}"
    ),
    "in applies_to": "applies_to: {spare: {over: 0}}\n" + TERM.format("", "1 EUR * spare"),
    "by a blocker": "blockers: [{id: b, message: m, when: {spare: {present: false}}}]\n"
    + TERM.format("", "1 EUR * spare"),
    "by the terms": TERM.format("when: {spare: {over: 0}}, ", "1 EUR * spare"),
    "by the deduction": TERM.format("", "{amount: 1 EUR * spare, when: {spare: {over: 0}}}"),
    "for an instrument": TERM.format("when: {more: {present: true}}, ", "more.cash"),
    "by a value that is guarded": "values: {v: spare * 2, w: v + 1}\nblockers: [{id: b, message: m, "
    "when: {w: 1, spare: {present: true}}}]",
    "in a record": VALUE.format('"count(rows, present(each.units) and each.units > 1)"', "{v: 1}"),
}
OPEN = {
    "nobody asks": VALUE.format("spare * 2", "{v: 1}"),
    "one of two readers asks": VALUE.format("spare * 2", "{v: 1, spare: {present: true}}")
    + "\nreview: [{id: r, by: x, within: 1h, on_timeout: reject, when: {v: 2}}]",
    "another part of any asks the wrong way": VALUE.format(
        "spare * 2", "{any: [{v: 1}, {spare: {present: true}}]}"
    ),
    "applies_to reads it itself": "values: {v: spare * 2}\napplies_to: {any: [{v: 1}, {used: 1}]}",
    "in a record": VALUE.format('"count(rows, each.units > 1)"', "{v: 1}"),
    "the condition of a deduction beside it": TERM.format("", "{amount: 1 EUR * spare, when: {used: 1}}"),
    "for an instrument": TERM.format("", "more.cash"),
}


@pytest.mark.parametrize("place", GUARDED)
def test_what_is_guarded_is_not_mentioned(tmp_path, place):
    assert found(tmp_path, GUARDED[place]) == []


@pytest.mark.parametrize("place", OPEN)
def test_what_nobody_asks_for_is(tmp_path, place):
    assert len(found(tmp_path, OPEN[place])) == 1
