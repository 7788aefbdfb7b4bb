"""What an order has decided, and its hashes: those written with an order, and those computed when it is read back.

A decision is reduced to what was decided: outcome, policy, blockers, reviews with their limits and deadlines, every
figure of the refund and where it goes. Wording, reasons and places are left out. The reduced form has the keys and the
texts of `rescind/decision/1`, so that a decision and its plain data give the same reduced form.

INVARIANT: `decided(decision) == decided_in(decision.to_dict("rescind/decision/1"))`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from rescind.book.words import UNSPECIFIED, LineColumn, ReviewScope
from rescind.deciding.decision import Decision, Reviewed
from rescind.deciding.settle import Settlement
from rescind.values.durations import format_duration
from rescind.values.money import format_money
from rescind.values.times import format_time

__all__ = ["DERIVED", "Data", "checksum_of", "content_of", "decided", "decided_in", "number_of", "selected"]

Data: TypeAlias = Mapping[str, Any]

PREFIX = "RS-"
HEX_DIGITS = 24
# The form of a number made from the content. An order with other content may not have such a number.
DERIVED = re.compile(rf"{PREFIX}[0-9A-F]{{{HEX_DIGITS}}}", re.ASCII)
COLUMNS = tuple(map(str, LineColumn))
ORDER_SCOPE = str(ReviewScope.ORDER)


def decided(decision: Decision) -> dict[str, Any]:
    """What was decided of one resource."""
    version = decision.version
    return {
        "outcome": str(decision.outcome),
        "policy": {"id": version.policy, "version": version.version, "digest": version.digest}
        if version
        else None,
        "blockers": [blocked.id for blocked in decision.blockers],
        "reviews": [_reviewed(reviewed, decision) for reviewed in decision.reviews],
        "refund": _refund(decision.settlement) if decision.settlement else None,
    }


def _reviewed(reviewed: Reviewed, decision: Decision) -> dict[str, Any]:
    review, deadline = reviewed.review, reviewed.due
    return {
        "id": review.id,
        "by": review.by,
        "within": format_duration(review.within) if review.within else UNSPECIFIED,
        "on_timeout": str(review.on_timeout),
        "scope": str(review.scope),
        "deadline": None if deadline is None else format_time(deadline, decision.zone),
    }


def _refund(settled: Settlement) -> dict[str, Any]:
    currency = settled.currency
    return {
        "terms": settled.term.id,
        "total": format_money(settled.total, currency),
        "instruments": [
            {
                "instrument": line.instrument,
                **{key: format_money(getattr(line, key), currency) for key in COLUMNS},
                "to": line.to,
            }
            for line in settled.lines
        ],
        "deductions": [
            {
                "name": taken.deduction.name,
                "amount": format_money(taken.taken, currency),
                "exact": format_money(taken.exact, currency),
                "counts_as": str(taken.deduction.column),
            }
            for taken in settled.deductions
        ],
    }


def decided_in(decision: Data) -> dict[str, Any]:
    """The same from the plain data of a decision. Raises `KeyError` and similar errors if it is not a decision."""
    refund = decision["refund"]
    return {
        "outcome": decision["outcome"],
        "policy": _picked(decision["policy"], "id", "version", "digest") if "policy" in decision else None,
        "blockers": [blocker["id"] for blocker in decision["blockers"]],
        "reviews": [
            _picked(review, "id", "by", "within", "on_timeout")
            | {"scope": review.get("scope", ORDER_SCOPE), "deadline": review.get("deadline")}
            for review in decision["reviews"]
        ],
        "refund": None
        if refund is None
        else {
            **_picked(refund, "terms", "total"),
            "instruments": [
                _picked(line, "instrument", *COLUMNS) | {"to": line.get("to", "")}
                for line in refund["instruments"]
            ],
            "deductions": [
                _picked(taken, "name", "amount", "exact", "counts_as") for taken in refund["deductions"]
            ],
        },
    }


def _picked(data: Data, *keys: str) -> dict[str, Any]:
    return {key: data[key] for key in keys}


def selected(row: Data, decision: Data) -> dict[str, Any]:
    """What was decided of one resource of an order, from its row in the document and the reduced decision."""
    held = row.get("held_back")
    return {
        "order": row["order"],
        "resource": row["resource"],
        "why": row.get("why"),
        # The same for every order of the rows.
        "held_back": {**_picked(held, "fact", "is"), "by": sorted(held["by"])} if held else None,
        "decision": decision,
    }


def content_of(head: Data, rows: Iterable[Data]) -> str:
    """The hash of what was decided for a request; it does not depend on the order of the resources.

    `head` says whose request it is, when it was made, and why; `rows` are the `selected` resources.
    """
    request = {
        **_picked(head, "account", "submitted_at", "timezone"),
        "reason": head["reason"] and head["reason"]["id"],
    }
    return _hashed([request, *sorted(rows, key=lambda row: str(row["resource"]))])


def number_of(content: str) -> str:
    """The number of a request, made from its content."""
    return PREFIX + content[:HEX_DIGITS].upper()


def checksum_of(head: Data, rows: Iterable[Data], content: str) -> str:
    """The hash of an order: its head, its rows without their decisions, and the hash of what was decided."""
    return f"sha256:{_hashed([head, *rows, content])}"


def _hashed(parts: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(_json(part).encode() + b"\n")
    return digest.hexdigest()


# Made once: `json.dumps` would make an encoder for each part.
_json = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode
