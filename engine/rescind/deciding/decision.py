"""The decision and its parts, and the plain data that `rescind/decision/1` promises.

The parts keep typed values; text is made only in `to_dict`. Keys come in a fixed order and lists in the order of the
policy file, so the same facts, time and book give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from rescind.book.model import Blocker, Review, Version
from rescind.book.rules_of_version import DOES_NOT_APPLY, blocker_name, review_name
from rescind.book.words import UNSPECIFIED, LineColumn, Outcome, ReviewScope
from rescind.deciding.derivation import Step, working
from rescind.deciding.evaluation import Evaluation, Reason
from rescind.deciding.explain_unknown import why_unknown, why_without_value
from rescind.deciding.review_states import RequestStanding
from rescind.deciding.settle import Settlement
from rescind.problems.problem import Problem
from rescind.values.convert import plain
from rescind.values.units import format_duration, format_money, format_time

__all__ = ["Blocked", "Decision", "NotApplied", "Reviewed", "Undetermined"]

SCHEMA = "rescind/decision/1"
COLUMNS = tuple(map(str, LineColumn))


class Blocked(NamedTuple):
    """A blocker that matched, and what made it match."""

    blocker: Blocker
    run: Evaluation

    @property
    def because(self) -> tuple[Reason, ...]:
        """The comparisons that made it match."""
        return self.run.because(blocker_name(self.blocker))

    @property
    def branch(self) -> int | None:
        """Which branch of the condition they are, counted from 1; None where it has but one."""
        return self.run.branch(blocker_name(self.blocker))

    @property
    def id(self) -> str:
        """The id of the blocker."""
        return self.blocker.id


class Reviewed(NamedTuple):
    """A review that is required, what made it so, and its deadline where a request has been submitted."""

    review: Review
    run: Evaluation
    deadline: int | None

    @property
    def because(self) -> tuple[Reason, ...]:
        """The comparisons that made it required."""
        return self.run.because(review_name(self.review))

    @property
    def branch(self) -> int | None:
        """Which branch of the condition they are, counted from 1; None where it has but one."""
        return self.run.branch(review_name(self.review))

    @property
    def id(self) -> str:
        """The id of the review."""
        return self.review.id


class Undetermined(NamedTuple):
    """A blocker of which it is unknown whether it matches, in a case that another one blocks."""

    blocker: Blocker
    run: Evaluation

    @property
    def why(self) -> tuple[Problem, ...]:
        """What is missing or failed."""
        return why_unknown(self.run, blocker_name(self.blocker))

    @property
    def id(self) -> str:
        """The id of the blocker."""
        return self.blocker.id


class NotApplied(NamedTuple):
    """A policy that was tried and does not apply.

    Where no version was in force `version` is "" and `run` None.
    """

    policy: str
    version: str
    run: Evaluation | None

    @property
    def because(self) -> tuple[Reason, ...]:
        """The conditions that failed, as the policy asks for them."""
        failed = self.run.because_all(DOES_NOT_APPLY) if self.run else ()
        return tuple(reason._replace(denied=not reason.denied) for reason in failed)


class Decision(NamedTuple):
    """The answer for one case.

    `outcome` is an `Outcome` as plain text. `version` is None when no policy applies. `refund` is None unless the case
    is allowed or awaits review. `request` is None unless the facts say when a request was submitted.
    `not_applied` lists the policies tried before the one that decided (all of them, when none applies).
    """

    outcome: str
    version: Version | None
    decided_at: int
    subject: Mapping[str, str]
    blockers: tuple[Blocked, ...]
    reviews: tuple[Reviewed, ...]
    refund: Settlement | None
    request: RequestStanding | None
    not_applied: tuple[NotApplied, ...]
    zone: dt.tzinfo
    run: Evaluation | None

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self._fields if name not in ("zone", "run")}
        return f"Decision({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of the policy that this decision needed, typed, in the order of the policy."""
        return self.run.computed() if self.run else {}

    @property
    def undetermined(self) -> tuple[Undetermined, ...]:
        """The blockers of a blocked case of which it is unknown whether they match."""
        if self.outcome != Outcome.BLOCKED or self.run is None:
            return ()
        run, blockers = self.run, self.run.program.version.blockers
        unknown = run.verdict.open_blockers
        return tuple(Undetermined(each, run) for each in blockers if blocker_name(each) in unknown)

    @property
    def unknown_values(self) -> Mapping[str, tuple[Problem, ...]]:
        """The values that were asked for and have none, with why. The answer does not depend on them."""
        run = self.run
        return {name: why_without_value(run, name) for name in run.without_value()} if run else {}

    @property
    def working(self) -> tuple[Step, ...]:
        """How each figure came about, in the order of computation."""
        return working(self.run, self.refund) if self.run else ()

    def to_json(self) -> str:
        """`to_dict` as one line of JSON; equal decisions give equal bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(", ", ": "))

    def to_dict(self) -> dict[str, Any]:
        """The decision as plain data; see `rescind schema decision`."""
        result: dict[str, Any] = {"schema": SCHEMA, "outcome": self.outcome}
        if self.version:
            result["policy"] = _policy(self.version)
        result |= {
            "decided_at": self._time(self.decided_at),
            "subject": dict(self.subject),
            "blockers": [self._blocked(blocked) for blocked in self.blockers],
            **self._undetermined(),
            "reviews": [self._reviewed(reviewed) for reviewed in self.reviews],
            "refund": self._refund(self.refund) if self.refund else None,
        }
        if self.request:
            result["request"] = self._request(self.request)
        result["values"] = self._values()
        if unknown := self.unknown_values:
            result["unknown_values"] = {name: [*map(_cause, why)] for name, why in unknown.items()}
        if self.not_applied:
            key = "path" if self.version else "failed"
            result[key] = [self._not_applied(tried) for tried in self.not_applied]
        if working := self.working:
            result["working"] = [self._step(step) for step in working]
        return result

    def _time(self, micros: int) -> str:
        return format_time(micros, self.zone)

    def _blocked(self, blocked: Blocked) -> dict[str, Any]:
        blocker = blocked.blocker
        result = {"id": blocker.id, "message": blocker.message}
        if blocker.remedy:
            result["remedy"] = blocker.remedy
        return result | self._why(blocked) | {"at": _at(blocker.location)}

    def _undetermined(self) -> dict[str, Any]:
        """The blockers that are unknown, where there are any."""
        rows = [
            {"id": each.id, "why": [*map(_cause, each.why)], "at": _at(each.blocker.location)}
            for each in self.undetermined
        ]
        return {"undetermined": rows} if rows else {}

    def _reviewed(self, reviewed: Reviewed) -> dict[str, Any]:
        review = reviewed.review
        result: dict[str, Any] = {
            "id": review.id,
            "by": review.by,
            "within": format_duration(review.within) if review.within else UNSPECIFIED,
            "on_timeout": str(review.on_timeout),
        }
        if review.scope is not ReviewScope.ORDER:
            result["scope"] = str(review.scope)
        if review.reason:
            result["reason"] = review.reason
        if reviewed.deadline is not None:
            result["deadline"] = self._time(reviewed.deadline)
        return result | self._why(reviewed) | {"at": _at(review.location)}

    def _why(self, matched: Blocked | Reviewed) -> dict[str, Any]:
        """The comparisons that decided, and which branch of a condition with several they are."""
        why: dict[str, Any] = {"because": self._because(matched.because)}
        return why if matched.branch is None else why | {"branch": matched.branch}

    def _because(self, reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
        rows = [self._reason(reason) for reason in reasons]
        return [row for index, row in enumerate(rows) if row not in rows[:index]]

    def _reason(self, reason: Reason) -> dict[str, Any]:
        needs = f"not: {reason.needs}" if reason.denied else reason.needs
        if reason.against:
            needs += f" ({plain(reason.other, reason.type, self.zone)})"
        return {"fact": reason.name, "is": plain(reason.value, reason.type, self.zone), "needs": needs}

    def _refund(self, settled: Settlement) -> dict[str, Any]:
        def money(minor: int) -> str:
            return format_money(minor, settled.currency)

        lines = []
        for line in settled.lines:
            row = {"instrument": line.instrument}
            row |= {key: money(getattr(line, key)) for key in COLUMNS}
            lines.append(row | ({"to": line.to} if line.to else {}))
        return {
            "terms": settled.term.id,
            "total": money(settled.total),
            "instruments": lines,
            "deductions": [
                {
                    "name": taken.deduction.name,
                    "amount": money(taken.taken),
                    "exact": format_money(taken.exact, settled.currency),
                    "counts_as": str(taken.deduction.column),
                    "at": _at(taken.deduction.location),
                }
                for taken in settled.deductions
            ],
            "at": _at(settled.term.location),
        }

    def _request(self, request: RequestStanding) -> dict[str, Any]:
        result: dict[str, Any] = {"state": request.state}
        if request.deadline is not None:
            result["deadline"] = self._time(request.deadline)
        if request.refused:
            result["refused"] = [
                {
                    "by": refused.word.by,
                    "outcome": refused.word.outcome,
                    "decided_at": self._time(refused.word.decided_at),
                    "why": refused.why,
                }
                for refused in request.refused
            ]
        return result

    def _values(self) -> dict[str, Any]:
        types = {value.name: value.type for value in self.version.values} if self.version else {}
        return {name: plain(value, types[name], self.zone) for name, value in self.values.items()}

    def _not_applied(self, tried: NotApplied) -> dict[str, Any]:
        return {
            "policy": tried.policy,
            "version": tried.version or None,
            "because": self._because(tried.because),
        }

    def _step(self, step: Step) -> dict[str, Any]:
        inputs = {name: plain(value, type_, self.zone) for name, value, type_ in step.inputs}
        result = {
            "name": step.name,
            "formula": step.formula,
            "inputs": inputs,
            "value": plain(step.value, step.type, self.zone),
        }
        if step.rounded:
            result["rounded"] = format_money(*step.rounded)
        return result | {"at": _at(step.at)}


def _policy(version: Version) -> dict[str, Any]:
    return {
        "id": version.policy,
        "version": version.version,
        "digest": version.digest,
        "draft": version.draft,
    }


def _cause(problem: Problem) -> dict[str, str]:
    """What is missing or failed: its code, where in the facts or in the policy, and the words."""
    return {"code": problem.code, "path": problem.location.path, "message": problem.message}


def _at(location: Any) -> str:
    return f"{location.path}:{location.line}"
