"""Small changes of a version that its cases should notice.

Each `Mutation` changes one thing: a limit by the smallest unit, a comparison, a part of a condition, a rule, what comes
back on an instrument, who reviews, how long and what follows, a cell or formula. `key` names it without lines, so that
a suite can say of one that no case can notice it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

from rescind.authoring.evaluate_conditions import walk, words_of
from rescind.authoring.mutation.formula_mutations import Formulas
from rescind.book.model import (
    ALWAYS,
    NEVER,
    UNSPECIFIED,
    AllOf,
    AnyOf,
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
    Table,
    Term,
    Value,
    Version,
    leaves,
)
from rescind.matching.columns import number_scale
from rescind.problems.problem import Location
from rescind.values.types import Kind
from rescind.values.units import SECOND, Duration, Money

__all__ = ["Mutation", "mutations_of", "neighbours"]

EDGE = {Op.OVER: Op.AT_LEAST, Op.AT_LEAST: Op.OVER, Op.UNDER: Op.AT_MOST, Op.AT_MOST: Op.UNDER}
TURNED = {Op.OVER: Op.UNDER, Op.UNDER: Op.OVER, Op.AT_LEAST: Op.AT_MOST, Op.AT_MOST: Op.AT_LEAST}
EQUAL = {Op.IS: Op.IS_NOT, Op.IS_NOT: Op.IS}
TIMEOUTS = ("approve", "reject", UNSPECIFIED)
BACK = {"full": ("none", "remainder"), "none": ("full", "remainder"), "remainder": ("full", "none")}
MODES = ("half_up", "half_even", "half_down", "up", "down")
DESTINATIONS = ("original_payment", "account", "bank")
OTHER = "someone-else"

Put = Callable[[Condition], Version]


class Slot(NamedTuple):
    """A condition of a version: its rule, its place, what it is, and the version with another in its stead."""

    rule: str
    location: Location
    condition: Condition
    put: Put


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change. `before` and `after` are conditions where the change is one of a condition; `leaf` the part changed.

    `advice` says what kind of case would notice it.
    """

    rule: str
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
    for slot in _slots(version):
        yield from _of_condition(slot)
        yield from _of_rule(slot)
    for index, review in enumerate(version.reviews):
        yield from _of_review(version, index, review)
    formulas = Formulas(version, book)
    for index, value in enumerate(version.values):
        yield from _of_value(version, index, value, formulas)
    if version.refund:
        yield from _of_refund(version, version.refund)
        for index, term in enumerate(version.refund.terms):
            yield from _of_term(version, index, term, formulas)


def _at(items: tuple[Any, ...], index: int, item: Any) -> tuple[Any, ...]:
    return (*items[:index], item, *items[index + 1 :])


# Conditions.


def _slots(version: Version) -> Iterator[Slot]:
    yield Slot("applies_to", version.location, version.applies_to, lambda c: replace(version, applies_to=c))
    for i, blocker in enumerate(version.blockers):
        yield Slot(
            f"blockers/{blocker.id}", blocker.location, blocker.when,
            lambda c, i=i, b=blocker: replace(version, blockers=_at(version.blockers, i, replace(b, when=c))),  # type: ignore[misc]
        )  # fmt: skip
    for i, review in enumerate(version.reviews):
        yield Slot(
            f"review/{review.id}", review.location, review.when,
            lambda c, i=i, r=review: replace(version, reviews=_at(version.reviews, i, replace(r, when=c))),  # type: ignore[misc]
        )  # fmt: skip
    for i, value in enumerate(version.values):
        yield from _row_slots(version, i, value)
    for i, term in enumerate(version.refund.terms if version.refund else ()):
        yield from _term_slots(term, lambda t, i=i: _with_term(version, i, t))  # type: ignore[misc]


def _row_slots(version: Version, index: int, value: Value) -> Iterator[Slot]:
    rows = value.body.rows if isinstance(value.body, Table) else ()

    def put(at: int, condition: Condition) -> Version:
        changed = replace(value, body=Table(_at(rows, at, replace(rows[at], when=condition))))
        return replace(version, values=_at(version.values, index, changed))

    for at, row in enumerate(rows):
        yield Slot(f"values/{value.name}/{at + 1}", row.location, row.when, lambda c, at=at: put(at, c))  # type: ignore[misc]


