"""The settled part of a decision: what was decided, without the words in which it is said.

It is the outcome, the policy with its version and digest, the ids of the blockers, the reviews with their limits and
deadlines, and every figure of money with where it goes. Two decisions that mean the same have the same bytes, whatever
the wording, the language of the reader, the zone in which times are written and the release that made them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from rescind.book.model import Review, Version
from rescind.book.words import UNSPECIFIED, LineColumn
from rescind.deciding.settle import Settlement
from rescind.values.durations import format_duration
from rescind.values.money import format_money
from rescind.values.times import format_time

__all__ = ["hash_of", "settled_part"]

SCHEMA = "rescind/settled/1"
PREFIX = "sha256:"
COLUMNS = tuple(map(str, LineColumn))


def settled_part(
    outcome: str,
    version: Version | None,
    blockers: Sequence[str],
    reviews: Sequence[tuple[Review, int | None]],
    settlement: Settlement | None,
) -> bytes:
    """The canonical bytes: JSON with sorted keys, without spaces, in UTF-8. Times are in UTC.

    `reviews` come with their deadlines, microseconds or None. INVARIANT: what a later release adds gets a key that is
    left out when it is not used, so that no earlier hash changes.
    """
    data: dict[str, Any] = {"schema": SCHEMA, "outcome": str(outcome)}
    if version:
        data["policy"] = {"id": version.policy, "version": version.version, "digest": version.digest}
    if blockers:
        data["blockers"] = list(blockers)
    if reviews:
        data["reviews"] = [_review(*each) for each in reviews]
    if settlement:
        data["refund"] = _refund(settlement)
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(settled: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits."""
    return PREFIX + hashlib.sha256(settled).hexdigest()


def _review(review: Review, deadline: int | None) -> dict[str, str]:
    data = {
        "id": review.id,
        "by": review.by,
        "within": format_duration(review.within) if review.within else UNSPECIFIED,
        "on_timeout": str(review.on_timeout),
        "scope": str(review.scope),
    }
    return data if deadline is None else data | {"deadline": format_time(deadline, dt.UTC)}


def _refund(settled: Settlement) -> dict[str, Any]:
    currency = settled.currency
    lines = []
    for line in settled.lines:
        row = {column: format_money(getattr(line, column), currency) for column in COLUMNS}
        lines.append({"instrument": line.instrument, **row} | ({"to": line.to} if line.to else {}))
    deductions = [
        {
            "name": taken.deduction.name,
            "amount": format_money(taken.taken, currency),
            "exact": format_money(taken.exact, currency),
            "counts_as": str(taken.deduction.column),
        }
        for taken in settled.deductions
    ]
    total = format_money(settled.total, currency)
    return {
        "terms": settled.term.id,
        "total": total,
        "instruments": lines,
        "deductions": deductions,
    }
