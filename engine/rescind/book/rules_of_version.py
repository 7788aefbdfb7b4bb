"""The rules of a version: every condition in it, with its name, its place, and a way to replace it.

A rule's name tells its place in the version: `applies_to`, `blockers/<id>`, `review/<id>`, `values/<name>/<row>`,
`terms/<id>`, `terms/<id>/deduct/<name>`, `terms/<id>/instruments/<name>`, `terms/<id>/instruments/<name>/to/<number>`.
Names are made here and nowhere else, and nobody takes one apart: what a rule is about is told by its `part`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Generic, TypeAlias, TypeVar

from rescind.book.model import (
    ALWAYS,
    Blocker,
    Condition,
    Deduction,
    Instrument,
    Review,
    Route,
    Row,
    Table,
    Term,
    Value,
    Version,
)
from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location

__all__ = [
    "APPLIES_TO",
    "DOES_NOT_APPLY",
    "AnyRule",
    "InstrumentRules",
    "Owner",
    "Rule",
    "TermRules",
    "ValueRules",
    "VersionRules",
    "blocker_name",
    "review_name",
    "row_name",
    "rules_of",
]

APPLIES_TO = "applies_to"
# The negation of `applies_to`, whose branches say why a policy does not apply; it is not a rule of the file.
DOES_NOT_APPLY = f"{APPLIES_TO}/not"

Part = TypeVar("Part", Version, Blocker, Review, Row, Term, Deduction, Instrument, Route)
Item = TypeVar("Item")
# A record that a version lists; a version stands for itself.
Owner: TypeAlias = Version | Blocker | Review | Value | Term


def blocker_name(blocker: Blocker) -> str:
    """The name of a blocker's rule."""
    return f"blockers/{blocker.id}"


def review_name(review: Review) -> str:
    """The name of a review's rule."""
    return f"review/{review.id}"


def row_name(value: Value, number: int) -> str:
    """The name of the rule of a row of a table, counted from 1."""
    return f"{_value_name(value)}/{number}"


def _value_name(value: Value) -> str:
    return f"values/{value.name}"


@frozen
class Rule(Generic[Part]):
    """One condition of a version.

    `part` is the record whose condition it is, the version itself for `applies_to`; `owner` is what the version lists
    and the part belongs to. `put` gives the version with another record in the place of `part`.
    """

    name: str
    condition: Condition
    location: Location
    part: Part
    owner: Owner
    put: Callable[[Part], Version]

    @property
    def conditional(self) -> bool:
        """Whether the policy states a condition; without one the rule always holds."""
        return self.condition is not ALWAYS

    def replaced(self, condition: Condition) -> Version:
        """The version with another condition in the place of this rule's."""
        part: Any = self.part
        field = "applies_to" if isinstance(part, Version) else "when"
        return self.put(replace(part, **{field: condition}))


@frozen
class ValueRules:
    """A value: its name among the rules, and the rules of its rows; a formula has none."""

    name: str
    value: Value
    put: Callable[[Value], Version]
    rows: tuple[Rule[Row], ...]


@frozen
class InstrumentRules:
    """The rule of what becomes of an instrument, and those of where it goes."""

    own: Rule[Instrument]
    routes: tuple[Rule[Route], ...]


@frozen
class TermRules:
    """The rule of refund terms, and those within them. Gone through, they come in the order of the file."""

    own: Rule[Term]
    deductions: tuple[Rule[Deduction], ...]
    instruments: tuple[InstrumentRules, ...]

    def __iter__(self) -> Iterator[AnyRule]:
        yield self.own
        yield from self.deductions
        for instrument in self.instruments:
            yield instrument.own
            yield from instrument.routes


@frozen
class VersionRules:
    """Every rule of a version. Gone through, they come in the order of the file."""

    applies_to: Rule[Version]
    blockers: tuple[Rule[Blocker], ...]
    reviews: tuple[Rule[Review], ...]
    values: tuple[ValueRules, ...]
    terms: tuple[TermRules, ...]

    def __iter__(self) -> Iterator[AnyRule]:
        yield from self.gates()
        yield from self.behind_gates()

    def gates(self) -> Iterator[AnyRule]:
        """The rules that may end a case before anything is reviewed or paid back."""
        yield self.applies_to
        yield from self.blockers

    def behind_gates(self) -> Iterator[AnyRule]:
        """The other rules."""
        yield from self.reviews
        for value in self.values:
            yield from value.rows
        for term in self.terms:
            yield from term


