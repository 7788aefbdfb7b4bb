"""Advice on a book without errors: an ordered table of checks, each with its code.

A code is switched off for one run with `--allow CODE`, for good by a comment with a reason (see `allowed_warnings`).
Advice on an included file is given once, however many versions include it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rescind.authoring.unguarded_reads import unguarded_reads
from rescind.book.model import (
    AllOf,
    AnyOf,
    Blocker,
    Book,
    Compare,
    Condition,
    Has,
    Not,
    Present,
    Review,
    Table,
    Term,
    Version,
    leaves,
)
from rescind.book.rules_of_version import rules_of
from rescind.book.words import OnTimeout
from rescind.formula.scope import Formula
from rescind.matching.evaluation_passes import formulas_of
from rescind.problems.problem import Location, Problem, Problems
from rescind.values.money import Money, format_money

__all__ = ["LINTS", "lint", "shape_of"]

Rule = Blocker | Review
Tried = AbstractSet[tuple[str, str]] | None


@dataclass(frozen=True, slots=True)
class LintSubject:
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
    bench = LintSubject(book, tried)
    for _, advise in LINTS:
        advise(bench, problems)
    return tuple(problems)


def _remedies(bench: LintSubject, problems: Problems) -> None:
    for version in bench.versions:
        for blocker in version.blockers:
            if not blocker.remedy:
                problems.add(
                    "R0601",
                    f"the blocker `{blocker.id}` does not say what the customer can do",
                    blocker.location,
                    "add `remedy: …`",
                )


def _approvals(bench: LintSubject, problems: Problems) -> None:
    for version in bench.versions:
        for review in version.reviews:
            if review.on_timeout is OnTimeout.APPROVE and not review.reason:
                problems.add(
                    "R0602",
                    f"the review `{review.id}` approves when nobody looks, and gives no reason why it is asked for",
                    review.location,
                    "add `reason: …`",
                )


def _currencies(bench: LintSubject, problems: Problems) -> None:
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


def _messages(bench: LintSubject, problems: Problems) -> None:
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


def _conditions(bench: LintSubject, problems: Problems) -> None:
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


def _absent(bench: LintSubject, problems: Problems) -> None:
    for version in bench.versions:
        for read in unguarded_reads(version, bench.book.vocabulary):
            problems.add(
                "R0540",
                f"where `{read.name}` is absent, this has no value",
                read.location,
                "what depends on it is then undecided; if that is not meant, say what absence means: "
                f"ask `present({read.name})` here, or in the condition of whatever reads this",
            )


def _days(bench: LintSubject, problems: Problems) -> None:
    zone = bench.book.zone.key
    for version in bench.versions:
        for formula, place in _formulas(version):
            for part in formula.zoneless:
                problems.add(
                    "R0606",
                    f"`{part}` counts days and does not say in which time zone",
                    place,
                    f"name it as the last argument, such as `'{zone}'`, which the book would use",
                )


def _cases(bench: LintSubject, problems: Problems) -> None:
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


def _formulas(version: Version) -> Iterator[tuple[Formula, Location]]:
    """Every formula of a version, and the place of what it belongs to."""
    for value in version.values:
        if isinstance(value.body, Table):
            yield from ((row.result, row.location) for row in value.body.rows)
        else:
            yield value.body, value.location
    for term in _terms(version):
        for deduction in term.deductions:
            yield from ((formula, deduction.location) for formula in formulas_of(deduction))


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
LINTS: tuple[tuple[str, Callable[[LintSubject, Problems], None]], ...] = (
    ("blockers say what the customer can do", _remedies),
    ("reviews that approve by themselves say why they are asked for", _approvals),
    ("thresholds are in the currency of the book", _currencies),
    ("messages tell blockers apart", _messages),
    ("conditions tell rules apart", _conditions),
    ("formulas say what absence means", _absent),
    ("days are counted in a zone", _days),
    ("every version has a case", _cases),
)
