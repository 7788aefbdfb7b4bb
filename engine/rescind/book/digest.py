"""The digest of a version: a hash of what it says, made by the rule that the prefix of the digest names.

    sha256-2:…   the content with everything that it includes, the meaning of each fact that it uses
                 (`fact_meanings`), and the book's time zone
    sha256:…     the first rule: the content, the whole vocabulary entries of those facts, the time zone and every
                 calendar of the book. It is still read, but no longer written

Layout, comments and `description:` texts do not count; neither does the way a number is spelt.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal

__all__ = ["DIGEST", "digest_by_first_rule", "digest_of", "is_by_first_rule"]

FIRST, SECOND = "sha256:", "sha256-2:"
DIGEST = re.compile("sha256(?:-2)?:[0-9a-f]{64}")
# Mappings in which the order of the keys means something; elsewhere it is layout.
ORDERED = frozenset({"deduct", "instruments", "rows", "reasons"})
# Keys whose texts are for people, except where the key is a name: a value may be called `description`.
WORDS = frozenset({"description", "schema"})
NAMES = ORDERED | {"values", "facts", "fields", "calendars"}
CONDITIONS = frozenset({"applies_to", "when", "unless"})


def digest_of(meaning: Mapping[str, object], facts: Mapping[str, object], zone: str) -> str:
    """`sha256-2:` and 64 hexadecimal digits over the canonical JSON of the parts.

    `meaning` is what the version says, `facts` what it takes each fact to mean, by name.
    """
    said = _plain({**meaning, "values": _joined(meaning.get("values"))}, "")
    # The engine makes the meanings of facts: they hold no texts for people, and the order of lists in them counts.
    return SECOND + _hash({"version": said, "facts": facts, "timezone": zone})


def digest_by_first_rule(
    meaning: Mapping[str, object], facts: Mapping[str, object], zone: str, calendars: Mapping[str, object]
) -> str:
    """`sha256:` and 64 hexadecimal digits; `facts` and `calendars` are entries of the vocabulary and of the book."""
    whole = {"version": meaning, "facts": facts, "timezone": zone, "calendars": calendars}
    return FIRST + _hash(_plain(whole, ""))


def is_by_first_rule(digest: str) -> bool:
    """Whether a digest was made by the first rule, which is no longer written."""
    return digest.startswith(FIRST)


def _joined(sections: object) -> object:
    """The values of a version, wherever they stand: moving one into an included file changes nothing that it says."""
    return {
        name: body
        for section in (sections if isinstance(sections, list) else ())
        for name, body in section.items()
    }


def _hash(plain: object) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


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
