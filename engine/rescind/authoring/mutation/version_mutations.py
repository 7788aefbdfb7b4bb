"""Small changes of a version that its cases should notice.

Each `Mutation` changes one thing: a limit by the smallest unit, a comparison, a part of a condition, a rule, what comes
back on an instrument, who reviews, how long and what follows, a cell or formula. `key` names it without lines, so that
a suite can say that no case can notice it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from rescind.authoring.evaluate_conditions import walk, words_of
from rescind.authoring.mutation.formula_mutations import Formulas
from rescind.book.model import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    Blocker,
    Book,
    Compare,
    Condition,
    Deduction,
    Instrument,
    Name,
    Not,
    Op,
    Present,
    Refund,
    Review,
    Route,
    Row,
    Term,
    Version,
    leaves,
)
from rescind.book.rules_of_version import AnyRule, Owner, Rule, TermRules, ValueRules, rules_of
from rescind.book.words import RoundingPlace, Share, Split
from rescind.formula.scope import Formula
from rescind.matching.ruleset_columns import number_scale
from rescind.problems.problem import Location
from rescind.values.durations import Duration
from rescind.values.money import Money
from rescind.values.times import SECOND
from rescind.values.types import Kind

__all__ = ["Mutation", "mutations_of", "neighbours"]

EDGE = {Op.OVER: Op.AT_LEAST, Op.AT_LEAST: Op.OVER, Op.UNDER: Op.AT_MOST, Op.AT_MOST: Op.UNDER}
TURNED = {Op.OVER: Op.UNDER, Op.UNDER: Op.OVER, Op.AT_LEAST: Op.AT_MOST, Op.AT_MOST: Op.AT_LEAST}
EQUAL = {Op.IS: Op.IS_NOT, Op.IS_NOT: Op.IS}
OTHER = "someone-else"

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change. `before` and `after` are conditions where the change is one of a condition.

    `rule` names what is changed, and `owner` is the record of the version that it belongs to. `advice` says what kind
    of case would notice it.
    """

    rule: str
    owner: Owner | Refund
    change: str
    location: Location
    version: Version
    advice: str
    before: Condition | None = None
    after: Condition | None = None

    @property
    def key(self) -> str:
        """The rule and the change, as one line."""
        return f"{self.rule} {self.change}"


def mutations_of(version: Version, book: Book) -> Iterator[Mutation]:
    """Every change of a version, in the order of the policy."""
    rules = rules_of(version)
    for rule in rules:
        yield from _of_condition(rule)
        yield from _of_rule(rule)
    for review in rules.reviews:
        yield from _of_review(review)
    formulas = Formulas(version, book)
    for value in rules.values:
        yield from _of_value(value, formulas)
    if version.refund:
        yield from _of_refund(version, version.refund)
    for term in rules.terms:
        yield from _of_term(term, formulas)


def _others(word: Word) -> Iterator[Word]:
    """The other words of a set, in their order."""
    return (other for other in type(word) if other is not word)


def _next(word: Word) -> Word:
    """The word that follows in its set; the first follows the last."""
    words = list(type(word))
    return words[(words.index(word) + 1) % len(words)]


def _at(items: tuple[Any, ...], index: int, item: Any) -> tuple[Any, ...]:
    return (*items[:index], item, *items[index + 1 :])


# Conditions.


def _of_condition(rule: AnyRule) -> Iterator[Mutation]:
    for path, node in walk(rule.condition):
        for change, new in _changes(node):
            after = _replaced(rule.condition, path, new)
            place = next((leaf.location for leaf in leaves(node)), rule.location)
            advice = f"a case in which `{words_of(node)}` decides whether `{rule.name}` holds"
            yield Mutation(
                rule.name, rule.owner, change, place, rule.replaced(after), advice, rule.condition, after
            )


def _replaced(condition: Condition, path: tuple[int, ...], new: Condition) -> Condition:
    if not path:
        return new
    head, *rest = path
    match condition:
        case AllOf(items):
            return AllOf(_at(items, head, _replaced(items[head], tuple(rest), new)))
        case AnyOf(items):
            return AnyOf(_at(items, head, _replaced(items[head], tuple(rest), new)))
        case Not(item):
            return Not(_replaced(item, tuple(rest), new))
        case _:
            return new


