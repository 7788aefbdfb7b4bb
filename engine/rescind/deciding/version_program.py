"""One version of a policy with its rulesets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from rescind.book.model import Condition, Version
from rescind.book.rules_of_version import rules_of
from rescind.book.vocabulary import NOW, Vocabulary
from rescind.deciding.verdict import Judge
from rescind.matching.durable_runtime import Ruleset
from rescind.matching.encode_case import Record, compile_record
from rescind.matching.evaluation_passes import names_in_value, names_of
from rescind.values.types import Kind, Type

__all__ = ["Program"]


class _Stage(NamedTuple):
    """One pass through the rules engine."""

    pass_: int
    record: Record
    ruleset: Ruleset


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
        self.values = {value.name: value for value in version.values}
        rules = rules_of(version)
        self.judge = Judge(version, rules, definition)
        self.nothing_yet = self.judge(())
        self._meanings = definition["rules"]
        meanings = [meaning for rule in self._meanings.values() for meaning in rule]
        self.branched = frozenset(meaning["unit"] for meaning in meanings if meaning["branch"] > 1)
        # The last slot, the one more than there are facts, holds `now` while a case is decided.
        self.slots = {**slots, NOW: len(slots)}
        # What each name of money paid reads: the slot of the instruments, and the instrument or `total`.
        self.instruments = {
            f"{fact.name}.{part}": (slots[fact.name], part)
            for fact in vocabulary.facts.values()
            if fact.type.kind is Kind.INSTRUMENTS
            for part in (*fact.type.choices, "total")
        }
        self.needs = tuple(sorted(name for name in version.facts if vocabulary.facts[name].required))
        self.needed = self._picker(self.needs)
        under = self._names_under(version.applies_to)
        facts = {fact.name for name in under if (fact := vocabulary.fact_of(name))}
        self.applies_needed = self._picker(facts.intersection(self.needs))
        refund = any(name.startswith("refund.") for name in under)
        self.beside_applies = () if refund else tuple(self._computed_names(definition) - under)
        self.stages = tuple(self._stage(index, stage) for index, stage in enumerate(definition["stages"]))
        passes = {unit: stage["pass"] for stage in definition["stages"] for unit in self._units(stage)}
        self.applies_after = passes.get(rules.applies_to.name, 0)
        self.blocked_after = max((passes.get(rule.name, 0) for rule in rules.blockers), default=0)

    def _names_under(self, condition: Condition) -> set[str]:
        """The facts and values that a condition reads, itself or through values."""
        seen: set[str] = set()
        names = list(names_of(condition))
        while names:
            name = names.pop()
            if name not in seen:
                seen.add(name)
                names += names_in_value(self.values[name]) if name in self.values else ()
        return seen

    def _computed_names(self, definition: Mapping[str, Any]) -> set[str]:
        """What the conditions of a version read besides facts: values and figures of the refund."""
        columns = [column for stage in definition["stages"] for column in stage["columns"]]
        names = {column[key] for column in columns for key in ("reads", "against") if key in column}
        return names - self.slots.keys() - self.instruments.keys()

    def _picker(self, names: Iterable[str]) -> Callable[[list[Any]], tuple[Any, ...]]:
        """What picks some facts of a case. Two slots at least make it yield a tuple; `now` is never absent."""
        return itemgetter(-1, -1, *(self.slots[name] for name in names))

    def close(self) -> None:
        """Give back what the rules engine holds."""
        for stage in self.stages:
            stage.ruleset.close()

    def because(self, rule: str, unit: str) -> list[dict[str, Any]]:
        """What the branch behind a fired rule looked at."""
        return next(m["because"] for m in self._meanings[rule] if m["unit"] == unit)

    def _units(self, stage: Mapping[str, Any]) -> list[str]:
        rules = [rule for shard in stage["shards"] for rule in shard["rules"] if rule in self._meanings]
        return [meaning["unit"] for rule in rules for meaning in self._meanings[rule]]

    def _stage(self, index: int, stage: Mapping[str, Any]) -> _Stage:
        fields = [column["field"] for column in stage["columns"]]
        return _Stage(
            stage["pass"],
            compile_record(stage["columns"], self.slots, self.type_of),
            Ruleset(f"{self.version.policy}/{self.version.version}/{index}", fields, stage["shards"]),
        )

    def type_of(self, name: str) -> Type:
        """The type of a fact, a value or a figure of the refund."""
        if name in self.values:
            return self.values[name].type
        return self.types.get(name) or Type(Kind.MONEY)
