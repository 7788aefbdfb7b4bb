"""The order that a request makes: single, or combined with a line per resource. As plain data it is
`rescind/order/1`.

An order holds all that its later states need: the reviews that each line asks for, when it was submitted, and which
versions of which policies decided it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rescind.book.model import Version
from rescind.book.words import OrderKind, WhyLeftOut
from rescind.deciding.decision import Decision
from rescind.deciding.review_states import RequestStanding, ReviewerWord
from rescind.requests.goes_together import HeldBack
from rescind.requests.order_content import checksum_of, content_of, decided, number_of, selected
from rescind.requests.order_totals import Total
from rescind.values.times import format_time

__all__ = ["LeftOut", "Order", "OrderLine"]

SCHEMA = "rescind/order/1"
# The form of the decisions in an order: within one version of the order's schema it never changes.
DECISION = "rescind/decision/1"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One resource that is given back, with its decision, what its reviewers said, and where its review stands."""

    order: str
    resource: str
    name: str
    decision: Decision
    words: tuple[ReviewerWord, ...]
    state: RequestStanding


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One resource that is not given back: it is blocked, no policy applies, or others hold it back."""

    order: str
    resource: str
    name: str
    decision: Decision
    held_back: HeldBack | None

    @property
    def why(self) -> str:
        """A `WhyLeftOut` as plain text."""
        return str(WhyLeftOut.HELD_BACK) if self.held_back else self.decision.outcome


@dataclass(frozen=True, slots=True)
class Order:
    """A request that was accepted, or its preview where `confirmed` is false.

    `lines` and `left_out` are in the order of the rows. `reason` is an id and its label; both "" where the policies
    ask for none. `submitted` and `at` are microseconds; the states of the lines are those of `at`. `given` is the
    number that the caller gave, or "".
    """

    given: str
    confirmed: bool
    account: str
    reason: tuple[str, str]
    submitted: int
    at: int
    policies: tuple[Version, ...]
    totals: tuple[Total, ...]
    lines: tuple[OrderLine, ...]
    left_out: tuple[LeftOut, ...]
    zone: dt.tzinfo = field(repr=False)
    content: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Hash what was decided, in the form used in the document."""
        going = (selected(self._stands(line), decided(line.decision)) for line in self.lines)
        staying = (selected(_stays(left), decided(left.decision)) for left in self.left_out)
        content = content_of(self._request(), (*going, *staying))
        object.__setattr__(self, "content", content)

    @property
    def number(self) -> str:
        """The number that the caller gave, else the one made from the content."""
        return self.given or number_of(self.content)

    @property
    def kind(self) -> str:
        """An `OrderKind` as plain text."""
        several = len(self.lines) + len(self.left_out) > 1
        return str(OrderKind.COMBINED if several else OrderKind.SINGLE)

    def to_dict(self) -> dict[str, Any]:
        """The order as plain data; see `rescind/order/1` in `docs/requests.md`."""
        head: dict[str, Any] = self._head()
        head["lines"] = list(map(self._line, self.lines))
        head["left_out"] = list(map(_left_out, self.left_out))
        return head

    def to_json(self) -> str:
        """`to_dict` as JSON, with one line of text for each line of the order; equal orders give equal bytes."""
        return "".join(self.chunks())

    def chunks(self) -> Iterator[str]:
        """The parts of `to_json`, made one by one: a large order is written without being held as text."""
        yield _json(self._head())[:-1]
        yield from _array("lines", map(self._line, self.lines))
        yield from _array("left_out", map(_left_out, self.left_out))
        yield "\n}\n"

    def _head(self) -> dict[str, Any]:
        head = {
            "schema": SCHEMA,
            "number": self.number,
            "kind": self.kind,
            "confirmed": self.confirmed,
            **self._request(),
            "decided_at": format_time(self.at, self.zone),
            "policies": [
                {"id": each.policy, "version": each.version, "digest": each.digest, "draft": each.draft}
                for each in self.policies
            ],
            "totals": [total.to_dict() for total in self.totals],
        }
        rows = (*map(self._stands, self.lines), *map(_stays, self.left_out))
        return head | {"checksum": checksum_of(head, rows, self.content)}

    def _request(self) -> dict[str, Any]:
        return {
            "account": self.account,
            "reason": {"id": self.reason[0], "label": self.reason[1]} if self.reason[0] else None,
            "submitted_at": format_time(self.submitted, self.zone),
            "timezone": str(self.zone),
        }

    def _line(self, line: OrderLine) -> dict[str, Any]:
        return self._stands(line) | {"decision": line.decision.to_dict(DECISION)}

    def _stands(self, line: OrderLine) -> dict[str, Any]:
        """A line without its decision."""
        result: dict[str, Any] = {"order": line.order, "resource": line.resource}
        if line.name:
            result["name"] = line.name
        result["state"] = line.state.state
        if line.state.deadline is not None:
            result["deadline"] = format_time(line.state.deadline, self.zone)
        if line.words:
            result["words"] = [self._word(word) for word in line.words]
        return result

    def _word(self, word: ReviewerWord) -> dict[str, Any]:
        return {
            "by": word.by,
            "outcome": word.outcome,
            "decided_at": format_time(word.decided_at, self.zone),
        }


def _left_out(left: LeftOut) -> dict[str, Any]:
    return _stays(left) | {"decision": left.decision.to_dict(DECISION)}


def _stays(left: LeftOut) -> dict[str, Any]:
    """Something left out, without its decision."""
    result: dict[str, Any] = {"order": left.order, "resource": left.resource}
    if left.name:
        result["name"] = left.name
    result["why"] = left.why
    if left.held_back:
        held = left.held_back
        result["held_back"] = {"fact": held.fact, "is": held.value, "by": list(held.resources)}
    return result


def _array(key: str, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield f',\n"{key}": ['
    comma = "\n"
    for row in rows:
        yield comma + _json(row)
        comma = ",\n"
    yield "\n]" if comma == ",\n" else "]"


# Made once: `json.dumps` would make an encoder for each line.
_json = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode
