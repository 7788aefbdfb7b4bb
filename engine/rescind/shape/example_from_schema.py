"""Examples out of a schema, as an author would write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from rescind.source.yaml_writer import flow

__all__ = ["example_of"]


def example_of(key: str, nearest: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """What may stand under a key, in YAML on one line; "…" where there is no example.

    Looked for in the schema of the mapping that lacks the key, then anywhere in the whole schema.
    """
    defs = whole.get("$defs", {})
    examples = chain(_examples(key, nearest, defs), _examples(key, whole, defs))
    found = next((flow(example) for example in examples), "…")
    return found if len(found) <= 120 else "…"


def _examples(key: str, schema: Any, defs: Mapping[str, Any]) -> Iterator[Any]:
    """The first example of every property named `key`, anywhere in the schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from _examples(key, item, defs)
    elif isinstance(schema, dict):
        body = schema.get("properties", {})
        if isinstance(body, dict) and isinstance(body.get(key), dict):
            target = defs.get(str(body[key].get("$ref", "")).rpartition("/")[2], {})
            yield from (body[key].get("examples") or target.get("examples") or [])[:1]
        for item in schema.values():
            yield from _examples(key, item, defs)