def _changes(node: Condition) -> Iterator[tuple[str, Condition]]:
    """What one node of a condition may become, in words."""
    match node:
        case Compare():
            yield from _of_compare(node)
        case Present(implied=True):
            return
        case Not(item):
            yield f"without `not` before {words_of(item)}", item
        case AllOf(items) | AnyOf(items):
            yield from _of_joint(node, items)
        case _:
            yield f"{words_of(node)} to not", Not(node)


def _of_compare(leaf: Compare) -> Iterator[tuple[str, Condition]]:
    words = words_of(leaf)
    for table in (EDGE, TURNED, EQUAL):
        if leaf.op in table:
            yield f"{words} to {table[leaf.op].value}", replace(leaf, op=table[leaf.op])
    for operand in neighbours(leaf):
        moved = replace(leaf, operand=operand)
        yield f"{words} to {words_of(moved).rpartition(f' {leaf.op.value} ')[2]}", moved


def neighbours(leaf: Compare) -> tuple[Any, ...]:
    """The literal of a comparison moved by the smallest unit that people write, down and up; empty for other types."""
    if isinstance(leaf.operand, Name):
        return ()
    step = _step(leaf)
    return (step(-1), step(1)) if step else ()


def _step(leaf: Compare) -> Callable[[int], Any] | None:
    literal = leaf.operand
    match leaf.subject.type.kind:
        case Kind.INTEGER:
            return lambda by: literal + by
        case Kind.NUMBER:
            return lambda by: literal + Fraction(by, 10 ** number_scale(Fraction(literal)))
        case Kind.MONEY:
            return lambda by: Money(literal.minor + by, literal.currency)
        case Kind.TIME:
            return lambda by: literal + by * SECOND
        case Kind.DATE:
            return lambda by: literal + dt.timedelta(days=by)
        case Kind.DURATION if leaf.subject.type.calendar:
            return lambda by: Duration(literal.months + by, 0)
        case Kind.DURATION:
            return lambda by: Duration(0, literal.micros + by * SECOND)
        case _:
            return None


def _of_joint(node: AllOf | AnyOf, items: tuple[Condition, ...]) -> Iterator[tuple[str, Condition]]:
    own = [index for index, item in enumerate(items) if not (isinstance(item, Present) and item.implied)]
    if len(own) < 2:
        return
    other, words = (AnyOf, "any") if isinstance(node, AllOf) else (AllOf, "all")
    if len(own) == len(items):
        yield f"{words_of(node)} to {words}", other(items)
    for index in own:
        yield f"without {words_of(items[index])}", type(node)((*items[:index], *items[index + 1 :]))


def _of_rule(rule: AnyRule) -> Iterator[Mutation]:
    """A rule left out, and a condition left out where without it something always happens."""

    def replaced(change: str, condition: Condition, advice: str) -> Mutation:
        version = rule.replaced(condition)
        return Mutation(
            rule.name, rule.owner, change, rule.location, version, advice, rule.condition, condition
        )

    # Without a condition a row or terms are the last ones: where they are gone, a case is not decided.
    droppable = isinstance(rule.part, (Blocker, Review, Deduction))
    if droppable or (rule.conditional and isinstance(rule.part, (Row, Term))):
        yield replaced("dropped", NEVER, f"a case in which `{rule.name}` makes the difference")
    if rule.conditional and isinstance(rule.part, (Deduction, Instrument, Route)):
        advice = f"a case in which the condition of `{rule.name}` does not hold"
        yield replaced("without its condition", ALWAYS, advice)


# Reviews.


def _of_review(rule: Rule[Review]) -> Iterator[Mutation]:
    review = rule.part
    late = f"a case of `{rule.name}` with `states` at the deadline and a second later"
    if review.within is None:  # there is no deadline to be late for
        late = f"a case that expects `reviews: {{{review.id}: {{on_timeout: {review.on_timeout}}}}}`"
    changes: list[tuple[str, Mapping[str, Any], str]] = [
        (f"on_timeout {review.on_timeout} to {other}", {"on_timeout": other}, late)
        for other in _others(review.on_timeout)
    ]
    if review.within is not None:
        for by in (-1, 1):
            within = Duration(0, review.within.micros + by * SECOND)
            words = "a second less" if by < 0 else "a second more"
            changes.append((f"within {words}", {"within": within}, late))
    asked = f"a case that expects `reviews: {{{review.id}: {{by: {review.by}}}}}`, or in which that reviewer speaks"
    changes.append((f"by {review.by} to {OTHER}", {"by": OTHER}, asked))
    for change, parts, advice in changes:
        changed = rule.put(replace(review, **parts))
        yield Mutation(rule.name, review, change, review.location, changed, advice)


