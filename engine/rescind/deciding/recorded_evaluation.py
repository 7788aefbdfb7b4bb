"""What an evaluation had to say, for a decision that travels to another process without the program behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from rescind.deciding.derivation import Step, working
from rescind.deciding.evaluation import Evaluation, Reason
from rescind.deciding.settle import Settlement

__all__ = ["RecordedEvaluation", "recorded", "steps_of"]


class _Record(NamedTuple):
    """By condition its reasons, those of all its branches, and its branch; the values; the working."""

    because: Mapping[str, tuple[tuple[Reason, ...], tuple[Reason, ...], int | None]]
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
    """An evaluation with what a decision shows of it: the reasons of some conditions, the values, the working.

    In the order in which a decision is written: a reason may compute a value, which is then among the values.
    """
    if isinstance(run, RecordedEvaluation):
        return run
    because = {unit: (run.because(unit), run.because_all(unit), run.branch(unit)) for unit in units}
    return RecordedEvaluation(_Record(because, run.computed(), working(run, settlement)))


def steps_of(run: Evaluation, settlement: Settlement | None) -> tuple[Step, ...]:
    """The working, as it was recorded or made now."""
    return run.record.steps if isinstance(run, RecordedEvaluation) else working(run, settlement)
