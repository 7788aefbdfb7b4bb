"""What an evaluation found, for a decision that is sent to another process without the program behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from rescind.book.model import Blocker
from rescind.book.rules_of_version import blocker_name
from rescind.deciding.derivation import Step, value_step, working
from rescind.deciding.evaluation import Evaluation, Reason
from rescind.deciding.explain_unknown import why_unknown, why_without_value
from rescind.deciding.settle import Settlement
from rescind.problems.problem import Problem
from rescind.values.types import Kind

__all__ = [
    "RecordedEvaluation",
    "flag_steps",
    "open_blockers_of",
    "recorded",
    "steps_of",
    "unknown_values_of",
    "why_unknown_of",
]


class _Record(NamedTuple):
    """For each condition its reasons, those of all branches, and its branch; the values, the working, what is unknown.

    `flags` says how the flags that the policy computes came about, for those among the reasons.
    `open_blockers` may match, `why` says for each condition why that is unknown, and `unknown_values` have no value.
    """

    because: Mapping[str, tuple[tuple[Reason, ...], tuple[Reason, ...], int | None]]
    computed: Mapping[str, Any]
    steps: tuple[Step, ...]
    flags: Mapping[str, Step]
    open_blockers: tuple[Blocker, ...]
    why: Mapping[str, tuple[Problem, ...]]
    unknown_values: Mapping[str, tuple[Problem, ...]]


class RecordedEvaluation(Evaluation):
    """An evaluation that answers what a decision shows of it, and nothing else: it has no program and no facts."""

    __slots__ = ("record",)

    def __init__(self, record: _Record) -> None:  # the record replaces what the base class computes from
        self.record = record

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a decision that was pickled keeps its reasons and figures, and no `{name}`")

    def __reduce__(self) -> tuple[Any, ...]:
        return RecordedEvaluation, (self.record,)

    def because(self, unit: str) -> tuple[Reason, ...]:
        """What made a condition hold."""
        return self.record.because[unit][0]

    def because_all(self, unit: str) -> tuple[Reason, ...]:
        """The comparisons of every branch of a condition that held."""
        return self.record.because[unit][1]

    def branch(self, unit: str) -> int | None:
        """Which branch of a condition held."""
        return self.record.because[unit][2]

    def computed(self) -> dict[str, Any]:
        """The values that the decision needed, in the order of the policy."""
        return dict(self.record.computed)


def recorded(run: Evaluation, units: Iterable[str], settlement: Settlement | None) -> RecordedEvaluation:
    """An evaluation reduced to what a decision shows: some reasons, the values, the working, what is unknown."""
    if isinstance(run, RecordedEvaluation):
        return run
    because = {unit: (run.because(unit), run.because_all(unit), run.branch(unit)) for unit in units}
    flags = flag_steps(run, [reason for _, reasons, _ in because.values() for reason in reasons])
    blockers = open_blockers_of(run) if run.verdict.blocked else ()
    why = {blocker_name(blocker): why_unknown(run, blocker_name(blocker)) for blocker in blockers}
    steps = working(run, settlement)
    return RecordedEvaluation(
        _Record(because, run.computed(), steps, flags, blockers, why, unknown_values_of(run))
    )


def steps_of(run: Evaluation, settlement: Settlement | None) -> tuple[Step, ...]:
    """The working, either as recorded or made now."""
    return run.record.steps if isinstance(run, RecordedEvaluation) else working(run, settlement)


def flag_steps(run: Evaluation, reasons: Iterable[Reason]) -> dict[str, Step]:
    """How the flags that the policy computes came about, for those among the reasons."""
    flags = {reason.name: reason.value for reason in reasons if reason.type.kind is Kind.FLAG}
    if isinstance(run, RecordedEvaluation):
        return {name: step for name, step in run.record.flags.items() if name in flags}
    known = flags.keys() & run.program.values.keys() if flags else ()
    return {name: value_step(run, name, flags[name]) for name in known if flags[name] is not None}


def open_blockers_of(run: Evaluation) -> tuple[Blocker, ...]:
    """The blockers that may or may not match, because something is unknown."""
    if isinstance(run, RecordedEvaluation):
        return run.record.open_blockers
    unknown = run.verdict.open_blockers
    return tuple(each for each in run.program.version.blockers if blocker_name(each) in unknown)


def why_unknown_of(run: Evaluation, unit: str) -> tuple[Problem, ...]:
    """Why a condition is unknown."""
    return run.record.why[unit] if isinstance(run, RecordedEvaluation) else why_unknown(run, unit)


def unknown_values_of(run: Evaluation) -> Mapping[str, tuple[Problem, ...]]:
    """The values that were needed but are unknown, with why."""
    if isinstance(run, RecordedEvaluation):
        return run.record.unknown_values
    return {name: why_without_value(run, name) for name in run.without_value()}
