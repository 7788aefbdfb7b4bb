"""Advice on a book that is right: an ordered table of opinions, each with its code.

A code is switched off for one run with `--allow CODE`, for good by a comment with a reason (see `suppress`). What an
included file says of several versions is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rescind.book.model import (
    AllOf,
    AnyOf,
    Blocker,
    Book,
    Compare,
    Condition,
    Deduction,
    Has,
    Not,
    Present,
    Review,
    Table,
    Term,
    Value,
    Version,
    leaves,
)
from rescind.book.rules_of_version import rules_of
from rescind.book.words import OnTimeout
from rescind.formula.library.time_functions import LENGTHS
from rescind.formula.parser import parse
from rescind.formula.syntax_tree import Binary, Branch, Call, Choices, Literal, Node, Unary
from rescind.problems.problem import Location, Problem, Problems
from rescind.values.units import Money, format_money

__all__ = ["LINTS", "Formulas", "formulas_of", "lint", "shape_of"]

Rule = Blocker | Review
Tried = AbstractSet[tuple[str, str]] | None
Formulas = Iterator[tuple[str, Location]]

# Functions that cut time at the borders of days, and with how many arguments they name the zone to do so in.
ZONED = {
    **dict.fromkeys(("start_of_day", "end_of_day", "ceil_day", "start_of_month", "end_of_month"), 2),
    **dict.fromkeys(("start_of_year", "weekday", "date_of", "time_of"), 2),
    **dict.fromkeys(("add_days", "add_months", "add_years"), 3),
    **dict.fromkeys(("months", "years"), 3),
    **dict.fromkeys(("business_days", "add_business_days"), 4),
}


@dataclass(frozen=True, slots=True)
class Bench:
    """What the advice is about. `tried`: policies and versions that some case tries; None where that is not known."""

    book: Book
    tried: Tried

    @property
    def versions(self) -> Iterator[Version]:
        """Every version of the book."""
        return (version for policy in self.book.policies for version in policy.versions)


def lint(book: Book, tried: Tried = None) -> tuple[Problem, ...]:
    """All advice on a book that has no errors, sorted by place."""
    problems = Problems()
    bench = Bench(book, tried)
    for _, advise in LINTS:
        advise(bench, problems)
    return tuple(problems)


def _remedies(bench: Bench, problems: Problems) -> None:
    for version in bench.versions:
        for blocker in version.blockers:
            if not blocker.remedy:
                problems.add(
                    "R0601",
                    f"the blocker `{blocker.id}` does not say what the customer can do",
                    blocker.location,
                    "add `remedy: …`",
                )


def _approvals(bench: Bench, problems: Problems) -> None:
    for version in bench.versions:
        for review in version.reviews:
            if review.on_timeout is OnTimeout.APPROVE and not review.reason:
                problems.add(
                    "R0602",
                    f"the review `{review.id}` approves when nobody looks, and gives no reason why it is asked for",
                    review.location,
                    "add `reason: …`",
                )


def _currencies(bench: Bench, problems: Problems) -> None:
    home = bench.book.currency
    if not home:
        return
    for version in bench.versions:
        for rule in rules_of(version):
            for leaf in leaves(rule.condition):
                operand = leaf.operand if isinstance(leaf, Compare) else None
                if isinstance(operand, Money) and operand.currency != home:
                    amount = format_money(operand.minor, operand.currency)
                    problems.add(
                        "R0603",
                        f"the threshold {amount} is not in {home}, the currency of the book",
                        leaf.location,
                        f"write the amount in {home}, or allow it with the reason for {operand.currency}",
                    )


def _messages(bench: Bench, problems: Problems) -> None:
    for version in bench.versions:
        seen: dict[str, Rule] = {}
        for blocker in version.blockers:
            words = " ".join(blocker.message.split()).casefold()
            first = seen.setdefault(words, blocker)
            if first is not blocker:
                problems.add(
                    "R0604",
                    f"the blocker `{blocker.id}` has the message of `{first.id}`",
                    blocker.location,
                    "say what is different, or make one blocker of the two with `any`",
                )


def _conditions(bench: Bench, problems: Problems) -> None:
    for version in bench.versions:
        for rules in (version.blockers, version.reviews):
            _same_condition(rules, problems)


def _same_condition(rules: Iterable[Rule], problems: Problems) -> None:
    seen: dict[object, Rule] = {}
    for rule in rules:
        first = seen.setdefault(_condition_key(rule), rule)
        if first is not rule:
            problems.add(
                "R0605",
                f"`{rule.id}` has the same condition as `{first.id}`: they always come together",
                rule.location,
                "remove one of them, or correct the condition",
            )


def _condition_key(rule: Rule) -> object:
    """Rules with the same key always hold together, for the same cases."""
    shape = shape_of(rule.when)
    return (rule.scope, shape, rule.by) if isinstance(rule, Review) else shape


def _days(bench: Bench, problems: Problems) -> None:
    zone = bench.book.zone.key
    for version in bench.versions:
        for text, place in formulas_of(version):
            call = next((call for call in _calls(parse(text)) if _without_zone(call)), None)
            if call:
                problems.add(
                    "R0606",
                    f"`{text[call.start : call.end]}` counts days and does not say in which time zone",
                    place,
                    f"name it as the last argument, such as `'{zone}'`, which the book would use",
                )


def _calls(node: Node) -> Iterator[Call]:
    """Every call of a library function in a formula."""
    open_nodes = [node]
    while open_nodes:
        node = open_nodes.pop()
        match node:
            case Call(arguments=below):
                yield node
                open_nodes += below
            case Unary(operand=below):
                open_nodes.append(below)
            case Binary(left=left, right=right):
                open_nodes += (left, right)
            case Branch(condition=condition, then=then, other=other):
                open_nodes += (condition, then, other)
            case Choices(items=below):
                open_nodes += below
            case _:
                pass


def _without_zone(call: Call) -> bool:
    words = [
        part.value for part in call.arguments if isinstance(part, Literal) and isinstance(part.value, str)
    ]
    if call.function in ("months", "years"):
        return not _of_dates(call) and not any(word not in LENGTHS for word in words)
    return call.function in ZONED and len(call.arguments) < ZONED[call.function]


def _of_dates(call: Call) -> bool:
    """Whether a call's first argument is plainly a date, between which no zone has a say."""
    first = call.arguments[0]
    return isinstance(first, Call) and first.function in {"date", "date_of"}


