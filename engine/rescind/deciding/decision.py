"""The decision and its parts, and the plain data that `rescind/decision/2` and `rescind/decision/1` promise.

The parts keep minor units and microseconds, as the engine counts them. Text and typed results are made on request.
Keys come in a fixed order and lists in the order of the policy file, so the same facts, time and book give the same
bytes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from rescind.book.model import Blocker, Review, Version
from rescind.book.rules_of_version import DOES_NOT_APPLY, blocker_name, review_name
from rescind.book.words import UNSPECIFIED, LineColumn, Outcome, ReviewScope
from rescind.deciding.decision_forms import CURRENT, FORMS, Form
from rescind.deciding.derivation import Step
from rescind.deciding.evaluation import Evaluation, Reason
from rescind.deciding.recorded_evaluation import (
    flag_steps,
    open_blockers_of,
    recorded,
    steps_of,
    unknown_values_of,
    why_unknown_of,
)
from rescind.deciding.review_states import RequestStanding
from rescind.deciding.settle import Settlement
from rescind.deciding.settled_part import hash_of, settled_part
from rescind.deciding.typed_results import (
    RefundResult,
    RequestResult,
    instant,
    python_value,
    refund_result,
    request_result,
)
from rescind.problems.problem import Problem
from rescind.problems.suggestions import one_of
from rescind.values.durations import format_duration
from rescind.values.money import format_money
from rescind.values.times import format_time
from rescind.values.types import Type

__all__ = ["Blocked", "Decision", "NotApplied", "Reviewed", "Undetermined"]

COLUMNS = tuple(map(str, LineColumn))


class Blocked(NamedTuple):
    """A blocker that matched, and what made it match."""

    blocker: Blocker
    run: Evaluation

    def __repr__(self) -> str:
        return f"Blocked({self.id})"

    @property
    def because(self) -> tuple[Reason, ...]:
        """The comparisons that made it match."""
        return self.run.because(blocker_name(self.blocker))

    @property
    def branch(self) -> int | None:
        """Which branch of the condition they are, counted from 1; None where it has only one."""
        return self.run.branch(blocker_name(self.blocker))

    @property
    def id(self) -> str:
        """The id of the blocker."""
        return self.blocker.id


class Reviewed(NamedTuple):
    """A review that is required, what made it so, and, if a request has been submitted, its deadline.

    `due` is the deadline in microseconds, `zone` the time zone in which times are written.
    """

    review: Review
    run: Evaluation
    due: int | None
    zone: dt.tzinfo

    def __repr__(self) -> str:
        return f"Reviewed({self.id} by {self.review.by})"

    @property
    def deadline(self) -> dt.datetime | None:
        """The last instant at which an answer of its reviewer counts; None without a request or a time limit."""
        return None if self.due is None else instant(self.due, self.zone)

    @property
    def because(self) -> tuple[Reason, ...]:
        """The comparisons that made it required."""
        return self.run.because(review_name(self.review))

    @property
    def branch(self) -> int | None:
        """Which branch of the condition they are, counted from 1; None where it has only one."""
        return self.run.branch(review_name(self.review))

    @property
    def id(self) -> str:
        """The id of the review."""
        return self.review.id


class Undetermined(NamedTuple):
    """A blocker that may or may not match (this is unknown), in a case that another one blocks."""

    blocker: Blocker
    run: Evaluation

    def __repr__(self) -> str:
        return f"Undetermined({self.id})"

    @property
    def why(self) -> tuple[Problem, ...]:
        """What is missing or failed."""
        return why_unknown_of(self.run, blocker_name(self.blocker))

    @property
    def id(self) -> str:
        """The id of the blocker."""
        return self.blocker.id


class NotApplied(NamedTuple):
    """A policy that was tried and does not apply.

    If no version was in force, `version` is "" and `run` is None.
    """

    policy: str
    version: str
    run: Evaluation | None

    def __repr__(self) -> str:
        return f"NotApplied({' '.join(filter(None, (self.policy, self.version)))})"

    @property
    def because(self) -> tuple[Reason, ...]:
        """The conditions that failed, as the policy states them."""
        failed = self.run.because_all(DOES_NOT_APPLY) if self.run else ()
        return tuple(reason._replace(denied=not reason.denied) for reason in failed)


class Decision(NamedTuple):
    """The answer for one case.

    `version` is None when no policy applies. `not_applied` lists the policies tried before the one that decided (all of
    them, when none applies). `at`, `settlement` and `standing` are what the engine counted, in microseconds and minor
    units: `decided_at`, `refund` and `request` give them as times and money.
    """

    outcome: Outcome
    version: Version | None
    at: int
    subject: Mapping[str, str]
    blockers: tuple[Blocked, ...]
    reviews: tuple[Reviewed, ...]
    settlement: Settlement | None
    standing: RequestStanding | None
    not_applied: tuple[NotApplied, ...]
    zone: dt.tzinfo
    run: Evaluation | None

    def __repr__(self) -> str:
        shown = [str(self.outcome)]
        if self.version:
            shown.append(f"{self.version.policy} {self.version.version}")
        if self.settlement:
            shown.append(format_money(self.settlement.total, self.settlement.currency))
        shown += [blocked.id for blocked in self.blockers]
        shown += [reviewed.id for reviewed in self.reviews]
        return f"Decision({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the answer with its reasons, without the program and the facts behind it."""
        return _arrived, tuple(self._replace(**self._recorded()))

    def _recorded(self) -> dict[str, Any]:
        units = [blocker_name(blocked.blocker) for blocked in self.blockers]
        units += [review_name(reviewed.review) for reviewed in self.reviews]
        run: Any = recorded(self.run, units, self.settlement) if self.run else None
        tried = [
            each._replace(run=each.run and recorded(each.run, (DOES_NOT_APPLY,), None))
            for each in self.not_applied
        ]
        return {
            "subject": dict(self.subject),
            "blockers": tuple(blocked._replace(run=run) for blocked in self.blockers),
            "reviews": tuple(reviewed._replace(run=run) for reviewed in self.reviews),
            "not_applied": tuple(tried),
            "run": run,
        }

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # nothing in it can be changed

    @property
    def decided_at(self) -> dt.datetime:
        """The evaluation time, in the zone of the book."""
        return instant(self.at, self.zone)

    @property
    def refund(self) -> RefundResult | None:
        """What comes back; None unless the case is allowed or awaits review."""
        return refund_result(self.settlement) if self.settlement else None

    @property
    def request(self) -> RequestResult | None:
        """Where the request stands; None unless the facts say when it was submitted."""
        return request_result(self.standing, self.zone) if self.standing else None

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of the policy that this decision needed, in the order of the policy; times as datetimes."""
        types = self._types()
        return {name: python_value(value, types[name], self.zone) for name, value in self.computed.items()}

    @property
    def computed(self) -> Mapping[str, Any]:
        """The values of the policy that this decision needed, as the engine holds them (`rescind.values.types`)."""
        return self.run.computed() if self.run else {}

    @property
    def undetermined(self) -> tuple[Undetermined, ...]:
        """The blockers of a blocked case that may or may not match, because something is unknown."""
        if self.outcome != Outcome.BLOCKED or self.run is None:
            return ()
        return tuple(Undetermined(each, self.run) for each in open_blockers_of(self.run))

    @property
    def unknown_values(self) -> Mapping[str, tuple[Problem, ...]]:
        """The values that were asked for but are unknown, with why. The answer does not depend on them."""
        return unknown_values_of(self.run) if self.run else {}

    @property
    def working(self) -> tuple[Step, ...]:
        """How each figure came about, in the order of computation."""
        return steps_of(self.run, self.settlement) if self.run else ()

    @property
    def settled(self) -> str:
        """The hash of the settled part, `sha256:…`: two decisions that mean the same have the same hash."""
        return hash_of(self.settled_part())

    def settled_part(self) -> bytes:
        """What was decided, without its wording, as canonical bytes; see `rescind.deciding.settled_part`."""
        blockers = [blocked.id for blocked in self.blockers]
        reviews = [(reviewed.review, reviewed.due) for reviewed in self.reviews]
        return settled_part(self.outcome, self.version, blockers, reviews, self.settlement)

    def to_json(self, schema: str = CURRENT) -> str:
        """`to_dict` as one line of JSON; equal decisions give equal bytes."""
        return json.dumps(self.to_dict(schema), ensure_ascii=False, separators=(", ", ": "))

    def to_dict(self, schema: str = CURRENT) -> dict[str, Any]:
        """The decision as plain data; see `rescind schema decision`.

        `schema="rescind/decision/1"` gives the earlier form, byte for byte. Raises `ValueError` for any other.
        """
        if schema not in FORMS:
            raise ValueError(f"expected {one_of(FORMS)}, found `{schema}`")
        form = FORMS[schema]
        result: dict[str, Any] = {"schema": schema, "outcome": str(self.outcome)}
        if self.version:
            result["policy"] = _policy(self.version)
        result |= {"decided_at": self._time(self.at), "subject": dict(self.subject)}
        if form.grows:
            result["settled"] = self.settled
        result |= {
            "blockers": [self._blocked(blocked, form) for blocked in self.blockers],
            **self._undetermined(),
            "reviews": [self._reviewed(reviewed, form) for reviewed in self.reviews],
            "refund": _refund(self.settlement, form) if self.settlement else None,
        }
        if self.standing:
            result["request"] = self._request(self.standing)
        result["values"] = self._values(form)
        if unknown := self.unknown_values:
            result["unknown_values"] = {name: [*map(_cause, why)] for name, why in unknown.items()}
        if self.not_applied:
            key = "path" if self.version else "failed"
            result[key] = [self._not_applied(tried, form) for tried in self.not_applied]
        if working := self.working:
            result["working"] = form.working(working, self.zone)
        return result

    def _time(self, micros: int) -> str:
        return format_time(micros, self.zone)

    def _blocked(self, blocked: Blocked, form: Form) -> dict[str, Any]:
        blocker = blocked.blocker
        result = {"id": blocker.id, "message": blocker.message}
        if blocker.remedy:
            result["remedy"] = blocker.remedy
        return result | self._why(blocked, form) | {"at": _at(blocker.location)}

    def _undetermined(self) -> dict[str, Any]:
        """The blockers that are unknown, where there are any."""
        rows = [
            {"id": each.id, "why": [*map(_cause, each.why)], "at": _at(each.blocker.location)}
            for each in self.undetermined
        ]
        return {"undetermined": rows} if rows else {}

    def _reviewed(self, reviewed: Reviewed, form: Form) -> dict[str, Any]:
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
        if reviewed.due is not None:
            result["deadline"] = self._time(reviewed.due)
        return result | self._why(reviewed, form) | {"at": _at(review.location)}

    def _why(self, matched: Blocked | Reviewed, form: Form) -> dict[str, Any]:
        """The comparisons that decided and, if the condition has several branches, which branch they are."""
        why: dict[str, Any] = {"because": self._because(matched, form)}
        return why if matched.branch is None else why | {"branch": matched.branch}

    def _because(self, of: Blocked | Reviewed | NotApplied, form: Form) -> list[dict[str, Any]]:
        reasons = of.because
        behind = flag_steps(of.run, reasons) if form.decided_by and of.run else {}
        rows = []
        for reason in reasons:
            row = form.reason(reason, self.zone)
            if form.decided_by and reason.name in behind:
                row |= form.decided_by(behind[reason.name], self.zone)
            if row not in rows:
                rows.append(row)
        return rows

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

    def _types(self) -> dict[str, Type]:
        return {value.name: value.type for value in self.version.values} if self.version else {}

    def _values(self, form: Form) -> dict[str, Any]:
        types = self._types()
        return {name: form.value(value, types[name], self.zone) for name, value in self.computed.items()}

    def _not_applied(self, tried: NotApplied, form: Form) -> dict[str, Any]:
        return {
            "policy": tried.policy,
            "version": tried.version or None,
            "because": self._because(tried, form),
        }


def _arrived(
    outcome: Outcome, version: Version | None, at: int, subject: dict[str, str], *rest: Any
) -> Decision:
    """A decision rebuilt from its pickled form."""
    return Decision(outcome, version, at, MappingProxyType(subject), *rest)


def _refund(settled: Settlement, form: Form) -> dict[str, Any]:
    def money(minor: int | Fraction) -> Any:
        return form.money(minor, settled.currency)

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
                "exact": money(taken.exact),
                "counts_as": str(taken.deduction.column),
                "at": _at(taken.deduction.location),
            }
            for taken in settled.deductions
        ],
        "at": _at(settled.term.location),
    }


def _policy(version: Version) -> dict[str, Any]:
    return {
        "id": version.policy,
        "version": version.version,
        "digest": version.digest,
        "draft": version.draft,
    }


def _cause(problem: Problem) -> dict[str, str]:
    """What is missing or failed: its code, its place in the facts or in the policy, and the message."""
    return {"code": problem.code, "path": problem.location.path, "message": problem.message}


def _at(location: Any) -> str:
    return f"{location.path}:{location.line}"
