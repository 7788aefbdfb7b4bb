"""The two fillings of a record of which something is unknown.

Conditions are in negation normal form, so the more literals hold, the more rules fire. Where no literal of an unknown
column holds, what fires is true whatever the column may be; where all of them hold, what does not fire is false. What
fires in the second filling alone is unknown: strong Kleene logic, found by the rules engine alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from rescind.matching.columns import GREATEST, LEAST
from rescind.matching.durable_runtime import Ruleset
from rescind.problems.exceptions import EngineError

__all__ = ["Cell", "Matcher"]

# The integer of a column; None where it is unknown.
Cell: TypeAlias = int | None


class Matcher:
    """One ruleset, matched once for a record in which all is known, else twice."""

    __slots__ = ("_all_hold", "_none_hold", "_ruleset")

    def __init__(self, columns: Iterable[Mapping[str, Any]], ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        low = [column.get("bound") == "low" for column in columns]
        self._none_hold = [LEAST if is_low else GREATEST for is_low in low]
        self._all_hold = [GREATEST if is_low else LEAST for is_low in low]

    def match(self, record: tuple[Cell, ...]) -> tuple[list[str], list[str]]:
        """The rules that hold for a record, and those that may. Raises `EngineError`."""
        if None not in record:
            return self._ruleset.fire(record), []  # type: ignore[arg-type]
        held = self._ruleset.fire(self._filled(record, self._none_hold))
        possible = self._ruleset.fire(self._filled(record, self._all_hold))
        # INVARIANT: the first filling is a part of the second. Anything else would be a rule that holds and is false.
        if not set(held) <= set(possible):
            raise EngineError("the rules engine contradicts itself about what is unknown; nothing is decided")
        return held, [rule for rule in possible if rule not in held]

    def close(self) -> None:
        """Give back what the rules engine holds."""
        self._ruleset.close()

    @staticmethod
    def _filled(record: tuple[Cell, ...], ends: Sequence[int]) -> tuple[int, ...]:
        return tuple([end if cell is None else cell for cell, end in zip(record, ends, strict=True)])
