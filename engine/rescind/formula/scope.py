"""What a formula may read, and what compiling one yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import NoReturn
from zoneinfo import ZoneInfo

from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.runtime_values import Read
from rescind.problems.exceptions import EngineError
from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location
from rescind.values.types import Type

__all__ = ["Formula", "NameRead", "Scope"]


@frozen
class Scope:
    """The names that a formula may read, and the book's zone and calendars.

    `types`: dotted names of facts and values, `now`, instruments such as `order.paid.cash`, `rates`.
    `optional`: names that may be absent at run time (of a list's records, the fields with `Type.optional`).
    `undeclared`: the hint for a name that `types` lacks, "" where there is none.
    `zone`: where calendar functions work when they name no zone.
    """

    types: Mapping[str, Type]
    optional: frozenset[str]
    zone: ZoneInfo
    calendars: Mapping[str, BusinessCalendar] = field(default_factory=dict)
    undeclared: Callable[[str], str] = field(default=lambda _: "")


@frozen
class NameRead:
    """One place in a formula that reads a name, or a field `each.…` of a record.

    `optional`: it may be absent at run time. `present` are the names that are known to be present where it is read.
    """

    name: str
    location: Location
    optional: bool
    present: frozenset[str]


@frozen
class Formula:
    """A checked formula.

    `names`: what it reads, in order of appearance, each once (`now`, and `rates` where it converts, included).
    `evaluate`: takes a reader from name to value (or `ABSENT`) and gives the exact value in the representation
    of `rescind.values.types`, a whole number that it computed as `int`. Raises `FormulaError` only.
    `reads`: where it reads each name, and `zoneless` its parts that count days by the zone of the book; for advice.
    `zone`: the time zone that it names, in which its times are to be read; "" where it names none, or several.
    """

    text: str
    type: Type
    names: tuple[str, ...]
    evaluate: Callable[[Read], object]
    reads: tuple[NameRead, ...] = ()
    zoneless: tuple[str, ...] = ()
    zone: str = ""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the formula without its closures: the copy says what the formula is, but cannot compute."""
        stays = (self.reads, self.zoneless, self.zone)
        return Formula, (self.text, self.type, self.names, _stayed_behind, *stays)


def _stayed_behind(_: Read) -> NoReturn:
    raise EngineError("a formula that was pickled cannot be computed: take the engine's own")
