"""What the sections of one version are made of: conditions, formulas, and ids that may occur only once.

The readers of the sections share one `PartReader`. If a part depends on something broken, `BrokenNameError` ends the
reading of that part, and `attempt` lets the parts beside it be read all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from rescind.book.engine_facts import how_to_declare
from rescind.book.literal_hints import Meant
from rescind.book.model import ALWAYS, AllOf, Condition, Name, Not, leaves
from rescind.book.names_in_scope import BrokenNameError, Names
from rescind.book.read_conditions import ConditionReader
from rescind.book.vocabulary import Vocabulary
from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.compile_formula import compile_formula
from rescind.formula.scope import Formula, Scope
from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location, Problems
from rescind.problems.suggestions import one_of
from rescind.source.document_nodes import Node
from rescind.values.types import Kind, Type, a_type

__all__ = ["PartReader", "Setting", "attempt", "whole"]

Fragments = Callable[[Node], Node | None]
Result = TypeVar("Result")


@frozen
class Setting:
    """What of the book a version is read against. `fragment` opens the file that an `include:` names.

    `currency` is the home currency of the book, for hints; "" where it names none.
    """

    vocabulary: Vocabulary
    zone: ZoneInfo
    calendars: Mapping[str, BusinessCalendar]
    fragment: Fragments
    currency: str = ""


class PartReader:
    """Reads the conditions and formulas of one version; `used` holds the names that they read."""

    def __init__(self, names: Names, setting: Setting, problems: Problems) -> None:
        self.names = names
        self.vocabulary = setting.vocabulary
        self.problems = problems
        self.conditions = ConditionReader(Meant(names, setting.currency), setting.zone, problems)
        self.used: set[str] = set()
        self._scope = Scope(
            types=names,
            optional=frozenset(name for name in names if names.optional(name)),
            zone=setting.zone,
            calendars=setting.calendars,
            undeclared=how_to_declare,
        )

    def formula(self, node: Node, expect: Type | None = None) -> Formula:
        """A formula. Raises `BrokenNameError` when it has problems."""
        scalar = node.scalar()
        text = str(scalar).lower() if isinstance(scalar, bool) else format_scalar(scalar)
        formula = compile_formula(text, self._scope, node.text_location, self.problems, expect)
        if formula is None:
            raise BrokenNameError(text)
        self.used.update(formula.names)
        return formula

    def condition(self, node: Node) -> Condition:
        """A condition; its problems are added."""
        condition = self.conditions.read(node)
        for leaf in leaves(condition):
            self.used.add(leaf.subject.name)
            operand = getattr(leaf, "operand", None)
            if isinstance(operand, Name):
                self.used.add(operand.name)
        return condition

    def when(self, node: Node) -> Condition:
        """`when` and not `unless`."""
        when, unless = node.get("when"), node.get("unless")
        parts: list[Condition] = [self.condition(when)] if when else []
        if unless:
            parts.append(Not(self.condition(unless)))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts)) if parts else ALWAYS

    def once(self, id_: str, place: Location, seen: dict[str, Location]) -> None:
        """Note an id among those `seen`; one that is there already is a problem."""
        if id_ in seen:
            self.problems.add(
                "R0202",
                f"the id `{id_}` appears twice; the first is at {seen[id_]}",
                place,
                "give it another id",
            )
        seen.setdefault(id_, place)

    def wrong_kind(self, name: Name, kind: Kind, node: Node) -> None:
        """The problem of a fact of another kind than this place wants."""
        fitting = [each for each, type_ in self.vocabulary.names().items() if type_.kind is kind]
        self.problems.add(
            "R0226",
            f"expected a fact of type `{kind}`, found `{name.name}`, which is {a_type(name.type)}",
            node.location,
            f"use {one_of(fitting, 6)}" if fitting else f"declare a fact with `type: {kind}`",
        )


def attempt(stage: Callable[..., Result], *given: object) -> Result | None:
    """What a stage yields, or None if it depends on something broken: the other stages still run."""
    try:
        return stage(*given)
    except BrokenNameError:
        return None


def whole(parts: Iterable[Result | None]) -> list[Result]:
    """The parts, when none is broken."""
    found = list(parts)
    if any(part is None for part in found):
        raise BrokenNameError
    return found  # type: ignore[return-value]


def format_scalar(scalar: str | int | Decimal) -> str:
    """A YAML scalar as formula text."""
    return format(scalar, "f") if isinstance(scalar, Decimal) else str(scalar)
