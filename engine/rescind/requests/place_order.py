"""A request: from rows and a reason to an order, or every reason why it cannot be placed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rescind.book.engine_facts import REASON, REVIEWS
from rescind.book.model import BookWords, Version
from rescind.book.words import Outcome
from rescind.deciding.decide_case import CaseDecider
from rescind.deciding.decision import Decision
from rescind.deciding.evaluation import Reason
from rescind.deciding.review_states import ReviewerWord, request_state, words_of
from rescind.problems.exceptions import RequestError
from rescind.problems.problem import Location, Problem
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.requests.counters import drawn_twice
from rescind.requests.goes_together import HeldBack, goes, held_back, unknown_bonds
from rescind.requests.order import LeftOut, Order, OrderLine
from rescind.requests.order_content import DERIVED, number_of
from rescind.requests.order_totals import refunded, totals_of
from rescind.requests.request_sums import with_sums
from rescind.requests.rows_to_cases import RequestCase, Selection, at_row, select
from rescind.values.decimals import UnitError
from rescind.values.times import format_time
from rescind.values.types import ABSENT
from rescind.values.value_readers import describe, read_text

__all__ = ["RequestOptions", "place", "refusals"]

NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", re.ASCII)
# Later than any word that facts can hold, so that a review at this time knows every word.
AFTER_ALL = 2**63


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What a request says besides its rows; None: the reason of the facts, a number made from the content."""

    reason: str | None = None
    number: str | None = None
    all_or_nothing: bool = False
    confirm: bool = False


def place(decider: CaseDecider, rows: Iterable[object], options: RequestOptions, at: int) -> Order:
    """The order for the selected resources. Raises `RequestError` with every problem."""
    problems = _number_problems(options.number)
    if unusable := list(_unusable(options)):
        raise RequestError(problems=[*unusable, *problems])
    selection = select(decider, rows, at, problems)
    cases = selection.cases
    problems += unknown_bonds(decider, cases)
    held = held_back(decider, cases)
    going = [case for case in cases if goes(case) and case.resource not in held]
    reason = _reason(decider, cases, _versions(going or cases), options.reason, problems)
    if cases and (not going or (options.all_or_nothing and len(going) < len(cases))):
        problems += _left_problems(cases, held, options, decider.words)
    elif not problems:
        problems += drawn_twice(decider, going)
        going = with_sums(decider, going, at, problems)
    lines = tuple(_line(decider, case, selection.submitted, at, problems) for case in going)
    if problems:
        raise RequestError(problems=problems)
    order = _order(decider, selection, options, reason, lines, held, at)
    if DERIVED.fullmatch(order.given) and order.given != number_of(order.content):
        raise RequestError(problems=[_taken_number(order)])
    return order


def _order(  # noqa: PLR0913, PLR0917 - the parts of an order
    decider: CaseDecider,
    selection: Selection,
    options: RequestOptions,
    reason: tuple[str, str],
    lines: tuple[OrderLine, ...],
    held: dict[str, HeldBack],
    at: int,
) -> Order:
    left = [case for case in selection.cases if not goes(case) or case.resource in held]
    return Order(
        options.number or "",
        options.confirm,
        selection.account,
        reason,
        selection.submitted,
        at,
        _versions([case for case in selection.cases if goes(case) and case.resource not in held]),
        totals_of(refunded(line.decision.settlement) for line in lines if line.decision.settlement),
        lines,
        tuple(LeftOut(c.order, c.resource, c.name, c.decision, held.get(c.resource)) for c in left),
        decider.zone,
    )


def _unusable(options: RequestOptions) -> Iterator[Problem]:
    """A problem for each option of the wrong type: `confirm="no"` must not confirm anything."""
    if options.reason is not None:
        try:
            read_text(options.reason)
        except UnitError as error:
            yield Problem("R1014", f"the reason: {error}", Location("reason"), error.hint)
    for place, flag in (("confirm", options.confirm), ("all_or_nothing", options.all_or_nothing)):
        if not isinstance(flag, bool):
            message = f"expected `True` or `False` for `{place}`, found {describe(flag)}"
            yield Problem("R1014", message, Location(place))


def _number_problems(number: object) -> list[Problem]:
    if number is None or (isinstance(number, str) and NUMBER.fullmatch(number)):
        return []
    found = describe(number).removeprefix("the text ")
    message = f"expected 1 to 64 letters, digits and `.`, `_`, `/` or `-`, found {found}"
    return [Problem("R1010", message, Location("number"))]