AnyRule: TypeAlias = (
    Rule[Version]
    | Rule[Blocker]
    | Rule[Review]
    | Rule[Row]
    | Rule[Term]
    | Rule[Deduction]
    | Rule[Instrument]
    | Rule[Route]
)


def rules_of(version: Version) -> VersionRules:
    """The rules of a version."""
    return VersionRules(
        Rule(APPLIES_TO, version.applies_to, version.location, version, version, lambda changed: changed),
        tuple(_blockers(version)),
        tuple(_reviews(version)),
        tuple(_values(version)),
        tuple(_terms(version)),
    )


def _at(items: tuple[Item, ...], index: int, item: Item) -> tuple[Item, ...]:
    return (*items[:index], item, *items[index + 1 :])


def _blockers(version: Version) -> Iterator[Rule[Blocker]]:
    def put(index: int) -> Callable[[Blocker], Version]:
        return lambda blocker: replace(version, blockers=_at(version.blockers, index, blocker))

    for index, each in enumerate(version.blockers):
        yield Rule(blocker_name(each), each.when, each.location, each, each, put(index))


def _reviews(version: Version) -> Iterator[Rule[Review]]:
    def put(index: int) -> Callable[[Review], Version]:
        return lambda review: replace(version, reviews=_at(version.reviews, index, review))

    for index, each in enumerate(version.reviews):
        yield Rule(review_name(each), each.when, each.location, each, each, put(index))


def _values(version: Version) -> Iterator[ValueRules]:
    def put(index: int) -> Callable[[Value], Version]:
        return lambda value: replace(version, values=_at(version.values, index, value))

    for index, value in enumerate(version.values):
        yield ValueRules(_value_name(value), value, put(index), tuple(_rows(value, put(index))))


def _rows(value: Value, put_value: Callable[[Value], Version]) -> Iterator[Rule[Row]]:
    rows = value.body.rows if isinstance(value.body, Table) else ()

    def put(index: int) -> Callable[[Row], Version]:
        return lambda row: put_value(replace(value, body=Table(_at(rows, index, row))))

    for index, row in enumerate(rows):
        yield Rule(row_name(value, index + 1), row.when, row.location, row, value, put(index))


def _terms(version: Version) -> Iterator[TermRules]:
    refund = version.refund
    if refund is None:
        return

    def put(index: int) -> Callable[[Term], Version]:
        return lambda term: replace(version, refund=replace(refund, terms=_at(refund.terms, index, term)))

    for index, term in enumerate(refund.terms):
        name = f"terms/{term.id}"
        yield TermRules(
            Rule(name, term.when, term.location, term, term, put(index)),
            tuple(_deductions(name, term, put(index))),
            tuple(_instruments(name, term, put(index))),
        )


def _deductions(name: str, term: Term, put_term: Callable[[Term], Version]) -> Iterator[Rule[Deduction]]:
    def put(index: int) -> Callable[[Deduction], Version]:
        return lambda changed: put_term(replace(term, deductions=_at(term.deductions, index, changed)))

    for index, each in enumerate(term.deductions):
        yield Rule(f"{name}/deduct/{each.name}", each.when, each.location, each, term, put(index))


def _instruments(name: str, term: Term, put_term: Callable[[Term], Version]) -> Iterator[InstrumentRules]:
    def put(index: int) -> Callable[[Instrument], Version]:
        return lambda changed: put_term(replace(term, instruments=_at(term.instruments, index, changed)))

    for index, each in enumerate(term.instruments):
        own = Rule(f"{name}/instruments/{each.name}", each.when, each.location, each, term, put(index))
        yield InstrumentRules(own, tuple(_routes(own, term)))


def _routes(own: Rule[Instrument], term: Term) -> Iterator[Rule[Route]]:
    instrument = own.part

    def put(index: int) -> Callable[[Route], Version]:
        return lambda route: own.put(replace(instrument, to=_at(instrument.to, index, route)))

    for index, route in enumerate(instrument.to):
        yield Rule(f"{own.name}/to/{index + 1}", route.when, instrument.location, route, term, put(index))
