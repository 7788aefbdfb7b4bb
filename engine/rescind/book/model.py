"""The records of a loaded book: what the parsers build and the compiler reads.

Conditions are a closed set of nodes: `All`, `Any`, `Not`, and the leaves `Compare`, `Present` and `Has`. Each leaf
knows its place and says in `needs` what the author asked for, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from rescind.book.vocabulary import Vocabulary
from rescind.book.words import (
    BeforeFirst,
    BelowZero,
    CountsAs,
    Destination,
    OnTimeout,
    ReviewScope,
    RoundingPlace,
    Share,
    Split,
)
from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location
from rescind.values.durations import Duration
from rescind.values.rounding_modes import RoundingMode
from rescind.values.types import Type

if TYPE_CHECKING:
    from rescind.book.lock import Lock
    from rescind.formula.business_calendars import BusinessCalendar
    from rescind.formula.scope import Formula

__all__ = [
    "ALWAYS",
    "NEVER",
    "AllOf",
    "AnyOf",
    "Asked",
    "Blocker",
    "Book",
    "BookWords",
    "Compare",
    "Condition",
    "Deduction",
    "Has",
    "Instrument",
    "Joint",
    "Leaf",
    "Name",
    "Not",
    "Op",
    "Policy",
    "Present",
    "Refund",
    "Review",
    "Route",
    "Row",
    "Table",
    "Term",
    "Value",
    "Version",
    "fold",
    "leaves",
]


class Op(StrEnum):
    """The comparisons that the rules engine evaluates."""

    IS = "=="
    IS_NOT = "!="
    UNDER = "<"
    AT_MOST = "<="
    OVER = ">"
    AT_LEAST = ">="


@frozen
class Name:
    """A fact or value read at run time, with its type.

    `certain`: it is never unknown, as `now` and facts that may be left out are.
    """

    name: str
    type: Type
    certain: bool = False


# What the author of a leaf asked for, as plain data: `{"operator": "over", "operand": …}` with the word of the language
# and the operand as `rescind.values.value_readers.typed` writes it, `{"fact": …}` for another name, a list where the
# operator takes several. It repeats what other fields say, so it does not count when two leaves are compared.
Asked = Mapping[str, Any]


@frozen
class Compare:
    """`subject op operand`; the operand is a typed literal or another `Name`."""

    subject: Name
    op: Op
    operand: Any
    needs: str
    location: Location
    asked: Asked = field(compare=False)


@frozen
class Present:
    """The optional `subject` was sent. `implied`: added because a comparison reads an optional fact."""

    subject: Name
    needs: str
    location: Location
    implied: bool = False

    @property
    def asked(self) -> Asked:
        """What its author asked for."""
        return {"operator": "present", "operand": True}


@frozen
class Has:
    """The set `subject` holds `member`."""

    subject: Name
    member: str
    needs: str
    location: Location

    @property
    def asked(self) -> Asked:
        """What its author asked for."""
        return {"operator": "has", "operand": self.member}


Leaf = Compare | Present | Has


@frozen
class AllOf:
    """Every item holds; with no item, always true."""

    items: tuple[Condition, ...]


@frozen
class AnyOf:
    """At least one item holds; with no item, never true."""

    items: tuple[Condition, ...]


@frozen
class Not:
    """The item does not hold."""

    item: Condition


Condition = AllOf | AnyOf | Not | Leaf
Joint = type[AllOf] | type[AnyOf]
Result = TypeVar("Result")
ALWAYS = AllOf(())
NEVER = AnyOf(())


def fold(
    condition: Condition,
    leaf: Callable[[Leaf], Result],
    joint: Callable[[Joint, list[Result]], Result],
    denied: Callable[[Result], Result],
) -> Result:
    """Compute something from a condition, leaves first; `joint` is told whether all or any of the parts must hold."""
    match condition:
        case AllOf(items) | AnyOf(items):
            return joint(type(condition), [fold(item, leaf, joint, denied) for item in items])
        case Not(item):
            return denied(fold(item, leaf, joint, denied))
        case _:
            return leaf(condition)


def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """The leaves of a condition in the order of the file."""
    return fold(
        condition,
        leaf=lambda leaf: (leaf,),
        joint=lambda _, parts: tuple(leaf for part in parts for leaf in part),
        denied=lambda part: part,
    )


@frozen
class Blocker:
    """What forbids a cancellation."""

    id: str
    when: Condition
    message: str
    remedy: str
    location: Location


@frozen
class Review:
    """When a person must look. `by` may be `unspecified`; `within` is None where the policy sets no limit."""

    id: str
    when: Condition
    by: str
    within: Duration | None
    on_timeout: OnTimeout
    scope: ReviewScope
    reason: str
    location: Location


@frozen
class Row:
    """One row of a table of values: `when` is `ALWAYS` in the row `otherwise`."""

    when: Condition
    result: Formula
    location: Location


@frozen
class Table:
    """A value by cases: the first row that holds."""

    rows: tuple[Row, ...]


@frozen
class Value:
    """A named intermediate result: a formula or a table of rows."""

    name: str
    type: Type
    body: Formula | Table
    location: Location


@frozen
class Deduction:
    """What is taken off, and the column that it goes into; limits are formulas or None."""

    name: str
    amount: Formula
    column: CountsAs
    at_least: Formula | None
    at_most: Formula | None
    when: Condition
    location: Location


@frozen
class Route:
    """Where money goes when `when` holds."""

    when: Condition
    to: Destination


@frozen
class Instrument:
    """What becomes of one payment instrument: `back` comes back if `when` holds, else nothing.

    `named` is false if the terms do not say: then nothing may have been paid with the instrument.
    """

    name: str
    back: Share
    when: Condition
    to: tuple[Route, ...]
    location: Location
    named: bool = True


@frozen
class Term:
    """One set of refund terms."""

    id: str
    when: Condition
    deductions: tuple[Deduction, ...]
    instruments: tuple[Instrument, ...]
    location: Location


@frozen
class Refund:
    """How money comes back: which fact says what was paid, the rounding, and the terms in order."""

    paid: Name
    mode: RoundingMode
    place: RoundingPlace
    below_zero: BelowZero
    split: Split
    terms: tuple[Term, ...]
    location: Location


@frozen
class Version:
    """One version of a policy, whole.

    `values` are in an order in which each uses only earlier ones. `facts` are those that the version reads,
    `values_read` the names of those values that something in it reads. `in_force_from` and `in_force_until` are
    instants, the end not included (None: open). `entry` is its place in the book, and `places` are those of the values
    in it, by key.

    `frozen` is the digest that the book names ("" for a draft) and `digest` what it has to be, by the rule that the
    book's names; `present_digest` is made by the rule of today. They are made of `meaning`, what the version says, and
    `fact_meanings`, what it takes each fact to mean.
    """

    policy: str
    version: str
    title: str
    path: str
    applies_to: Condition
    blockers: tuple[Blocker, ...]
    reviews: tuple[Review, ...]
    values: tuple[Value, ...]
    refund: Refund | None
    reasons: Mapping[str, str]
    together: str
    source: Mapping[str, str]
    location: Location
    meaning: Mapping[str, object]
    facts: frozenset[str] = field(default_factory=frozenset)
    values_read: frozenset[str] = frozenset()
    fact_meanings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    digest: str = ""
    present_digest: str = ""
    frozen: str = ""
    in_force_from: int = 0
    in_force_until: int | None = None
    entry: Location = Location("")
    places: Mapping[str, Location] = field(default_factory=dict)

    @property
    def draft(self) -> bool:
        """Whether the book has not frozen the version yet."""
        return not self.frozen

    def line_in_words(self, place: Location) -> str:
        """Which policy says so, and on which line: for problems of facts, whose path names neither."""
        return f"(the policy `{self.policy}` {self.version}, {place.path}:{place.line})"


@frozen
class Policy:
    """A named set of terms and its versions, by the time at which they come into force.

    `before_first` is None where the book leaves it to what else is in force. `unread` are versions that it lists and
    that have errors of their own: they are none of `versions`. `places` are those of the values in its
    entry in the book, by key.
    """

    id: str
    title: str
    governed_by: str
    otherwise: str
    versions: tuple[Version, ...]
    location: Location
    places: Mapping[str, Location] = field(default_factory=dict)
    before_first: BeforeFirst | None = None
    unread: frozenset[str] = frozenset()

    def in_force_at(self, instant: int) -> Version | None:
        """The version in force at an instant in microseconds; None before the first, after the last, or in a gap."""
        version = self.begun_by(instant)
        if version is None or (version.in_force_until is not None and instant >= version.in_force_until):
            return None
        return version

    def begun_by(self, instant: int) -> Version | None:
        """The version that began last before an instant or at it, ended or not."""
        latest = None
        for version in self.versions:
            if version.in_force_from <= instant and (
                latest is None or version.in_force_from >= latest.in_force_from
            ):
                latest = version
        return latest

    def end_of(self, version: Version) -> int | None:
        """The instant at which a version is no longer in force; None where nothing ends it yet."""
        ends = [each.in_force_from for each in self.versions if each.in_force_from > version.in_force_from]
        ends += [] if version.in_force_until is None else [version.in_force_until]
        return min(ends, default=None)

    def named(self, version: str) -> Version | None:
        """The version of a name, whatever its dates."""
        return next((each for each in self.versions if each.version == version), None)


@frozen
class BookWords:
    """The book's words for what is requested: `Unsubscription allowed`, `cannot be unsubscribed`."""

    cancellation: str = "Cancellation"
    cancelled: str = "cancelled"


@frozen
class Book:
    """A whole book: the vocabulary and the policies in the order in which they are tried.

    `lock` holds what of it was published; None where there is no such file.
    """

    path: str
    title: str
    zone: ZoneInfo
    currency: str
    vocabulary: Vocabulary
    calendars: Mapping[str, BusinessCalendar]
    policies: tuple[Policy, ...]
    lock: Lock | None = None
    words: BookWords = BookWords()

    def tried(self) -> tuple[Policy, ...]:
        """The policies in the order in which they are tried: from the first one on, following `otherwise`."""
        policies = {policy.id: policy for policy in self.policies}
        names = list(policies)
        following = dict(zip(names, [*names[1:], ""], strict=True))
        order: dict[str, Policy] = {}
        name = names[0]
        while name in policies and name not in order:
            order[name] = policies[name]
            name = policies[name].otherwise or following[name]
        return tuple(order.values())
