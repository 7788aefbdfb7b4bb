"""What an evaluation had to say, for a decision that travels to another process without the program behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from rescind.deciding.derivation import Step, working
from rescind.deciding.evaluation import Evaluation, Reason
from rescind.deciding.settle import Settlement

__all__ = ["RecordedEvaluation", "recorded", "steps_of"]


class _Record(NamedTuple):
    """By condition its reasons, those of all its branches, and its branch; the values; the working."""

    because: Mapping[str, tuple[Reason, ...]]
    because_all: Mapping[str, tuple[Reason, ...]]
    branches: Mapping[str, int | None]
    computed: Mapping[str, Any]
    steps: tuple[Step, ...]


class RecordedEvaluation(Evaluation):
    """An evaluation that answers what a decision shows of it, and nothing else: it has no program and no facts."""

    __slots__ = ("record",)

    def __init__(self, record: _Record) -> None:  # it takes the place of what the other one computes from
        self.record = record

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a decision that was pickled keeps its reasons and figures, and no `{name}`")

    def __reduce__(self) -> tuple[Any, ...]:
        return RecordedEvaluation, (self.record,)

    def because(self, unit: str) -> tuple[Reason, ...]:
        """What made a condition hold."""
        return self.record.because.get(unit, ())

    def because_all(self, unit: str) -> tuple[Reason, ...]:
        """The comparisons of every branch of a condition that held."""
        return self.record.because_all.get(unit, ())

    def branch(self, unit: str) -> int | None:
        """Which branch of a condition held."""
        return self.record.branches.get(unit)

    def computed(self) -> dict[str, Any]:
        """The values that the decision needed, in the order of the policy."""
        return dict(self.record.computed)


def recorded(run: Evaluation, settlement: Settlement | None) -> RecordedEvaluation:
    """An evaluation with all that a decision shows of it, and no way to ask for more."""
    if isinstance(run, RecordedEvaluation):
        return run
    units = tuple(run.fired)
    steps = working(run, settlement)
    return RecordedEvaluation(
        _Record(
            {unit: run.because(unit) for unit in units},
            {unit: run.because_all(unit) for unit in units},
            {unit: run.branch(unit) for unit in units},
            run.computed(),
            steps,
        )
    )


def steps_of(run: Evaluation, settlement: Settlement | None) -> tuple[Step, ...]:
    """The working, as it was recorded or made now."""
    return run.record.steps if isinstance(run, RecordedEvaluation) else working(run, settlement)
