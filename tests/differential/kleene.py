"""What a book says of a case of which not everything is known: a slow interpreter with three truth values.

It is written from the contract of the language (true, false, unknown; strong Kleene; the steps of a decision) and
shares nothing with the engine. `reference` lends it what has no truth value: how values are written, and what a version
is made of. Formulas are evaluated as the trees that they were printed from.

What is unknown carries its causes, so that an error can be asked whether it names them.

Where the contract leaves a choice:

- `present` and `default` of a required fact that is missing, or of a value that is unknown, are unknown: neither hides
  anything. `default(x, y)` of a fact that is there is that fact, whatever `y` is.
- A comparison in a mapping is false where either side is an absent optional fact, be the other side unknown or not.
  `between`, `in` and `not_in` are the `and` and `or` of their comparisons.
- An unknown `governed_by` ends the case, even where `applies_to` could only be false.
- An instrument is asked for its conditions where the case paid with it, whatever it would return; every deduction of
  the terms is asked for, one that finds nothing to take too; a review that does not hold is not asked for its limit.
"""

from __future__ import annotations

import datetime as dt
import operator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from tests.differential import formulas
from tests.differential.reference import (
    ABSENT,
    ORDER,
    Money,
    decimal,
    fact_entries,
    length,
    literal,
    look_up,
    tables,
    typed,
    units_of,
)

__all__ = [
    "Answer",
    "Cause",
    "KleeneCase",
    "Unknown",
    "decide",
    "every",
    "first",
    "negated",
    "some",
]


class Cause(NamedTuple):
    """Why something is unknown. `kind` is missing, absent, rate, failed, uncovered or late; `name` what it is about."""

    kind: str
    name: str


@dataclass(frozen=True)
class Unknown:
    causes: frozenset[Cause]

    def __bool__(self):
        raise TypeError("what is unknown is neither true nor false")


def unknown(kind, name):
    return Unknown(frozenset([Cause(kind, name)]))


def unsettled(values, settled=None):
    """The unknown of all that are unknown; `settled` where none is."""
    causes = [value.causes for value in values if isinstance(value, Unknown)]
    return Unknown(frozenset().union(*causes)) if causes else settled


# Strong Kleene. The tests break these on purpose, so everything goes through them.


def every(verdicts):
    verdicts = list(verdicts)
    return False if False in verdicts else unsettled(verdicts, settled=True)


def some(verdicts):
    verdicts = list(verdicts)
    return True if True in verdicts else unsettled(verdicts, settled=False)


def negated(verdict):
    return verdict if isinstance(verdict, Unknown) else not verdict


def first(rows, holds, name):
    """The first row that holds; after an unknown one the result is unknown, whatever follows."""
    for row in rows:
        verdict = holds(row)
        if isinstance(verdict, Unknown):
            return verdict
        if verdict:
            return row
    return unknown("uncovered", name)


def lifted(function, *arguments):
    """A function of what may be unknown: unknown, if one of its arguments is."""
    why = unsettled(arguments)
    return function(*arguments) if why is None else why


# Arithmetic of formulas.


def exact(kind, raw, zone):
    """A value as a caller writes it; integers are fractions, so that Python divides them exactly."""
    return Fraction(raw) if kind == "integer" else typed(kind, raw, zone)


class FailureError(Exception):
    """A formula has no value for these arguments."""


class Span(NamedTuple):
    """An exact duration in a formula."""

    seconds: Fraction

    def __mul__(self, factor):
        return Span(self.seconds * factor)


ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
COMPARISONS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip


def computed(sign, left, right):
    if isinstance(right, Span):
        return ARITHMETIC[sign](left, dt.timedelta(seconds=1) * right.seconds.numerator)
    if isinstance(left, Money) and isinstance(right, Money):
        if left.currency != right.currency:
            raise FailureError
        if sign in COMPARISONS or sign == "/":
            left, right = left.amount, right.amount
    return (COMPARISONS.get(sign) or ARITHMETIC[sign])(left, right)


def extreme(choose):
    def function(*values):
        if isinstance(values[0], Money) and len({value.currency for value in values}) > 1:
            raise FailureError
        return choose(values)

    return function


