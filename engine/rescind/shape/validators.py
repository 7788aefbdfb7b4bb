"""The jsonschema validators of the shipped schemas, with exact numbers and patterns as Python means them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator

from rescind.shape.shipped_schemas import base_schema

__all__ = ["validator_for", "validator_of"]

Schema = Mapping[str, Any]


@cache
def validator_for(kind: str) -> Validator:
    """The validator of a shipped schema."""
    return validator_of(base_schema(kind))


def validator_of(schema: Schema) -> Validator:
    """The validator of any schema; its `schema` is this one with patterns as Python means them."""
    extend: Any = validators.extend  # has no types
    own = extend(Draft202012Validator, validators={"uniqueItems": _unique}, type_checker=_with_decimals())
    validator: Validator = own(_in_python(schema))
    return validator


def _with_decimals() -> Any:
    """Numbers that are not whole are read as `Decimal`, never as binary floats."""

    def is_number(_: object, value: object) -> bool:
        return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)

    return Draft202012Validator.TYPE_CHECKER.redefine("number", is_number)


def _unique(_: Any, wanted: bool, value: Any, __: Any) -> Iterable[ValidationError]:  # noqa: FBT001 - a keyword
    """`uniqueItems` by one look at each item; jsonschema compares every pair where items cannot be sorted."""
    if wanted and isinstance(value, list) and len(set(map(repr, value))) < len(value):
        yield ValidationError("an item appears twice")


def _in_python(schema: Any) -> Any:
    """The schema with its patterns as Python means them: in JSON Schema `$` is never before a last line break."""
    if isinstance(schema, list):
        return [_in_python(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _in_python(value) for key, value in schema.items()}
    if isinstance(result.get("pattern"), str):
        result["pattern"] = _end(result["pattern"])
    if "patternProperties" in result:
        result["patternProperties"] = {_end(key): value for key, value in result["patternProperties"].items()}
    return result


def _end(pattern: str) -> str:
    return pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