def _taken_number(order: Order) -> Problem:
    """The problem of a number that is made from other content: such a number stands for that content only."""
    message = (
        f"`{order.given}` is the number of another request: numbers of this form are made from the content"
    )
    return Problem(
        "R1010", message, Location("number"), "leave it out, or give the order a number of your own"
    )


def _versions(cases: Sequence[RequestCase]) -> tuple[Version, ...]:
    """The versions that decided, each once, in an order that does not depend on that of the rows."""
    versions = {(v.policy, v.version): v for case in cases if (v := case.decision.version)}
    return tuple(versions[key] for key in sorted(versions))


def _reason(
    decider: CaseDecider,
    cases: Sequence[RequestCase],
    versions: Sequence[Version],
    given: str | None,
    problems: list[Problem],
) -> tuple[str, str]:
    """The reason and its label: one that every version lists, as far as it lists any."""
    reason = _reason_of_facts(decider, cases, problems) if given is None else given
    lists = [version.reasons for version in versions if version.reasons]
    choices = [each for each in (lists[0] if lists else ()) if all(each in reasons for reasons in lists)]
    if not lists or reason in choices:
        return reason, lists[0][reason] if lists else ""
    place = Location("reason" if given is not None or not reason else f"row 1: {REASON}")
    known = (
        f"expected {one_of(choices)}" if choices else "the policies of this request have no reason in common"
    )
    if not reason:
        problems.append(Problem("R1005", "the request has no reason", place, known))
    else:
        message = f"`{reason[:60]}` is not a reason that the policy lists"
        problems.append(Problem("R1006", message, place, did_you_mean(reason, choices) or known))
    return "", ""


def _reason_of_facts(decider: CaseDecider, cases: Sequence[RequestCase], problems: list[Problem]) -> str:
    """The reason that the facts give; "" where they give none."""
    first: dict[str, int] = {}
    for case in cases:
        reason = decider.fact(case.values, REASON)
        if reason is not ABSENT:
            first.setdefault(reason, case.row)
    reasons = list(first)
    for reason in reasons[1:]:
        message = f"the reason is `{reason[:60]}`, and `{reasons[0][:60]}` in the rows before"
        problems.append(Problem("R1007", message, at_row(first[reason], REASON), "a request has one reason"))
    return reasons[0] if reasons else ""


def _left_problems(
    cases: Sequence[RequestCase], held: dict[str, HeldBack], options: RequestOptions, words: BookWords
) -> list[Problem]:
    """Why nothing, or not everything, can be ordered: each resource that stays, with every reason."""
    code = "R1008" if options.all_or_nothing else "R1009"
    return [
        Problem(code, f"`{case.resource[:60]}` cannot be {words.cancelled}: {why}", at_row(case.row), remedy)
        for case in cases
        for why, remedy in refusals(case.decision, held.get(case.resource))
    ]


def refusals(decision: Decision, held: HeldBack | None = None) -> list[tuple[str, str]]:
    """Why a resource cannot go, each in words with what to do; empty where it can."""
    if held:
        names = one_of(name[:60] for name in held.resources)
        return [(f"it is bound to {names} by `{held.fact}`, and they go together or not at all", "")]
    if decision.outcome == Outcome.NOT_APPLICABLE:
        tried = "; ".join(f"`{each.policy}`{_because(each.because)}" for each in decision.not_applied)
        when = format_time(decision.at, decision.zone)
        return [(f"no policy applies: not {tried}", f"judged as of {when}")]
    return [(blocked.blocker.message.rstrip("."), blocked.blocker.remedy) for blocked in decision.blockers]


def _because(reasons: Sequence[Reason]) -> str:
    names = dict.fromkeys(reason.name for reason in reasons)
    return f" because of {one_of(names)}" if names else ""


def _line(
    decider: CaseDecider, case: RequestCase, submitted: int, at: int, problems: list[Problem]
) -> OrderLine:
    """A line of the order. A word in the facts that cannot count is a problem."""
    records = decider.fact(case.values, REVIEWS)
    words = () if records is ABSENT or not records else tuple(words_of(records))
    reviews = [reviewed.review for reviewed in case.decision.reviews]
    if words:
        for refused in request_state(reviews, words, submitted, AFTER_ALL).refused:
            problems.append(_word_problem(decider, case, refused.code, refused.why, refused.word))  # noqa: PERF401
    state = case.decision.standing or request_state(reviews, words, submitted, at)
    return OrderLine(case.order, case.resource, case.name, case.decision, words, state)


def _word_problem(
    decider: CaseDecider, case: RequestCase, code: str, why: str, word: ReviewerWord
) -> Problem:
    when = format_time(word.decided_at, decider.zone)
    return Problem(code, f"{why} (`{word.by[:60]}` at {when})", at_row(case.row, REVIEWS))
