"""The jsonschema validators of the shipped schemas: one that finds all errors, and a quick one that only finds none.

jsonschema makes a new validator object for every value that it steps into, which takes nearly all of its time. The
quick validator is the same class with the keywords that step into values replaced: they check in place and say only
whether something is wrong. Most documents are right, so it settles most of them. A test holds the two to the same
verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator

from rescind.shape.shipped_schemas import base_schema

__all__ = ["Validators", "validators_for", "validators_of"]

Schema = Mapping[str, Any]
Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]

compiled = cache(re.compile)


class Validators(NamedTuple):
    """A schema with its two validators. `quick` may only be asked `is_valid`."""

    schema: Schema
    full: Validator
    quick: Validator


@cache
def validators_for(kind: str) -> Validators:
    """The validators of a shipped schema."""
    return validators_of(base_schema(kind))


def validators_of(schema: Schema) -> Validators:
    """The validators of any schema whose `$ref` stay inside its own `$defs`."""
    schema = _in_python(schema)
    extend: Any = validators.extend  # has no types
    own = {"uniqueItems": _unique}
    full = extend(Draft202012Validator, validators=own, type_checker=_with_decimals())
    quick = extend(full, validators=_in_place(full, schema.get("$defs", {})))
    return Validators(schema, full(schema), quick(schema))


def _with_decimals() -> Any:
    """Numbers that are not whole are read as `Decimal`, never as binary floats."""

    def is_number(_: object, value: object) -> bool:
        return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)

    return Draft202012Validator.TYPE_CHECKER.redefine("number", is_number)


def _unique(_: Any, wanted: bool, value: Any, __: Any) -> Iterable[ValidationError]:  # noqa: FBT001 - a keyword
    """`uniqueItems` by one look at each item; jsonschema compares every pair where items cannot be sorted."""
    if wanted and isinstance(value, list) and len(set(map(repr, value))) < len(value):
        yield ValidationError("an item stands twice")


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


def _in_place(base: Any, defs: Schema) -> dict[str, Keyword]:
    """The keywords that step into values, checking in place."""
    targets = {f"#/$defs/{name}": target for name, target in defs.items()}
    checks: dict[str, Keyword] = dict(base.VALIDATORS)
    wrong = (ValidationError("wrong"),)

    def fits(validator: Any, value: Any, schema: Any) -> bool:
        if isinstance(schema, bool):
            return schema
        for keyword, argument in schema.items():
            check = checks.get(keyword)
            if check is not None and any(True for _ in check(validator, argument, value, schema) or ()):
                return False
        return True

    def keyword(of: type, holds: Callable[[Any, Any, Any, Any], bool]) -> Keyword:
        def check(validator: Any, argument: Any, value: Any, schema: Any) -> Iterable[ValidationError]:
            return () if not isinstance(value, of) or holds(validator, argument, value, schema) else wrong

        return check

    def pattern_properties(validator: Any, argument: Any, value: Any, _: Any) -> bool:
        return all(
            fits(validator, item, below)
            for pattern, below in argument.items()
            for key, item in value.items()
            if compiled(pattern).search(key)
        )

    def additional_properties(validator: Any, argument: Any, value: Any, schema: Any) -> bool:
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        return all(
            key in known
            or any(compiled(pattern).search(key) for pattern in patterns)
            or fits(validator, item, argument)
            for key, item in value.items()
        )

    def branch(validator: Any, argument: Any, value: Any, schema: Any) -> bool:
        return fits(
            validator, value, schema.get("then" if fits(validator, value, argument) else "else", True)
        )

    checks |= {
        "$ref": keyword(object, lambda v, ref, value, _: fits(v, value, targets[ref])),
        "if": keyword(object, branch),
        "not": keyword(object, lambda v, below, value, _: not fits(v, value, below)),
        "allOf": keyword(object, lambda v, parts, value, _: all(fits(v, value, part) for part in parts)),
        "items": keyword(list, lambda v, below, value, _: all(fits(v, item, below) for item in value)),
        "properties": keyword(
            dict,
            lambda v, known, value, _: all(
                fits(v, item, known[key]) for key, item in value.items() if key in known
            ),
        ),
        "patternProperties": keyword(dict, pattern_properties),
        "additionalProperties": keyword(dict, additional_properties),
        "dependentSchemas": keyword(
            dict,
            lambda v, parts, value, _: all(
                fits(v, value, part) for key, part in parts.items() if key in value
            ),
        ),
    }
    return checks
