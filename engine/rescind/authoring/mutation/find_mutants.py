"""Which small changes of the policies no case would notice.

A change of a condition can matter only to the cases in which the old and the new one differ; the others are not run.
Those that are run stop at the first failure. A version is compiled anew for each change; everything else of the book
is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rescind.authoring.cases import Equivalent
from rescind.authoring.evaluate_conditions import holds
from rescind.authoring.expectations import Expectation
from rescind.authoring.mutation.mutant_case import find_example
from rescind.authoring.mutation.version_mutations import Mutation, mutations_of
from rescind.authoring.run_cases import Result, Trial, VersionReached, passes, versions_reached
from rescind.book.model import Review, Term, Value, Version
from rescind.deciding.decision import Decision
from rescind.engine import Engine
from rescind.matching.compile_version import compile_version
from rescind.problems.problem import Location, Problem, Problems
from rescind.problems.suggestions import did_you_mean

__all__ = ["Accepted", "MutantReport", "Survivor", "find_mutants"]


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no case notices. `advice` says what a case would have to be, `example` is one ("" if unknown)."""

    policy: str
    version: str
    mutant: str
    location: Location
    advice: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mutant that a suite says cannot be noticed, and why."""

    policy: str
    version: str
    mutant: str
    reason: str


@dataclass(frozen=True, slots=True)
class MutantReport:
    """How many mutants were made, who survived, which are accepted with a reason, and reasons that fit none."""

    made: int
    survivors: tuple[Survivor, ...]
    accepted: tuple[Accepted, ...]
    stale: tuple[Problem, ...]


def find_mutants(
    engine: Engine,
    results: Sequence[Result],
    equivalents: Sequence[Equivalent],
    versions: Iterable[Version],
    after: Callable[[Mutation], None] | None = None,
) -> MutantReport:
    """Try every mutant of some versions on the cases, all of which must pass. `after` sees each mutant when done."""
    ground = _TriedCases(engine, results)
    made, survivors, accepted, keys = 0, [], [], set()
    reasons = {
        (target.policy, target.version, each.mutant): each for each in equivalents for target in each.targets
    }
    used: set[int] = set()
    for version in versions:
        for mutation in mutations_of(version, engine.book):
            verdict = ground.survives(version, mutation)
            if verdict is None:
                continue
            made += 1
            keys.add(mutation.key)
            reason = reasons.get((version.policy, version.version, mutation.key))
            if verdict and reason:
                used.add(id(reason))
                accepted.append(Accepted(version.policy, version.version, mutation.key, reason.reason))
            elif verdict:
                survivors.append(ground.survivor(version, mutation))
            if after:
                after(mutation)
    stale = tuple(_stale(each, keys) for each in equivalents if id(each) not in used)
    return MutantReport(made, tuple(survivors), tuple(accepted), stale)


def _stale(equivalent: Equivalent, keys: set[str]) -> Problem:
    if equivalent.mutant in keys:
        message, hint = f"a case notices the mutant `{equivalent.mutant}`", "take the entry out"
    else:
        message = f"there is no mutant `{equivalent.mutant}`"
        hint = did_you_mean(equivalent.mutant, keys) or "`rescind test --mutants` names those that survive"
    return Problem("R0713", message, equivalent.location, hint)


class _TriedCases:
    """The cases by the versions that they come upon."""

    def __init__(self, engine: Engine, results: Sequence[Result]) -> None:
        self._engine = engine
        self._met: dict[tuple[str, str], list[tuple[Result, VersionReached]]] = {}
        self._refused: list[Trial] = []
        for result in results:
            if result.decision is None:
                self._refused.append(result.trial)
            for contact in versions_reached(engine, result):
                key = (contact.version.policy, contact.version.version)
                self._met.setdefault(key, []).append((result, contact))
        for met in self._met.values():
            met.sort(key=lambda each: -_weight(each[0].trial.case.expected))

    def survives(self, version: Version, mutation: Mutation) -> bool | None:
        """Whether every case still passes; None where the change makes no version at all."""
        engine: Engine | None = None
        for trial in self._candidates(version, mutation):
            engine = engine or self._changed(version, mutation)
            if engine is None:
                return None
            if not passes(engine, trial):
                return False
        return True

    def _changed(self, version: Version, mutation: Mutation) -> Engine | None:
        """The engine with the changed version in place; None where it does not compile."""
        problems = Problems()
        if mutation.before is None:  # only conditions are compiled
            definition: Any = self._engine.definition(version.policy, version.version)
        else:
            definition = compile_version(mutation.version, problems)
        return None if problems.errors else self._engine.replacing(mutation.version, definition)

    def _candidates(self, version: Version, mutation: Mutation) -> Iterator[Trial]:
        """The cases that may notice a change."""
        for result, contact in self._met.get((version.policy, version.version), ()):
            if _may_notice(mutation, contact, result.decision):
                yield result.trial
        for trial in self._refused:
            target = trial.target
            if target.policy in ("", version.policy) and target.version in ("", version.version):
                yield trial

    # What to do about a survivor.

    def survivor(self, version: Version, mutation: Mutation) -> Survivor:
        engine = self._changed(version, mutation) if mutation.before is not None else None
        met = self._met.get((version.policy, version.version), ())
        example = (
            find_example(self._engine, engine, mutation, [result.trial for result, _ in met])
            if engine
            else ""
        )
        return Survivor(
            version.policy, version.version, mutation.key, mutation.location, mutation.advice, example
        )


def _weight(expected: Expectation) -> int:
    """How much a case compares: those that compare more notice more, and are tried first."""
    refund = expected.refund
    parts = [refund.instruments, refund.deductions, refund.total] if refund else []
    return len(expected.values) + 2 * len(expected.states) + 2 * sum(part is not None for part in parts)


def _may_notice(mutation: Mutation, contact: VersionReached, decision: Decision | None) -> bool:
    if mutation.before is not None and mutation.after is not None:
        before, after = holds(mutation.before, contact.run), holds(mutation.after, contact.run)
        return before != after or before is None
    if not contact.decided or decision is None:
        # A value may decide whether the policy applies.
        return isinstance(mutation.owner, Value) and not contact.decided
    match mutation.owner:
        case Review(id=name):
            return any(review.id == name for review in decision.reviews)
        case Term(id=name):
            return decision.settlement is not None and decision.settlement.term.id == name
        case _:
            return True
