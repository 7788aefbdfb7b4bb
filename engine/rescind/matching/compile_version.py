"""One version to its durable-rules definition, as plain JSON.

    {"schema": "rescind/ruleset/1", "policy": …, "version": …,
     "always": [units that hold without being asked],
     "stages": [{"pass": 0, "columns": […], "shards": [{"fields": […], "rules": {…}}]}],
     "rules": {"blockers/legal-freeze#1": [{"unit": "blockers/legal-freeze", "branch": 1, "because": […]}]}}

A unit is one of three things: a rule of the version (see `rules_of`); `applies_to/not`, the negation of `applies_to`,
whose branches say why a policy does not apply; or a flag, a part of a condition that is decided separately. Each branch
of a unit is a rule of durable-rules; branches with the same comparisons share one. The output is deterministic, so
golden files can hold it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from rescind.book.model import Compare, Condition, Name, Not, Op, Review, Version
from rescind.book.rules_of_version import DOES_NOT_APPLY, rules_of
from rescind.book.words import ReviewScope
from rescind.matching.evaluation_passes import Strata
from rescind.matching.normal_form import Branch, Flag, Literal, branches_of
from rescind.matching.request_wide_reviews import over_request
from rescind.matching.ruleset_columns import Atom, Columns, LiteralTooLargeError, number_scale
from rescind.matching.ruleset_limits import (
    MAX_ATOMS_PER_SHARD,
    MAX_FIELDS,
    MAX_RULES_PER_SHARD,
    SENTINEL,
    SENTINEL_FIELD,
)
from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location, Problems
from rescind.values.money import Money
from rescind.values.types import Kind

__all__ = ["compile_version"]

# 34 rulesets in a row: far more than any real policy needs, and a decision still takes milliseconds.
MAX_RULES_PER_VERSION = 2_048

Stage = tuple[int, int]
OPERATORS = {Op.IS_NOT: "$neq", Op.UNDER: "$lt", Op.AT_MOST: "$lte", Op.OVER: "$gt", Op.AT_LEAST: "$gte"}


def compile_version(version: Version, problems: Problems) -> dict[str, Any]:
    """The definition of a version as plain JSON. What exceeds the engine's limits is a located problem."""
    return _Compiler(version, problems).compile()


@frozen
class _Unit:
    name: str
    location: Location
    branches: list[Branch]