def _with_term(version: Version, index: int, term: Term) -> Version:
    if version.refund is None:
        return version
    return replace(version, refund=replace(version.refund, terms=_at(version.refund.terms, index, term)))


def _term_slots(term: Term, put: Callable[[Term], Version]) -> Iterator[Slot]:
    rule = f"terms/{term.id}"
    yield Slot(rule, term.location, term.when, lambda c: put(replace(term, when=c)))
    for i, part in enumerate(term.deductions):
        yield Slot(
            f"{rule}/deduct/{part.name}", part.location, part.when,
            lambda c, i=i, p=part: put(replace(term, deductions=_at(term.deductions, i, replace(p, when=c)))),  # type: ignore[misc]
        )  # fmt: skip
    for i, instrument in enumerate(term.instruments):
        yield from _instrument_slots(
            f"{rule}/instruments/{instrument.name}",
            instrument,
            lambda x, i=i: put(replace(term, instruments=_at(term.instruments, i, x))),  # type: ignore[misc]
        )


def _instrument_slots(rule: str, part: Instrument, put: Callable[[Instrument], Version]) -> Iterator[Slot]:
    yield Slot(rule, part.location, part.when, lambda c: put(replace(part, when=c)))
    for i, to in enumerate(part.to):
        yield Slot(
            f"{rule}/to/{i + 1}", part.location, to.when,
            lambda c, i=i, to=to: put(replace(part, to=_at(part.to, i, replace(to, when=c)))),  # type: ignore[misc]
        )  # fmt: skip


def _of_condition(slot: Slot) -> Iterator[Mutation]:
    for path, node in walk(slot.condition):
        for change, new in _changes(node):
            after = _replaced(slot.condition, path, new)
            place = next((leaf.location for leaf in leaves(node)), slot.location)
            advice = f"a case in which `{words_of(node)}` decides whether `{slot.rule}` holds"
            yield Mutation(slot.rule, change, place, slot.put(after), advice, slot.condition, after)


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


def _of_rule(slot: Slot) -> Iterator[Mutation]:
    """A rule left out, and a condition left out where without it something always happens."""
    kind = slot.rule.split("/")
    conditional = slot.condition is not ALWAYS
    droppable = (
        kind[0] in ("blockers", "review")
        or "deduct" in kind
        or (kind[0] in ("values", "terms") and conditional)
    )
    if kind[0] != "applies_to" and droppable and "instruments" not in kind:
        advice = f"a case in which `{slot.rule}` makes the difference"
        yield Mutation(slot.rule, "dropped", slot.location, slot.put(NEVER), advice, slot.condition, NEVER)
    if conditional and ("instruments" in kind or "deduct" in kind):
        advice = f"a case in which the condition of `{slot.rule}` does not hold"
        yield Mutation(
            slot.rule,
            "without its condition",
            slot.location,
            slot.put(ALWAYS),
            advice,
            slot.condition,
            ALWAYS,
        )


# Reviews.


def _of_review(version: Version, index: int, review: Review) -> Iterator[Mutation]:
    late = f"a case of `review/{review.id}` with `states` at the deadline and a second later"
    changes: list[tuple[str, Mapping[str, Any], str]] = [
        (f"on_timeout {review.on_timeout} to {other}", {"on_timeout": other}, late)
        for other in TIMEOUTS
        if other != review.on_timeout
    ]
    if review.within is not None:
        for by in (-1, 1):
            within = Duration(0, review.within.micros + by * SECOND)
            words = "a second less" if by < 0 else "a second more"
            changes.append((f"within {words}", {"within": within}, late))
    asked = f"a case that expects `reviews: {{{review.id}: {{by: {review.by}}}}}`, or in which that reviewer speaks"
    changes.append((f"by {review.by} to {OTHER}", {"by": OTHER}, asked))
    for change, parts, advice in changes:
        changed = replace(version, reviews=_at(version.reviews, index, replace(review, **parts)))
        yield Mutation(f"review/{review.id}", change, review.location, changed, advice)


# Values and formulas.


