"""Strata: in which pass through the rules engine each condition can be decided.

A condition that reads a value waits until the value is known. A formula is computed before the first pass that needs
it, a table only after the pass that decides the conditions of its rows, and the figures of the refund after the passes
that decide its terms.

If `applies_to` and the blockers read only facts, pass 0 decides whether they end the case, and formulas over facts are
computed before it. That saves a pass: a seventh of a typical decision. If `applies_to` or a blocker reads a value,
no value is computed before pass 1, so that a case which facts alone can end computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from rescind.book.model import Compare, Condition, Deduction, Name, Table, Value, Version, leaves
from rescind.book.rules_of_version import TermRules, VersionRules
from rescind.formula.scope import Formula

__all__ = ["Strata", "formulas_of", "names_in_value", "names_of"]


class Strata:
    """The level of every value: the first pass that may read it.

    `early`: `applies_to` and the blockers read only facts, so that pass 0 may read values.
    """

    def __init__(self, version: Version, rules: VersionRules) -> None:
        self._levels: dict[str, int] = {}
        self._values = {value.name: value for value in version.values}
        self._terms = rules.terms
        self.early = not self._read_values(rule.condition for rule in rules.gates())
        for value in version.values:
            self.level(value.name)

    def _read_values(self, conditions: Iterable[Condition]) -> bool:
        """Whether one of the conditions reads more than facts."""
        names = [name for condition in conditions for name in names_of(condition)]
        return any(name in self._values or name.startswith("refund.") for name in names)

    def level(self, name: str) -> int:
        """The first pass that may read a name; 0 for facts."""
        if name not in self._levels:
            if name.startswith("refund.") and self._terms:
                self._levels[name] = self._refund_level(self._terms)
            elif name in self._values:
                self._levels[name] = self._value_level(self._values[name])
            else:
                self._levels[name] = 0
        return self._levels[name]

    def pass_of(self, condition: Condition) -> int:
        """The pass that decides a condition."""
        return self._highest(names_of(condition))

    def _highest(self, names: Iterable[str]) -> int:
        return max(map(self.level, names), default=0)

    def _value_level(self, value: Value) -> int:
        if isinstance(value.body, Formula):
            return max(0 if self.early else 1, self._highest(value.body.names))
        return self._table_level(value.body)

    def _table_level(self, table: Table) -> int:
        decided = max(self.pass_of(row.when) for row in table.rows)
        return max(decided + 1, *(self._highest(row.result.names) for row in table.rows))

    def _refund_level(self, terms: Iterable[TermRules]) -> int:
        rules = [rule for term in terms for rule in term]
        parts = [rule.part for rule in rules]
        formulas = [each for part in parts if isinstance(part, Deduction) for each in formulas_of(part)]
        decided = max((self.pass_of(rule.condition) for rule in rules), default=0)
        return max(decided + 1, *(self._highest(formula.names) for formula in formulas), 1)


def formulas_of(deduction: Deduction) -> list[Formula]:
    """The formulas of a deduction."""
    return [formula for formula in (deduction.amount, deduction.at_least, deduction.at_most) if formula]


def names_of(condition: Condition) -> list[str]:
    """Every name that a condition reads."""
    names = []
    for leaf in leaves(condition):
        names.append(leaf.subject.name)
        if isinstance(leaf, Compare) and isinstance(leaf.operand, Name):
            names.append(leaf.operand.name)
    return names


def names_in_value(value: Value) -> list[str]:
    """Every name that a value reads, in its formulas and in the conditions of its rows."""
    if isinstance(value.body, Formula):
        return list(value.body.names)
    return [name for row in value.body.rows for name in (*names_of(row.when), *row.result.names)]
