"""Which parts of a version its cases tried: rules, not lines, so that layout changes nothing.

A part is a rule (true in some case, false in another), one comparison of a condition (likewise), a row or term (taken
in some case, passed over in another), a limit (tried below, at and above), or an instrument of the terms (something was
paid with it in some case, nothing in another). Only what a decision really asked counts:
the reviews of a blocked case are not asked, nor the rows behind the one that was taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rescind.authoring.evaluate_conditions import LIMITS, PASSES, Unknown, holds, relation, walk, words_of
from rescind.authoring.run_cases import Result, versions_reached
from rescind.book.model import AllOf, AnyOf, Compare, Instrument, Leaf, Name, Not, Version
from rescind.book.rules_of_version import AnyRule, Rule, TermRules, VersionRules, rules_of
from rescind.book.vocabulary import Vocabulary
from rescind.book.words import Outcome
from rescind.deciding.decision import Decision
from rescind.deciding.evaluation import Evaluation
from rescind.deciding.settle import Settlement
from rescind.engine import Engine

__all__ = ["Coverage", "CoveredPart", "VersionCoverage", "cover", "percent"]

TRUE, FALSE = "true", "false"
PAID = "paid with it"
SIDES = {-1: "below", 0: "at", 1: "above"}


@dataclass(slots=True)
class CoveredPart:
    """One part of a version: its rule, its name in words, what cases should show of it, and what they have shown."""

    rule: str
    words: str
    goals: tuple[str, ...]
    seen: set[str] = field(default_factory=set)

    @property
    def missing(self) -> tuple[str, ...]:
        """What no case has shown."""
        return tuple(goal for goal in self.goals if goal not in self.seen)


@dataclass(frozen=True, slots=True)
class VersionCoverage:
    """The parts of one version, in the order of the policy, and how many cases reached it. A draft is not frozen."""

    policy: str
    version: str
    parts: tuple[CoveredPart, ...]
    cases: int
    draft: bool = False

    @property
    def met(self) -> int:
        """How many goals were met."""
        return sum(len(part.goals) - len(part.missing) for part in self.parts)

    @property
    def goals(self) -> int:
        """How many goals there are."""
        return sum(len(part.goals) for part in self.parts)

    @property
    def untried(self) -> tuple[str, ...]:
        """What is missing, in words."""
        return tuple(f"{_named(part)} never {goal}" for part in self.parts for goal in part.missing)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of every version, in the order of the book."""

    versions: tuple[VersionCoverage, ...]

    @property
    def met(self) -> int:
        """How many goals were met."""
        return sum(version.met for version in self.versions)

    @property
    def goals(self) -> int:
        """How many goals there are."""
        return sum(version.goals for version in self.versions)


def percent(met: int, goals: int) -> str:
    """A share in percent with one decimal, rounded down, so that only the whole is `100.0`."""
    tenths = 1000 * met // goals if goals else 1000
    return f"{tenths // 10}.{tenths % 10}"


def _named(part: CoveredPart) -> str:
    return f"{part.rule}: {part.words}" if part.words else part.rule


def cover(engine: Engine, results: Iterable[Result]) -> Coverage:
    """What the cases of some results tried of each version of the book."""
    sheets = {
        (version.policy, version.version): _VersionSheet(version, engine.book.vocabulary)
        for policy in engine.book.policies
        for version in policy.versions
    }
    for result in results:
        for contact in versions_reached(engine, result):
            sheet = sheets[contact.version.policy, contact.version.version]
            sheet.record(contact.run, result.decision if contact.decided else None)
    return Coverage(tuple(sheet.result() for sheet in sheets.values()))


class _VersionSheet:
    """The parts of one version, filled in case by case."""

    def __init__(self, version: Version, vocabulary: Vocabulary) -> None:
        self._version = version
        self._rules = rules_of(version)
        self._vocabulary = vocabulary
        self._cases = 0
        self._parts: list[CoveredPart] = []
        # For each rule: its own part, and those of its comparisons that are not fully tried yet.
        self._seen: dict[str, tuple[CoveredPart, list[_ConditionTried]]] = {}
        # For each rule of an instrument: whether something was paid with it. Where nothing was, terms show nothing,
        # and a wrong share goes unnoticed.
        self._paid: dict[str, CoveredPart] = {}
        for rule, goals in _goals(self._rules):
            self._declare(rule, goals)
        for term in self._rules.terms:
            for rule in _instruments_of(term):
                self._paid[rule.name] = self._part(rule.name, PAID, (TRUE, FALSE))

    def _declare(self, rule: AnyRule, goals: tuple[str, ...]) -> None:
        own = self._part(rule.name, "", goals)
        found = [leaf for _, leaf in walk(rule.condition) if not isinstance(leaf, (AllOf, AnyOf, Not))]
        looks = []
        for leaf in found:
            truth = self._part(rule.name, words_of(leaf), (TRUE, FALSE)) if len(found) > 1 else None
            limit = None
            if isinstance(leaf, Compare) and leaf.op in LIMITS:
                limit = self._part(rule.name, f"limit {words_of(leaf)}", self._sides(leaf))
            looks.append(_ConditionTried(leaf, truth, limit))
        self._seen[rule.name] = (own, [look for look in looks if look.open])

    def _part(self, rule: str, words: str, goals: tuple[str, ...]) -> CoveredPart:
        part = CoveredPart(rule, words, goals)
        self._parts.append(part)
        return part

    def _sides(self, leaf: Compare) -> tuple[str, ...]:
        """The sides of a limit that facts can lie on: the vocabulary may bound them."""
        fact = self._vocabulary.facts.get(leaf.subject.name)
        if fact is None or isinstance(leaf.operand, Name):
            return tuple(SIDES.values())
        low = fact.at_least is not None and leaf.operand <= fact.at_least
        high = fact.at_most is not None and leaf.operand >= fact.at_most
        return tuple(
            side
            for side in SIDES.values()
            if not (low and side == "below") and not (high and side == "above")
        )

    def record(self, run: Evaluation, decision: Decision | None) -> None:
        """Count one case; `decision` is None where the version did not apply."""
        self._cases += 1
        for rule, held in _asked(self._rules, run, decision):
            own, looks = self._seen[rule.name]
            if rule.name not in run.verdict.unknown:
                own.seen.add(own.goals[0] if held else own.goals[-1])
            if any([look.at(run) for look in looks]):  # noqa: C419 - every one of them has to look
                looks[:] = [look for look in looks if look.open]
        if decision and decision.settlement:
            self._record_paid(decision.settlement)

    def _record_paid(self, refund: Settlement) -> None:
        paid = {line.instrument for line in refund.lines if line.paid}
        for rule in _instruments_of(_taken(self._rules, refund)):
            _seen(self._paid[rule.name], TRUE if rule.part.name in paid else FALSE)

    def result(self) -> VersionCoverage:
        version = self._version
        return VersionCoverage(
            version.policy, version.version, tuple(self._parts), self._cases, version.draft
        )