def _of_value(version: Version, index: int, value: Value, formulas: Formulas) -> Iterator[Mutation]:
    def put(body: Any) -> Version:
        return replace(version, values=_at(version.values, index, replace(value, body=body)))

    if not isinstance(value.body, Table):
        advice = f"a case that expects `values: {{{value.name}: …}}`, or a figure that depends on it"
        for change, formula in formulas.changes(value.body):
            yield Mutation(f"values/{value.name}", change, value.location, put(formula), advice)
        return
    for number, row in enumerate(value.body.rows):
        rule = f"values/{value.name}/{number + 1}"
        advice = f"a case that takes the row `{rule}` and expects `values: {{{value.name}: …}}`, or a figure"
        for change, formula in formulas.changes(row.result):
            body = Table(_at(value.body.rows, number, replace(row, result=formula)))
            yield Mutation(rule, change, row.location, put(body), advice)


# The refund.


def _of_refund(version: Version, refund: Refund) -> Iterator[Mutation]:
    pools = [sum(part.back == "remainder" for part in term.instruments) for term in refund.terms]
    deducted = any(pool and term.deductions for pool, term in zip(pools, refund.terms, strict=True))
    if not deducted:
        return
    changes: list[tuple[str, Mapping[str, Any], str]] = [
        (
            f"rounding {refund.mode} to {mode}",
            {"mode": mode},
            "a case whose refund is not a whole amount, or half of one",
        )
        for mode in MODES
        if mode != refund.mode
    ]
    other = "charge" if refund.below_zero == "zero" else "zero"
    changes.append(
        (f"below_zero to {other}", {"below_zero": other}, "a case with more deducted than was paid")
    )
    if max(pools) > 1:
        other = "in_order" if refund.split == "proportional" else "proportional"
        changes.append((f"split to {other}", {"split": other}, "a case paid with several of the instruments"))
    differently = "a case in which the parts round differently"
    changes += [
        (f"rounding {refund.place} to {place}", {"place": place}, differently)
        for place in _places(refund, max(pools))
    ]
    for change, parts, advice in changes:
        yield Mutation(
            "refund", change, refund.location, replace(version, refund=replace(refund, **parts)), advice
        )


def _places(refund: Refund, pool: int) -> list[str]:
    """The places of rounding that can make a difference: with one instrument, each is the same as once."""
    places = [
        "once",
        "each_deduction",
        *(["each_instrument"] if pool > 1 and refund.split == "proportional" else []),
    ]
    return [place for place in places if place != refund.place]


def _of_term(version: Version, index: int, term: Term, formulas: Formulas) -> Iterator[Mutation]:
    for i, part in enumerate(term.instruments):
        rule = f"terms/{term.id}/instruments/{part.name}"
        advice = f"a case paid with `{part.name}` that expects what comes back on it"
        for change, parts in _of_instrument(part, term):
            changed = replace(term, instruments=_at(term.instruments, i, replace(part, **parts)))
            yield Mutation(rule, change, part.location, _with_term(version, index, changed), advice)
    for i, deduction in enumerate(term.deductions):
        rule = f"terms/{term.id}/deduct/{deduction.name}"
        advice = f"a case that expects `deductions: {{{deduction.name}: …}}`, or the columns of an instrument"
        for change, parts in _of_deduction(deduction, formulas):
            changed = replace(term, deductions=_at(term.deductions, i, replace(deduction, **parts)))
            yield Mutation(rule, change, deduction.location, _with_term(version, index, changed), advice)


def _of_instrument(part: Instrument, term: Term) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for back in BACK[part.back]:
        # Without deductions all of the remainder is all.
        if back != "remainder" or term.deductions:
            yield f"{part.back} to {back}", {"back": back}
    for number, to in enumerate(part.to):
        other = DESTINATIONS[(DESTINATIONS.index(to.to) + 1) % len(DESTINATIONS)]
        yield f"to {to.to} to {other}", {"to": _at(part.to, number, replace(to, to=other))}


def _of_deduction(part: Deduction, formulas: Formulas) -> Iterator[tuple[str, Mapping[str, Any]]]:
    other = "fees" if part.column == "consumed" else "consumed"
    yield f"as {part.column} to {other}", {"column": other}
    for change, formula in formulas.changes(part.amount):
        yield change, {"amount": formula}
    for key in ("at_least", "at_most"):
        limit = getattr(part, key)
        if limit is not None:
            yield f"without {key}", {key: None}
            for change, formula in formulas.changes(limit):
                yield f"{key} {change}", {key: formula}
