"""The two fillings of a record of which something is unknown.

Conditions are in negation normal form, so the more literals hold, the more rules fire. Where no literal of an unknown
column holds, what fires is true whatever the column may be; where all of them hold, what does not fire is false. What
fires in the second filling alone is unknown: strong Kleene logic, found by the rules engine alone.
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

    `ending` are rules after which nothing that is unknown matters: where one of them holds, once is enough.
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
        """The rules that hold for a record, and beside them those that may. Raises `EngineError`."""
        none_hold, all_hold = [*record], [*record]
        for place, cell in enumerate(record):
            if cell is None:
                none_hold[place], all_hold[place] = self._none_hold[place], self._all_hold[place]
        held = self._ruleset.fire(none_hold)  # type: ignore[arg-type] # no cell is left empty
        if not self._ending.isdisjoint(held):
            return held, []
        possible = self._ruleset.fire(all_hold)  # type: ignore[arg-type] # as above
        rest = [rule for rule in possible if rule not in held]
        # INVARIANT: the first filling is a part of the second. Anything else would be a rule that holds and is false.
        if len(held) + len(rest) != len(possible):
            raise EngineError("the rules engine contradicts itself about what is unknown; nothing is decided")
        return held, rest

    def close(self) -> None:
        """Give back what the rules engine holds."""
        self._ruleset.close()
