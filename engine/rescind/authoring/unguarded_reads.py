"""Formulas that read an optional fact where nothing says that it is present.

A formula may ask itself, and so may the conditions around it: that of its row, deduction or terms, `applies_to`, a
blocker that ends the case. A value is as guarded as the least guarded of those who read it. The order of writing never
matters, so each part of `all` and `any` is guarded by the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rescind.book.model import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Joint,
    Leaf,
    Name,
    Not,
    Present,
    Table,
    Version,
    fold,
)
from rescind.book.rules_of_version import VersionRules, rules_of
from rescind.book.vocabulary import Vocabulary
from rescind.formula.scope import Formula, NameRead
from rescind.matching.evaluation_passes import formulas_of

__all__ = ["unguarded_reads"]

Names = frozenset[str]
NONE: Names = frozenset()
# What is present where a condition holds, and where it does not.
Known = tuple[Names, Names]


def unguarded_reads(version: Version, vocabulary: Vocabulary) -> Iterator[NameRead]:
    """Each place at which a formula of the version reads what may be absent there."""
    guards = _Guards(version, vocabulary)
    for formula, around in guards.formulas():
        for read in formula.reads:
            if read.optional and guards.fact(read.name) not in around | guards.facts(read.present):
                yield read


class _Guards:
    """What is known to be present around the formulas of a version."""

    def __init__(self, version: Version, vocabulary: Vocabulary) -> None:
        self._version = version
        self._vocabulary = vocabulary
        self._rules = rules_of(version)
        # Who reads each value: what is known to be present there, and the value whose formula or row reads it.
        self._readers: dict[str, list[tuple[Names, str]]] = {value.name: [] for value in version.values}
        self._known: dict[str, Names] = {}
        self._note_readers(self._rules)

    def fact(self, name: str) -> str:
        """The fact behind a name, which for an instrument is all that was paid; a name without one is itself."""
        fact = self._vocabulary.fact_of(name)
        return fact.name if fact else name

    def facts(self, names: Iterable[str]) -> Names:
        """The facts behind some names."""
        return frozenset(map(self.fact, names))

    def formulas(self) -> Iterator[tuple[Formula, Names]]:
        """Every formula with what is known to be present around it."""
        for value in self._version.values:
            for formula, around in self._in_value(value.name):
                yield formula, around | self._around(value.name)
        yield from self._in_refund()

    def _around(self, name: str) -> Names:
        """What is present wherever a value is read."""
        if name not in self._known:
            readers = [around | (self._around(by) if by else NONE) for around, by in self._readers[name]]
            self._known[name] = frozenset.intersection(*readers) if readers else NONE
        return self._known[name]

    def _note_readers(self, rules: VersionRules) -> None:
        self._note(rules.applies_to.condition, NONE)
        applies = self._present(rules.applies_to.condition, holds=True)
        for blocker in rules.blockers:
            self._note(blocker.condition, applies)
        for review in rules.reviews:
            self._note(review.condition, self._unblocked())
        for value in rules.values:
            before = NONE
            for row in value.rows:
                self._note(row.condition, before, value.value.name)
                before |= self._present(row.condition, holds=False)
            for formula, around in self._in_value(value.value.name):
                self._note_formula(formula, around, value.value.name)
        for condition, around in self._conditions_of_refund():
            self._note(condition, around)
        for formula, around in self._in_refund():
            self._note_formula(formula, around)

    def _unblocked(self) -> Names:
        """What is present where the policy applies and nothing blocks."""
        rules = self._rules
        parts = [self._present(blocker.condition, holds=False) for blocker in rules.blockers]
        return self._present(rules.applies_to.condition, holds=True).union(*parts)

    def _in_value(self, name: str) -> Iterator[tuple[Formula, Names]]:
        """The formulas of a value, and what the conditions of its own rows say around them."""
        body = next(value.body for value in self._version.values if value.name == name)
        if not isinstance(body, Table):
            yield body, NONE
            return
        before = NONE
        for row in body.rows:
            yield row.result, before | self._present(row.when, holds=True)
            before |= self._present(row.when, holds=False)

    def _conditions_of_refund(self) -> Iterator[tuple[Condition, Names]]:
        before = self._unblocked()
        for term in self._rules.terms:
            yield term.own.condition, before
            within = before | self._present(term.own.condition, holds=True)
            yield from ((rule.condition, within) for rule in term if rule is not term.own)
            before |= self._present(term.own.condition, holds=False)

    def _in_refund(self) -> Iterator[tuple[Formula, Names]]:
        before = self._unblocked()
        for term in self._rules.terms:
            within = before | self._present(term.own.condition, holds=True)
            for rule in term.deductions:
                around = within | self._present(rule.condition, holds=True)
                yield from ((formula, around) for formula in formulas_of(rule.part))
            before |= self._present(term.own.condition, holds=False)

    def _note(self, condition: Condition, around: Names, by: str = "") -> None:
        for leaf, beside in self._leaves(condition, around):
            for name in _names(leaf):
                if name in self._readers:
                    self._readers[name].append((beside, by))

    def _note_formula(self, formula: Formula, around: Names, by: str = "") -> None:
        for read in formula.reads:
            if read.name in self._readers:
                self._readers[read.name].append((around | self.facts(read.present), by))

    def _leaves(self, condition: Condition, around: Names) -> Iterator[tuple[Leaf, Names]]:
        """The leaves of a condition, each with what is present where it matters."""
        match condition:
            case AllOf(items) | AnyOf(items):
                holds = isinstance(condition, AllOf)
                for index, item in enumerate(items):
                    others = (*items[:index], *items[index + 1 :])
                    beside = [self._present(other, holds=holds) for other in others]
                    yield from self._leaves(item, around.union(*beside))
            case Not(item):
                yield from self._leaves(item, around)
            case _:
                yield condition, around

    def _present(self, condition: Condition, *, holds: bool) -> Names:
        """The facts that must be present where a condition came out this way."""
        known: Known = fold(condition, self._present_of_leaf, _present_of_joint, denied=_turned)
        return known[0] if holds else known[1]

    def _present_of_leaf(self, leaf: Leaf) -> Known:
        present = frozenset({self.fact(leaf.subject.name)}) if isinstance(leaf, Present) else NONE
        return present, NONE


def _turned(known: Known) -> Known:
    holds, fails = known
    return fails, holds


def _present_of_joint(joint: Joint, parts: list[Known]) -> Known:
    """Where `all` holds every part does, and where `any` does not, none."""
    hold, fail = [part[0] for part in parts], [part[1] for part in parts]
    if joint is AllOf:
        return NONE.union(*hold), frozenset.intersection(*fail) if fail else NONE
    return frozenset.intersection(*hold) if hold else NONE, NONE.union(*fail)


def _names(leaf: Leaf) -> Sequence[str]:
    other = leaf.operand if isinstance(leaf, Compare) else None
    return (leaf.subject.name, other.name) if isinstance(other, Name) else (leaf.subject.name,)
