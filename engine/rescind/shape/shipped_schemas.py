"""The schema files that ship with the package."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["KINDS", "base_schema"]

# Each is a file `shape/schemas/<kind>.schema.json`, a slash written as `-`. Documents say `schema: rescind/<kind>/1`;
# where there is a second form, the kind alone is that one, and the first has its number.
KINDS = ("book", "lock", "facts", "policy", "shared", "cases", "decision", "decision/1", "order", "status")


def base_schema(kind: str) -> dict[str, Any]:
    """The shipped schema of a kind, as fresh data that the caller may change. Raises `KeyError` for no kind."""
    if kind not in KINDS:
        raise KeyError(kind)
    schema: dict[str, Any] = json.loads(_text(kind))
    if kind == "order":  # its lines refer to decisions: whoever has the schema has all of it
        schema["$defs"]["decision"] = base_schema("decision/1")
    return schema


@cache
def _text(kind: str) -> str:
    return files("rescind").joinpath(f"shape/schemas/{kind.replace('/', '-')}.schema.json").read_text("utf-8")
