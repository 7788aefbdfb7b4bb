"""One version of a policy with its rulesets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rescind.book.model import Version
from rescind.book.rules_of_version import DOES_NOT_APPLY, rules_of
from rescind.book.vocabulary import NOW, Vocabulary
from rescind.deciding.verdict import Judge
from rescind.matching.durable_runtime import Ruleset
from rescind.matching.encode_case import Record, compile_record
from rescind.matching.two_fillings import Matcher
from rescind.problems.problem import Location, Problem
from rescind.values.types import Kind, Type

__all__ = ["Program"]


class _Stage(NamedTuple):
    """One pass through the rules engine."""

    pass_: int
    record: Record
    once: Callable[[Sequence[int]], list[str]]
    matcher: Matcher


class Program:
    """One version with its rulesets. `slots` gives the place of each fact in the values of a case."""

    def __init__(
        self,
        version: Version,
        definition: Mapping[str, Any],
        vocabulary: Vocabulary,
        slots: Mapping[str, int],
    ) -> None:
        self.version = version
        self.definition = definition
        self.types = vocabulary.names()
        self._facts = vocabulary.facts
        self.values = {value.name: value for value in version.values}
        self.rules = rules_of(version)
        self.judge = Judge(version, self.rules, definition)
        self.nothing_yet = self.judge(())
        self._meanings = definition["rules"]
        meanings = [meaning for rule in self._meanings.values() for meaning in rule]
        self.branched = frozenset(meaning["unit"] for meaning in meanings if meaning["branch"] > 1)
        # The last slot, which is one more than there are facts, holds `now` while a case is decided.
        self.slots = {**slots, NOW: len(slots)}
        # What each name such as `order.paid.cash` reads: the slot of the instruments, and the instrument or `total`.
        self.instruments = {
            f"{fact.name}.{part}": (slots[fact.name], part)
            for fact in vocabulary.facts.values()
            if fact.type.kind is Kind.INSTRUMENTS
            for part in (*fact.type.choices, "total")
        }
        # Names that are missing when absent: required facts, and the instruments of such facts.
        self.required = frozenset(
            name for name in self.types if (fact := vocabulary.fact_of(name)) and fact.required
        )
        self.stages = tuple(self._stage(index, stage) for index, stage in enumerate(definition["stages"]))
        passes = {unit: stage["pass"] for stage in definition["stages"] for unit in self._units(stage)}
        self.applies_after = passes.get(self.rules.applies_to.name, 0)
        self.blocked_after = max((passes.get(rule.name, 0) for rule in self.rules.blockers), default=0)

    def close(self) -> None:
        """Free what the rules engine holds."""
        for stage in self.stages:
            stage.matcher.close()

    def missing(self, name: str, *, later: bool = False) -> Problem:
        """The problem of a missing fact; `later`: only a later step needs it, not the present one."""
        description = self._facts[name].description
        needs = "may need it after that" if later else "needs it"
        hint = f"the policy `{self.version.policy}` {needs}" + (f": {description}" if description else "")
        message = f"the fact `{name}` is missing" + (" too, for a later step" if later else "")
        return Problem("R0901", message, Location(name), hint)

    def because(self, rule: str, unit: str) -> list[dict[str, Any]]:
        """The comparisons of the branch behind a fired rule."""
        return next(m["because"] for m in self._meanings[rule] if m["unit"] == unit)

    def _units(self, stage: Mapping[str, Any]) -> list[str]:
        rules = [rule for shard in stage["shards"] for rule in shard["rules"] if rule in self._meanings]
        return [meaning["unit"] for rule in rules for meaning in self._meanings[rule]]

    def _stage(self, index: int, stage: Mapping[str, Any]) -> _Stage:
        columns = stage["columns"]
        fields = [column["field"] for column in columns]
        ruleset = Ruleset(f"{self.version.policy}/{self.version.version}/{index}", fields, stage["shards"])
        # Nothing else matters for a policy that does not apply.
        rules = [rule for shard in stage["shards"] for rule in shard["rules"] if rule in self._meanings]
        ending = (
            rule
            for rule in rules
            if any(meaning["unit"] == DOES_NOT_APPLY for meaning in self._meanings[rule])
        )
        matcher = Matcher(columns, ruleset, ending)
        record = compile_record(columns, self.slots, self.required, self.type_of)
        return _Stage(stage["pass"], record, ruleset.fire, matcher)

    def type_of(self, name: str) -> Type:
        """The type of a fact, a value or a figure of the refund."""
        if name in self.values:
            return self.values[name].type
        return self.types.get(name) or Type(Kind.MONEY)
