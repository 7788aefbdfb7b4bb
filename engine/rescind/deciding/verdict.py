"""What a set of fired rules means: which conditions hold, which are unknown, and what follows from that alone.

Few sets of rules of a policy ever fire together, so a `Verdict` is worked out once for each set and then looked up. It
depends only on the names of the rules; what depends on the facts of a case is in `Evaluation`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from rescind.book.model import Blocker, Review, Row, Version
from rescind.book.rules_of_version import DOES_NOT_APPLY, AnyRule, VersionRules
from rescind.deciding.settle import Plan, arithmetic_of, first_terms, plan_of

__all__ = ["MAX_RULES_KEPT", "Fired", "Judge", "Rules", "Verdict"]

# The most rules that kept verdicts may have in all, counting a rule once in each verdict. Further verdicts are worked
# out again each time, so that unusual facts cannot fill the memory. A rule takes about 300 bytes in a verdict, and the
# rest of a verdict as much as `RULES_PER_VERDICT` rules: 20 MB for a version at most.
MAX_RULES_KEPT = 65_536
RULES_PER_VERDICT = 8

# The names of rules, in the order in which they fired.
Rules = tuple[str, ...]

# Conditions, each with the branches that made it hold or may make it hold: number and rule.
Fired = Mapping[str, Sequence[tuple[int, str]]]


class Verdict(NamedTuple):
    """What holds so far. `held` are the conditions that fired or always hold, `unknown` those that may hold.

    `applies` is None if that is unknown. `sound` is false if the policy both applies and does not, or neither: at the
    end that is an error. `blockers` and `reviews` hold; `open_blockers` are the unknown conditions of blockers.
    `undecided` are the unknown conditions that are an error at the end: of `applies_to`, else of blockers if none
    holds, else of reviews. `rows` gives for each table the first row that holds, or the unknown conditions because of
    which that row is open. `plan` is None if no refund terms hold, or if `open_terms` leave open which terms hold.
    """

    fired: Fired
    unknown: Fired
    held: frozenset[str]
    applies: bool | None
    sound: bool
    blocked: bool
    blockers: tuple[Blocker, ...]
    open_blockers: tuple[str, ...]
    reviews: tuple[Review, ...]
    undecided: tuple[str, ...]
    plan: Plan | None
    open_terms: tuple[str, ...]
    rows: Mapping[str, Row | tuple[str, ...]]


class Judge:
    """The verdicts of one version, shared by all threads: each entry is added by one atomic step and never changed."""

    def __init__(self, version: Version, rules: VersionRules, definition: Mapping[str, Any]) -> None:
        self._rules = rules
        self._arithmetic = arithmetic_of(version.refund) if version.refund else None
        self._always = frozenset(definition["always"])
        self._units = {
            rule: tuple((meaning["unit"], meaning["branch"]) for meaning in meanings)
            for rule, meanings in definition["rules"].items()
        }
        self._known: dict[tuple[Rules, Rules], Verdict] = {}
        self._room = MAX_RULES_KEPT  # off by a few verdicts where threads take from it at once

    def __call__(self, rules: Rules, possible: Rules = ()) -> Verdict:
        """The verdict on the rules that fired and on those that may fire, each in their order."""
        key = rules, possible
        verdict = self._known.get(key)
        if verdict is None:
            verdict = self._judge(rules, possible)
            size = len(rules) + len(possible) + RULES_PER_VERDICT
            if size <= self._room:
                self._room -= size
                self._known[key] = verdict
        return verdict

    def _judge(self, rules: Rules, possible: Rules) -> Verdict:
        known, arithmetic = self._rules, self._arithmetic
        fired = self._fired(rules)
        held = self._always | fired.keys()
        # Shared by every decision on the same rules, so nobody may change them.
        unknown = {unit: branches for unit, branches in self._fired(possible).items() if unit not in held}
        blockers = tuple(rule.part for rule in known.blockers if rule.name in held)
        open_blockers = _among(known.blockers, unknown)
        term, open_terms = first_terms(known.terms, held, unknown)
        applies, denied = (_truth(unit, held, unknown) for unit in (known.applies_to.name, DOES_NOT_APPLY))
        undecided: tuple[str, ...] = (known.applies_to.name,) if applies is None else ()
        if applies and not blockers:
            undecided = open_blockers or _among(known.reviews, unknown)
        return Verdict(
            fired,
            MappingProxyType(unknown),
            held,
            applies,
            (denied is None) if applies is None else (denied is not None and applies != denied),
            bool(blockers),
            blockers,
            open_blockers,
            tuple(rule.part for rule in known.reviews if rule.name in held),
            undecided,
            plan_of(arithmetic, term, held, unknown) if term and arithmetic else None,
            open_terms,
            MappingProxyType(dict(self._rows(held, unknown))),
        )

    def _fired(self, rules: Rules) -> Fired:
        found: dict[str, list[tuple[int, str]]] = {}
        for rule in rules:
            for unit, branch in self._units[rule]:
                found.setdefault(unit, []).append((branch, rule))
        return MappingProxyType({unit: tuple(branches) for unit, branches in found.items()})

    def _rows(
        self, held: Container[str], unknown: Container[str]
    ) -> Iterator[tuple[str, Row | tuple[str, ...]]]:
        """For each table the first row that holds, or the rows before it that may hold, if there are any."""
        for value in self._rules.values:
            before: list[str] = []
            for rule in value.rows:
                if rule.name in held:
                    yield value.value.name, tuple(before) or rule.part
                    break
                before += [rule.name] if rule.name in unknown else []
            else:
                if before:
                    yield value.value.name, tuple(before)


def _truth(unit: str, held: Container[str], unknown: Container[str]) -> bool | None:
    return True if unit in held else None if unit in unknown else False


def _among(rules: Iterable[AnyRule], unknown: Container[str]) -> tuple[str, ...]:
    """The names of the rules that are unknown."""
    return tuple(rule.name for rule in rules if rule.name in unknown)
