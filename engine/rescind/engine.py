"""The façade: load a book, choose the version, decide.

    engine = Engine.load("policies.yaml")
    decision = engine.decide(facts, at="2024-11-05T09:00:00+08:00")

An `Engine` never changes after it was loaded. It may be shared by threads and used after `fork`; to reload, load a new
one. Nothing here reads a clock: the evaluation time is always passed in.
"""

from __future__ import annotations

import copy
import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from rescind.book.model import Book, Policy, Review, Version
from rescind.book.read_book import read_book
from rescind.book.semantic_checks import check_book
from rescind.book.vocabulary import NOW
from rescind.deciding.decision import Blocked, Decision, NotApplied, Reviewed
from rescind.deciding.evaluation import Run, Sums
from rescind.deciding.read_facts import FactsReader, facts_error
from rescind.deciding.review_states import RequestState, deadline_of, request_state, words_of
from rescind.deciding.settle import record
from rescind.deciding.verdict import Verdict
from rescind.deciding.version_program import Program
from rescind.matching.compile_version import compile_version
from rescind.problems.exceptions import BookError, FactsError
from rescind.problems.problem import Location, Problem, Problems
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.requests.methods import RequestMethods
from rescind.values.types import ABSENT, Kind
from rescind.values.units import FIRST, LAST, UnitError, format_time, parse_time, to_micros

if TYPE_CHECKING:
    from rescind.requests.desk import Desk

__all__ = ["Engine", "book_path", "shipped_book"]

SUBMITTED, WORDS = "request.submitted_at", "request.reviews"
SUBJECT = {"resource": "resource.id", "order": "order.id"}
NO_STATE = RequestState("blocked", None, ())
APPROVED = RequestState("approved", None, ())


def shipped_book() -> Path:
    """The book that comes with the package: beside the checkout, or inside the wheel."""
    package = Path(__file__).parent
    for folder in (package.parents[1], package / "shipped"):
        if (folder / "policies.yaml").is_file() and (folder / "rules").is_dir():
            return folder / "policies.yaml"
    raise BookError("the shipped book is not where the package should hold it; install rescind again")


def book_path(path: str | Path | None) -> Path:
    """The file of a book: `path` itself, `policies.yaml` in the folder `path`, or the shipped book for None."""
    if path is None:
        return shipped_book()
    given = Path(path)
    return given / "policies.yaml" if given.is_dir() else given


