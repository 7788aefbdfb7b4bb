"""Suites found beside their versions, and their cases decided.

A trial is a case and what decides it: a case of a suite about three versions is three trials. Problems of a suite do
not stop the other suites; they are located, and the run counts as failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from rescind.authoring.cases import Case, Suite, Target, read_suite
from rescind.authoring.expectations import ExpectedState
from rescind.authoring.mismatches import Difference, compare, refused
from rescind.book.model import Book, Version
from rescind.deciding.decision import Decision
from rescind.deciding.evaluation import Evaluation, evaluate
from rescind.deciding.review_states import RequestStanding
from rescind.engine import Engine
from rescind.problems.exceptions import EngineError, FactsError
from rescind.problems.problem import Location, Problem, Problems
from rescind.source.read_source import read_file

__all__ = [
    "Result",
    "Trial",
    "VersionReached",
    "matching",
    "passes",
    "read_suites",
    "run_trial",
    "run_trials",
    "suite_files",
    "trials_of",
    "versions_reached",
    "with_siblings",
]

FOLDER = "tests"


class Trial(NamedTuple):
    """A case and what decides it."""

    case: Case
    target: Target

    @property
    def name(self) -> str:
        """The case, with what decides it where there is more than one."""
        return f"{self.case.name} [{self.target}]" if len(self.case.targets) > 1 else self.case.name


class VersionReached(NamedTuple):
    """A version that a trial reached: the one that decided, or one that did not apply."""

    version: Version
    run: Evaluation
    decided: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a trial. `decision` is None where the facts were refused; `problems` say why."""

    trial: Trial
    differences: tuple[Difference, ...]
    decision: Decision | None
    problems: tuple[Problem, ...] = ()
    states: tuple[tuple[ExpectedState, RequestStanding | None], ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.differences


def suite_files(book: Book, folder: Path) -> list[Path]:
    """The suites of a book in `folder`: every YAML file in `tests/` beside a version, in the order of the book."""
    places = dict.fromkeys(
        folder / Path(version.path).parent / FOLDER for policy in book.policies for version in policy.versions
    )
    return [
        path for place in places for path in sorted(place.glob("*.y*ml")) if path.suffix in (".yaml", ".yml")
    ]


def read_suites(paths: Iterable[Path], folder: Path, book: Book, problems: Problems) -> list[Suite]:
    """The suites in some files, named as seen from `folder`. Every problem found is added."""
    suites = []
    for path in paths:
        shown = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
        found = Problems()
        document = read_file(path, shown, found)
        problems.extend(found)
        suite = read_suite(document, book, problems) if document and not found.errors else None
        if suite:
            suites.append(suite)
    return suites


def trials_of(suites: Iterable[Suite]) -> list[Trial]:
    """Every trial, in the order of the files."""
    return [Trial(case, target) for suite in suites for case in suite.cases for target in case.targets]


def matching(trials: Iterable[Trial], words: str) -> list[Trial]:
    """The trials whose file, name and target hold every one of some words, whatever the case of letters."""
    wanted = words.lower().split()
    return [
        trial
        for trial in trials
        if all(word in f"{trial.case.suite} {trial.case.name} {trial.target}".lower() for word in wanted)
    ]


def with_siblings(trials: Iterable[Trial], chosen: Iterable[Trial]) -> list[Trial]:
    """Of some trials those whose case was chosen, whatever decides them."""
    wanted = {(trial.case.suite, trial.case.location) for trial in chosen}
    return [trial for trial in trials if (trial.case.suite, trial.case.location) in wanted]


def run_trials(
    engine: Engine,
    trials: Iterable[Trial],
    *,
    fail_fast: bool = False,
    after: Callable[[Result], None] | None = None,
) -> list[Result]:
    """Decide the trials; `after` sees each result. With `fail_fast` the first failure is the last result."""
    results = []
    for trial in trials:
        result = run_trial(engine, trial)
        results.append(result)
        if after:
            after(result)
        if fail_fast and not result.passed:
            break
    return results


def run_trial(engine: Engine, trial: Trial) -> Result:
    """Decide one trial and compare."""
    started = time.perf_counter()
    result = _tried(engine, trial)
    return replace(result, seconds=time.perf_counter() - started)


def passes(engine: Engine, trial: Trial) -> bool:
    """Whether a trial comes out as expected."""
    return _tried(engine, trial).passed


def _tried(engine: Engine, trial: Trial) -> Result:
    case, expected = trial.case, trial.case.expected
    try:
        decision = _decide(engine, trial, case.at)
        states = tuple((state, _state_at(engine, trial, state, decision)) for state in expected.states)
    except FactsError as error:
        return Result(trial, tuple(refused(expected, error.problems)), None, error.problems)
    except EngineError as error:
        problem = Problem("R0990", str(error), Location("facts"))
        return Result(trial, (Difference("outcome", expected.outcome, str(error)),), None, (problem,))
    return Result(trial, tuple(compare(expected, decision, states)), decision, (), states)


def _decide(engine: Engine, trial: Trial, at: int) -> Decision:
    target = trial.target
    return engine.decide(
        trial.case.facts, at=at, policy=target.policy or None, version=target.version or None
    )


def _state_at(
    engine: Engine, trial: Trial, state: ExpectedState, decision: Decision
) -> RequestStanding | None:
    if state.at is None or state.at == trial.case.at:
        return decision.standing
    return _decide(engine, trial, state.at).standing


def versions_reached(engine: Engine, result: Result) -> Iterator[VersionReached]:
    """The versions that a trial reached, each with the state of its conditions."""
    decision = result.decision
    if decision is None:
        return
    asked = [
        tried for tried in decision.not_applied if tried.run
    ]  # the others had no version in force: nothing to ask
    if asked:
        values = engine.typed(result.trial.case.facts, at=result.trial.case.at)
        for tried in asked:
            program = engine.program(tried.policy, tried.version)
            yield VersionReached(program.version, evaluate(program, values), decided=False)
    if decision.version and decision.run:
        yield VersionReached(decision.version, decision.run, decided=True)