# Values and formulas.


def _of_value(rules: ValueRules, formulas: Formulas) -> Iterator[Mutation]:
    value = rules.value
    if isinstance(value.body, Formula):
        advice = f"a case that expects `values: {{{value.name}: …}}`, or a figure that depends on it"
        for change, formula in formulas.changes(value.body):
            changed = rules.put(replace(value, body=formula))
            yield Mutation(rules.name, value, change, value.location, changed, advice)
    for row in rules.rows:
        advice = (
            f"a case that takes the row `{row.name}` and expects `values: {{{value.name}: …}}`, or a figure"
        )
        for change, formula in formulas.changes(row.part.result):
            changed = row.put(replace(row.part, result=formula))
            yield Mutation(row.name, value, change, row.location, changed, advice)


# The refund.


def _of_refund(version: Version, refund: Refund) -> Iterator[Mutation]:
    pools = [sum(part.back is Share.REMAINDER for part in term.instruments) for term in refund.terms]
    deducted = any(pool and term.deductions for pool, term in zip(pools, refund.terms, strict=True))
    if not deducted:
        return
    changes: list[tuple[str, Mapping[str, Any], str]] = [
        (
            f"rounding {refund.mode} to {mode}",
            {"mode": mode},
            "a case whose refund is not a whole amount, or half of one",
        )
        for mode in _others(refund.mode)
    ]
    changes += [
        (f"below_zero to {other}", {"below_zero": other}, "a case with more deducted than was paid")
        for other in _others(refund.below_zero)
    ]
    if max(pools) > 1:
        changes += [
            (f"split to {other}", {"split": other}, "a case paid with several of the instruments")
            for other in _others(refund.split)
        ]
    differently = "a case in which the parts round differently"
    changes += [
        (f"rounding {refund.place} to {place}", {"place": place}, differently)
        for place in _places(refund, max(pools))
    ]
    for change, parts, advice in changes:
        changed = replace(version, refund=replace(refund, **parts))
        yield Mutation("refund", refund, change, refund.location, changed, advice)


def _places(refund: Refund, pool: int) -> list[RoundingPlace]:
    """The places of rounding that can make a difference: with one instrument, each is the same as once."""
    several = pool > 1 and refund.split is Split.PROPORTIONAL
    return [place for place in _others(refund.place) if several or place is not RoundingPlace.EACH_INSTRUMENT]


def _of_term(rules: TermRules, formulas: Formulas) -> Iterator[Mutation]:
    term = rules.own.part
    for instrument in rules.instruments:
        own, part = instrument.own, instrument.own.part
        if not part.named:  # a case in which it paid has no refund to tell a mutant by
            continue
        advice = f"a case paid with `{part.name}` that expects what comes back on it"
        for back in _others(part.back):
            # Without deductions all of the remainder is all.
            if back is not Share.REMAINDER or term.deductions:
                changed = own.put(replace(part, back=back))
                yield Mutation(own.name, term, f"{part.back} to {back}", part.location, changed, advice)
        for route in instrument.routes:
            to = route.part.to
            changed = route.put(replace(route.part, to=_next(to)))
            yield Mutation(own.name, term, f"to {to} to {_next(to)}", part.location, changed, advice)
    for rule in rules.deductions:
        name = rule.part.name
        advice = f"a case that expects `deductions: {{{name}: …}}`, or the columns of an instrument"
        for change, parts in _of_deduction(rule.part, formulas):
            changed = rule.put(replace(rule.part, **parts))
            yield Mutation(rule.name, term, change, rule.location, changed, advice)


def _of_deduction(part: Deduction, formulas: Formulas) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for other in _others(part.column):
        yield f"as {part.column} to {other}", {"column": other}
    for change, formula in formulas.changes(part.amount):
        yield change, {"amount": formula}
    for key in ("at_least", "at_most"):
        limit = getattr(part, key)
        if limit is not None:
            yield f"without {key}", {key: None}
            for change, formula in formulas.changes(limit):
                yield f"{key} {change}", {key: formula}
