"""Counters that one request would draw from more than once.

A fact with `counter: true` says how often something was granted already. Each line of a request is decided with the
count from before the request, so that two lines would both get what is left for one. Until the language can share out
what is left, a request is refused where one of its lines draws from a counter and another depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rescind.deciding.decide_case import CaseDecider
from rescind.deciding.decision import NotApplied
from rescind.matching.evaluation_passes import names_in_value
from rescind.problems.problem import Problem
from rescind.problems.suggestions import all_of
from rescind.requests.rows_to_cases import RequestCase, at_row

__all__ = ["drawn_twice"]


def drawn_twice(decider: CaseDecider, cases: Sequence[RequestCase]) -> list[Problem]:
    """A problem for each counter that several of the accepted cases would draw from."""
    problems = []
    for counter in decider.vocabulary.counters() if len(cases) > 1 else ():
        draw = [_draws(case, counter) for case in cases]
        depend = [
            case for case, draws in zip(cases, draw, strict=True) if draws or _passed_over(case, counter)
        ]
        if any(draw) and len(depend) > 1:
            problems.append(_problem(counter, depend))
    return problems


def _draws(case: RequestCase, counter: str) -> bool:
    """Whether the version that decides a case reads the counter, so that what it grants may be counted."""
    return case.decision.version is not None and counter in case.decision.version.facts


def _passed_over(case: RequestCase, counter: str) -> bool:
    """Whether a policy before the one that decides was passed over because of the counter."""
    return any(_failed_by(tried, counter) for tried in case.decision.not_applied)


def _failed_by(tried: NotApplied, counter: str) -> bool:
    names = [reason.name for reason in tried.because]
    values = tried.run.program.values if tried.run else {}
    seen: set[str] = set()
    while names:
        name = names.pop()
        if name not in seen:
            seen.add(name)
            names += names_in_value(values[name]) if name in values else ()
    return counter in seen


def _problem(counter: str, cases: Sequence[RequestCase]) -> Problem:
    names = all_of(case.resource[:60] for case in cases)
    message = (
        f"{len(cases)} resources depend on the counter `{counter}`, and would all find the same: {names}"
    )
    hint = "make a request for each, with the counter as it stands then"
    return Problem("R1013", message, at_row(cases[1].row, counter), hint)
