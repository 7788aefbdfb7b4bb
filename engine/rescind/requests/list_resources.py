"""Lists resources as allowed or not allowed, one after the other, with search and filters.

Only the current row is in memory, whatever the number of rows. A row that cannot be read or decided is not
allowed, and says why; the rows after it are not affected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from rescind.book.engine_facts import NAME, ORDER, PRODUCT_TYPE, PROJECT, PROJECTS_ENABLED, REGION, RESOURCE
from rescind.book.words import CANCELLABLE, Outcome
from rescind.deciding.decide_case import CaseDecider, rows_of
from rescind.deciding.decision import Decision
from rescind.problems.exceptions import EngineError, FactsError, RequestError
from rescind.problems.problem import Location, Problem
from rescind.requests.place_order import refusals
from rescind.values.decimals import UnitError
from rescind.values.money import format_money
from rescind.values.types import ABSENT
from rescind.values.value_readers import describe

__all__ = ["COLUMNS", "Filters", "Listed", "listed"]


# What a row shows of its resource, and the fact that this is taken from.
COLUMNS = {
    "resource": RESOURCE,
    "name": NAME,
    "order": ORDER,
    "product_type": PRODUCT_TYPE,
    "region": REGION,
    "enterprise_project": PROJECT,
}
_PATHS = tuple((column, tuple(name.split("."))) for column, name in COLUMNS.items())


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for. `search` is part of a name, in any case, or a whole order number or resource id.

    Each of the other filters keeps the resources that have one of its values; an empty filter keeps all.
    """

    search: str = ""
    product_types: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    enterprise_projects: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listed:
    """One row, counted from 1: what the resource is, and the decision; or the problems that keep it from being
    decided.

    `about` holds those of `COLUMNS` that the row gives as texts.
    """

    row: int
    about: Mapping[str, str]
    decision: Decision | None
    problems: tuple[Problem, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the resource can go, with or without a review."""
        return self.decision is not None and self.outcome in CANCELLABLE

    @property
    def outcome(self) -> str:
        """The outcome of the decision, or `error`."""
        return self.decision.outcome if self.decision else "error"

    def reasons(self) -> list[str]:
        """Why not; empty for what is allowed."""
        if self.decision is None:
            return [f"{problem.message} ({problem.code})" for problem in self.problems]
        return [why for why, _ in refusals(self.decision)]

    def to_dict(self) -> dict[str, Any]:
        """The row as plain data, `rescind/listed/1`."""
        result: dict[str, Any] = {
            "row": self.row,
            **self.about,
            "allowed": self.allowed,
            "outcome": self.outcome,
        }
        if self.decision:
            result |= _decided(self.decision)
        else:
            result["problems"] = [_plain(problem) for problem in self.problems]
        return result


def _decided(decision: Decision) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if decision.version:
        result["policy"] = {"id": decision.version.policy, "version": decision.version.version}
    if decision.settlement:
        result["refund"] = format_money(decision.settlement.total, decision.settlement.currency)
    if decision.reviews:
        result["reviews"] = [
            {"id": reviewed.review.id, "by": reviewed.review.by, "on_timeout": reviewed.review.on_timeout}
            for reviewed in decision.reviews
        ]
    if decision.blockers:
        result["blockers"] = [
            {"id": blocked.id, "message": blocked.blocker.message}
            | ({"remedy": blocked.blocker.remedy} if blocked.blocker.remedy else {})
            for blocked in decision.blockers
        ]
    if decision.outcome == Outcome.NOT_APPLICABLE:
        result["not_applied"] = [
            {
                "policy": tried.policy,
                "version": tried.version,
                "because": [reason.name for reason in tried.because],
            }
            for tried in decision.not_applied
        ]
    return result


def _plain(problem: Problem) -> dict[str, str]:
    row = {"code": problem.code, "path": str(problem.location), "message": problem.message}
    return row | ({"hint": problem.hint} if problem.hint else {})


def listed(
    decider: CaseDecider, rows: Iterable[object], at: int, filters: Filters | None = None
) -> Iterator[Listed]:
    """Every row that passes the filters, in order. Raises `RequestError` where a filter or the rows cannot be used."""
    if filters is not None:
        _check(filters)
    matches = _Matcher(decider, filters) if filters is not None else None
    try:
        cases = rows_of(rows)
    except UnitError as error:
        raise RequestError(problems=[Problem("R1014", str(error), Location("rows"), error.hint)]) from None
    return _listed(decider, cases, at, matches)


def _check(filters: object) -> None:
    """Raises `RequestError` where filters are not what they are declared to be."""
    if not isinstance(filters, Filters):
        raise _unusable(f"expected `Filters`, found {describe(filters)}", "filters")
    if not isinstance(filters.search, str):
        raise _unusable(f"expected a text to search for, found {describe(filters.search)}", "search")
    sets: dict[str, object] = {
        "product-type": filters.product_types,
        "region": filters.regions,
        "enterprise-project": filters.enterprise_projects,
    }
    for place, values in sets.items():
        if not isinstance(values, AbstractSet) or not all(isinstance(value, str) for value in values):
            raise _unusable(f"expected a set of texts, found {describe(values)}", place)


def _unusable(message: str, place: str) -> RequestError:
    return RequestError(problems=[Problem("R1020", message, Location(place))])


def _listed(
    decider: CaseDecider, rows: Iterable[object], at: int, matches: _Matcher | None
) -> Iterator[Listed]:
    for row, facts in enumerate(rows, 1):
        about = _about(facts)
        if matches and not isinstance(facts, FactsError) and not matches(facts, about):
            continue
        try:
            if isinstance(facts, FactsError):
                raise facts
            yield Listed(row, about, decider.decide(decider.read(facts, at), at))
        except FactsError as error:
            yield Listed(row, about, None, error.problems)
        except EngineError as error:
            yield Listed(row, about, None, (Problem("R0990", str(error), Location("facts")),))


def _about(facts: object) -> dict[str, str]:
    return {column: value for column, path in _PATHS if isinstance(value := _raw(facts, path), str)}


def _raw(facts: object, path: Sequence[str]) -> object:
    """A fact as the caller sent it; `ABSENT` where it is not there."""
    for part in path:
        if not isinstance(facts, dict) and not isinstance(
            facts, Mapping
        ):  # the first is the common case, and quick
            return ABSENT
        facts = facts.get(part, ABSENT)
    return facts


class _Matcher:
    """Whether a row passes the filters. A row without the fact that a filter asks about does not pass."""

    def __init__(self, decider: CaseDecider, filters: Filters) -> None:
        self._search = filters.search
        self._part = filters.search.casefold()
        wanted = {
            "product_type": filters.product_types,
            "region": filters.regions,
            "enterprise_project": filters.enterprise_projects,
        }
        self._wanted = [(column, values) for column, values in wanted.items() if values]
        for column, _ in self._wanted:
            _known(decider, COLUMNS[column])
        self._by_project = bool(filters.enterprise_projects)
        if self._by_project:
            fact = _known(decider, PROJECTS_ENABLED)
            self._enabled_by_default = fact.default is True

    def __call__(self, facts: object, about: Mapping[str, str]) -> bool:
        if self._by_project:
            self._demand_projects(facts)
        if any(about.get(column) not in values for column, values in self._wanted):
            return False
        if not self._search:
            return True
        exact = self._search in (about.get("order"), about.get("resource"))
        return exact or self._part in about.get("name", "").casefold()

    def _demand_projects(self, facts: object) -> None:
        """Enterprise projects tell resources apart only where the account has them switched on."""
        enabled = _raw(facts, PROJECTS_ENABLED.split("."))
        if enabled is True or (enabled is ABSENT and self._enabled_by_default):
            return
        account = _raw(facts, ("account", "id"))
        whose = f" `{account[:60]}`" if isinstance(account, str) else ""
        message = (
            f"the account{whose} has enterprise project management switched off, so it has none to filter by"
        )
        hint = f"leave the filter out, or send `{PROJECTS_ENABLED}: true` where it is switched on"
        raise RequestError(problems=[Problem("R1020", message, Location("enterprise-project"), hint)])


def _known(decider: CaseDecider, name: str) -> Any:
    fact = decider.vocabulary.facts.get(name)
    if fact is None:
        message = f"the book has no fact `{name}` to filter by"
        raise RequestError(problems=[Problem("R1020", message, Location(name))])
    return fact
