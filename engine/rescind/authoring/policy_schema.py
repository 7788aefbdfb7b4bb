"""The schema of a version specialised with a vocabulary, so that an editor completes what an author may write.

Facts with their descriptions, the operators that fit each type, choices as closed lists. Names of values cannot be
known from the vocabulary, so a name stays open where it may be one: a bare word, or `table.column` where no fact
has that first part. `rescind check` knows them all; this schema must only never refuse what it accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rescind.authoring import schema_value_patterns as forms
from rescind.book.read_conditions import OPERATORS
from rescind.book.vocabulary import NOW, Fact, Vocabulary
from rescind.shape.shipped_schemas import base_schema
from rescind.values.types import ABSENT, COMPARABLE, Kind, Type
from rescind.values.value_readers import plain

__all__ = ["policy_schema"]

Schema = dict[str, Any]

UTC = ZoneInfo("UTC")

_WORD = "[a-z][a-z0-9_]{0,63}"
_BARE = f"^(?!(?:all|any|not)$){_WORD}$"


def policy_schema(vocabulary: Vocabulary, values: Mapping[str, Type] | None = None) -> Schema:
    """The schema of versions for this vocabulary. `values` are names of values whose types are known."""
    schema = base_schema("policy")
    schema["$id"] += ":specialised"
    names = vocabulary.names() | _refund_names(vocabulary) | dict(values or {})
    writer = _Writer(schema["$defs"], vocabulary, names)
    writer.conditions()
    writer.references(schema["properties"])
    return schema


def _refund_names(vocabulary: Vocabulary) -> dict[str, Type]:
    """What conditions may read once the refund is known."""
    money = Type(Kind.MONEY)
    return {"refund.total": money} | {f"refund.returned.{part}": money for part in _instruments(vocabulary)}


def _instruments(vocabulary: Vocabulary) -> dict[str, str]:
    """Every payment instrument with its label."""
    facts = [fact for fact in vocabulary.facts.values() if fact.type.kind is Kind.INSTRUMENTS]
    return {part: fact.labels.get(part, "") for fact in facts for part in fact.type.choices}


def _shown(fact: Fact) -> str:
    """The default of a fact in words."""
    value = plain(fact.default, fact.type, UTC)
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`" if value not in ([], {}) else "empty"


class _Writer:
    """Fills the `$defs` of a version's schema."""

    def __init__(self, defs: Schema, vocabulary: Vocabulary, names: Mapping[str, Type]) -> None:
        self._defs = defs
        self._vocabulary = vocabulary
        self._names = names
        roots = sorted({name.partition(".")[0] for name in (*names, *vocabulary.groups)})
        self._column = f"^(?!(?:{'|'.join(map(re.escape, roots))})\\.){_WORD}\\.{_WORD}$"

    def conditions(self) -> None:
        """Every name with the tests that fit it."""
        condition = self._defs["condition"]
        del condition["patternProperties"]
        for name, type_ in self._names.items():
            condition["properties"][name] = {
                "description": self._about(name),
                **self._examples(name),
                "$ref": self._test(name, type_),
            }
        condition["patternProperties"] = {
            pattern: {"$ref": "#/$defs/test"}
            for pattern in (_BARE, self._column, rf"^refund\.deductions\.{_WORD}$")
        }
        self._defs["name"] = self._name(self._names)

    def references(self, properties: Schema) -> None:
        """The places that name a fact of one kind, and the payment instruments."""
        refund = self._defs["refund"]["properties"]
        self._close(refund, "paid", Kind.INSTRUMENTS)
        self._close(properties, "together", Kind.TEXT)
        matrix = self._defs["value"]["properties"]
        matrix["matrix"] = {**matrix["matrix"], **self._name(self._of(Kind.CHOICE))}
        matrix["matrix"].pop("$ref", None)
        parts = _instruments(self._vocabulary)
        if parts:
            instruments = self._defs["term"]["properties"]["instruments"]
            del instruments["patternProperties"]
            instruments["properties"] = {
                part: {"$ref": "#/$defs/instrument", **({"description": label} if label else {})}
                for part, label in parts.items()
            }

    def _close(self, properties: Schema, key: str, kind: Kind) -> None:
        names = [name for name in self._of(kind) if name in self._vocabulary.facts]
        if names:
            properties[key] = {"enum": names, "description": properties[key]["description"]}

    def _of(self, *kinds: Kind) -> list[str]:
        return [name for name, type_ in self._names.items() if type_.kind in kinds]

    def _name(self, known: Iterable[str]) -> Schema:
        """A name: one that is known, or one that may be a value's."""
        open_names: list[Schema] = [{"type": "string", "pattern": p} for p in (_BARE, self._column)]
        names = list(known)
        return {"anyOf": [*([{"enum": names}] if names else []), *open_names]}

    def _about(self, name: str) -> str:
        fact = self._vocabulary.fact_of(name)
        if name == NOW:
            return "The instant that the case is judged as of."
        if fact is None:
            return f"{self._names[name]}, computed by this version"
        words = [str(self._names[name])] + ["may be absent"] * fact.optional
        if fact.name == name and fact.default is not ABSENT:
            words.append(f"{_shown(fact)} where the caller leaves it out")
        return f"{fact.description} ({', '.join(words)})".strip()

    def _examples(self, name: str) -> Schema:
        """What the vocabulary gives as examples, for facts that a condition may compare with one value."""
        fact = self._vocabulary.facts.get(name)
        if fact is None or fact.type.kind not in COMPARABLE:
            return {}
        found = [str(each) if isinstance(each, Decimal) else each for each in fact.examples]
        return {"examples": found} if found else {}

    def _test(self, name: str, type_: Type) -> str:
        """The reference to what a name of this type may be tested for; alike types share one definition."""
        key = f"test.{name}" if type_.choices else f"test.{str(type_).replace(' ', '_')}"
        if key not in self._defs:
            self._defs[key] = {}
            self._define_test(key, name, type_)
        return f"#/$defs/{key}"

    def _define_test(self, key: str, name: str, type_: Type) -> None:
        operand = {"$ref": f"#/$defs/{key}.operand"}
        operators = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": self._operators(type_.kind, operand),
        }
        branches: list[Schema] = [operators]
        if type_.kind in COMPARABLE:
            branches = [operand, {"type": "array", "minItems": 1, "items": operand}, operators]
        self._defs[key] = {"anyOf": branches}
        self._defs[f"{key}.operand"] = self._operand(name, type_)

    def _operators(self, kind: Kind, operand: Schema) -> Schema:
        shipped = self._defs["test"]["properties"]
        found: Schema = {}
        for operator in (name for name, kinds in OPERATORS.items() if kind in kinds):
            found[operator] = dict(shipped[operator])
            if operator in ("in", "not_in", "between"):
                found[operator] |= {"type": "array", "minItems": 1, "items": operand}
                found[operator].pop("$ref", None)
                found[operator] |= {"minItems": 2, "maxItems": 2} if operator == "between" else {}
            elif operator != "present":
                found[operator]["$ref"] = operand["$ref"]
        return found

    def _operand(self, name: str, type_: Type) -> Schema:
        literal = self._literal(name, type_)
        if type_.kind is Kind.SET:
            return literal
        other = {
            "type": "object",
            "required": ["fact"],
            "additionalProperties": False,
            "properties": {"fact": self._name(self._like(type_))},
            "description": "Another fact or value.",
        }
        return {"anyOf": [literal, other]}

    def _like(self, type_: Type) -> list[str]:
        """The names that may be compared with this type."""
        for alike in ({Kind.NUMBER, Kind.INTEGER}, {Kind.TEXT, Kind.CHOICE}):
            if type_.kind in alike:
                return self._of(*alike)
        return [name for name in self._of(type_.kind) if self._names[name].calendar == type_.calendar]

    def _literal(self, name: str, type_: Type) -> Schema:
        match type_.kind:
            case Kind.FLAG:
                return {"type": "boolean"}
            case Kind.CHOICE | Kind.SET if type_.choices:
                fact = self._vocabulary.fact_of(name)
                labels = fact.labels if fact else {}
                return {
                    "enum": [*type_.choices],
                    "enumDescriptions": [labels.get(c, "") for c in type_.choices],
                }
            case Kind.NUMBER:
                return {"type": ["number", "string"], "pattern": forms.DECIMAL, "examples": ["15%"]}
            case Kind.INTEGER:
                return {"type": "integer"}
            case Kind.MONEY:
                return {"type": "string", "pattern": forms.money(""), "examples": ["1000 USD"]}
            case Kind.TIME:
                # A time without an offset is read in the book's time zone.
                local = forms.TIME.removesuffix("$") + "?$"
                examples = ["2024-10-29T00:00:00+08:00"]
                return {"anyOf": [{"const": NOW}, {"type": "string", "pattern": local, "examples": examples}]}
            case Kind.DATE:
                return {"type": "string", "pattern": forms.DATE, "examples": ["2024-10-29"]}
            case Kind.DURATION:
                pattern = forms.duration(calendar=type_.calendar)
                return {"type": "string", "pattern": pattern, "examples": ["1y" if type_.calendar else "24h"]}
            case _:
                return {"type": "string", "maxLength": 500}
