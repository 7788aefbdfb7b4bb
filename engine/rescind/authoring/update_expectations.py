"""Expectations rewritten to what is found now, for an author who has judged the differences.

Only what differs is written, and only in the place where it is said: comments and layout stay. What a case does not
mention is not added, except blockers and reviews, which are always compared.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from difflib import unified_diff
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from rescind.authoring.expectations import outcome_of
from rescind.authoring.run_cases import Result
from rescind.authoring.yaml_edits import Source, add_key, replace_file, staged
from rescind.book.model import Value
from rescind.book.words import UNSPECIFIED, Outcome, RequestState
from rescind.deciding.decision import Decision
from rescind.deciding.review_states import RequestStanding
from rescind.deciding.settle import Settlement
from rescind.problems.problem import Location
from rescind.source import plain_scalars
from rescind.source.yaml_writer import flow
from rescind.values.decimals import UnitError, parse_decimal
from rescind.values.durations import format_duration, parse_duration
from rescind.values.money import format_money, parse_figure
from rescind.values.times import format_time, parse_date_or_time
from rescind.values.types import Kind
from rescind.values.value_readers import plain

__all__ = ["UpdatedSuite", "bless"]

Found = dict[str, Any]
ALWAYS_SAID = ("blockers", "reviews")
IMPOSSIBLE: Mapping[str, frozenset[str]] = {
    Outcome.ALLOWED: frozenset(),
    Outcome.REVIEW_REQUIRED: frozenset(),
    Outcome.BLOCKED: frozenset({"reviews", "values"}),
    Outcome.NOT_APPLICABLE: frozenset(
        {"blockers", "reviews", "refund", "values", "policy", "version", "state", "states"}
    ),
}


@dataclass(frozen=True, slots=True)
class UpdatedSuite:
    """A suite that was rewritten: the difference as unified diff, and the cases that cannot be rewritten, with why."""

    suite: str
    diff: str
    left: tuple[tuple[str, Location, str], ...]


def bless(folder: Path, results: Iterable[Result]) -> list[UpdatedSuite]:
    """Rewrite the suites of failed cases. Raises `BookError` where a file cannot be edited safely, and leaves it.

    `results` must hold every result of a case of which one failed: what is written speaks for all its versions.
    """
    files: dict[str, list[list[Result]]] = {}
    for _, group in groupby(
        results, key=lambda result: (result.trial.case.suite, result.trial.case.location)
    ):
        same = list(group)
        if not all(result.passed for result in same):
            files.setdefault(same[0].trial.case.suite, []).append(same)
    return [_file(folder, suite, cases) for suite, cases in files.items()]


def _file(folder: Path, suite: str, cases: Iterable[Sequence[Result]]) -> UpdatedSuite:
    old = source = Source.read(folder / suite, suite)
    left = []
    for same in cases:
        edited, why = _case(source, same)
        if why:
            left.append((same[0].trial.case.name, same[0].trial.case.location, why))
        source = edited
    if source.text != old.text:
        with staged(source) as new:
            replace_file(old, new)
    lines = [each.text.splitlines(keepends=True) for each in (old, source)]
    return UpdatedSuite(suite, "".join(unified_diff(lines[0], lines[1], suite, suite)), tuple(left))


def _case(source: Source, results: Sequence[Result]) -> tuple[Source, str]:
    """The file with one case rewritten; or why it cannot be."""
    case = results[0].trial.case
    if case.row is not None:
        return _row(source, results)
    raw = _at(source.data, (*case.path, "expect"))
    given = {"outcome": raw} if isinstance(raw, str) else raw
    found = [_found(given, result) for result in results]
    if why := _disagreement(found, results):
        return source, why
    if isinstance(raw, str):
        return _replaced(source, (*case.path, "expect"), _short(found[0])), ""
    return _merged(source, (*case.path, "expect"), raw, found[0]), ""


def _disagreement(found: Sequence[Found], results: Sequence[Result]) -> str:
    """Why a case cannot speak for all of its versions; "" where they agree."""
    for answer, result in zip(found, results, strict=True):
        if answer != found[0]:
            pair = f"`{results[0].trial.target}` and `{result.trial.target}`"
            return f"{pair} give different answers: split the suite, so that each version has its own expectation"
    return ""


def _short(found: Found) -> Any:
    """An outcome alone as a text; it is left out beside the blockers or reviews that it follows from."""
    rest = {key: value for key, value in found.items() if key != "outcome"}
    return (rest if _follows(rest) == found.get("outcome") else found) if rest else found["outcome"]


def _row(source: Source, results: Sequence[Result]) -> tuple[Source, str]:
    """A row of a table: only its own cells can be rewritten."""
    case = results[0].trial.case
    table = _at(source.data, (*case.path, "table"))
    common = _at(source.data, case.path).get("expect", {})
    common = {"outcome": common} if isinstance(common, str) else common
    cells = table["rows"][case.row]
    said = {
        name: cell for name, cell in zip(table["columns"], cells, strict=True) if name.startswith("expect.")
    }
    given: Found = dict(common)
    for name, cell in said.items():
        if cell is not None:
            given = _placed(given, name.split(".")[1:], cell)
    found = [_found(given, result) for result in results]
    if why := _disagreement(found, results):
        return source, why
    new = {name: _look(found[0], name.split(".")[1:]) for name in said}
    shown: Found = dict(common)
    for name, cell in new.items():
        if cell is not None:
            shown = _placed(shown, name.split(".")[1:], cell)
    if shown != found[0]:
        missing = ", ".join(f"`expect.{key}`" for key in found[0] if shown.get(key) != found[0][key])
        return source, f"the table has no column for it: {missing}"
    for number, name in enumerate(table["columns"]):
        if name in new and new[name] != cells[number]:
            source = _replaced(source, (*case.path, "table", "rows", case.row or 0, number), new[name])
    return source, ""


def _at(data: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        data = data[step]
    return data


def _look(data: Any, path: Sequence[str]) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _placed(tree: Found, path: Sequence[str], value: Any) -> Found:
    head, *rest = path
    below = tree.get(head)
    return {**tree, head: _placed(below if isinstance(below, dict) else {}, rest, value) if rest else value}


# Editing.


def _merged(source: Source, path: tuple[str | int, ...], old: Any, new: Any) -> Source:
    """The value at a path made to say `new`, part by part where both are mappings."""
    if old == new:
        return source
    if not isinstance(old, dict) or not isinstance(new, dict) or not old.keys() <= new.keys():
        return _replaced(source, path, new)
    for key, value in new.items():
        if key in old:
            source = _merged(source, (*path, key), old[key], value)
        else:
            source = add_key(source, path, key, flow(value))
    return source


def _replaced(source: Source, path: tuple[str | int, ...], value: Any) -> Source:
    """The value at a path replaced, on one line."""
    node = source.node(path)
    start, end = node.start_mark.index, node.end_mark.index
    text = flow(value)
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        before = source.text.removeprefix("\ufeff")[:start].rstrip()
        return source.edited(len(before), _end_of(node), f" {text}")
    return source.edited(start, end, text)


def _end_of(node: yaml.Node) -> int:
    """Where the last thing in a block ends; comments behind it stay."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


