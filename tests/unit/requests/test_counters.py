"""Counters: what is granted so often a year is not granted twice by one request."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

import pytest
from rescind import Engine
from rescind.problems.exceptions import RequestError

BOOK = Path(__file__).parents[3] / "examples" / "books" / "china"
AT = "2025-11-29T14:30:30+08:00"
COUNTER = "account.unconditional_this_year"
# Opened long ago, or bought with another order than the first: the counter is not what keeps it from being free.
OLD = {"opened_at": "2025-01-24T14:30:30+08:00"}


@functools.cache
def engine() -> Engine:
    return Engine.load(BOOK)


def row(name: str, count: int, *, first: bool = True, **resource: Any) -> dict[str, Any]:
    facts = json.loads((BOOK / "examples" / "unconditional.json").read_text("utf-8"))
    facts["resource"] |= {"id": name, **resource}
    facts["order"] |= {"id": f"order-{name}", "first": first}
    facts["account"]["unconditional_this_year"] = count
    return copy.deepcopy(facts)


def policies(*rows: dict[str, Any]) -> list[str]:
    order = engine().request(rows, at=AT)
    return [line.decision.version.policy for line in order.lines if line.decision.version]


@pytest.mark.parametrize("count", [0, 9])
def test_two_that_would_draw_from_a_counter_are_refused(count: int) -> None:
    with pytest.raises(RequestError) as caught:
        policies(row("a", count), row("b", count), row("c", count, first=False))
    (problem,) = caught.value.problems
    assert (problem.code, str(problem.location)) == ("R1013", f"row 2: {COUNTER}")
    assert COUNTER in problem.message
    assert problem.message.endswith(": `a` and `b`")


def test_one_at_a_time_is_decided() -> None:
    assert policies(row("a", 9)) == ["unconditional"]
    assert policies(row("b", 10)) == ["in-use-resources"]


def test_what_the_counter_does_not_decide_goes_with_one_that_draws() -> None:
    rows = row("a", 9), row("b", 9, first=False), row("c", 9, **OLD)
    assert policies(*rows) == ["unconditional", "in-use-resources", "in-use-resources"]


def test_where_nothing_is_left_nobody_draws() -> None:
    assert policies(row("a", 10), row("b", 10)) == ["in-use-resources"] * 2


def test_what_stays_draws_nothing() -> None:
    order = engine().request([row("a", 9), row("b", 9, transactions_in_progress=1)], at=AT)
    assert [line.resource for line in order.lines] == ["a"]


def test_one_that_draws_and_one_that_was_passed_over_for_the_count_are_refused() -> None:
    with pytest.raises(RequestError, match="R1013"):
        policies(row("a", 9), row("b", 10))
