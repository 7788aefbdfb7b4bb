"""A decision against an expectation: every difference, with the lines of the policy and the facts behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from rescind.authoring.evaluate_conditions import holds, value_of
from rescind.authoring.expectations import (
    NO_REFUND,
    Expectation,
    ExpectedRefund,
    ExpectedReview,
    ExpectedState,
)
from rescind.book.model import Blocker, Leaf, Review, leaves
from rescind.book.words import UNSPECIFIED
from rescind.deciding.decision import Decision
from rescind.deciding.evaluation import Reason
from rescind.deciding.review_states import RequestStanding
from rescind.deciding.settle import Settlement
from rescind.problems.problem import Location, Problem
from rescind.problems.suggestions import did_you_mean
from rescind.values.decimals import UnitError
from rescind.values.durations import format_duration
from rescind.values.money import Money, format_money
from rescind.values.times import format_time
from rescind.values.types import Kind, Type
from rescind.values.value_readers import plain, reader
from rescind.values.value_words import value_words

__all__ = ["Difference", "PolicyLine", "State", "compare", "refused", "shown"]

State = tuple[ExpectedState, RequestStanding | None]


class PolicyLine(NamedTuple):
    """One line of the reason for a difference; `at` is a place in the policy, if it is about one."""

    text: str
    at: Location | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came out otherwise. `because`: the lines of the policy and the facts involved."""

    what: str
    expected: str
    got: str
    because: tuple[PolicyLine, ...] = ()


def compare(expected: Expectation, decision: Decision, states: Sequence[State]) -> list[Difference]:
    """Every difference. `states` are where the request stood at the times that the expectation names."""
    if expected.error:
        return [Difference("error", _codes(expected), f"a decision: {decision.outcome}")]
    found = [*_rules(expected, decision)]
    if expected.outcome != decision.outcome and not found:
        found.append(Difference("outcome", expected.outcome, decision.outcome, _not_applied(decision)))
    found += _policy(expected, decision)
    if expected.outcome == decision.outcome:
        if expected.refund is not None:
            found += _refund(expected.refund, decision)
        found += _values(expected.values, decision)
        for state in states:
            found += _state(state, decision)
    return found


def refused(expected: Expectation, problems: Iterable[Problem]) -> list[Difference]:
    """The differences of facts that were refused: where that was not expected, or for other reasons."""
    problems = list(problems)
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault("" if "" in expected.error else problem.location.path, []).append(problem.code)
    got = {name: tuple(sorted(set(codes))) for name, codes in found.items()}
    if expected.error and got == dict(expected.error):
        return []
    words = ", ".join(f"{problem.location.path}: {problem.code}" for problem in problems)
    because = tuple(
        PolicyLine(f"{each.code} {each.message}" + (f" ({each.hint})" if each.hint else ""))
        for each in problems
    )
    if expected.error:
        return [Difference("error", _codes(expected), words, because)]
    return [Difference("outcome", expected.outcome, f"the facts were refused: {words}", because)]


def _codes(expected: Expectation) -> str:
    return ", ".join(
        f"{name}: {'; '.join(codes)}" if name else "; ".join(codes) for name, codes in expected.error.items()
    )


