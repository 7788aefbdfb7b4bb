"""The two fillings of a record in which something is unknown.

Conditions are in negation normal form, so the more literals hold, the more rules fire. First the record is filled so
that no literal of an unknown column holds: rules that fire are true whatever the column is. Then it is filled so that
all of them hold: rules that do not fire are false. Rules that fire only in the second filling are unknown. So the rules
engine by itself computes strong Kleene logic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from rescind.matching.durable_runtime import Ruleset
from rescind.matching.ruleset_columns import GREATEST, LEAST
from rescind.problems.exceptions import EngineError

__all__ = ["Cell", "Matcher"]

# The integer of a column; None where it is unknown.
Cell: TypeAlias = int | None


class Matcher:
    """One ruleset, for records in which something is unknown: they are matched twice.

    `ending` are rules that make everything unknown irrelevant: when one of them holds, one match is enough.
    """

    __slots__ = ("_all_hold", "_ending", "_none_hold", "_ruleset")

    def __init__(
        self, columns: Iterable[Mapping[str, Any]], ruleset: Ruleset, ending: Iterable[str] = ()
    ) -> None:
        self._ruleset = ruleset
        self._ending = frozenset(ending)
        low = [column.get("bound") == "low" for column in columns]
        self._none_hold = [LEAST if is_low else GREATEST for is_low in low]
        self._all_hold = [GREATEST if is_low else LEAST for is_low in low]

    def match(self, record: Sequence[Cell]) -> tuple[list[str], list[str]]:
        """The rules that hold for a record, and the other rules that may hold. Raises `EngineError`."""
        none_hold, all_hold = [*record], [*record]
        for place, cell in enumerate(record):
            if cell is None:
                none_hold[place], all_hold[place] = self._none_hold[place], self._all_hold[place]
        held = self._ruleset.fire(none_hold)  # type: ignore[arg-type] # no cell is left empty
        if not self._ending.isdisjoint(held):
            return held, []
        possible = self._ruleset.fire(all_hold)  # type: ignore[arg-type] # as above
        rest = [rule for rule in possible if rule not in held]
        # INVARIANT: what fires in the first filling fires in the second. Otherwise a rule would hold and be false.
        if len(held) + len(rest) != len(possible):
            raise EngineError("the rules engine contradicts itself about what is unknown; nothing is decided")
        return held, rest

    def close(self) -> None:
        """Free what the rules engine holds."""
        self._ruleset.close()
