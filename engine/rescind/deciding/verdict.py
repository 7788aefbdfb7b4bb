"""What a set of fired rules means: which conditions held, and what follows from that alone.

A policy has few sets of rules that ever fire together, so a `Verdict` is worked out once for each set and then looked
up. It depends on nothing but the names of the rules; what depends on the facts of a case is in `Run`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from rescind.book.model import Blocker, Review, Row, Version
from rescind.book.rules_of_version import DOES_NOT_APPLY, VersionRules
from rescind.deciding.settle import Plan, arithmetic_of, plan_of

__all__ = ["MAX_RULES_KEPT", "Fired", "Judge", "Verdict"]

# Verdicts are kept until their rules are so many, counted in each verdict anew; further ones are worked out again each
# time, so that odd facts cannot fill the memory. A rule takes about 300 bytes in a verdict, and a verdict as much as
# `RULES_PER_VERDICT` rules besides them: 20 MB for a version at most.
MAX_RULES_KEPT = 65_536
RULES_PER_VERDICT = 8

# Each condition that held, and its branches that did: number and rule.
Fired = Mapping[str, Sequence[tuple[int, str]]]


class Verdict(NamedTuple):
    """`held` are the conditions that fired or always hold; `plan` is None where no refund terms hold.

    `rows` are the first rows that hold, by the names of the tables that have one.

    `sound` is false where the policy both applies and does not, or neither: as an end result that is an error.
    """

    fired: Fired
    held: frozenset[str]
    applies: bool
    sound: bool
    blocked: bool
    blockers: tuple[Blocker, ...]
    reviews: tuple[Review, ...]
    plan: Plan | None
    rows: Mapping[str, Row]


class Judge:
    """The verdicts of one version, shared by all threads: each entry is added by one atomic step and never changed."""

    def __init__(self, version: Version, rules: VersionRules, definition: Mapping[str, Any]) -> None:
        self._rules = rules
        self._behind_gates = frozenset(rule.name for rule in rules.behind_gates())
        self._arithmetic = arithmetic_of(version.refund) if version.refund else None
        self._always = frozenset(definition["always"])
        self._units = {
            rule: tuple((meaning["unit"], meaning["branch"]) for meaning in meanings)
            for rule, meanings in definition["rules"].items()
        }
        self._known: dict[tuple[str, ...], Verdict] = {}
        self._room = MAX_RULES_KEPT  # a guess where threads take from it at once, by a few verdicts

    def __call__(self, rules: tuple[str, ...]) -> Verdict:
        """The verdict on the rules that fired, in their order."""
        verdict = self._known.get(rules)
        if verdict is None:
            verdict = self._judge(rules, frozenset())
            size = len(rules) + RULES_PER_VERDICT
            if size <= self._room:
                self._room -= size
                self._known[rules] = verdict
        return verdict

    def gates(self, rules: tuple[str, ...]) -> Verdict:
        """The verdict on what they say of whether the policy applies and what blocks the case.

        A rule may stand for a blocker and for a review that has the same comparisons: the review alone is left out.
        """
        return self._judge(rules, self._behind_gates)

    def _judge(self, rules: tuple[str, ...], left_out: frozenset[str]) -> Verdict:
        """The verdict on what fired, but for the rules of the version that are left out."""
        found: dict[str, list[tuple[int, str]]] = {}
        for rule in rules:
            for unit, branch in self._units[rule]:
                if unit not in left_out:
                    found.setdefault(unit, []).append((branch, rule))
        held = self._always | found.keys()
        known = self._rules
        blockers = tuple(rule.part for rule in known.blockers if rule.name in held)
        reviews = tuple(rule.part for rule in known.reviews if rule.name in held)
        term = next((term for term in known.terms if term.own.name in held), None)
        applies = known.applies_to.name in held
        sound = applies != (DOES_NOT_APPLY in held)
        plan = plan_of(self._arithmetic, term, held) if term and self._arithmetic else None
        # Shared by every decision on the same rules, so nobody may change them.
        rows = MappingProxyType(dict(self._rows(held)))
        fired = MappingProxyType({unit: tuple(branches) for unit, branches in found.items()})
        return Verdict(fired, held, applies, sound, bool(blockers), blockers, reviews, plan, rows)

    def _rows(self, held: frozenset[str]) -> Iterator[tuple[str, Row]]:
        for value in self._rules.values:
            row = next((rule.part for rule in value.rows if rule.name in held), None)
            if row:
                yield value.value.name, row