def shown(value: Any) -> str:
    """A value of a file as a message shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(shown, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(item)}" for key, item in value.items())
    return "nothing" if value is None else str(value)


# Blockers and reviews.


def _rules(expected: Expectation, decision: Decision) -> Iterator[Difference]:
    blockers = {blocked.id: blocked for blocked in decision.blockers}
    reviews = {reviewed.id: reviewed for reviewed in decision.reviews}
    wanted = [review.id for review in expected.reviews]
    if set(expected.blockers) != set(blockers):
        because = [
            line
            for id_, each in blockers.items()
            if id_ not in expected.blockers
            for line in _why(each, decision)
        ]
        missing = [id_ for id_ in expected.blockers if id_ not in blockers]
        rules = decision.version.blockers if decision.version else ()
        because += [line for id_ in missing for line in _why_not(id_, rules, "blocker", decision)]
        yield Difference("blockers", shown(expected.blockers), shown(list(blockers)), tuple(because))
    if set(wanted) != set(reviews):
        because = [
            line for id_, each in reviews.items() if id_ not in wanted for line in _why(each, decision)
        ]
        asked = decision.version.reviews if decision.version else ()
        missing = [id_ for id_ in wanted if id_ not in reviews]
        because += [line for id_ in missing for line in _why_not(id_, asked, "review", decision)]
        yield Difference("reviews", shown(wanted), shown(list(reviews)), tuple(because))
    for review in expected.reviews:
        if review.id in reviews:
            yield from _review(review, reviews[review.id].review, reviews[review.id].due, decision)


def _why(rule: Any, decision: Decision) -> Iterator[PolicyLine]:
    """What made a rule match."""
    place = getattr(rule, "blocker", None) or rule.review
    yield PolicyLine(rule.id, place.location)
    for reason in rule.because:
        yield PolicyLine(f"  {_reason(reason, decision)}")


def _reason(reason: Reason, decision: Decision) -> str:
    value = value_words(plain(reason.value, reason.type, decision.zone))
    return f"{reason.name} is {value}, needs {'not ' if reason.denied else ''}{reason.needs}"


def _why_not(
    id_: str, rules: Sequence[Blocker | Review], kind: str, decision: Decision
) -> Iterator[PolicyLine]:
    """What of a rule did not hold; or that there is no such rule."""
    rule = next((rule for rule in rules if rule.id == id_), None)
    if rule is None:
        hint = did_you_mean(id_, [rule.id for rule in rules])
        owner = f"{decision.version.policy} {decision.version.version}" if decision.version else "no policy"
        yield PolicyLine(f"{owner} has no {kind} `{id_}`" + (f" ({hint})" if hint else ""))
        return
    yield PolicyLine(id_, rule.location)
    if decision.run:
        seen = dict.fromkeys(
            _leaf(leaf, decision) for leaf in leaves(rule.when) if not holds(leaf, decision.run)
        )
        yield from (PolicyLine(f"  {line}") for line in seen)


def _leaf(leaf: Leaf, decision: Decision) -> str:
    value = value_words(plain(value_of(leaf.subject, decision.run), leaf.subject.type, decision.zone))
    return f"{leaf.subject.name} is {value}, the rule asks for {leaf.needs}"


def _review(
    expected: ExpectedReview, review: Review, deadline: int | None, decision: Decision
) -> Iterator[Difference]:
    at = (PolicyLine(review.id, review.location),)
    name = f"reviews.{review.id}"
    if expected.by is not None and expected.by != review.by:
        yield Difference(f"{name}.by", expected.by, review.by, at)
    if expected.within is not None and expected.within != (review.within or UNSPECIFIED):
        yield Difference(
            f"{name}.within", _duration(expected.within), _duration(review.within or UNSPECIFIED), at
        )
    if expected.on_timeout is not None and expected.on_timeout != review.on_timeout:
        yield Difference(f"{name}.on_timeout", expected.on_timeout, review.on_timeout, at)
    if expected.deadline is not None and expected.deadline != deadline:
        yield Difference(
            f"{name}.deadline", _time(expected.deadline, decision), _time(deadline, decision), at
        )


def _duration(value: Any) -> str:
    return value if isinstance(value, str) else format_duration(value)


def _time(micros: int | None, decision: Decision) -> str:
    return "none" if micros is None else format_time(micros, decision.zone)


# Policy and path.


def _policy(expected: Expectation, decision: Decision) -> Iterator[Difference]:
    version = decision.version
    if expected.policy and expected.policy != (version.policy if version else ""):
        yield Difference(
            "policy", expected.policy, version.policy if version else "none", _not_applied(decision)
        )
    if expected.version and expected.version != (version.version if version else ""):
        yield Difference("version", expected.version, version.version if version else "none")
    path = tuple(tried.policy for tried in decision.not_applied)
    if expected.path is not None and expected.path != path:
        yield Difference("path", shown(expected.path), shown(path), _not_applied(decision))


def _not_applied(decision: Decision) -> tuple[PolicyLine, ...]:
    lines = []
    for tried in decision.not_applied:
        words = f"{tried.version} does not apply" if tried.version else "has no version in force"
        lines.append(PolicyLine(f"{tried.policy} {words}"))
        lines += [PolicyLine(f"  {_reason(reason, decision)}") for reason in tried.because]
    return tuple(lines)


# The refund.


def _refund(expected: ExpectedRefund, decision: Decision) -> list[Difference]:
    settled = decision.settlement
    if settled is None or expected is NO_REFUND:
        if settled is None and expected is NO_REFUND:
            return []
        got = "none" if settled is None else format_money(settled.total, settled.currency)
        return [Difference("refund", "none" if expected is NO_REFUND else "a refund", got)]
    found = [*_amounts(expected, settled)]
    if not found:
        return []
    working = _working(decision, settled)
    return [
        Difference(each.what, each.expected, each.got, working if each is found[-1] else ()) for each in found
    ]


def _amounts(expected: ExpectedRefund, settled: Settlement) -> Iterator[Difference]:
    if expected.terms is not None and expected.terms != settled.term.id:
        yield Difference("refund.terms", expected.terms, settled.term.id)
    if expected.total is not None:
        yield from _money("refund.total", expected.total, Money(settled.total, settled.currency))
    if expected.instruments is not None:
        yield from _instruments(expected.instruments, settled)
    if expected.deductions is not None:
        yield from _deductions(expected.deductions, settled)


def _money(what: str, expected: Money | None, got: Money | None) -> Iterator[Difference]:
    if expected != got:
        words = [format_money(*each) if each else "none" for each in (expected, got)]
        yield Difference(what, words[0], words[1])


def _instruments(expected: Mapping[str, Mapping[str, Any]], settled: Settlement) -> Iterator[Difference]:
    lines = {line.instrument: line for line in settled.lines}
    for name, columns in expected.items():
        line = lines.get(name)
        for column, wanted in columns.items():
            what = f"refund.instruments.{name}.{column}"
            if column == "to":
                to = line.to if line else ""
                if to != wanted:
                    yield Difference(what, wanted, to or "not said")
            else:
                paid = Money(getattr(line, column), settled.currency) if line else None
                yield from _money(what, wanted, paid)
    for name, line in lines.items():
        if name not in expected and line.returned:
            got = format_money(line.returned, settled.currency)
            yield Difference(f"refund.instruments.{name}", "nothing returned", got)


def _deductions(expected: Mapping[str, Money], settled: Settlement) -> Iterator[Difference]:
    taken = {each.deduction.name: Money(each.taken, settled.currency) for each in settled.deductions}
    for name in dict.fromkeys((*expected, *taken)):
        yield from _money(f"refund.deductions.{name}", expected.get(name), taken.get(name))


def _working(decision: Decision, settled: Settlement) -> tuple[PolicyLine, ...]:
    lines = [PolicyLine(f"terms {settled.term.id}", settled.term.location)]
    for step in _steps(decision):
        inputs = ", ".join(f"{name} {shown(value)}" for name, value in step["inputs"].items())
        words = f"  {step['name']} = {step['formula']} = {shown(step['value'])}" + (
            f" ({inputs})" if inputs else ""
        )
        lines.append(PolicyLine(words, _place(step)))
    return tuple(lines)


def _place(step: Mapping[str, Any]) -> Location:
    path, _, line = str(step["at"]).rpartition(":")
    return Location(path, int(line), 1)


def _steps(decision: Decision) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = decision.to_dict("rescind/decision/1").get("working", [])
    return steps


# Values.


def _values(expected: Mapping[str, Any], decision: Decision) -> Iterator[Difference]:
    if not expected:
        return
    types = {value.name: value for value in decision.version.values} if decision.version else {}
    computed = decision.computed
    for name, raw in expected.items():
        if name not in types:
            hint = did_you_mean(name, types)
            yield Difference(
                f"values.{name}", shown(raw), "no such value", (PolicyLine(hint),) if hint else ()
            )
        elif name not in computed:
            yield Difference(f"values.{name}", shown(raw), "not computed: nothing in the decision needed it")
        elif not _same(raw, computed[name], types[name].type, decision):
            got = shown(plain(computed[name], types[name].type, decision.zone))
            yield Difference(f"values.{name}", shown(raw), got, _step(name, decision))


def _same(raw: Any, value: Any, type_: Type, decision: Decision) -> bool:
    if type_.kind in (Kind.NUMBER, Kind.INTEGER):
        wanted = _number(raw)
        return wanted is not None and wanted == value
    try:
        return bool(reader(type_, decision.zone)(raw) == value)  # type: ignore[arg-type]
    except UnitError:
        return False


def _number(raw: Any) -> Fraction | None:
    """A number as written, `15%` and `1/3` included."""
    text = str(raw)
    try:
        return Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        return None


def _step(name: str, decision: Decision) -> tuple[PolicyLine, ...]:
    return tuple(
        PolicyLine(f"{step['name']} = {step['formula']}", _place(step))
        for step in _steps(decision)
        if step["name"] == name
    )


# The request.


def _state(pair: State, decision: Decision) -> Iterator[Difference]:
    expected, found = pair
    what = "state" if expected.at is None else f"states.{format_time(expected.at, decision.zone)}"
    if found is None:
        yield Difference(what, shown(expected.state), "no request: the facts have no `request.submitted_at`")
        return
    if expected.state is not None and expected.state != found.state:
        refused_words = tuple(
            PolicyLine(f"{each.word.by}'s {each.word.outcome}: {each.why}") for each in found.refused
        )
        yield Difference(what, expected.state, found.state, refused_words + _reviews(decision))
    if expected.deadline is not None and expected.deadline != found.deadline:
        yield Difference(
            f"{what}.deadline", _time(expected.deadline, decision), _time(found.deadline, decision)
        )


def _reviews(decision: Decision) -> tuple[PolicyLine, ...]:
    return tuple(
        PolicyLine(
            f"{each.id}: until {_time(each.due, decision)}, then {each.review.on_timeout}",
            each.review.location,
        )
        for each in decision.reviews
    )
