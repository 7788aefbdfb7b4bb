"""The schema of the facts that a caller sends: what is required, how it is written, what it means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from rescind.authoring import schema_value_patterns as forms
from rescind.book.vocabulary import Fact, Vocabulary
from rescind.values.decimals import PLAIN_DIGITS
from rescind.values.types import ABSENT, Kind, Type
from rescind.values.value_readers import MAX_ITEMS, MAX_TEXT, plain

__all__ = ["callers_schema"]

Schema = dict[str, Any]


def callers_schema(vocabulary: Vocabulary, needed: Collection[str] | None = None) -> Schema:
    """The JSON Schema of one set of facts: nested objects as the vocabulary's groups.

    `needed` are the names of the facts that whoever decides needs, all where it is None. Of these the schema requires
    those without a default that are not optional.
    """
    required = {
        name
        for name, fact in vocabulary.facts.items()
        if fact.required and (needed is None or name in needed)
    }
    root: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:rescind:schema:callers:1",
        "title": "facts for rescind",
        "description": "What a caller tells about one case. Required is what every version of every policy needs; "
        "the one that decides may need more, and then says what is missing.",
    }
    root |= _object("Facts, in groups.", open_=False) | {"description": root["description"]}
    for name, description in vocabulary.groups.items():
        _place(root, name, vocabulary, _object(description, open_=name in vocabulary.open_groups))
    for name, fact in vocabulary.facts.items():
        _place(root, name, vocabulary, _fact(fact))
    _require(root, "", vocabulary, required)
    root["examples"] = [_example(vocabulary, required)]
    return root


def _object(description: str, *, open_: bool) -> Schema:
    about = {"description": description} if description else {}
    return {"type": "object", **about, "properties": {}, "required": [], "additionalProperties": open_}


def _place(root: Schema, name: str, vocabulary: Vocabulary, schema: Schema) -> None:
    """Put a schema under a dotted name, making the groups above it."""
    *above, last = name.split(".")
    node = root
    for depth, part in enumerate(above):
        group = ".".join(above[: depth + 1])
        made = _object(vocabulary.groups.get(group, ""), open_=group in vocabulary.open_groups)
        node = node["properties"].setdefault(part, made)
    node["properties"].setdefault(last, schema)


def _require(node: Schema, prefix: str, vocabulary: Vocabulary, required: Collection[str]) -> bool:
    """Fill `required` from the leaves up; whether the group has anything required in it."""
    for key, below in node["properties"].items():
        name = f"{prefix}{key}"
        if (
            name in required
            if name in vocabulary.facts
            else _require(below, f"{name}.", vocabulary, required)
        ):
            node["required"].append(key)
    return bool(node["required"])


def _example(vocabulary: Vocabulary, required: Collection[str]) -> Schema:
    """A minimal set of facts that the schema accepts."""
    example: Schema = {}
    for name, fact in vocabulary.facts.items():
        if name in required:
            node, (*above, last) = example, name.split(".")
            for part in above:
                node = node.setdefault(part, {})
            node[last] = _examples(fact)[0]
    return example


def _examples(fact: Fact) -> list[Any]:
    if fact.examples:
        return [_json(example) for example in fact.examples]
    if fact.type.kind is Kind.LIST:
        return [[{name: _examples(field)[0] for name, field in fact.fields.items() if not field.optional}]]
    if fact.at_least is not None or fact.at_most is not None:
        return [fact.at_least if fact.at_least is not None else fact.at_most]
    return [forms.opening(fact.type)]


def _json(value: Any) -> Any:
    """An author's example as JSON: a decimal goes as text, so that nothing on the way rounds it."""
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return format(value, "f") if isinstance(value, Decimal) else value


def _fact(fact: Fact) -> Schema:
    schema = {"description": fact.description} if fact.description else {}
    schema |= _typed(fact)
    if fact.default is not ABSENT:
        schema["default"] = plain(fact.default, fact.type, dt.UTC)
    if fact.optional:
        schema = _nullable(schema)
    return schema | {"examples": _examples(fact)}


def _nullable(schema: Schema) -> Schema:
    """Null says that an optional fact is absent."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    nullable = schema | {"type": [*types, "null"]}
    return nullable | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def _typed(fact: Fact) -> Schema:
    match fact.type.kind:
        case Kind.CHOICE:
            return _choice(fact)
        case Kind.NUMBER:
            return {"type": ["string", "number"], "pattern": forms.DECIMAL} | _bounds(fact)
        case Kind.INTEGER:
            return {"type": "integer"} | _bounds(fact)
        case Kind.SET:
            member = _choice(fact) if fact.type.choices else {"type": "string", "maxLength": MAX_TEXT}
            return {"type": "array", "maxItems": MAX_ITEMS, "items": member}
        case Kind.LIST:
            return {"type": "array", "maxItems": MAX_ITEMS, "items": _record(fact)}
        case Kind.INSTRUMENTS:
            return _instruments(fact)
        case _:
            return _simple(fact.type)


def _choice(fact: Fact) -> Schema:
    schema: Schema = {"type": "string", "enum": [*fact.type.choices]}
    if any(fact.labels.values()):
        schema["enumDescriptions"] = [fact.labels[choice] for choice in fact.type.choices]
    return schema


def _bounds(fact: Fact) -> Schema:
    bounds = {"minimum": fact.at_least, "maximum": fact.at_most}
    return {key: bound for key, bound in bounds.items() if bound is not None}


def _record(fact: Fact) -> Schema:
    # A record has no defaults: its fields are required unless optional.
    return {
        "type": "object",
        "properties": {name: _fact(field) for name, field in fact.fields.items()},
        "required": [name for name, field in fact.fields.items() if not field.optional],
        "additionalProperties": False,
    }


def _instruments(fact: Fact) -> Schema:
    amount = _money(fact.type.currency, signed=False)
    return {
        "type": "object",
        "properties": {
            part: amount | ({"description": fact.labels[part]} if fact.labels.get(part) else {})
            for part in fact.type.choices
        },
        "additionalProperties": False,
    }


def _money(currency: str, *, signed: bool) -> Schema:
    sign = "-?" if signed else ""
    return {
        "type": ["string", "object"],
        "pattern": forms.money(currency, signed=signed),
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "properties": {
            "amount": {"type": ["string", "number"], "pattern": f"^{sign}{PLAIN_DIGITS}$"},
            "currency": {"const": currency} if currency else {"type": "string", "pattern": "^[A-Z]{3}$"},
        },
    }


def _simple(type_: Type) -> Schema:
    match type_.kind:
        case Kind.FLAG:
            return {"type": "boolean"}
        case Kind.MONEY:
            return _money(type_.currency, signed=True)
        case Kind.TIME:
            return {"type": "string", "format": "date-time", "pattern": forms.TIME}
        case Kind.DATE:
            return {"type": "string", "format": "date", "pattern": forms.DATE}
        case Kind.DURATION:
            return {"type": "string", "pattern": forms.duration(calendar=type_.calendar)}
        case Kind.RATES:
            rate = {"type": ["string", "number"], "pattern": f"^{PLAIN_DIGITS}%?$"}
            pairs = {"^[A-Z]{3}/[A-Z]{3}$": rate}
            return {"type": "object", "patternProperties": pairs, "additionalProperties": False}
        case _:
            return {"type": "string", "maxLength": MAX_TEXT}