def days(start, end):
    """The days of 24 hours from one time to another."""
    return Fraction((end - start) // dt.timedelta(microseconds=1), 86_400 * 10**6)


FUNCTIONS = {"min": extreme(min), "max": extreme(max), "abs": abs, "days": days}
FAILURES = (ZeroDivisionError, OverflowError, FailureError)


class KleeneCase:
    """One version and one set of facts, of which some may be missing."""

    def __init__(self, vocabulary, version, kinds, facts, *, now, zone):
        self.zone = zone
        self.version = version
        self.entries = dict(fact_entries(vocabulary))
        self.kinds = kinds | {name: entry["type"] for name, entry in self.entries.items()}
        self.tables = dict(tables(version))
        self.units = dict(units_of(version))
        self.known: dict[str, Any] = {name: self.given(name, facts) for name in self.entries}
        self.now = self.known["now"] = self.known.get("request.submitted_at") or now

    def given(self, name, facts):
        entry, raw = self.entries[name], look_up(facts, name)
        if raw is None:
            raw = entry.get("default")
        if raw is not None:
            return exact(entry["type"], raw, self.zone)
        return ABSENT if entry.get("optional") else unknown("missing", name)

    # Conditions.

    def holds(self, unit):
        """A rule, row or term holds where its `when` does and its `unless` does not."""
        when, unless = unit.get("when"), unit.get("unless")
        return every([
            self.true(when) if when else True,
            negated(self.true(unless)) if unless else True,
        ])  # fmt: skip

    def true(self, condition):
        verdicts = []
        for key, body in condition.items():
            if key == "all":
                verdicts.append(every(self.true(item) for item in body))
            elif key == "any":
                verdicts.append(some(self.true(item) for item in body))
            elif key == "not":
                verdicts.append(negated(self.true(body)))
            elif isinstance(body, list):
                verdicts.append(self.test(key, "in", body))
            elif isinstance(body, dict) and set(body) != {"fact"}:
                verdicts.append(every(self.test(key, test, operand) for test, operand in body.items()))
            else:
                verdicts.append(self.test(key, "is", body))
        return every(verdicts)

    def test(self, name, test, operand):
        match test:
            case "present":
                return lifted(lambda value: (value is not ABSENT) is operand, self.value(name))
            case "has":
                return lifted(lambda value: value is not ABSENT and operand in value, self.value(name))
            case "between":
                bounds = zip(("at_least", "at_most"), operand, strict=True)
                return every(self.compare(name, bound, end) for bound, end in bounds)
            case "in":
                return some(self.compare(name, "is", item) for item in operand)
            case "not_in":
                return every(self.compare(name, "is_not", item) for item in operand)
        return self.compare(name, test, operand)

    def compare(self, name, test, raw):
        kind = self.kind(name)
        if isinstance(raw, dict):
            other = self.value(raw["fact"])
        else:
            other = self.now if raw == "now" and kind == "time" else literal(kind, raw, self.zone)
        one = self.value(name)
        if one is ABSENT or other is ABSENT:
            return False
        if kind == "money":
            one = lifted(lambda a, b: self.converted(a, b.currency), one, other)
            return lifted(lambda a, b: ORDER[test](a.amount, b.amount), one, other)
        return lifted(ORDER[test], one, other)

    def converted(self, money, currency):
        """Money in another currency, by the rate of the pair or the inverse of the opposite one."""
        if money.currency == currency:
            return money
        rates = self.known.get("rates", ABSENT)
        if isinstance(rates, Unknown):
            return rates
        rates = rates or {}
        if (money.currency, currency) in rates:
            return Money(money.amount * rates[money.currency, currency], currency)
        if (currency, money.currency) in rates:
            return Money(money.amount / rates[currency, money.currency], currency)
        return unknown("rate", f"{money.currency}/{currency}")

    # What a name stands for.

    def kind(self, name):
        return "time" if name == "now" else self.kinds.get(name) or "money"

    def value(self, name):
        """A value, `ABSENT` for an optional fact that is, or an `Unknown`."""
        if name not in self.known:
            self.known[name] = self.compute(name)
        return self.known[name]

    def compute(self, name):
        if name.startswith("refund."):
            return self.figure(name)
        if name in self.tables:
            row = first(self.tables[name], self.fits, name)
            return row if isinstance(row, Unknown) else self.formula(row.get("is", row.get("otherwise")))
        values = self.version.get("values", {})
        return self.formula(values[name]) if name in values else self.instrument(name)

    def fits(self, row):
        return "otherwise" in row or self.holds(row)

    def instrument(self, name):
        fact, part = name.rsplit(".", 1)
        paid = self.value(fact)
        if paid is ABSENT or isinstance(paid, Unknown):
            return paid
        currency = next(iter(paid.values())).currency
        if part == "total":
            return Money(sum(money.amount for money in paid.values()), currency)
        return paid.get(part, Money(Fraction(0), currency))

    # Formulas.

    def formula(self, text):
        """The value of a formula; a cell may be a plain flag or number."""
        if isinstance(text, formulas.Formula):
            return self.evaluate(text.tree, None)
        return text if isinstance(text, bool) else Fraction(text)

    def evaluate(self, node, record):
        """The value of a tree. `record` is the one at hand in a function over a list."""
        try:
            return self.node(node, record)
        except FAILURES:
            return unknown("failed", node.sign if isinstance(node, formulas.Operation) else node.function)

    def node(self, node, record):
        match node:
            case formulas.Literal(kind, text):
                return self.literal(kind, text)
            case formulas.Name() | formulas.Field():
                value, name = self.asked(node, record)
                return unknown("absent", name) if value is ABSENT else value
            case formulas.Operation("and", left, right):
                return every([self.evaluate(left, record), self.evaluate(right, record)])
            case formulas.Operation("or", left, right):
                return some([self.evaluate(left, record), self.evaluate(right, record)])
            case formulas.Operation(sign, left, right):
                sides = self.evaluate(left, record), self.evaluate(right, record)
                return lifted(lambda a, b: computed(sign, a, b), *sides)
            case formulas.Negation(inner):
                return negated(self.evaluate(inner, record))
            case formulas.Choice(chosen, condition, other):
                verdict = self.evaluate(condition, record)
                if isinstance(verdict, Unknown):
                    return verdict
                return self.evaluate(chosen if verdict else other, record)
            case formulas.Member(inner, options):
                found = [self.literal(option.kind, option.text) for option in options]
                return lifted(lambda value: value in found, self.evaluate(inner, record))
        return self.call(node.function, node.arguments, record)

    def literal(self, kind, text):
        match kind:
            case "flag":
                return text == "true"
            case "number":
                return decimal(text)
            case "duration":
                return Span(length(text)[1])
        return literal(kind, text, self.zone)

    def asked(self, node, record):
        """What a fact, value or field is, `ABSENT` where it is, and its name."""
        if isinstance(node, formulas.Name):
            return self.value(node.path), node.path
        return record[node.path], f"each.{node.path}"

    def call(self, function, arguments, record):
        match function:
            case "present":
                return lifted(lambda value: value is not ABSENT, self.asked(arguments[0], record)[0])
            case "default":
                value, _ = self.asked(arguments[0], record)
                return self.evaluate(arguments[1], record) if value is ABSENT else value
            case "convert":
                money = self.evaluate(arguments[0], record)
                return lifted(lambda each: self.converted(each, arguments[1].text), money)
            case "sum" | "count" | "any" | "all":
                return self.over_a_list(function, *arguments)
        return lifted(FUNCTIONS[function], *(self.evaluate(each, record) for each in arguments))

    def over_a_list(self, function, name, *rest):
        records = self.node(name, None)
        if isinstance(records, Unknown):
            return records
        records = [self.record(name.path, record) for record in records]
        if function in ("any", "all"):
            verdicts = [self.evaluate(rest[0], record) for record in records]
            return some(verdicts) if function == "any" else every(verdicts)
        amount, condition = (rest[0], rest[1:]) if function == "sum" else (formulas.lift(1), rest)
        return self.added(records, amount, condition)

    def record(self, name, raw):
        fields = self.entries[name]["fields"]
        return {key: exact(entry["type"], raw[key], self.zone) if raw.get(key) is not None else ABSENT
                for key, entry in fields.items()}  # fmt: skip

    def added(self, records, amount, condition):
        """A sum: unknown where a record's condition is, or the value of a record that counts."""
        parts = []
        for record in records:
            counts = self.evaluate(condition[0], record) if condition else True
            if isinstance(counts, Unknown):
                parts.append(counts)
            elif counts:
                parts.append(self.evaluate(amount, record))
        return lifted(lambda *found: sum(found, Fraction(0)), *parts)

    # The refund.

    def term(self):
        return first(self.version["refund"]["terms"], self.holds, "terms")

    def figure(self, name):
        """`refund.total`, for terms whose only deductions are amounts."""
        paid, term = self.value(self.version["refund"]["paid"]), self.term()
        if name != "refund.total":
            raise NotImplementedError(name)
        if isinstance(term, Unknown):
            return unsettled([term, paid])
        taken = [self.deduction(part) for part in term.get("deduct", {}).values()]
        if isinstance(paid, Unknown):
            return unsettled([paid, *taken])
        ways = {part: self.way(back) for part, back in term["instruments"].items() if part in paid}
        if (why := unsettled([*ways.values(), *taken])) is not None:
            return why
        return total(paid, ways, sum(taken))

    def way(self, back):
        """How an instrument comes back."""
        if isinstance(back, str):
            return back
        return lifted(lambda held: back["return"] if held else "none", self.holds(back))

    def deduction(self, part):
        part = part if isinstance(part, dict) else {"amount": part}
        held = self.holds(part)
        if isinstance(held, Unknown):
            return held
        return lifted(lambda money: money.amount, self.formula(part["amount"])) if held else Fraction(0)

    # The steps: what each finds, with what is unknown in it.

    def blockers(self):
        return [(rule["id"], self.holds(rule)) for rule in self.version.get("blockers", ())]

    def reviews(self):
        return [
            (rule["id"], every([verdict, self.limit(rule)]) if verdict is not False else False)
            for rule in self.version.get("review", ())
            for verdict in [self.holds(rule)]
        ]

    def limit(self, rule):
        """True where the limit of a review is known; one before the submission is not."""
        text = rule.get("until", rule.get("before"))
        if text is None:
            return True
        limit = self.formula(text)
        if isinstance(limit, Unknown):
            return limit
        return unknown("late", rule["id"]) if limit < self.now else True

    def every_cause(self):
        """All that any part of the version might complain of."""
        found = [self.holds(unit) for unit in self.units.values()]
        found += [self.value(name) for name in self.value_names()]
        found += [verdict for _, verdict in self.reviews()]
        if "refund" in self.version:
            found += [self.term(), self.figure("refund.total")]
        return unsettled(found, Unknown(frozenset())).causes

    def value_names(self):
        formulas_only = [
            name for name, body in self.version.get("values", {}).items() if isinstance(body, str)
        ]
        return [*formulas_only, *self.tables]


def total(paid, ways, taken):
    """What comes back: what is left for a remainder is never below zero, and rounded half up."""
    full = sum(paid[part].amount for part, how in ways.items() if how == "full")
    pool = sum(paid[part].amount for part, how in ways.items() if how == "remainder")
    currency = next(iter(paid.values())).currency
    unit = 10 ** {"JPY": 0, "KWD": 3}.get(currency, 2)
    left = max(Fraction(0), pool - taken)
    return Money(full + Fraction(int(left * unit + Fraction(1, 2)), unit), currency)


# The decision.


@dataclass(frozen=True)
class Answer:
    """What a case comes to. Of an `error`, `step` says where it stopped and `causes` why."""

    outcome: str
    policy: str = ""
    blockers: tuple[str, ...] = ()
    undetermined: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()
    term: str = ""
    total: Money | None = None
    values: dict[str, Any] = field(default_factory=dict)
    step: str = ""
    causes: frozenset[Cause] = frozenset()


def decide(book, facts, now):
    """The answer to a case, step by step: each is asked only where the ones before leave it open."""
    for version in (book.version, *book.others):
        policy = version["policy"]
        case = KleeneCase(book.facts, version, book.kinds, facts, now=now, zone=book.zone)
        applies = applicable(case, book.governed.get(policy))
        if isinstance(applies, Unknown):
            return Answer("error", policy, step="applies", causes=applies.causes)
        if applies:
            return settled(case, policy)
    return Answer("not_applicable")


def applicable(case, governed):
    """Whether a policy applies, or why that is unknown. An unknown `governed_by` leaves no version to ask."""
    moment = case.value(governed) if governed else case.now
    if moment is ABSENT:
        return unknown("absent", governed)
    return moment if isinstance(moment, Unknown) else case.holds(case.units["applies_to"])


def settled(case, policy):
    """The answer of the policy that applies."""
    values = {name: case.value(name) for name in case.value_names()}
    blockers = case.blockers()
    blocked, undetermined = held(blockers), unsure(blockers)
    if blocked:
        return Answer("blocked", policy, blocked, undetermined, values=values)
    if undetermined:
        return stopped(policy, "blockers", [verdict for _, verdict in blockers])
    reviews = case.reviews()
    if unsure(reviews):
        return stopped(policy, "reviews", [verdict for _, verdict in reviews])
    outcome = "review_required" if held(reviews) else "allowed"
    if "refund" not in case.version:
        return Answer(outcome, policy, reviews=held(reviews), values=values)
    term, figure = case.term(), case.value("refund.total")
    if unsettled([term, figure]) is not None:
        return stopped(policy, "terms", [term, figure])
    return Answer(outcome, policy, reviews=held(reviews), term=term["id"], total=figure, values=values)


def stopped(policy, step, verdicts):
    return Answer("error", policy, step=step, causes=unsettled(verdicts).causes)


def held(rules):
    return tuple(name for name, verdict in rules if verdict is True)


def unsure(rules):
    return tuple(name for name, verdict in rules if isinstance(verdict, Unknown))