# What is found, as an expectation says it.


def _found(given: Mapping[str, Any], result: Result) -> Found:
    """What came out, with the parts that the case mentions and those that are always compared."""
    decision = result.decision
    if decision is None:
        return {"error": {problem.location.path: problem.code for problem in result.problems}}
    parts = _Parts(given, decision, dict(_states(result)))
    never = IMPOSSIBLE[decision.outcome]
    found: Found = {}
    for key in dict.fromkeys((*given, *ALWAYS_SAID)):
        value = None if key in never or key == "error" else parts.of(key)
        if value is not None and (key in given or value):
            found[key] = value
    if "outcome" not in found and decision.outcome != _follows(found):
        found = {"outcome": decision.outcome, **found}
    return _kept(given, found, decision.zone) if found else {"outcome": decision.outcome}


def _kept(old: Any, new: Any, zone: dt.tzinfo) -> Any:
    """What is found, spelt as it was where that means the same: `91 EUR` is `91.00 EUR`."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: _kept(old.get(key), value, zone) for key, value in new.items()}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_kept(one, other, zone) for one, other in zip(old, new, strict=True)]
    return old if old is not None and _meaning(old, zone) == _meaning(new, zone) else new


def _meaning(value: Any, zone: dt.tzinfo) -> Any:
    """An amount, time, duration or number as such; any other value as it is."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return value
    for read in (parse_figure, lambda each: parse_date_or_time(each, zone), parse_duration, parse_decimal):
        with suppress(UnitError):
            return read(text)
    return text