class _Compiler:
    def __init__(self, version: Version, problems: Problems) -> None:
        self._version = version
        self._problems = problems
        self._rules = rules_of(version)
        self._strata = Strata(version, self._rules)
        self._stages: defaultdict[Stage, list[_Unit]] = defaultdict(list)
        self._always: list[str] = []
        # A part is decided once for each pass that asks for it.
        self._flags: dict[tuple[int, Condition], tuple[Flag, int]] = {}
        self._meanings: dict[str, list[dict[str, Any]]] = {}

    def compile(self) -> dict[str, Any]:
        rules, version = self._rules, self._version
        for rule in rules:
            summed = isinstance(rule.part, Review) and rule.part.scope is ReviewScope.REQUEST
            self._unit(rule.name, rule.condition, rule.location, summed=summed)
            if rule is rules.applies_to:
                self._unit(DOES_NOT_APPLY, Not(version.applies_to), version.location)
        stages = [self._stage(key, self._stages[key]) for key in sorted(self._stages)]
        self._bound()
        return {
            "schema": "rescind/ruleset/1",
            "policy": self._version.policy,
            "version": self._version.version,
            "always": self._always,
            "stages": stages,
            "rules": self._meanings,
        }

    def _unit(self, name: str, condition: Condition, location: Location, *, summed: bool = False) -> None:
        pass_ = self._strata.pass_of(condition)
        if summed:
            condition = over_request(condition)
        branches, depth = self._branches(condition, pass_, location)
        if branches == [()]:
            self._always.append(name)
        elif branches:
            self._stages[pass_, depth].append(_Unit(name, location, branches))

    def _branches(self, condition: Condition, pass_: int, location: Location) -> tuple[list[Branch], int]:
        """The branches of a condition, and the stage within the pass that can decide them."""

        def flag(part: Condition) -> Flag:
            key = pass_, part
            if key not in self._flags:
                made = Flag(f"flags/{len(self._flags) + 1}")
                self._flags[key] = (made, 0)
                branches, depth = self._branches(part, pass_, location)
                self._flags[key] = (made, depth)
                self._stages[pass_, depth].append(_Unit(made.name, location, branches))
            return self._flags[key][0]

        branches = branches_of(condition, flag)
        depths = dict(self._flags.values())
        used = [
            depths[literal.atom]
            for branch in branches
            for literal in branch
            if isinstance(literal.atom, Flag)
        ]
        return branches, max(used, default=-1) + 1

    def _stage(self, key: Stage, units: list[_Unit]) -> dict[str, Any]:
        columns = Columns(_scales(units))
        rules: dict[tuple[Atom, ...], str] = {}
        for unit in units:
            for number, branch in enumerate(unit.branches, 1):
                self._rule(unit, number, branch, columns, rules)
        return {
            "pass": key[0],
            "columns": [column.to_dict() for column in columns],
            "shards": [_shard(part) for part in _sharded(rules)],
        }

    def _rule(
        self, unit: _Unit, number: int, branch: Branch, columns: Columns, rules: dict[tuple[Atom, ...], str]
    ) -> None:
        """Add the rule of a branch."""
        try:
            atoms = tuple(sorted({atom for literal in branch for atom in columns.atoms(literal)}))
        except LiteralTooLargeError:
            self._problems.add(
                "R0401",
                "a number here has more digits than the engine compares exactly",
                unit.location,
                "use fewer digits: 18 before and after the point together",
            )
            return
        name = rules.setdefault(atoms, f"{unit.name}#{number}")
        because = [reason for literal in branch for reason in self._reasons(literal)]
        self._meanings.setdefault(name, []).append({"unit": unit.name, "branch": number, "because": because})

    def _reasons(self, literal: Literal) -> list[dict[str, Any]]:
        """What a literal of a branch read and what it required, in words and as data."""
        atom = literal.atom
        if isinstance(atom, Flag):
            return [{"flag": atom.name}]  # replaced later by the branch that made it true
        if getattr(atom, "implied", False) and literal.positive:
            return []
        reason: dict[str, Any] = {"fact": atom.subject.name, "needs": atom.needs, **atom.asked}
        if isinstance(atom, Compare) and isinstance(atom.operand, Name):
            reason["against"] = atom.operand.name
        elif isinstance(atom, Compare) and isinstance(atom.operand, Money):
            reason["currency"] = atom.operand.currency
        return [reason if literal.positive else {**reason, "not": True}]

    def _bound(self) -> None:
        if len(self._meanings) > MAX_RULES_PER_VERSION:
            self._problems.add(
                "R0402",
                f"the conditions of this version make {len(self._meanings)} rules; at most {MAX_RULES_PER_VERSION} run",
                self._version.location,
                "split long lists or conditions over several policies",
            )


def _scales(units: Iterable[_Unit]) -> dict[str, int]:
    """The number of decimals that each number fact is compared with."""
    scales: dict[str, int] = {}
    for unit in units:
        for branch in unit.branches:
            for literal in branch:
                atom = literal.atom
                if (
                    isinstance(atom, Compare)
                    and atom.subject.type.kind is Kind.NUMBER
                    and not isinstance(atom.operand, Name)
                ):
                    name = atom.subject.name
                    scales[name] = max(scales.get(name, 0), number_scale(atom.operand))
    return scales


def _sharded(rules: dict[tuple[Atom, ...], str]) -> Iterator[dict[tuple[Atom, ...], str]]:
    """The rules in groups, each well below the limits of one ruleset."""
    part: dict[tuple[Atom, ...], str] = {}
    for atoms, name in rules.items():
        wider = [atom for each in (*part, atoms) for atom in each]  # shared atoms count once per rule
        fields = {atom[0] for atom in wider}
        if part and (
            len(part) >= MAX_RULES_PER_SHARD or len(wider) > MAX_ATOMS_PER_SHARD or len(fields) > MAX_FIELDS
        ):
            yield part
            part = {}
        part[atoms] = name
    if part:
        yield part


def _shard(rules: dict[tuple[Atom, ...], str]) -> dict[str, Any]:
    fields = sorted({atom[0] for atoms in rules for atom in atoms}, key=lambda name: int(name[1:]))
    definition = {SENTINEL: _all([{SENTINEL_FIELD: 1}])}
    definition |= {name: _all([_comparison(atom) for atom in atoms]) for atoms, name in rules.items()}
    return {"fields": fields, "rules": definition}


def _all(comparisons: list[dict[str, Any]]) -> dict[str, Any]:
    return {"all": [{"m": {"$and": comparisons}}]}


def _comparison(atom: Atom) -> dict[str, Any]:
    field_, op, value = atom
    return {field_: value} if op is Op.IS else {OPERATORS[op]: {field_: value}}
