"""A document against the schema of its kind: every mistake once, where the author made it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from rescind.problems.problem import Problem, Problems, capped
from rescind.problems.suggestions import did_you_mean
from rescind.shape.shipped_schemas import KINDS
from rescind.source.document import Document
from rescind.values.value_readers import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rescind.shape.schema_errors import ShapeFault

__all__ = ["validate"]

# Where a file of each kind is named, for one that was named in the wrong place.
NAMED_BY = {
    "book": "a book is what `--book` names",
    "lock": "a lock lies beside its book, and `rescind publish` writes it",
    "facts": "a vocabulary is named by `facts:` in the book",
    "policy": "a version is named by `file:` in the book",
    "shared": "shared rules are named by `include:` in a version",
    "cases": "a suite of cases stands in `tests/` beside the versions",
    "decision": "a decision is an answer; it is not written by hand",
}


def validate(document: Document, kind: str, problems: Problems) -> bool:
    """Check the shape of a document of `kind`. Adds R01xx problems; true where there are none."""
    data = document.data
    if not isinstance(data, dict):
        _add_not_a_mapping(document, kind, problems)
        return False
    if "schema" in data and data["schema"] != f"rescind/{kind}/1":
        _add_other_kind(document, kind, data["schema"], problems)
        return False
    found = [_located(fault, document) for fault in _faults(data, kind)]
    problems.extend(capped(sorted(found, key=lambda problem: problem.location)))
    return not found


def _located(fault: ShapeFault, document: Document) -> Problem:
    place = document.key_at(fault.path) if fault.at_key else document.at(fault.path)
    return Problem(fault.code, fault.message, place, fault.hint)


def _faults(data: Any, kind: str) -> list[ShapeFault]:
    from rescind.shape.schema_errors import faults_of
    from rescind.shape.validators import validator_for

    validator = validator_for(kind)
    # `True` and `False` are schemas too, but none of ours.
    schema = cast("Mapping[str, Any]", validator.schema)
    return faults_of(validator.iter_errors(data), data, schema)


def _add_not_a_mapping(document: Document, kind: str, problems: Problems) -> None:
    problems.add(
        "R0103",
        f"expected a mapping that begins with `schema: rescind/{kind}/1`, found {describe(document.data)}",
        document.at(()),
    )


def _add_other_kind(document: Document, kind: str, found: Any, problems: Problems) -> None:
    known = {f"rescind/{each}/1": hint for each, hint in NAMED_BY.items() if each in KINDS}
    hint = known.get(found, "") if isinstance(found, str) else ""
    if not hint and isinstance(found, str):
        hint = "this version of rescind reads format 1"
        if not re.fullmatch(rf"rescind/{kind}/\d+", found):
            hint = did_you_mean(found, [f"rescind/{kind}/1"]) or f"write `rescind/{kind}/1`"
    problems.add(
        "R0100", f"expected `rescind/{kind}/1`, found {describe(found)}", document.at(("schema",)), hint
    )