class Engine(RequestMethods):
    """A loaded book, ready to decide."""

    def __init__(self, book: Book, definitions: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        """For `load`, which makes sure that the book is free of errors."""
        self._book = book
        self._reader = FactsReader(book.vocabulary, book.zone)
        self._slots = self._reader.slots
        versions = {
            (policy.id, version.version): version for policy in book.policies for version in policy.versions
        }
        self._programs = _Programs(
            lambda key: Program(versions[key], definitions[key], book.vocabulary, self._slots)
        )
        self._policies = {policy.id: _timeline(policy) for policy in book.policies}
        self._order = tuple(self._policies[policy.id] for policy in book.tried())
        self._submitted = self._slots.get(SUBMITTED)
        self._words = self._slots.get(WORDS)
        self._subject = [(key, self._slots[name]) for key, name in SUBJECT.items() if name in self._slots]

    @classmethod
    def load(cls, path: str | Path | None = None, *, drafts: bool = False) -> Engine:
        """Load the book at `path` (a file or a folder), or the shipped book.

        Raises `BookError` with every located problem. Versions that are not frozen are errors unless `drafts`.
        """
        book, definitions, problems = load_book(book_path(path))
        if book and not drafts:
            _refuse_drafts(book, problems)
        if book is None or problems.errors:
            raise BookError(problems=problems.errors)
        return cls(book, definitions)

    @property
    def book(self) -> Book:
        """The book, as parsed."""
        return self._book

    def definition(self, policy: str, version: str) -> Mapping[str, Any]:
        """The compiled durable-rules definition of a version, as plain JSON."""
        return self._programs[policy, version].definition

    def program(self, policy: str, version: str) -> Program:
        """A version, ready to run; for tools that look into how a case is decided."""
        return self._programs[policy, version]

    def typed(self, facts: Mapping[str, Any], *, at: int) -> list[Any]:
        """The values of a case as programs take them. Raises `FactsError` with every problem of the facts."""
        return self._read(facts, at)

    def replacing(self, version: Version, definition: Mapping[str, Any]) -> Engine:
        """A copy in which `version` takes the place of the one of its name, whatever its digest; the rest is shared."""
        other = copy.copy(self)
        programs = _Programs(self._programs.__getitem__)
        key = version.policy, version.version
        programs[key] = Program(version, definition, self._book.vocabulary, self._slots)
        other._programs = programs  # noqa: SLF001 - its own kind
        return other

    def decide(
        self,
        facts: Mapping[str, Any],
        *,
        at: str | dt.datetime | int,
        policy: str | None = None,
        version: str | None = None,
    ) -> Decision:
        """Decide one case as of `at` (an aware datetime, RFC 3339 text, or microseconds since the epoch).

        `policy` tries only that policy, `version` takes that version of it whatever its dates. Raises `FactsError` with
        every problem of the facts, and `EngineError` if the rules engine fails; neither is ever "allowed".
        """
        moment = self.moment(at)
        return self._decide(self._read(facts, moment), moment, policy, version)

    def decide_many(
        self, rows: Iterable[Mapping[str, Any]], *, at: str | dt.datetime | int
    ) -> Iterator[Decision]:
        """Decide one case after the other, lazily. The first bad one raises its `FactsError`."""
        moment = self.moment(at)
        for facts in rows:
            yield self._decide(self._read(facts, moment), moment, None, None)

    def moment(self, at: str | dt.datetime | int) -> int:
        """An evaluation time in microseconds. Raises `FactsError` where it is no time, or has no offset and no zone."""
        try:
            moment = parse_time(at, self._book.zone) if isinstance(at, str) else _micros(at)
        except UnitError as error:
            raise facts_error("R0904", "at", f"the evaluation time: {error}") from None
        if not FIRST <= moment <= LAST:
            raise facts_error("R0904", "at", "the evaluation time lies outside of the years 1 to 9999")
        return moment

    def desk(self, policy: str | None = None, version: str | None = None) -> Desk:
        """What requests and lists need of the engine, by one policy or version where one is named."""
        from rescind.requests.desk import Desk

        return Desk(
            self._book.vocabulary,
            self._book.zone,
            self._slots,
            self._read,
            lambda values, at: self._decide(values, at, policy, version),
            self._again,
        )

    def _again(self, decision: Decision, values: list[Any], at: int, sums: Sums) -> Decision:
        """A decision once more, its reviews of the whole request with the sums of that request."""
        if decision.version is None:
            return decision
        program = self._programs[decision.version.policy, decision.version.version]
        return self._decision(program, program.run(values, sums), values, at, decision.not_applied)

    def _read(self, facts: object, at: int) -> list[Any]:
        """The typed facts by slot, and last the instant that the case is judged as of."""
        try:
            values = self._reader.read(facts)
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

    def _also_missing(self, facts: object, at: int) -> list[Problem]:
        """What is missing beside what is wrong, as far as the readable facts tell which policy is in play."""
        if not isinstance(facts, Mapping):
            return []
        values, bad = self._reader.partly(facts)
        submitted = ABSENT if self._submitted is None else values[self._submitted]
        values[-1] = at if submitted is ABSENT else submitted
        wrong = {problem.location.path for problem in bad}
        for timeline in self._order:
            try:
                program = self._program(timeline, values)
                if program is None or not self._applied(program, values).verdict.applies:
                    continue
            except FactsError as error:
                missing = [found for found in error.problems if found.code == "R0901"]
                return [found for found in missing if not _mentions(wrong, found.location.path)]
            return []
        return []

    def _not_yet(self, submitted: int, at: int) -> FactsError:
        times = [format_time(time, self._book.zone) for time in (submitted, at)]
        return facts_error(
            "R0904",
            SUBMITTED,
            f"the request was submitted at {times[0]}, after the evaluation time {times[1]}",
            "decide as of a time at or after the submission",
        )

    def _decide(self, values: list[Any], at: int, policy: str | None, version: str | None) -> Decision:
        tried: list[NotApplied] = []
        closed: list[Policy] = []
        for timeline in self._order if policy is None else (self._timeline(policy),):
            program = self._program(timeline, values) if version is None else self._named(timeline, version)
            if program is None:
                self._refuse_gap(timeline, values)
                closed.append(timeline.policy)
                tried.append(NotApplied(timeline.policy.id, "", None))
                continue
            run = self._applied(program, values)
            if run.verdict.applies:
                return self._decision(program, run, values, at, tuple(tried))
            tried.append(NotApplied(program.version.policy, program.version.version, run))
        if closed:
            raise self._not_in_force(closed, values)
        subject = self._subject_of(values)
        return Decision(
            "not_applicable", None, at, subject, (), (), None, None, tuple(tried), self._book.zone, None
        )

    def _timeline(self, name: str) -> _Timeline:
        try:
            return self._policies[name]
        except KeyError:
            hint = did_you_mean(name, self._policies) or f"policies: {one_of(self._policies)}"
            raise facts_error("R0906", "policy", f"the book has no policy `{name}`", hint) from None

    def _program(self, timeline: _Timeline, values: list[Any]) -> Program | None:
        """The version that governs the case; None where none is in force then."""
        time = self._time_of(timeline.policy, values)
        index = bisect_right(timeline.starts, time) - 1
        if index < 0:
            return None
        until, key = timeline.spans[index]
        return None if until is not None and time >= until else self._programs[key]

    def _time_of(self, policy: Policy, values: list[Any]) -> int:
        """The instant that picks the version of a policy."""
        return self._governing_time(policy, values) if policy.governed_by else int(values[-1])

    def _refuse_gap(self, timeline: _Timeline, values: list[Any]) -> None:
        """Between two versions, a case that the earlier one would govern is an error, and no later policy takes it."""
        index = bisect_right(timeline.starts, self._time_of(timeline.policy, values)) - 1
        if 0 <= index < len(timeline.spans) - 1:
            run = self._applied(self._programs[timeline.spans[index][1]], values)
            if run.verdict.applies:
                raise self._not_in_force([timeline.policy], values)

    def _named(self, timeline: _Timeline, version: str) -> Program:
        policy = timeline.policy
        try:
            return self._programs[policy.id, version]
        except KeyError:
            names = [each.version for each in policy.versions]
            hint = did_you_mean(version, names) or f"versions: {one_of(names)}"
            raise facts_error("R0906", "version", f"`{policy.id}` has no version `{version}`", hint) from None

    def _governing_time(self, policy: Policy, values: list[Any]) -> int:
        value = values[self._slots[policy.governed_by]]
        if value is ABSENT:
            raise facts_error(
                "R0901",
                policy.governed_by,
                f"the fact `{policy.governed_by}` is missing",
                f"it picks the version of `{policy.id}`",
            )
        if self._book.vocabulary.facts[policy.governed_by].type.kind is Kind.DATE:
            return to_micros(dt.datetime.combine(value, dt.time(), self._book.zone))
        return int(value)

    def _applied(self, program: Program, values: list[Any]) -> Run:
        """The run of a policy. Where it does not apply its other facts may be missing, else that is an error."""
        if ABSENT not in program.needed(values):
            return program.run(values)
        if ABSENT not in program.applies_needed(values):
            run = program.asked(values)
            if not run.verdict.applies:
                return run
        raise FactsError(problems=self._reader.missing(program.needs, values, program.version.policy))

    def _not_in_force(self, closed: list[Policy], values: list[Any]) -> FactsError:
        """The error of a time at which policies that might apply have no version in force."""
        zone, problems = self._book.zone, []
        for policy in closed:
            spans = ", ".join(_span(version, zone) for version in policy.versions)
            time = format_time(self._time_of(policy, values), zone)
            problems.append(
                Problem(
                    "R0905",
                    f"no version of `{policy.id}` is in force at {time}",
                    Location(policy.governed_by or NOW),
                    f"versions: {spans}",
                )
            )
        return FactsError(problems=problems)

    def _decision(
        self, program: Program, run: Run, values: list[Any], at: int, tried: tuple[NotApplied, ...]
    ) -> Decision:
        verdict = run.verdict
        submitted = ABSENT if self._submitted is None else values[self._submitted]
        blockers: tuple[Blocked, ...] = ()
        reviews: tuple[Reviewed, ...] = ()
        if verdict.blocked:
            blockers = tuple([record(Blocked, (blocker, run)) for blocker in verdict.blockers])
        elif verdict.reviews:
            reviews = tuple([_reviewed(review, run, submitted) for review in verdict.reviews])
        parts = (
            "blocked" if blockers else "review_required" if reviews else "allowed",
            program.version,
            at,
            self._subject_of(values),
            blockers,
            reviews,
            run.settlement() if program.version.refund and not blockers else None,
            None if submitted is ABSENT else self._request(verdict, values, at),
            tried,
            self._book.zone,
            run,
        )
        return record(Decision, parts)  # type: ignore[no-any-return]

    def _request(self, verdict: Verdict, values: list[Any], at: int) -> RequestState:
        if verdict.blocked:
            return NO_STATE
        words = ABSENT if self._words is None else values[self._words]
        if not verdict.reviews and (not words or words is ABSENT):
            return APPROVED
        given = [] if words is ABSENT else words_of(words)
        return request_state(verdict.reviews, given, values[-1], at)

    def _subject_of(self, values: list[Any]) -> Mapping[str, str]:
        return MappingProxyType(
            {key: values[slot] for key, slot in self._subject if values[slot] is not ABSENT}
        )


class _Programs(dict[tuple[str, str], Program]):
    """Programs by policy and version. Each is built when it is first used, as a book may hold many that never are."""

    def __init__(self, build: Callable[[tuple[str, str]], Program]) -> None:
        super().__init__()
        self._build = build

    def __missing__(self, key: tuple[str, str]) -> Program:
        built = self._build(key)
        program = self.setdefault(key, built)
        if program is not built:  # another thread was quicker
            built.close()
        return program


class _Timeline(NamedTuple):
    """A policy, when each of its versions starts, and until when which one is in force."""

    policy: Policy
    starts: tuple[int, ...]
    spans: tuple[tuple[int | None, tuple[str, str]], ...]


def _timeline(policy: Policy) -> _Timeline:
    starts = tuple(version.in_force_from for version in policy.versions)
    spans = tuple((version.in_force_until, (policy.id, version.version)) for version in policy.versions)
    return _Timeline(policy, starts, spans)


def load_book(path: Path) -> tuple[Book | None, dict[tuple[str, str], dict[str, Any]], Problems]:
    """Read, check and compile a book: the book (None where it cannot be built), its definitions, every problem."""
    problems = Problems()
    book = read_book(path, problems)
    definitions: dict[tuple[str, str], dict[str, Any]] = {}
    if book:
        check_book(book, problems)
        for policy in book.policies:
            for version in policy.versions:
                definitions[policy.id, version.version] = compile_version(version, problems)
    return book, definitions, problems


def _mentions(paths: Iterable[str], name: str) -> bool:
    """Whether one of the paths into the facts is the fact `name`, lies in it, or is a group around it."""
    return any(
        path == name or path.startswith((f"{name}.", f"{name}[")) or name.startswith(f"{path}.")
        for path in paths
    )


def _micros(at: object) -> int:
    """An instant as microseconds; `True` is none, though Python counts it as an integer."""
    if at.__class__ is int:
        return at
    if not isinstance(at, dt.datetime):
        raise UnitError("expected a time with an offset, a text or an aware datetime")
    return to_micros(at)


def _reviewed(review: Review, run: Run, submitted: Any) -> Reviewed:
    deadline = None if submitted is ABSENT else deadline_of(review, submitted)
    return record(Reviewed, (review, run, deadline))  # type: ignore[no-any-return]


def _refuse_drafts(book: Book, problems: Problems) -> None:
    for policy in book.policies:
        for version in policy.versions:
            if version.draft:
                problems.add(
                    "R0308",
                    f"version `{version.version}` of `{policy.id}` is a draft",
                    version.entry,
                    f"freeze it with `rescind publish {policy.id} {version.version}`, or allow drafts",
                )


def _span(version: Version, zone: dt.tzinfo) -> str:
    start = format_time(version.in_force_from, zone)
    if version.in_force_until is None:
        return f"{version.version} from {start}"
    return f"{version.version} from {start} until {format_time(version.in_force_until, zone)}"
