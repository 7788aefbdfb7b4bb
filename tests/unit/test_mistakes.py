"""Mistakes as authors make them: each is located, its cause comes first, it says what to do, and nothing echoes.

The mistakes stand in `tests/corpus/mistakes/`; its README says how they are written.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rescind.load import load_book
from rescind.problems.problem import Problem

from tests.unit.test_corpus import CORPUS, base_files, build, is_good, yaml_of

MISTAKES = [mistake for path in sorted((CORPUS / "mistakes").glob("*.yaml")) for mistake in yaml_of(path)]
KEYS = {"mistake", "in", "line", "becomes", "code", "says", "located_in", "near", "most"}


def edited_lines(mistake: dict[str, Any]) -> range:
    """The lines that the mistake wrote, and `near` lines more on either side."""
    lines = base_files("base")[mistake["in"]].decode().split("\n")
    [at] = [number for number, line in enumerate(lines, 1) if mistake["line"] in (line, line.strip())]
    near = mistake.get("near", 0)
    return range(at - near, at + max(1, len((mistake["becomes"] or "").splitlines())) + near)


def judged(mistake: dict[str, Any], problems: list[Problem]) -> dict[str, bool]:
    """What holds of the problems that a mistake leads to."""
    if not problems:
        return dict.fromkeys(("located", "right cause first", "says what to do", "no echo"), False)
    first = problems[0]
    place = first.location
    elsewhere = mistake.get("located_in")
    return {
        "located": place.path == elsewhere
        or (place.path == mistake["in"] and place.line in edited_lines(mistake)),
        "right cause first": first.code == mistake["code"],
        "says what to do": bool(first.hint) and mistake["says"] in f"{first.message} {first.hint}",
        "no echo": len(problems) <= mistake.get("most", 1),
    }


def found(mistake: dict[str, Any], folder: Path) -> list[Problem]:
    """The problems that a mistake leads to."""
    book = build({"change": {key: mistake[key] for key in ("in", "line", "becomes")}}, folder)
    return list(load_book(book)[2])


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["mistake"].replace(" ", "-"))
def test_a_mistake_is_met_with_a_message_that_leads_to_its_mend(mistake, tmp_path):
    assert mistake.keys() <= KEYS
    problems = found(mistake, tmp_path / "book")
    for problem in problems:
        is_good(problem)
    assert all(judged(mistake, problems).values()), (judged(mistake, problems), [*map(str, problems)])


def test_there_are_as_many_mistakes_as_the_tools_were_tried_with():
    names = Counter(mistake["mistake"] for mistake in MISTAKES)
    assert names.most_common(1)[0][1] == 1
    assert len(MISTAKES) >= 87
