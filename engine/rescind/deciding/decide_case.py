"""One case from facts to decision: read the facts, try the policies in order, find the version, make the decision.

Nothing here reads a clock: the evaluation time is always passed in.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rescind.book.engine_facts import SUBMITTED
from rescind.book.model import Book, Policy, Version
from rescind.book.words import BeforeFirst
from rescind.deciding.decision import Decision, NotApplied
from rescind.deciding.evaluation import Evaluation, Sums, evaluate
from rescind.deciding.explain_unknown import undecided
from rescind.deciding.governing_version import GoverningVersion
from rescind.deciding.make_decision import DecisionMaker
from rescind.deciding.program_cache import Programs
from rescind.deciding.read_facts import FactsReader
from rescind.deciding.version_program import Program
from rescind.problems.exceptions import EngineError, FactsError, facts_error
from rescind.problems.problem import MAX_PROBLEMS, Problem
from rescind.values.decimals import UnitError, exact_text
from rescind.values.scalar_readers import describe, expected, read_moment
from rescind.values.times import FIRST, LAST, format_time
from rescind.values.types import ABSENT

__all__ = ["CaseDecider", "Moment", "moment_in", "rows_of"]

# An evaluation time: a time or a date, as text or as a Python object (a date means its first instant in the zone of the
# book), or microseconds since the epoch.
Moment = str | dt.datetime | dt.date | int


class CaseDecider:
    """Reads and decides cases by the versions of a book.

    `slots` gives the place of each fact in the values of a case. With `policy`, only that one is tried; with
    `version`, that version of each policy tried is used, whatever its dates. A version without a definition is left
    out: it decides nothing, and no other version takes its place.
    """

    policy: str | None = None
    version: str | None = None

    def __init__(self, book: Book, definitions: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        self.vocabulary = book.vocabulary
        self.zone = book.zone
        self.words = book.words
        self._reader = FactsReader(book.vocabulary, book.zone)
        self.slots = self._reader.slots
        self._tried = book.tried()
        self._maker = DecisionMaker(book, self.slots)
        self._submitted = self.slots.get(SUBMITTED)
        versions = {(each.policy, each.version): each for policy in book.policies for each in policy.versions}
        self._governing = GoverningVersion(book, self.slots, versions.keys() - definitions.keys())
        self.programs = Programs(
            lambda key: Program(versions[key], definitions[key], book.vocabulary, self.slots)
        )

    def replacing(self, version: Version, definition: Mapping[str, Any]) -> CaseDecider:
        """A copy in which `version` replaces the version with its name, whatever its digest; the rest is shared."""
        other = copy.copy(self)
        other.programs = Programs(self.programs.__getitem__)
        program = Program(version, definition, self.vocabulary, self.slots)
        other.programs[version.policy, version.version] = program
        return other

    def only(self, policy: str | None, version: str | None) -> CaseDecider:
        """A copy that decides only by the policy or version named, if any. Raises `FactsError` for what is not text."""
        if policy is None and version is None:
            return self
        other = copy.copy(self)
        other.policy, other.version = _name(policy, "policy"), _name(version, "version")
        return other

    def moment(self, at: Moment) -> int:
        """An evaluation time in microseconds. Raises `FactsError` if it is not a time, or has no offset or zone."""
        return moment_in(at, self.zone)

    def fact(self, values: list[Any], name: str) -> Any:
        """A fact of a case that was read; `ABSENT` if it was not sent or the book does not declare it."""
        slot = self.slots.get(name)
        return ABSENT if slot is None else values[slot]

    def read(self, facts: object, at: int) -> list[Any]:
        """The typed facts by slot, and last the instant that the case is judged as of. Raises `FactsError`."""
        try:
            values = self._reader.read(facts)
        except RecursionError:
            raise _no_room() from None
        except FactsError as error:
            raise FactsError(problems=[*error.problems, *self._also_missing(facts, at)]) from None
        submitted = ABSENT if self._submitted is None else values[self._submitted]
        if submitted is ABSENT:
            values[-1] = at
        elif submitted > at:
            raise self._not_yet(submitted, at)
        else:
            values[-1] = submitted
        return values

    def decide(self, values: list[Any], at: int) -> Decision:
        """Decide a case that was read, as of `at`. Raises `FactsError` and `EngineError`."""
        try:
            return self._decide(values, at)
        except RecursionError:
            raise _no_room() from None

    def _decide(self, values: list[Any], at: int) -> Decision:
        tried: list[NotApplied] = []
        closed: list[Policy] = []
        for each in self._tried if self.policy is None else (self._governing.policy(self.policy),):
            governing = self._version(each, values)
            if governing is None:
                self._refuse_gap(each, values)
                closed.append(each)
                tried.append(NotApplied(each.id, "", None))
                continue
            evaluation = _evaluated(self._program(governing), values)
            if evaluation.verdict.applies:
                return self._maker.decision(evaluation, at, tuple(tried))
            tried.append(NotApplied(each.id, governing.version, evaluation))
        in_force = any(each.version for each in tried)
        if unsettled := self._governing.unsettled(closed, values, in_force=in_force):
            raise self._governing.none_in_force(unsettled, values)
        return self._maker.not_applicable(values, at, tuple(tried))

    def decide_again(self, decision: Decision, values: list[Any], at: int, sums: Sums) -> Decision:
        """The decision made again, with the sums of the request for its reviews of the whole request."""
        if decision.version is None:
            return decision
        program = self._program(decision.version)
        return self._maker.decision(_evaluated(program, values, sums), at, decision.not_applied)

    def _program(self, version: Version) -> Program:
        return self.programs[version.policy, version.version]

    def _version(self, policy: Policy, values: list[Any]) -> Version | None:
        if self.version is not None:
            return self._governing.named(policy, self.version)
        return self._governing.in_force(policy, values)

    def _refuse_gap(self, policy: Policy, values: list[Any]) -> None:
        """Raise an error for a case in a gap between two versions, so that no later policy takes it.

        A case from before the first version is an error only if the book says so.
        """
        earlier = self._governing.begun(policy, values)
        if earlier is None and policy.before_first is BeforeFirst.ERROR:
            raise self._governing.none_in_force([policy], values)
        if (
            earlier
            and earlier is not policy.versions[-1]
            and _evaluated(self._program(earlier), values).verdict.applies
        ):
            raise self._governing.none_in_force([policy], values)

    def _also_missing(self, facts: object, at: int) -> list[Problem]:
        """What is missing besides what is wrong, as far as the readable facts tell which policy applies."""
        if not isinstance(facts, Mapping):
            return []
        values, bad = self._reader.partly(facts)
        if len(bad) > MAX_PROBLEMS:  # the list was cut: a wrong fact may seem missing
            return []
        submitted = ABSENT if self._submitted is None else values[self._submitted]
        values[-1] = at if submitted is ABSENT else submitted
        wrong = {problem.location.path for problem in bad}
        for policy in self._tried:
            try:
                version = self._governing.in_force(policy, values)
                if version is None or not _evaluated(self._program(version), values).verdict.applies:
                    continue
            except FactsError as error:
                missing = [found for found in error.problems if found.code == "R0901"]
                return [found for found in missing if not _mentions(wrong, found.location.path)]
            return []
        return []

    def _not_yet(self, submitted: int, at: int) -> FactsError:
        times = [format_time(time, self.zone) for time in (submitted, at)]
        return facts_error(
            "R0904",
            SUBMITTED,
            f"the request was submitted at {times[0]}, after the evaluation time {times[1]}",
            "decide as of a time at or after the submission",
        )


def _no_room() -> EngineError:
    """The stack is full. Deciding nests about twenty calls, whatever the values, so the caller's calls filled it."""
    return EngineError("the caller has used up the stack: there is no room left to decide in")


