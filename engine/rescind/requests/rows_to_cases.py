"""From rows to cases: their account, each resource once, their submission time; every problem is reported at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rescind.book.engine_facts import ACCOUNT, NAME, ORDER, RESOURCE, SUBMITTED
from rescind.deciding.decide_case import CaseDecider, rows_of
from rescind.deciding.decision import Decision
from rescind.problems.exceptions import FactsError
from rescind.problems.problem import Location, Problem
from rescind.requests.duplicate_ids import TOLERATED, identity, scripts, unseen
from rescind.values.decimals import UnitError
from rescind.values.times import format_time
from rescind.values.types import ABSENT

__all__ = ["RequestCase", "Selection", "at_row", "row_problems", "select"]

SUBJECT = (RESOURCE, ORDER, ACCOUNT)


@dataclass(frozen=True, slots=True)
class RequestCase:
    """One resource of a request: its row (from 1), its typed facts, and the decision on it."""

    row: int
    values: list[Any]
    resource: str
    order: str
    name: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Read:
    """A row that was read: its typed facts, and whose it is."""

    row: int
    values: list[Any]
    resource: str
    order: str
    account: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The cases of a request, in the order of the rows, all of one account and submitted at one time."""

    account: str
    submitted: int
    cases: tuple[RequestCase, ...]


def at_row(row: int, path: str = "") -> Location:
    """The place of a fact in a row, counted from 1: `row 3: order.amount`."""
    return Location(f"row {row}: {path}" if path else f"row {row}")


def row_problems(row: int, problems: Iterable[Problem]) -> list[Problem]:
    """Problems of one case, placed in its row; those that are placed in another one already stay there."""
    return [
        found
        if found.location.path.startswith("row ")
        else replace(found, location=at_row(row, found.location.path))
        for found in problems
    ]


def select(decider: CaseDecider, rows: Iterable[object], at: int, problems: list[Problem]) -> Selection:
    """Read and decide every row. Bad rows, repeated resources and several accounts are added to `problems`."""
    try:
        cases_given = rows_of(rows)
    except UnitError as error:
        problems.append(Problem("R1014", str(error), Location("rows"), error.hint))
        cases_given = ()
    read = list(_read(decider, cases_given, at, problems))
    if not read and not problems:
        problems.append(Problem("R1001", "no resource is selected", Location("request"), "name at least one"))
    _each_once(read, problems)
    _each_readable(read, problems)
    account = _one_account(read, problems)
    submitted = _one_submission(decider, read, at, problems)
    _submit(decider, read, submitted)
    cases = []
    for each in read:
        try:
            decision = decider.decide(each.values, at)
        except FactsError as error:
            problems += row_problems(each.row, error.problems)
            continue
        name = _text(decider, each.values, NAME)
        cases.append(RequestCase(each.row, each.values, each.resource, each.order, name, decision))
    return Selection(account, submitted, tuple(cases))


def _read(decider: CaseDecider, rows: Iterable[object], at: int, problems: list[Problem]) -> Iterable[_Read]:
    for row, facts in enumerate(rows, 1):
        try:
            if isinstance(facts, FactsError):
                raise facts
            values = decider.read(facts, at)
        except FactsError as error:
            problems += row_problems(row, error.problems)
            continue
        subject = [_text(decider, values, name) for name in SUBJECT]
        if all(subject):
            yield _Read(row, values, *subject)
        else:
            problems += [
                _anonymous(row, name) for name, text in zip(SUBJECT, subject, strict=True) if not text
            ]


def _text(decider: CaseDecider, values: list[Any], name: str) -> str:
    value = decider.fact(values, name)
    return "" if value is ABSENT else str(value)


def _anonymous(row: int, name: str) -> Problem:
    return Problem(
        "R1004",
        f"the fact `{name}` is missing",
        at_row(row, name),
        "a request names the resource, its order and its account",
    )


def _each_once(read: Iterable[_Read], problems: list[Problem]) -> None:
    first: dict[str, _Read] = {}
    for each in read:
        before = first.setdefault(identity(each.resource), each)
        if before is not each:
            problems.append(_again(each, before))


def _again(each: _Read, before: _Read) -> Problem:
    message = f"the resource `{_short(each.resource)}` stands in row {before.row} already"
    if each.resource != before.resource:
        message += f", as `{_short(before.resource)}`"
    return Problem("R1002", message, at_row(each.row, RESOURCE), "send each resource once")


def _each_readable(read: Sequence[_Read], problems: list[Problem]) -> None:
    """Report ids that cannot be told apart by eye: the same resource would be paid back twice."""
    for each in read:
        if char := unseen(each.resource):
            shown = _short(each.resource.replace(char, "␣"))
            message = f"the resource id `{shown}` has a character that cannot be seen, at `␣` {_named(char)}"
            hint = "send the id as it is shown where the resource is kept"
            problems.append(Problem("R1011", message, at_row(each.row, RESOURCE), hint))
    found = scripts(each.resource for each in read)
    own, *foreign = sorted(found, key=lambda script: script not in TOLERATED) or [""]
    problems += [_mixed(own, script, found, read) for script in foreign if script not in TOLERATED]


def _mixed(own: str, script: str, found: Mapping[str, str], read: Sequence[_Read]) -> Problem:
    names = [_short(found[name]) for name in (script, own)]
    beside = f" and {own} letters" if names[0] == names[1] else f", and `{names[1]}` has {own} letters"
    row = next(each.row for each in read if each.resource == found[script])
    message = f"the resource id `{names[0]}` has {script} letters{beside}, which can look alike"
    return Problem("R1012", message, at_row(row, RESOURCE), "write the ids of a request in one script")


def _named(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, 'without a name')}"


def _one_account(read: Iterable[_Read], problems: list[Problem]) -> str:
    """The account of the request. A second one is a problem at the first row that has it."""
    first: dict[str, int] = {}
    for each in read:
        first.setdefault(each.account, each.row)
    names = [_short(name) for name in first]
    for name, row in list(first.items())[1:]:
        message = f"the account is `{_short(name)}`, and `{names[0]}` in the rows before"
        hint = "make a request for each account"
        problems.append(Problem("R1003", message, at_row(row, ACCOUNT), hint))
    return next(iter(first), "")


def _one_submission(decider: CaseDecider, read: Iterable[_Read], at: int, problems: list[Problem]) -> int:
    """When the request was submitted: as its facts say, else at the evaluation time."""
    first: dict[int, int] = {}
    for each in read:
        time = decider.fact(each.values, SUBMITTED)
        if time is not ABSENT:
            first.setdefault(time, each.row)
    times = [format_time(time, decider.zone) for time in first]
    for index, row in list(enumerate(first.values()))[1:]:
        message = f"the request was submitted at {times[index]}, and at {times[0]} in the rows before"
        hint = "what was submitted at different times are different requests"
        problems.append(Problem("R1007", message, at_row(row, SUBMITTED), hint))
    return next(iter(first), at)


def _submit(decider: CaseDecider, read: Iterable[_Read], submitted: int) -> None:
    """Make every case be judged as of the submission of the request."""
    slot = decider.slots.get(SUBMITTED)
    for each in read:
        each.values[-1] = submitted
        if slot is not None:
            each.values[slot] = submitted


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
