"""The digest of a version: a hash of what it means.

Layout, comments and `description:` texts do not count; neither does the way a number is spelt. Everything that can
change a decision or its words does: the content with all that it includes, the vocabulary entries that it uses, and
the book's time zone and calendars.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal

__all__ = ["digest_of"]

PREFIX = "sha256:"
# Mappings in which the order of the keys means something; elsewhere it is layout.
ORDERED = frozenset({"deduct", "instruments", "rows", "reasons"})


def digest_of(
    meaning: Mapping[str, object], facts: Mapping[str, object], zone: str, calendars: Mapping[str, object]
) -> str:
    """`sha256:` and 64 hexadecimal digits over the canonical JSON of the parts."""
    whole = _plain(
        {"version": meaning, "facts": facts, "timezone": zone, "calendars": calendars}, ordered=False
    )
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


def _plain(data: object, *, ordered: bool) -> object:
    if isinstance(data, Mapping):
        kept = {key: value for key, value in data.items() if key not in ("description", "schema")}
        plain = {key: _plain(value, ordered=key in ORDERED) for key, value in kept.items()}
        return [[key, value] for key, value in plain.items()] if ordered else plain
    if isinstance(data, (list, tuple)):
        return [_plain(item, ordered=False) for item in data]
    if isinstance(data, Decimal):
        return {"number": format(data.normalize(), "f")}
    return data
