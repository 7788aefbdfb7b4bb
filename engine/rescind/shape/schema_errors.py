"""Errors of jsonschema in an author's words: what was expected, what was found, what to do.

One mistake often breaks several rules of a schema. What is kept: for a value of the wrong type, only that; for a
key that looks like another, not also that the other is missing; for keys that exclude each other, the first pair.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from rescind.problems.problem import MAX_PROBLEMS
from rescind.problems.suggestions import did_you_mean, one_of, without_curly_quotes
from rescind.shape.example_from_schema import example_of
from rescind.values.types import Kind
from rescind.values.value_readers import describe
from rescind.values.written_amounts import amount_meant

__all__ = ["ShapeFault", "faults_of"]

# Of one file; more would hide the first ones, and cost minutes.
MAX_ERRORS = 5_000

COMMA_HINT = "inside braces a comma ends a text: put a text that holds one in quotes"

Path = tuple[str | int, ...]
Schema = Mapping[str, Any]

TYPE_WORDS = {
    "string": "a text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


@dataclass(frozen=True, slots=True)
class ShapeFault:
    """A problem before it has a file: the path of the value (or of the key, with `at_key`) into the data."""

    code: str
    message: str
    path: Path
    hint: str = ""
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class _Broken:
    """One rule that does not hold: its keyword and argument, the schema that it stands in, the value it is about.

    `steps` lead to the rule in the schema, not counting `$ref` and `if`.
    """

    keyword: str
    argument: Any
    schema: Any
    value: Any
    path: Path
    steps: tuple[str | int, ...]

    @property
    def because_of(self) -> str:
        """The key whose presence brought the rule in ("" if none)."""
        place = self.steps.index("dependentSchemas") + 1 if "dependentSchemas" in self.steps else None
        return "" if place is None else str(self.steps[place])


@dataclass(slots=True)
class _Place:
    """All errors about one value, by keyword; keys at odds with each other are errors of their mapping."""

    path: Path
    value: Any
    errors: dict[str, list[_Broken]] = field(default_factory=dict)

    def of(self, *keywords: str) -> list[_Broken]:
        return [error for keyword in keywords for error in self.errors.get(keyword, ())]


def faults_of(errors: Iterable[Any], data: object, schema: Schema) -> list[ShapeFault]:
    """Every mistake once. `errors` are those that jsonschema finds in `data` under `schema`; read to a limit."""
    places: dict[Path, _Place] = {}
    for found in islice(errors, MAX_ERRORS):
        error = _Broken(
            str(found.validator),
            found.validator_value,
            found.schema,
            found.instance,
            tuple(found.absolute_path),
            tuple(found.absolute_schema_path),
        )
        path, keyword = _assigned(error)
        place = places.setdefault(path, _Place(path, _value_at(data, path)))
        place.errors.setdefault(keyword, []).append(error)
    faults = [fault for place in places.values() for fault in _faults_at(place, schema)]
    if places and not faults:
        # INVARIANT: what the schema refuses is never passed, even where no words were found for it.
        faults = [ShapeFault("R0199", "the language has no such form here", path) for path in places]
    return list(dict.fromkeys(faults))


def _assigned(error: _Broken) -> tuple[Path, str]:
    """The place and keyword that an error counts for: a key that must not be there is a matter of its mapping."""
    if not error.because_of:
        return error.path, error.keyword
    match error.keyword:
        case "not":
            return error.path[:-1], "beside"
        case "enum":
            return error.path[:-1], "misfit"
        case _:
            return error.path, "alone"


def _value_at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _faults_at(place: _Place, schema: Schema) -> Iterator[ShapeFault]:
    if wrong := place.of("type"):
        yield _wrong_type(place, wrong[0])
        return
    yield from _mapping_faults(place, schema)
    for keywords, say in _SAY:
        if wrong := place.of(*keywords):
            yield from say(place, wrong[0])


# A mapping and its keys.


def _mapping_faults(place: _Place, schema: Schema) -> Iterator[ShapeFault]:
    unknown = list(_unknown(place))
    yield from _unknown_faults(place, unknown)
    yield from _misfits(place)
    exclusive = list(_exclusive(place))
    yield from exclusive[:1]
    if not exclusive and not _only_strangers(place, unknown):
        yield from _missing(place, {meant for _, meant in unknown if meant}, schema)


def _unknown(place: _Place) -> Iterator[tuple[str, str]]:
    """Unknown keys, each with the key that is probably meant ("" if none is near)."""
    seen = set()
    for error in place.of("additionalProperties"):
        known, patterns = error.schema.get("properties", {}), error.schema.get("patternProperties", {})
        for key in place.value:
            if key in known or key in seen or any(re.search(pattern, key) for pattern in patterns):
                continue
            seen.add(key)
            # Beyond what is told nobody reads what may have been meant.
            yield key, _meant(key, error.schema) if len(seen) <= MAX_PROBLEMS else ""


def _meant(key: str, schema: Schema) -> str:
    known = schema.get("properties", {})
    if key.lower() in schema.get("x-synonyms", {}):
        return str(schema["x-synonyms"][key.lower()])
    plain = re.sub(r"[^a-z0-9_.]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()).strip("_")
    if plain in known or any(re.search(pattern, plain) for pattern in schema.get("patternProperties", {})):
        return plain
    hint = did_you_mean(plain, known)
    return hint.split("`")[1] if hint else ""


def _unknown_faults(place: _Place, unknown: list[tuple[str, str]]) -> Iterator[ShapeFault]:
    schema = place.of("additionalProperties")[0].schema if unknown else {}
    hinted = any(key in schema.get("x-key-hints", {}) for key, _ in unknown)
    if "patternProperties" not in schema and _only_strangers(place, unknown) and not hinted:
        keys = " and ".join(f"`{_short(key)}`" for key, _ in unknown[:4])
        message = f"an unknown key: {keys}" if len(unknown) == 1 else f"unknown keys: {keys}"
        yield ShapeFault("R0101", message, (*place.path, unknown[0][0]), _known_hint(schema), at_key=True)
        return
    for key, meant in unknown:
        if place.value[key] is None and not re.fullmatch(r"[\w.-]+", key):
            hint = _comma_hint(place.value, key)
            yield ShapeFault(
                "R0101", f"an unknown key: `{_short(key)}`", (*place.path, key), hint, at_key=True
            )
            continue
        hint = schema.get("x-key-hints", {}).get(key) or _known_hint(schema)
        if meant and key not in schema.get("x-key-hints", {}):
            hint = f"did you mean `{meant}`? {schema.get('x-unknown-hint', '')}".strip()
        yield _unknown_fault(key, (*place.path, key), hint, schema)


def _comma_hint(mapping: Mapping[str, object], key: str) -> str:
    """A comma between braces cut a text in two: an amount is written without it, another text in quotes."""
    keys = list(mapping)
    before = mapping[keys[keys.index(key) - 1]]
    meant = amount_meant(f"{before},{key}", "") if isinstance(before, (int, str)) else ""
    return f"inside braces a comma ends a text: write `{meant}`" if meant else COMMA_HINT


def _only_strangers(place: _Place, unknown: list[tuple[str, str]]) -> bool:
    """Whether nothing in the mapping is near anything known: then the whole mapping is a mistake."""
    return bool(unknown) and len(unknown) == len(place.value) and not any(meant for _, meant in unknown)


def _unknown_fault(key: str, path: Path, hint: str, schema: Schema) -> ShapeFault:
    if "x-names" not in schema:
        return ShapeFault("R0101", f"an unknown key: `{_short(key)}`", path, hint, at_key=True)
    return ShapeFault(
        "R0105", f"expected {schema['x-names']}, found `{_short(key)}`", path, hint, at_key=True
    )


def _known_hint(schema: Schema) -> str:
    hint = schema.get("x-unknown-hint") or schema.get("x-type-hint")
    if hint or "x-names" in schema:
        return str(hint or "")
    return f"known here: {one_of(schema.get('properties', {}))}"


def _misfits(place: _Place) -> Iterator[ShapeFault]:
    """Keys that do not go with the `type` that stands beside them."""
    for error in place.of("misfit"):
        key = error.because_of
        if error.value not in list(Kind):
            continue  # the type is wrong itself, and reported as that
        message = f"`{key}` does not fit the type `{error.value}`"
        yield ShapeFault(
            "R0107", message, (*place.path, key), f"it is for {one_of(error.argument)}", at_key=True
        )


def _exclusive(place: _Place) -> Iterator[ShapeFault]:
    """Keys that exclude each other, once for each key that excludes others."""
    for error in place.of("beside", "alone"):
        reason = error.because_of
        if error.keyword == "not":
            beside = {error.path[-1] for error in place.of("beside") if error.because_of == reason}
            others, hint = [key for key in place.value if key in beside], "leave one of them out"
        else:
            others, hint = [key for key in place.value if key != reason], error.schema["x-hint"]
        words = one_of(others).replace(" or ", " and ")
        message = f"{words} cannot stand beside `{reason}`"
        yield ShapeFault("R0107", message, (*place.path, others[0]), hint, at_key=True)


def _missing(place: _Place, meant: set[str], schema: Schema) -> Iterator[ShapeFault]:
    partners = place.of("dependentRequired")
    for error in partners:
        for key, needed in error.argument.items():
            for other in needed if key in place.value else ():
                if other not in place.value:
                    message = f"`{key}` needs `{other}` beside it"
                    yield _missing_key(message, other, place, (error.schema, schema))
    for error in [] if partners else place.of("required"):
        for key in error.argument if not _branch_meant(error, place, meant) else ():
            if key not in place.value and key not in meant:
                yield _missing_key(f"the key `{key}` is missing", key, place, (error.schema, schema))


def _missing_key(message: str, key: str, place: _Place, schemas: tuple[Schema, ...]) -> ShapeFault:
    example = f"`{key}: {example_of(key, *schemas)}`"
    return ShapeFault(
        "R0102", message, place.path, f"add {example}" + ("" if key == "schema" else " or the like")
    )


def _branch_meant(error: _Broken, place: _Place, meant: set[str]) -> bool:
    """Whether the keys are only missing because the key that picks the other branch is misspelt."""
    if "else" not in error.steps[-2:]:
        return False
    return any(
        meant & set(unknown.schema.get("if", {}).get("required", ()))
        for unknown in place.of("additionalProperties")
    )


# Single values.


def _wrong_type(place: _Place, error: _Broken) -> ShapeFault:
    types = error.argument if isinstance(error.argument, list) else [error.argument]
    words = list(dict.fromkeys(TYPE_WORDS[name] for name in types))
    expected = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
    hint = _type_hint(place.value, types, error.schema)
    return ShapeFault("R0103", f"expected {expected}, found {describe(place.value)}", place.path, hint)


def _type_hint(value: object, types: list[str], schema: Schema) -> str:
    if value is None:
        otherwise = schema.get("x-type-hint", "give it a value, or leave the key out")
        return str(schema.get("x-null-hint", otherwise))
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and "x-number-hint" in schema:
        return str(schema["x-number-hint"]).replace("…", str(value))
    if isinstance(value, str) and "x-text-hint" in schema and re.search(r"[<>=*/+]| - |\(", value):
        return str(schema["x-text-hint"]).replace("…", _short(value).replace("`", "'"))
    if types == ["string"] and not isinstance(value, (dict, list)):
        return f'put it in quotes: `"{str(value).lower() if isinstance(value, bool) else value}"`'
    if types == ["array"]:
        return str(schema.get("x-type-hint", "write a list: one item a line, each after `- `"))
    if isinstance(value, list) and "x-list-hint" in schema:
        return str(schema["x-list-hint"])
    return str(schema.get("x-type-hint", ""))


def _not_allowed(place: _Place, error: _Broken) -> Iterator[ShapeFault]:
    constant = error.keyword == "const"
    choices = [error.argument] if constant else error.argument
    words = [str(choice).lower() if isinstance(choice, bool) else str(choice) for choice in choices]
    hint = _allowed_hint(place.value, choices, words, error.schema) if isinstance(place.value, str) else ""
    yield ShapeFault("R0104", f"expected {one_of(words)}, found {describe(place.value)}", place.path, hint)


def _allowed_hint(value: str, choices: list[Any], words: list[str], schema: Schema) -> str:
    if value in words and value not in choices:
        return "write it without quotes"
    meant = schema.get("x-synonyms", {}).get(value.lower())
    hint = f"did you mean `{meant}`?" if meant else did_you_mean(value, words)
    return hint or str(schema.get("x-other-hint", ""))


def _wrong_form(place: _Place, error: _Broken) -> Iterator[ShapeFault]:
    if error.keyword == "minLength":
        message, hint = "expected a text, found an empty one", "write something, or leave the key out"
    elif error.keyword == "maxLength":
        message = f"expected at most {error.argument} characters, found {len(place.value)}"
        hint = "say it in fewer words"
    else:
        message = f"expected {error.schema['x-form']}, found {describe(place.value)}"
        hint = _form_hint(place.value, error.schema)
    yield ShapeFault("R0105", message, place.path, hint)


def _form_hint(text: str, schema: Schema) -> str:
    """What was probably meant: the text without curly quotes, as an id, or with its unit."""
    plain = without_curly_quotes(text)
    if plain != text and re.search(schema["pattern"], plain):
        return f'write straight quotes: `"{plain}"`'
    if "x-number-hint" in schema and re.fullmatch(r"[0-9]+", text):
        return str(schema["x-number-hint"]).replace("…", text)
    joint = (
        "-" if schema["x-form"].startswith("an id") else "_" if schema["x-form"].startswith("a role") else ""
    )
    return _slug_hint(text, joint) if joint else ""


def _slug_hint(text: str, joint: str) -> str:
    slug = re.sub(r"[^a-z0-9_]+", joint, text.lower()).strip(joint)
    return f"write `{slug}`" if text.isascii() and re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", slug) else ""


def _wrong_number(place: _Place, error: _Broken) -> Iterator[ShapeFault]:
    if place.of("required"):
        return  # what is missing is said by name
    found, word, noun = len(place.value), "key", "Properties"
    if isinstance(place.value, list):
        word, noun = "item", "Items"
    low, high = error.schema.get(f"min{noun}", 0), error.schema.get(f"max{noun}")
    if not found and low == 1:
        what = "list" if word == "item" else "mapping"
        message = f"expected at least one {word}, found an empty {what}"
        yield ShapeFault("R0106", message, place.path, "fill it, or leave the key out")
        return
    bound = f"at most {high}" if found >= low else f"at least {low}"
    bound = f"exactly {low}" if low == high else bound
    yield ShapeFault("R0106", f"expected {bound} {word}s, found {found}", place.path)


def _twice(place: _Place, _: _Broken) -> Iterator[ShapeFault]:
    seen = set()
    for index, item in enumerate(place.value):
        if repr(item) in seen:
            message = f"{describe(item)} appears twice in one list"
            yield ShapeFault("R0108", message, (*place.path, index), "leave one out")
        seen.add(repr(item))


_SAY: tuple[tuple[tuple[str, ...], Callable[[_Place, _Broken], Iterator[ShapeFault]]], ...] = (
    (("enum", "const"), _not_allowed),
    (("minLength", "maxLength", "pattern"), _wrong_form),
    (("minItems", "maxItems", "minProperties", "maxProperties"), _wrong_number),
    (("uniqueItems",), _twice),
)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