def moment_in(at: Moment, zone: ZoneInfo) -> int:
    """An evaluation time in microseconds; `zone` is for dates and texts without one. Raises `FactsError` (R0904)."""
    try:
        moment = (
            at if at.__class__ is int else read_moment(exact_text(at) if isinstance(at, str) else at, zone)
        )
    except UnitError as error:
        raise facts_error("R0904", "at", f"the evaluation time: {error}") from None
    if not FIRST <= moment <= LAST:
        raise facts_error("R0904", "at", "the evaluation time lies outside of the years 1 to 9999")
    return moment


def _evaluated(program: Program, values: list[Any], sums: Sums | None = None) -> Evaluation:
    """The evaluation of a policy. Raises `FactsError` if something that the answer depends on is unknown."""
    evaluation = evaluate(program, values, sums)
    if evaluation.verdict.undecided:
        raise undecided(evaluation)
    return evaluation


def _mentions(paths: Iterable[str], name: str) -> bool:
    """Whether one of the paths into the facts is the fact `name`, lies inside it, or is a group that contains it."""
    return any(
        path == name or path.startswith((f"{name}.", f"{name}[")) or name.startswith(f"{path}.")
        for path in paths
    )


def _name(given: object, what: str) -> str | None:
    """The name of a policy or version as a caller gives it."""
    if given is None:
        return None
    if not isinstance(given, str):
        raise facts_error("R0906", what, f"expected the name of a {what}, found {describe(given)}")
    return exact_text(given)


def rows_of(rows: object) -> Iterable[Any]:
    """The cases that a caller gives, one by one. Raises `UnitError` for what is not a series, or is one case."""
    if isinstance(rows, Mapping):
        raise expected("a list of cases", rows, "put the one case into a list")
    if isinstance(rows, (str, bytes, bytearray)) or not isinstance(rows, Iterable):
        raise expected("a list of cases", rows)
    return rows
