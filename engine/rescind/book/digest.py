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
# What is for people, unless it is the name of something: a value may be called `description`.
WORDS = frozenset({"description", "schema"})
NAMES = ORDERED | {"values", "facts", "fields", "calendars"}
CONDITIONS = frozenset({"applies_to", "when", "unless"})


def digest_of(
    meaning: Mapping[str, object], facts: Mapping[str, object], zone: str, calendars: Mapping[str, object]
) -> str:
    """`sha256:` and 64 hexadecimal digits over the canonical JSON of the parts."""
    whole = _plain({"version": meaning, "facts": facts, "timezone": zone, "calendars": calendars}, "")
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


def _plain(data: object, under: str) -> object:
    """Plain data for JSON; `under` is the key that the data stands under ("" for the items of most lists)."""
    if isinstance(data, Mapping):
        kept = {key: value for key, value in data.items() if under in NAMES or key not in WORDS}
        if under in CONDITIONS:
            return {key: _plain(value, under) for key, value in data.items()}
        plain = {key: _plain(value, "" if under in NAMES else key) for key, value in kept.items()}
        return [[key, value] for key, value in plain.items()] if under in ORDERED else plain
    if isinstance(data, (list, tuple)):
        return [_plain(item, under if under in CONDITIONS | {"values"} else "") for item in data]
    if isinstance(data, Decimal):
        return int(data) if data == int(data) else {"number": format(data.normalize(), "f")}
    return data
