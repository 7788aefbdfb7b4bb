"""What a set of fired rules means: which conditions hold, which are unknown, and what follows from that alone.

A policy has few sets of rules that ever fire together, so a `Verdict` is worked out once for each set and then looked
up. It depends on nothing but the names of the rules; what depends on the facts of a case is in `Evaluation`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from rescind.book.model import Blocker, Review, Row, Table, Version
from rescind.deciding.settle import Plan, first_terms, plan_of

__all__ = ["MAX_VERDICTS", "Fired", "Judge", "Rules", "Verdict"]

# Beyond so many sets, further ones are worked out again each time, so that odd facts cannot fill the memory.
MAX_VERDICTS = 4_096

# The names of rules, in the order in which they fired.
Rules = tuple[str, ...]

# Conditions, and of each the branches that made it what it is: number and rule.
Fired = Mapping[str, Sequence[tuple[int, str]]]


class Verdict(NamedTuple):
    """What holds so far. `held` are the conditions that fired or always hold, `unknown` those that may hold.

    `applies` is None where that is unknown. `sound` is false where the policy both applies and does not, or neither:
    as an end result that is an error. `blockers` and `reviews` hold; `open_blockers` are conditions of blockers that
    are unknown. `undecided` are those that as an end result are an error: of `applies_to`, else of blockers where
    none holds, else of reviews. `rows` are, by table, the first row that holds, or the conditions that
    leave open which one does; `plan` is None where no refund terms hold, or `open_terms` leave open which ones do.
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

    def __init__(self, version: Version, definition: Mapping[str, Any]) -> None:
        self._version = version
        self._always = frozenset(definition["always"])
        self._units = {
            rule: tuple((meaning["unit"], meaning["branch"]) for meaning in meanings)
            for rule, meanings in definition["rules"].items()
        }
        self._known: dict[tuple[Rules, Rules], Verdict] = {}

    def __call__(self, rules: Rules, possible: Rules) -> Verdict:
        """The verdict on the rules that fired and on those that may fire, each in their order."""
        key = rules, possible
        verdict = self._known.get(key)
        if verdict is None:
            verdict = self._judge(rules, possible)
            if len(self._known) < MAX_VERDICTS:
                self._known[key] = verdict
        return verdict

    def _judge(self, rules: Rules, possible: Rules) -> Verdict:
        version, refund = self._version, self._version.refund
        fired = self._fired(rules)
        held = self._always | fired.keys()
        # Shared by every decision on the same rules, so nobody may change them.
        unknown = {unit: branches for unit, branches in self._fired(possible).items() if unit not in held}
        blockers = tuple(blocker for blocker in version.blockers if f"blockers/{blocker.id}" in held)
        terms = refund.terms if refund else ()
        term, open_terms = first_terms(terms, held, unknown)
        applies, denied = (_truth(unit, held, unknown) for unit in ("applies_to", "applies_to/not"))
        open_blockers = _among("blockers", version.blockers, unknown)
        undecided: tuple[str, ...] = ("applies_to",) if applies is None else ()
        if applies and not blockers:
            undecided = open_blockers or _among("review", version.reviews, unknown)
        return Verdict(
            fired,
            MappingProxyType(unknown),
            held,
            applies,
            (denied is None) if applies is None else (denied is not None and applies != denied),
            bool(blockers),
            blockers,
            open_blockers,
            tuple(review for review in version.reviews if f"review/{review.id}" in held),
            undecided,
            plan_of(term, held, unknown, charged=bool(refund and refund.below_zero == "charge"))
            if term
            else None,
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
        """By table the first row that holds; those that may hold before it, if there are any."""
        for value in self._version.values:
            if not isinstance(value.body, Table):
                continue
            before: list[str] = []
            for number, row in enumerate(value.body.rows, 1):
                unit = f"values/{value.name}/{number}"
                if unit in held:
                    yield value.name, tuple(before) or row
                    break
                before += [unit] if unit in unknown else []
            else:
                if before:
                    yield value.name, tuple(before)


def _truth(unit: str, held: Container[str], unknown: Container[str]) -> bool | None:
    return True if unit in held else None if unit in unknown else False


def _among(section: str, rules: Iterable[Blocker | Review], unknown: Container[str]) -> tuple[str, ...]:
    """The conditions of some rules that are unknown."""
    units = (f"{section}/{rule.id}" for rule in rules)
    return tuple(unit for unit in units if unit in unknown)