def _follows(found: Found) -> str:
    return str(outcome_of(found.get("blockers", ()), found.get("reviews", ())))


def _states(result: Result) -> Iterable[tuple[int | None, RequestStanding | None]]:
    return ((state.at, found) for state, found in result.states)


def _as_data(value: Any, kind: Kind) -> Any:
    """A value as an author writes it: a number without quotes, where YAML has one with these digits."""
    if kind not in {Kind.NUMBER, Kind.INTEGER}:
        return value
    read = plain_scalars.plain(str(value))
    return str(value) if read.code else read.value


class _Parts:
    """The parts of a decision as expectations name them."""

    def __init__(
        self,
        given: Mapping[str, Any],
        decision: Decision,
        states: Mapping[int | None, RequestStanding | None],
    ) -> None:
        self._given = given
        self._decision = decision
        self._states = states

    def of(self, key: str) -> Any:
        decision = self._decision
        match key:
            case "outcome":
                return decision.outcome
            case "policy" | "version":
                return getattr(decision.version, key) if decision.version else None
            case "path":
                return [tried.policy for tried in decision.not_applied]
            case "blockers":
                return [blocked.id for blocked in decision.blockers]
            case "reviews":
                return self._reviews()
            case "refund":
                return self._refund(decision.settlement)
            case "values":
                return self._values()
            case _:
                return self._request(key)

    def _reviews(self) -> Any:
        given = self._given.get("reviews", [])
        if isinstance(given, list):
            return [reviewed.id for reviewed in self._decision.reviews]
        return {
            each.id: self._review(each, given.get(each.id, {"by": ""})) for each in self._decision.reviews
        }

    def _review(self, each: Any, given: Mapping[str, Any]) -> Found:
        within = each.review.within
        parts = {
            "by": each.review.by,
            "within": format_duration(within) if within else UNSPECIFIED,
            "on_timeout": str(each.review.on_timeout),
            "deadline": self._time(each.due),
        }
        return {key: parts[key] for key in given if parts[key] is not None}

    def _time(self, micros: int | None) -> str | None:
        return None if micros is None else format_time(micros, self._decision.zone)

    def _refund(self, settled: Settlement | None) -> Any:
        given = self._given.get("refund", "")
        if settled is None:
            return "none"
        total = format_money(settled.total, settled.currency)
        if isinstance(given, str):
            return total
        parts: Found = {"total": total, "terms": settled.term.id}
        parts["instruments"] = self._instruments(settled, given.get("instruments", {}))
        parts["deductions"] = {
            taken.deduction.name: format_money(taken.taken, settled.currency) for taken in settled.deductions
        }
        return {key: parts[key] for key in given}

    @staticmethod
    def _instruments(settled: Settlement, given: Mapping[str, Any]) -> Found:
        found: Found = {}
        for line in settled.lines:
            old = given.get(line.instrument)
            if isinstance(old, dict):
                found[line.instrument] = {
                    key: line.to if key == "to" else format_money(getattr(line, key), settled.currency)
                    for key in old
                }
            elif old is not None or line.returned:
                found[line.instrument] = format_money(line.returned, settled.currency)
        return found

    def _values(self) -> Found:
        decision = self._decision
        types: dict[str, Value] = {}
        if decision.version:
            types = {value.name: value for value in decision.version.values}
        computed = decision.computed
        return {
            name: _as_data(plain(computed[name], types[name].type, decision.zone), types[name].type.kind)
            for name in self._given.get("values", {})
            if name in computed
        }

    def _request(self, key: str) -> Any:
        now = self._decision.standing
        if key == "states":
            later = [state for at, state in self._states.items() if at is not None]
            rows = zip(self._given.get("states", []), later, strict=False)
            return [self._state(row, state) for row, state in rows]
        if now is None:
            return None
        return now.state if key == "state" else self._time(now.deadline)

    def _state(self, row: Mapping[str, Any], state: RequestStanding | None) -> Found:
        parts = {"at": row["at"], "state": state.state if state else str(RequestState.BLOCKED)}
        deadline = self._time(state.deadline) if state else None
        return parts | ({"deadline": deadline} if "deadline" in row and deadline else {})
