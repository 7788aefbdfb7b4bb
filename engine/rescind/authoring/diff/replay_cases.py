"""The authors' cases decided by both sides of a comparison: which decisions change, and by how much the refund does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rescind.authoring.cases import Case, Target
from rescind.authoring.diff.compared_books import ComparedSide
from rescind.authoring.run_cases import Trial
from rescind.book.model import Book
from rescind.deciding.decision import Decision
from rescind.engine import Engine
from rescind.problems.exceptions import EngineError, FactsError
from rescind.problems.problem import Location, Problem
from rescind.values.money import format_money

__all__ = ["Replayed", "replay"]

Outcome = Decision | tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A case whose decision changes: its name and place, what changes in words, the refund difference ("" if none)."""

    name: str
    at: Location
    changes: tuple[str, ...]
    difference: str

    def to_dict(self) -> dict[str, object]:
        """The change as plain data."""
        return {
            "case": self.name,
            "at": str(self.at),
            "changes": list(self.changes),
            "refund_difference": self.difference or None,
        }


def replay(old: ComparedSide, new: ComparedSide, trials: Iterable[Trial]) -> tuple[int, tuple[Replayed, ...]]:
    """How many cases were decided on both sides, and those that come out otherwise.

    Where books are compared, the version that a case is about decides it, if both books have that version; else the
    one that each book picks. What is the same on all counts is decided once.
    """
    engines = [Engine(side.book, side.definitions) for side in (old, new)]
    cases: dict[str, Trial] = {}
    for trial in trials:
        target = _target(trial, old, new)
        key = json.dumps([str(target), trial.case.at, trial.case.facts], sort_keys=True, default=str)
        cases.setdefault(key, Trial(trial.case, target))
    changed = []
    for case, target in cases.values():
        one, two = (_decide(*pair, case, target) for pair in zip(engines, (old, new), strict=True))
        words = tuple(_changes(one, two))
        if words:
            changed.append(Replayed(case.name, case.location, words, _difference(one, two)))
    return len(cases), tuple(changed)


def _target(trial: Trial, old: ComparedSide, new: ComparedSide) -> Target:
    """What decides a case on both sides; the book where a side is a version, or does not have that of the case."""
    target = trial.target
    known = all(side.version is None and _has(side.book, target) for side in (old, new))
    return target if known else Target()


def _has(book: Book, target: Target) -> bool:
    return any(
        policy.id == target.policy
        and (not target.version or any(version.version == target.version for version in policy.versions))
        for policy in book.policies
    )


def _decide(engine: Engine, side: ComparedSide, case: Case, target: Target) -> Outcome:
    if side.version is not None:
        target = Target(side.version.policy, side.version.version)
    try:
        return engine.decide(
            case.facts, at=case.at, policy=target.policy or None, version=target.version or None
        )
    except FactsError as error:
        return error.problems
    except EngineError as error:
        return (Problem("R0990", str(error), Location("facts")),)


def _changes(old: Outcome, new: Outcome) -> Iterable[str]:
    if not isinstance(old, Decision) or not isinstance(new, Decision):
        words = [_refused(each) for each in (old, new)]
        if words[0] != words[1]:
            yield f"{words[0]}, now {words[1]}"
        return
    if old.outcome != new.outcome:
        yield f"{_plain(old.outcome)}, now {_plain(new.outcome)}"
    for word, gone, come in (
        ("blocked by", [each.id for each in old.blockers], [each.id for each in new.blockers]),
        ("reviewed for", [each.id for each in old.reviews], [each.id for each in new.reviews]),
    ):
        yield from (f"no longer {word} `{name}`" for name in gone if name not in come)
        yield from (f"now {word} `{name}`" for name in come if name not in gone)
    before, after = _lines(old), _lines(new)
    if before is not None and after is not None:
        yield from _moved(before, after)


def _refused(outcome: Outcome) -> str:
    if isinstance(outcome, Decision):
        return _plain(outcome.outcome)
    return "not decided: " + "; ".join(f"{each.location} {each.message}" for each in outcome[:3])


def _plain(outcome: str) -> str:
    return outcome.replace("_", " ")


def _lines(decision: Decision) -> dict[str, tuple[int, str]] | None:
    """What is returned of each instrument, and its currency; None without a refund."""
    if decision.settlement is None:
        return None
    return {
        line.instrument: (line.returned, decision.settlement.currency) for line in decision.settlement.lines
    }


def _moved(old: Mapping[str, tuple[int, str]], new: Mapping[str, tuple[int, str]]) -> Iterable[str]:
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before != after and ((before and before[0]) or (after and after[0])):
            words = [format_money(*each) if each else "nothing" for each in (before, after)]
            yield f"`{name}` returns {words[1]}, no longer {words[0]}"


def _difference(old: Outcome, new: Outcome) -> str:
    """How much more or less is paid back; "" where it is the same, or where the currencies differ."""
    totals = [_total(each) for each in (old, new)]
    currencies = {currency for _, currency in totals if currency}
    if len(currencies) != 1 or totals[0][0] == totals[1][0]:
        return ""
    moved = totals[1][0] - totals[0][0]
    return f"{'+' if moved > 0 else ''}{format_money(moved, currencies.pop())}"


def _total(outcome: Outcome) -> tuple[int, str]:
    if not isinstance(outcome, Decision) or outcome.settlement is None:
        return 0, ""
    return int(outcome.settlement.total), outcome.settlement.currency
