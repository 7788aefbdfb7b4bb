"""The answer to a case, worked out step by step from what a book means. Nothing of the engine is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from tests.attack.meaning import (
    ABSENT,
    DIGITS,
    UNKNOWN,
    Money,
    converted,
    rounded,
    shared,
    to_minor,
)
from tests.attack.shapes import Formula, first

__all__ = ["Answer", "Case", "Settled", "Taken", "decide", "whole_reviews"]


class Taken(NamedTuple):
    name: str
    exact: Fraction
    minor: int
    column: str


@dataclass(frozen=True)
class Settled:
    """A refund in minor units: by instrument what comes back, what is forfeited, and a destination that is named."""

    term: str
    currency: str
    total: int
    returned: dict[str, int]
    forfeited: dict[str, int]
    to: dict[str, str]
    taken: list[Taken]


@dataclass(frozen=True)
class Answer:
    """`outcome` is `error` where `step` is unknown. `case` is the one of the policy that decided."""

    outcome: str
    case: Any = None
    blockers: tuple[str, ...] = ()
    undetermined: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()
    refund: Settled | None = None
    step: str = ""


@dataclass
class Case:
    """One policy and one set of facts; those that are not in it were not sent."""

    book: Any
    version: Any
    facts: dict[str, Any]
    known: dict[str, Any] = field(default_factory=dict)

    def read(self, name):
        if name not in self.known:
            self.known[name] = self.find(name)
        return self.known[name]

    def find(self, name):
        if name in self.book.facts:
            return self.facts.get(name, self.book.facts[name].absence)
        if name in self.version.values:
            body = self.version.values[name]
            if not isinstance(body, Formula):
                row = first(body, self.read)
                return UNKNOWN if row is UNKNOWN else row.more.run(self.read)
            return body.run(self.read)
        if name.startswith("order.paid."):
            return self.paid(name.removeprefix("order.paid."))
        return self.figure(name)

    def paid(self, part):
        paid = self.read("order.paid")
        if paid is UNKNOWN:
            return UNKNOWN
        nothing = Money(Fraction(0), self.book.currency)
        if part == "total":
            return Money(sum(each.amount for each in paid.values()), self.book.currency)
        return paid.get(part, nothing)

    def figure(self, name):
        if name == "refund":
            return settle(self.version.refund, self)
        settled = self.read("refund")
        if settled is UNKNOWN:
            return UNKNOWN
        _, *words = name.split(".")
        if words == ["total"]:
            minor = settled.total
        elif words[0] == "returned":
            minor = settled.returned.get(words[1], 0)
        else:
            minor = sum(each.minor for each in settled.taken if each.name == words[1])
        return Money(Fraction(minor, 10 ** DIGITS[settled.currency]), settled.currency)


# The refund.


def settle(refund, case):
    """The refund of a case, or unknown."""
    term, paid = first(refund.terms, case.read), case.read("order.paid")
    if term is UNKNOWN or paid is UNKNOWN:
        return UNKNOWN
    asked = [each.rule.holds(case.read) for each in term.deductions.values()]
    ways = {name: way(refund, each, name, paid, case) for name, each in term.instruments.items()}
    if UNKNOWN in asked or UNKNOWN in ways.values():
        return UNKNOWN
    if any(name not in ways and money.amount for name, money in paid.items()):
        return UNKNOWN
    amounts = [
        (name, wanted(refund, each, case))
        for (name, each), held in zip(term.deductions.items(), asked, strict=True)
        if held
    ]
    if any(amount is UNKNOWN for _, amount in amounts):
        return UNKNOWN
    minor = {name: int(to_minor(money)) for name, money in paid.items()}
    return spread(refund, term, minor, ways, amounts=amounts, currency=case.book.currency)


def way(refund, instrument, name, paid, case):
    """How an instrument comes back, and where to; `none` where it did not pay, but for one that may owe."""
    may_owe = refund.charge and instrument.back == "remainder"
    if name not in paid and not may_owe:
        return "none", ""
    held = instrument.rule.holds(case.read)
    route = first(instrument.routes, case.read) if instrument.routes and name in paid else None
    if held is UNKNOWN or route is UNKNOWN:
        return UNKNOWN
    return instrument.back if held else "none", route.more if route else ""


def wanted(refund, deduction, case):
    """What a deduction is in minor units; unknown where it fails, is below zero, or no amount is in its limits."""
    found = [each.run(case.read) for each in (deduction.amount, deduction.low, deduction.high) if each]
    if UNKNOWN in found or any(each.currency != case.book.currency for each in found):
        return UNKNOWN
    amount, *limits = map(to_minor, found)
    low = limits.pop(0) if deduction.low else None
    high = limits.pop(0) if deduction.high else None
    if low is not None and high is not None and low > high:
        return UNKNOWN
    if low is not None:
        amount = max(amount, low)
    if high is not None:
        amount = min(amount, high)
    if amount < 0:
        return UNKNOWN
    return Fraction(rounded(amount, refund.mode)) if refund.place == "each_deduction" else amount


def spread(refund, term, paid, ways, *, amounts, currency):
    """The deductions taken one after the other from the instruments that share the remainder."""
    sharing = [name for name, (back, _) in ways.items() if back == "remainder"]
    pool = {name: paid[name] for name in sharing if name in paid}
    if not pool and refund.charge and sharing:
        pool = {sharing[0]: 0}
    have = Fraction(sum(pool.values()))
    left, weights = have, []
    for _, amount in amounts:
        weights.append(amount if refund.charge else min(amount, left))
        left -= weights[-1]
    returned = dict.fromkeys(paid, 0) | {
        name: paid[name] for name in paid if ways.get(name, ("", ""))[0] == "full"
    }
    back = left_over(refund, pool, left, sharing) if pool else {}
    returned |= back
    parts = shared(int(have) - sum(back.values()), weights) if pool else [0] * len(amounts)
    column = {
        name: each.column or ("consumed" if name == "consumed" else "fees")
        for name, each in term.deductions.items()
    }
    forfeited = {
        name: amount for name, amount in paid.items() if ways.get(name, ("none", ""))[0] == "none" and amount
    }
    return Settled(
        term.rule.name, currency, sum(returned.values()), returned, forfeited,
        {name: to for name, (_, to) in ways.items() if name in paid},
        [Taken(name, amount, part, column[name]) for (name, amount), part in zip(amounts, parts, strict=True)],
    )  # fmt: skip


def left_over(refund, pool, left, sharing):
    """What comes back of each instrument of the pool; a debt is owed by the first that shares, paid with or not."""
    whole = rounded(left, refund.mode)
    if whole < 0:
        return dict.fromkeys(pool, 0) | {sharing[0]: whole}
    left, whole = max(left, Fraction(0)), max(whole, 0)
    have = sum(pool.values())
    if refund.split == "in_order":
        found = {}
        for name, amount in pool.items():
            found[name] = min(amount, whole - sum(found.values()))
        return found
    if refund.place == "each_instrument" and have:
        return {name: rounded(left * amount / have, refund.mode) for name, amount in pool.items()}
    return dict(zip(pool, shared(whole, [*pool.values()]), strict=True))


# The steps.


def decide(book, facts):
    """The answer: each step is asked only where those before leave it open."""
    for version in book.versions:
        case = Case(book, version, facts)
        applies = version.applies_to.holds(case.read)
        if applies is UNKNOWN:
            return Answer("error", case, step="applies")
        if applies:
            return settled(case)
    return Answer("not_applicable")


def settled(case):
    version = case.version
    blockers = [(rule.name, rule.holds(case.read)) for rule in version.blockers]
    held, open_ = names_of(blockers, True), names_of(blockers, UNKNOWN)
    if held:
        return Answer("blocked", case, held, open_)
    if open_:
        return Answer("error", case, step="blockers")
    reviews = [(rule.name, rule.holds(case.read)) for rule in (*version.reviews, *version.requests)]
    if names_of(reviews, UNKNOWN):
        return Answer("error", case, step="reviews")
    refund = case.read("refund")
    if refund is UNKNOWN:
        return Answer("error", case, step="terms")
    held = names_of(reviews, True)
    return Answer("review_required" if held else "allowed", case, reviews=held, refund=refund)


def names_of(rules, wanted):
    return tuple(name for name, verdict in rules if verdict is wanted)


# Reviews of a whole request.


def whole_reviews(cases):
    """Of each case whether the reviews of the whole request stand on it, by name; one case alone is all of it."""
    readers = [Sums(case, cases).read if len(cases) > 1 else case.read for case in cases]
    return [
        {rule.name: rule.holds(read) for rule in case.version.requests}
        for case, read in zip(cases, readers, strict=True)
    ]


@dataclass(frozen=True)
class Sums:
    """The names of one case; those of money stand for their sum over the cases of the request."""

    case: Case
    cases: list[Case]

    def read(self, name):
        if not is_money(self.case, name):
            return self.case.read(name)
        figures = [(case, case.read(name)) for case in self.cases if is_money(case, name)]
        present = [(case, figure) for case, figure in figures if figure is not ABSENT]
        if UNKNOWN in [figure for _, figure in present]:
            return UNKNOWN
        return Summed(present) if present else ABSENT


class Summed(NamedTuple):
    """What is summed when it is known in which currency: the amounts above zero, each by the rates of its own case."""

    parts: list[tuple[Case, Money]]

    def in_currency(self, currency):
        parts = [converted(money, currency, rates(case)) for case, money in self.parts if money.amount >= 0]
        if UNKNOWN in parts:
            return UNKNOWN
        return Money(sum((part.amount for part in parts), Fraction(0)), currency)


def rates(case):
    return case.read("rates")


def is_money(case, name):
    if name in case.version.values:
        return case.version.kinds[name] == "money"
    fact = case.book.facts.get(name)
    return fact.kind == "money" if fact else name.startswith(("order.paid.", "refund."))