@dataclass(frozen=True, slots=True)
class _ConditionTried:
    """One comparison with its parts: whether it holds, and on which side of the limit a case lies."""

    leaf: Leaf
    truth: CoveredPart | None
    limit: CoveredPart | None

    @property
    def open(self) -> bool:
        """Whether there is something that no case showed yet."""
        return any(part is not None and part.missing for part in (self.truth, self.limit))

    def at(self, run: Evaluation) -> bool:
        """Look at one case; whether it showed something new."""
        try:
            if not isinstance(self.leaf, Compare):
                held = holds(self.leaf, run)
                return held is not None and _seen(self.truth, TRUE if held else FALSE)
            side = relation(self.leaf, run)
        except Unknown:
            return False
        above = side is not None and side in PASSES[self.leaf.op]
        new = _seen(self.truth, TRUE if above else FALSE)
        return _seen(self.limit, "" if side is None else SIDES[side]) or new


def _seen(part: CoveredPart | None, goal: str) -> bool:
    """Note what a case showed; whether it is new."""
    if part is None or goal in part.seen:
        return False
    part.seen.add(goal)
    return True


def _goals(rules: VersionRules) -> Iterator[tuple[AnyRule, tuple[str, ...]]]:
    """Every rule with its goals: what cases should show of it when it holds, and when it does not."""
    if rules.applies_to.conditional:
        yield rules.applies_to, ("applies", "does not apply")
    for blocker in rules.blockers:
        yield blocker, ("blocks", "does not block")
    for review in rules.reviews:
        yield review, ("asked for", "not asked for")
    for value in rules.values:
        for row in value.rows:
            yield row, _choice(row)
    for term in rules.terms:
        yield term.own, _choice(term.own)
        for part in _parts_of(term):
            yield part, (TRUE, FALSE)


def _choice(rule: AnyRule) -> tuple[str, ...]:
    """What cases should show of one rule among several; one without a condition cannot be passed over by it."""
    return ("taken", "passed over") if rule.conditional else ("taken",)


def _parts_of(term: TermRules) -> Iterator[AnyRule]:
    """The rules within terms that have a condition."""
    return (rule for rule in term if rule.conditional and rule is not term.own)


def _instruments_of(term: TermRules) -> Iterator[Rule[Instrument]]:
    """The rules of the instruments that the terms name; nothing may be paid with another."""
    return (instrument.own for instrument in term.instruments if instrument.own.part.named)


def _taken(rules: VersionRules, refund: Settlement) -> TermRules:
    """The terms that a refund was made by."""
    return next(term for term in rules.terms if term.own.part.id == refund.term.id)


def _asked(rules: VersionRules, run: Evaluation, decision: Decision | None) -> Iterator[tuple[AnyRule, bool]]:
    """The rules that a decision asked, and whether they held."""
    if rules.applies_to.conditional:
        yield rules.applies_to, decision is not None
    if decision is None:
        return
    for blocker in rules.blockers:
        yield blocker, run.holds(blocker.name)
    computed = decision.computed
    for value in rules.values:
        if value.value.name in computed:
            yield from _first(value.rows, run)
    if decision.outcome == Outcome.BLOCKED:
        return
    for review in rules.reviews:
        yield review, run.holds(review.name)
    if decision.settlement:
        yield from _first([term.own for term in rules.terms], run)
        for rule in _parts_of(_taken(rules, decision.settlement)):
            yield rule, run.holds(rule.name)


def _first(rules: Sequence[AnyRule], run: Evaluation) -> Iterator[tuple[AnyRule, bool]]:
    """Rows up to the one that was taken; those after it were not asked."""
    for rule in rules:
        held = run.holds(rule.name)
        yield rule, held
        if held:
            return
