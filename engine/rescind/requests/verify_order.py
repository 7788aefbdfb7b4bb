"""An order decided again: from the facts with which it was placed, by a book, as of its submission.

The facts are not part of an order: they would make it many times as large, and anyone who changes an order could change
them too. So the caller passes the same facts again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rescind.deciding.decide_case import CaseDecider
from rescind.problems.exceptions import RequestError
from rescind.problems.problem import Location, Problem
from rescind.requests.order_content import Data
from rescind.requests.place_order import RequestOptions, place
from rescind.requests.read_order import OrderParts, read_order

__all__ = ["verify"]

CODE = "R1040"


def verify(decider: CaseDecider, document: Data, rows: Iterable[object]) -> None:
    """Raises `RequestError` if the order, decided again, differs; names each such resource and its first difference."""
    order = read_order(document)
    options = RequestOptions(reason=order.reason or None, confirm=True)
    again = place(decider, rows, options, order.submitted).to_dict()
    problems = [
        *_request_problems(document, again),
        *_row_problems(order, read_order(again)),
    ]
    if problems:
        raise RequestError(problems=problems)


def _request_problems(document: Data, again: Data) -> Iterator[Problem]:
    for key in ("account", "submitted_at", "timezone"):
        if document[key] != again[key]:
            yield _otherwise(key, f"`{key}`", document[key], again[key])


def _row_problems(order: OrderParts, again: OrderParts) -> Iterator[Problem]:
    for resource, (path, before) in order.decided.items():
        if resource not in again.decided:
            message = f"no row of the facts is about `{resource[:60]}`"
            yield Problem(CODE, message, Location(path), "give the facts that the order was placed with")
            continue
        found = _difference(before, again.decided[resource][1], "")
        if found:
            where, one, other = found
            yield _otherwise(path, f"`{where}` of `{resource[:60]}`", one, other)
    for resource in again.decided.keys() - order.decided.keys():
        message = f"the facts have a row about `{resource[:60]}`, which the order does not have"
        yield Problem(CODE, message, Location("lines"), "give the facts that the order was placed with")


def _otherwise(path: str, what: str, before: object, now: object) -> Problem:
    message = f"{what} is {_shown(before)}, and by this book and these facts {_shown(now)}"
    return Problem(CODE, message, Location(path))


def _shown(value: object) -> str:
    return "nothing" if value is None or value in ("", [], {}) else f"`{str(value)[:60]}`"


def _difference(one: Any, other: Any, path: str) -> tuple[str, object, object] | None:
    """The first place where two pieces of plain data differ, with both values there; None if they are equal."""
    if one == other:
        return None
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        parts = [(f"{path}.{key}".lstrip("."), one[key], other.get(key)) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        parts = [(f"{path}[{index}]", *pair) for index, pair in enumerate(zip(one, other, strict=True))]
    else:
        return path, one, other
    return next(found for where, old, new in parts if (found := _difference(old, new, where)))