def _cases(bench: Bench, problems: Problems) -> None:
    if bench.tried is None:
        return
    for policy in bench.book.policies:
        for version in policy.versions:
            if (policy.id, version.version) not in bench.tried:
                problems.add(
                    "R0607",
                    f"no case tries version `{version.version}` of `{policy.id}`",
                    version.entry,
                    "add a suite to the `tests` folder beside the version",
                )


def _terms(version: Version) -> tuple[Term, ...]:
    return version.refund.terms if version.refund else ()


def formulas_of(version: Version) -> Formulas:
    """The text of every formula of a version, and the place of what it belongs to."""
    for value in version.values:
        yield from _formulas_of_value(value)
    for term in _terms(version):
        for deduction in term.deductions:
            yield from _formulas_of_deduction(deduction)


def _formulas_of_value(value: Value) -> Formulas:
    if isinstance(value.body, Table):
        yield from ((row.result.text, row.location) for row in value.body.rows)
    else:
        yield value.body.text, value.location


def _formulas_of_deduction(deduction: Deduction) -> Formulas:
    for formula in (deduction.amount, deduction.at_least, deduction.at_most):
        if formula:
            yield formula.text, deduction.location


def shape_of(condition: Condition) -> object:
    """What a condition asks, as a hashable value: without places, without order, without guards that follow."""
    match condition:
        case AllOf(items):
            return _group("all", [shape_of(item) for item in items if not _implied(item)])
        case AnyOf(items):
            return _group("any", [shape_of(item) for item in items])
        case Not(item):
            return ("not", shape_of(item))
        case Present(subject):
            return ("present", subject.name)
        case Has(subject, member):
            return ("has", subject.name, member)
        case Compare(subject, op, operand):
            return (
                subject.name,
                op,
                str(operand.name) if hasattr(operand, "name") else (type(operand), operand),
            )


def _implied(condition: Condition) -> bool:
    return isinstance(condition, Present) and condition.implied


def _group(how: str, shapes: list[object]) -> object:
    flat: set[object] = set()
    for shape in shapes:
        if isinstance(shape, tuple) and shape[0] == how:
            flat |= shape[1]
        else:
            flat.add(shape)
    return next(iter(flat)) if len(flat) == 1 else (how, frozenset(flat))


# By what a reader meets first: the rules, then what they compare, then what is computed, then the cases.
LINTS: tuple[tuple[str, Callable[[Bench, Problems], None]], ...] = (
    ("blockers say what the customer can do", _remedies),
    ("reviews that approve by themselves say why they are asked for", _approvals),
    ("thresholds are in the currency of the book", _currencies),
    ("messages tell blockers apart", _messages),
    ("conditions tell rules apart", _conditions),
    ("days are counted in a zone", _days),
    ("every version has a case", _cases),
)
