"""Random small books of the shapes that the other references pass over, with what each part of them means.

Steps and brackets, rounding, calendars, rates inside formulas, what is left below zero, splits, limits of deductions,
figures of the refund, destinations, instruments that expire, reviews of whole requests.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.attack import shapes
from tests.attack.meaning import (
    ABSENT,
    DIGITS,
    UNKNOWN,
    Money,
    add_business_days,
    add_months,
    business_days,
    money_text,
    months,
)
from tests.attack.shapes import Formula, Rule, given, operation, read_name

__all__ = ["Book", "Fact", "Instrument", "Refund", "Term", "Version", "make_book", "raw"]

INSTRUMENTS = ["cash", "card", "coupon", "points"]
CHOICES = ["one", "two", "three"]
COUNTS = [-1, 0, 1, 2, 3, 5, 7, 10, 30, 31]
DECIMALS = ["-1", "0", "0.5", "1", "1.5", "2.5", "0.005", "0.333", "30.001"]
MINORS = [0, 1, 2, 3, 5, 50, 99, 100, 101, 333, 999, 1000, 1001, 2500, 10000, 10001]
DAYS = [
    dt.date(2024, 2, 26) + dt.timedelta(each) for each in (-25, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 34, 400)
]
OFF = frozenset({dt.date(2024, 2, 28), dt.date(2024, 3, 3)})
ON = frozenset({dt.date(2024, 3, 2), dt.date(2024, 3, 3)})
NOW = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
TIMES = [NOW + dt.timedelta(hours=each) for each in (-720, -25, -24, -12, 0, 0, 12, 24, 25)]
TIMES += [NOW + dt.timedelta(microseconds=1), NOW - dt.timedelta(microseconds=1)]
RATES = [Fraction(1, 8), Fraction(7), Fraction("0.125"), Fraction(1), Fraction("1.37")]
MODES = ["half_up", "half_even", "half_down", "up", "down"]
VERSION = {"version": "1", "in_force_from": "1990-01-01"}
DESTINATIONS = ["original_payment", "account", "bank"]
NUMBER_TESTS = ["is", "is_not", "over", "at_least", "under", "at_most"]
TIME_TESTS = ["is", "is_not", "before", "after", "not_before", "not_after"]


# What a book is made of.


@dataclass(frozen=True)
class Fact:
    """A fact, and what it may be. `absence` is what a fact means that is not sent: `UNKNOWN`, `ABSENT` or a value."""

    name: str
    kind: str
    pool: list[Any]
    absence: Any
    more: dict[str, Any]

    def entry(self):
        entry = {"type": self.kind} | self.more
        if self.absence is ABSENT:
            entry["optional"] = True
        elif self.absence is not UNKNOWN:
            entry["default"] = raw(self.absence, self.kind)
        return entry


@dataclass(frozen=True)
class Deduction:
    rule: Rule
    amount: Formula
    low: Formula | None
    high: Formula | None
    column: str


@dataclass(frozen=True)
class Instrument:
    """What becomes of an instrument where its rule holds; `routes` are rules whose `more` is a destination."""

    back: str
    rule: Rule
    routes: tuple[Rule, ...]


@dataclass(frozen=True)
class Term:
    rule: Rule
    deductions: dict[str, Deduction]
    instruments: dict[str, Instrument]

    def holds(self, read):
        return self.rule.holds(read)


@dataclass(frozen=True)
class Refund:
    mode: str
    place: str
    split: str
    charge: bool
    terms: tuple[Term, ...]


@dataclass
class Version:
    """One policy. A value is a formula, or rows whose `more` is one."""

    policy: str
    data: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    applies_to: Rule | None = None
    blockers: list[Rule] = field(default_factory=list)
    reviews: list[Rule] = field(default_factory=list)
    requests: list[Rule] = field(default_factory=list)
    refund: Refund | None = None
    together: bool = False


@dataclass(frozen=True)
class Book:
    seed: int
    zone: str
    currency: str
    facts: dict[str, Fact]
    versions: list[Version]

    def files(self, rng=None):
        """The files of the book by name; with `rng` in another order of writing."""
        order = (lambda data: reordered(data, rng)) if rng else (lambda data: data)
        policies = [
            {"id": each.policy, "versions": [VERSION | {"file": f"{each.policy}.yaml"}]}
            for each in self.versions
        ]  # fmt: skip
        calendars = {"work": {"days_off": texts(OFF), "working_days": texts(ON)}}
        book = {
            "schema": "rescind/book/1", "title": "attack", "timezone": self.zone, "facts": "facts.yaml",
            "calendars": calendars, "policies": policies,
        }  # fmt: skip
        facts = {
            "schema": "rescind/facts/1",
            "facts": tree({each.name: each.entry() for each in self.facts.values()}),
        }
        versions = {f"{each.policy}.yaml": order(each.data) for each in self.versions}
        files = {"policies.yaml": book, "facts.yaml": facts} | versions
        return {name: json.dumps(data, indent=1) for name, data in files.items()}


def texts(days):
    return sorted(map(str, days))


def tree(flat):
    """Dotted names as nested mappings."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, leaf = name.split(".")
        place = nested
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = value
    return nested


def raw(value, kind):
    """A value as a caller sends it."""
    match kind:
        case "integer":
            return int(value)
        case "number":
            return shapes.decimal(value)
        case "money":
            return money_text(value.amount * 10 ** DIGITS[value.currency], value.currency)
        case "date" | "time":
            return value.isoformat()
        case "instruments":
            return {name: raw(money, "money") for name, money in value.items()}
        case "rates":
            return {"/".join(pair): str(float(rate)) for pair, rate in value.items()}
        case "list":
            return [{"units": int(each["units"]), "amount": raw(each["amount"], "money")} for each in value]
    return value


def reordered(data, rng, key=""):
    """The same in another order of writing, where order has no meaning: conditions, blockers, reviews, values."""
    if isinstance(data, dict):
        items = list(data.items())
        if key in ("", "values") or "all" in data or "any" in data:
            rng.shuffle(items)
        return {name: reordered(each, rng, name) for name, each in items}
    if isinstance(data, list):
        data = [reordered(each, rng, "item") for each in data]
        if key in ("all", "any", "blockers", "review"):
            rng.shuffle(data)
    return data


# Facts.


def make_facts(rng, currency):
    money = [Money(Fraction(minor, 10 ** DIGITS[currency]), currency) for minor in MINORS]
    huge = [Money(Fraction(10**15 - less, 10 ** DIGITS[currency]), currency) for less in (0, 1)]
    debts = [*money, Money(Fraction(-1), currency), *huge]
    foreign = [*money, *(Money(Fraction(each), "CNY") for each in (0, 1, 8, 80))]
    integers, numbers = [
        list(map(Fraction, each)) for each in (COUNTS, [*DECIMALS, "1e15", "1e-12", "-1e15"])
    ]

    def absence(pool):
        return rng.choice([UNKNOWN, UNKNOWN, UNKNOWN, ABSENT, ABSENT, rng.choice(pool)])

    kinds = [
        ("flag", 3, [True, False], {}), ("integer", 3, integers, {}), ("number", 2, numbers, {}),
        ("choice", 1, CHOICES, {"choices": CHOICES}), ("date", 2, DAYS, {}), ("time", 2, TIMES, {}),
        ("money", 3, debts, {"currency": currency}),
    ]  # fmt: skip
    facts = [
        Fact(f"a.{kind}{number}", kind, pool, absence(pool), more)
        for kind, count, pool, more in kinds
        for number in range(count)
    ]
    rows = [
        [],
        *([{"units": rng.choice(integers), "amount": rng.choice(debts)} for _ in range(3)] for _ in range(4)),
    ]
    rates = [{("CNY", currency): rate} for rate in RATES] + [{(currency, "CNY"): Fraction(7)}]
    fields = {"units": {"type": "integer"}, "amount": {"type": "money", "currency": currency}}
    paid = [make_paid(rng, [*money, *huge]) for _ in range(12)]
    facts += [
        Fact("a.free", "money", foreign, absence(foreign), {}),
        Fact("a.rows", "list", rows, rng.choice([UNKNOWN, ABSENT]), {"fields": fields}),
        Fact("order.paid", "instruments", paid, UNKNOWN, {"choices": INSTRUMENTS, "currency": currency}),
        Fact("order.expired", "flag", [True, False], rng.choice([UNKNOWN, False]), {}),
        Fact("rates", "rates", rates, ABSENT, {}),
        Fact("resource.group", "text", ["g", "h"], ABSENT, {}),
        *(Fact(name, "text", [], ABSENT, {}) for name in ("resource.id", "order.id", "account.id")),
    ]  # fmt: skip
    return {fact.name: fact for fact in facts}


def make_paid(rng, money):
    names = rng.sample(INSTRUMENTS, rng.choice([1, 1, 2, 3, 4]))
    return {name: rng.choice(money) for name in names}


# Formulas.


class Maker:
    """One version, made part by part: each may read what was made before it."""

    def __init__(self, rng, facts, currency, zone):
        self.rng = rng
        self.facts = facts
        self.currency = currency
        self.zone = ZoneInfo(zone)
        self.names: dict[str, list[str]] = {}
        for fact in facts.values():
            if fact.name.startswith("a.") or fact.name == "order.expired":
                self.names.setdefault(fact.kind, []).append(fact.name)
        for part in ("cash", "card", "total"):
            self.names["money"].append(f"order.paid.{part}")
        self.fractional = {fact.name for fact in facts.values() if fact.kind == "number"}

    def formula(self, kind, depth):
        return getattr(self, kind)(depth)

    def pick(self, *ways):
        return self.rng.choice(ways)()

    def name(self, kind):
        return read_name(self.rng.choice(self.names[kind]))

    def fact(self, kind, *, optional=False):
        found = [name for name in self.names[kind] if name in self.facts]
        absent = [name for name in found if self.facts[name].absence is ABSENT]
        return self.rng.choice(absent if optional and absent else found)

    def count(self, pool=COUNTS):
        number = self.rng.choice(pool)
        return given(str(number) if number >= 0 else f"(0 - {-number})", Fraction(number))

    def amount(self, minor=None):
        minor = self.rng.choice(MINORS) if minor is None else minor
        value = Money(Fraction(minor, 10 ** DIGITS[self.currency]), self.currency)
        return given(raw(value, "money"), value)

    def ways(self, kind, depth):
        return [
            lambda: shapes.choice(self.formula(kind, depth - 1), self.flag(depth - 1), self.formula(kind, depth - 1)),
            lambda: shapes.default(self.fact(kind, optional=True), self.formula(kind, depth - 1)),
            lambda: self.tier(kind, depth),
        ]  # fmt: skip

    def tier(self, kind, depth):
        quantity, bounds = self.stepped(depth)
        return shapes.tier(
            quantity,
            [(bound, self.formula(kind, depth - 1)) for bound in bounds],
            self.formula(kind, depth - 1),
        )

    def stepped(self, depth):
        """A quantity and rising bounds of its kind."""
        kind = self.rng.choice(["integer", "number", "money", "date"])
        pool = {"integer": COUNTS, "number": COUNTS, "money": MINORS, "date": DAYS}[kind]
        chosen = sorted(
            self.rng.sample([each for each in pool if kind == "date" or each >= 0], self.rng.randint(1, 3))
        )
        if kind == "money":
            return self.money(depth - 1), [self.amount(minor) for minor in chosen]
        if kind == "date":
            return self.date(depth - 1), [given(f"date('{day}')", day) for day in chosen]
        return self.formula(kind, depth - 1), [given(str(number), Fraction(number)) for number in chosen]

    def graduated(self, price, depth):
        quantity = self.pick(lambda: self.integer(depth - 1), lambda: self.number(depth - 1))
        chosen = sorted(self.rng.sample([each for each in COUNTS if each > 0], self.rng.randint(1, 2)))
        bounds = [given(str(number), Fraction(number)) for number in chosen]
        if self.rng.random() < 0.3:
            bounds[-1] = self.name("integer")
        return shapes.graduated(quantity, [(bound, price()) for bound in bounds], price())

    def rounded(self, inner, steps):
        return shapes.to_step(inner, Fraction(self.rng.choice(steps)), self.rng.choice(MODES))

    def extreme(self, one, two):
        return shapes.smallest_or_largest(self.rng.choice(["min", "max"]), one, two)

    def integer(self, depth):
        if depth <= 0:
            return self.pick(self.count, lambda: self.name("integer"), lambda: self.name("integer"))
        one, two = self.integer(depth - 1), self.integer(0)
        return self.pick(
            *self.ways("integer", depth),
            lambda: operation(one, self.rng.choice("+-*"), two),
            lambda: self.extreme(one, two),
            lambda: shapes.size(one),
            lambda: self.rounded(self.number(depth - 1), ["1", "5"]),
            lambda: shapes.towards(self.rng.choice(["floor", "ceil"]), self.number(depth - 1)),
            self.between_days, self.between_days,
            lambda: shapes.call("weekday", lambda day: Fraction(day.isoweekday()), self.date(depth - 1)),
            lambda: shapes.total("a.rows", read_name("each.units"), self.of_record(), None),
        )  # fmt: skip

    def between_days(self):
        start, end = self.name("date"), self.date(0)
        return self.pick(
            lambda: shapes.call(
                "business_days", lambda a, b: business_days(a, b, OFF, ON), start, end, words=("work",)
            ),
            lambda: shapes.call("months", months, start, end),
            lambda: shapes.call("days", lambda a, b: Fraction((b - a).days), start, end),
        )  # fmt: skip

    def number(self, depth):
        if depth <= 0:
            return self.pick(
                lambda: self.name("number"),
                lambda: operation(self.name("integer"), "/", self.name("integer")),
                lambda: given("0.15", Fraction("0.15")),
            )
        return self.pick(
            *self.ways("number", depth),
            lambda: operation(self.number(depth - 1), self.rng.choice("+-*"), self.integer(0)),
            lambda: operation(self.number(depth - 1), "/", self.name("integer")),
            lambda: operation(self.money(depth - 1), "/", self.name("money")),
            lambda: self.extreme(self.number(depth - 1), self.integer(0)),
            lambda: self.rounded(self.number(depth - 1), ["0.5", "0.01", "0.25"]),
            lambda: self.graduated(lambda: self.number(0), depth),
            lambda: operation(self.graduated(self.count, depth), "/", given("1", Fraction(1))),
        )  # fmt: skip

    def money(self, depth):
        if depth <= 0:
            return self.pick(self.amount, lambda: self.name("money"), lambda: self.name("money"))
        return self.pick(
            *self.ways("money", depth),
            lambda: operation(self.money(depth - 1), "*", self.pick(lambda: self.number(0), lambda: self.integer(0))),
            lambda: operation(self.money(depth - 1), "/", self.pick(self.count, lambda: self.name("integer"))),
            lambda: operation(self.money(depth - 1), self.rng.choice("+-"), self.money(0)),
            lambda: self.extreme(self.money(depth - 1), self.money(0)),
            lambda: shapes.size(self.money(depth - 1)),
            lambda: self.rounded(self.money(depth - 1), ["1", "0.5", "0.01", "10"]),
            lambda: self.graduated(self.amount, depth), lambda: self.graduated(lambda: self.name("money"), depth),
            lambda: shapes.in_currency(self.name("money"), self.currency),
            lambda: shapes.total("a.rows", read_name("each.amount"), self.of_record(), self.amount()),
        )  # fmt: skip

    def date(self, depth):
        if depth <= 0:
            return self.name("date")
        return self.pick(
            *self.ways("date", depth),
            lambda: shapes.call(
                "add_business_days", lambda day, count: add_business_days(day, count, OFF, ON),
                self.date(depth - 1), self.name("integer"), words=("work",),
            ),
            lambda: shapes.call("add_months", add_months, self.date(depth - 1), self.name("integer")),
            lambda: shapes.call(
                "add_days", lambda day, count: day + dt.timedelta(int(count)), self.date(depth - 1),
                self.name("integer"),
            ),
            lambda: shapes.call("date_of", lambda at: at.astimezone(self.zone).date(), self.name("time")),
        )  # fmt: skip

    def flag(self, depth):
        if depth <= 0:
            return self.pick(lambda: self.name("flag"), lambda: self.name("flag"), self.asked)
        return self.pick(
            *self.ways("flag", depth),
            lambda: shapes.both(self.flag(depth - 1), self.flag(depth - 1)),
            lambda: shapes.either(self.flag(depth - 1), self.flag(depth - 1)),
            lambda: shapes.denied(self.flag(depth - 1)),
            lambda: self.comparison(depth), lambda: self.comparison(depth), lambda: self.foreign(depth),
        )  # fmt: skip

    def asked(self):
        kind = self.rng.choice(["integer", "flag", "money", "date"])
        return self.pick(
            lambda: shapes.present(self.fact(kind, optional=True)),
            lambda: shapes.member("a.choice0", self.rng.sample(CHOICES, 2)),
        )

    def comparison(self, depth):
        kind = self.rng.choice(["integer", "number", "money", "date"])
        sign = self.rng.choice(["==", "!=", "<", "<=", ">", ">="])
        return operation(self.formula(kind, depth - 1), sign, self.name(kind))

    def foreign(self, depth):
        """An amount beside one of another currency, by the rates of the case."""
        limit = Money(Fraction(self.rng.choice([0, 1, 7, 8, 80])), "CNY")
        converted = shapes.in_currency(self.money(depth - 1), "CNY")
        return operation(converted, self.rng.choice(["<", ">=", "=="]), given(raw(limit, "money"), limit))

    def of_record(self):
        units = read_name("each.units")
        return self.pick(
            lambda: operation(units, ">", self.count()),
            lambda: operation(operation(given("6", Fraction(6)), "/", units), ">", self.count()),
            lambda: operation(read_name("each.amount"), ">=", self.name("money")),
        )

    # Conditions.

    def condition(self, depth=1):
        if depth <= 0 or self.rng.random() < 0.4:
            return self.leaf()
        parts = [self.condition(depth - 1) for _ in range(self.rng.randint(2, 3))]
        return self.pick(
            lambda: shapes.joined("all", parts),
            lambda: shapes.joined("any", parts),
            lambda: shapes.not_(parts[0]),
        )

    def leaf(self, extra=()):
        kind = self.rng.choice(["flag", "choice", "integer", "number", "money", "money", "date", "time"])
        names = [*self.names[kind], *(extra if kind == "money" else ())]
        return self.leaf_of(self.rng.choice(names), kind, names)

    def leaf_of(self, name, kind, others=()):
        if name in self.facts and self.facts[name].absence is ABSENT and self.rng.random() < 0.2:
            answer = self.rng.random() < 0.5
            return shapes.leaf(name, {"present": (answer, answer)})
        if kind in ("flag", "choice"):
            value = self.rng.choice(CHOICES if kind == "choice" else [True, False])
            return shapes.leaf(name, {"is": (value, [lambda _: value])})
        tests = TIME_TESTS if kind in ("date", "time") else NUMBER_TESTS
        test = self.rng.choice([*tests, *tests, "in", "not_in", "between"])
        if test in ("in", "not_in", "between"):
            values = sorted(self.literals(kind, 2))
            operand = (
                [raw(value, kind) for value in values],
                [lambda _, value=value: value for value in values],
            )
            return shapes.leaf(name, {test: operand})
        others = [other for other in others if other != name]
        if others and self.rng.random() < 0.25:
            other = self.rng.choice(others)
            return shapes.leaf(name, {test: ({"fact": other}, [lambda read: read(other)])})
        value = self.literals(kind, 1)[0]
        return shapes.leaf(name, {test: (raw(value, kind), [lambda _: value])})

    def literals(self, kind, count):
        """Values that a condition may name: what is too long or too large for one is left to facts."""
        foreign = kind == "money" and count == 1 and self.rng.random() < 0.2
        pool = self.facts["a.free" if foreign else f"a.{kind}0"].pool
        if kind == "number":
            pool = list(map(Fraction, DECIMALS))
        return self.rng.sample(sorted(set(pool)), count)

    def rule(self, name, *, chance=1.0, depth=1):
        when = self.condition(depth) if self.rng.random() < chance else None
        unless = self.condition(0) if self.rng.random() < 0.2 * chance else None
        return Rule(name, when, unless)


def make_version(rng, policy, facts, currency, zone):
    maker = Maker(rng, facts, currency, zone)
    version = Version(policy)
    for number in range(rng.randint(2, 5)):
        add_value(maker, version, f"v{number}")
    version.applies_to = maker.rule("applies_to", chance=0.35)
    version.applies_to = version.applies_to._replace(unless=None)
    version.blockers = [maker.rule(f"b{number}", depth=2) for number in range(rng.randint(0, 2))]
    version.refund = make_refund(maker)
    version.together = rng.random() < 0.3
    figures = figures_of(version.refund)
    version.reviews = [make_review(maker, f"r{number}", figures) for number in range(rng.randint(0, 2))]
    version.requests = [make_review(maker, "whole", figures, of_request=True)] if rng.random() < 0.5 else []
    version.data = data_of(version)
    return version


def figures_of(refund):
    """The figures of a refund that conditions may read."""
    instruments = dict.fromkeys(name for term in refund.terms for name in term.instruments)
    deductions = dict.fromkeys(name for term in refund.terms for name in term.deductions)
    returned = [f"refund.returned.{name}" for name in instruments]
    return ["refund.total", "refund.total", *returned, *(f"refund.deductions.{name}" for name in deductions)]


def add_value(maker, version, name):
    kind = maker.rng.choice(["integer", "number", "number", "money", "money", "date", "flag"])
    body: Any = maker.formula(kind, maker.rng.randint(1, 3))
    if maker.rng.random() < 0.3:
        rows = [maker.rule(str(row))._replace(unless=None, more=maker.formula(kind, 1)) for row in range(2)]
        body = [*rows, Rule("otherwise", more=body)]
    version.values[name] = body
    version.kinds[name] = kind
    maker.names[kind] += [name, name]


def make_refund(maker):
    rng = maker.rng
    terms = [make_term(maker, f"t{number}", last=number == 1) for number in range(2)]
    place = rng.choice(["once", "each_deduction", "each_instrument"])
    return Refund(
        rng.choice(MODES), place, rng.choice(["proportional", "in_order"]), rng.random() < 0.4, tuple(terms)
    )


def make_term(maker, name, *, last):
    rng = maker.rng
    rule = Rule(name) if last else maker.rule(name)
    deductions = {
        part: make_deduction(maker, part)
        for part in rng.sample(["consumed", "fee", "extra"], rng.randint(0, 3))
    }
    named = rng.sample(INSTRUMENTS, 4 if rng.random() < 0.8 else 3)
    backs = ["remainder", "remainder", "full", "none"] if deductions else ["full", "none", "remainder"]
    instruments = {part: make_instrument(maker, part, rng.choice(backs)) for part in named}
    if deductions and not any(each.back == "remainder" for each in instruments.values()):
        instruments[named[0]] = make_instrument(maker, named[0], "remainder")
    return Term(rule, deductions, instruments)


def make_deduction(maker, name):
    rng = maker.rng
    paid = read_name(rng.choice(["order.paid.cash", "order.paid.total"]))
    rate, third = given("0.15", Fraction("0.15")), given("0.333", Fraction("0.333"))
    amount = maker.pick(
        lambda: operation(paid, "*", maker.number(1)), lambda: operation(paid, "/", maker.integer(0)),
        lambda: shapes.graduated(maker.integer(0), [(given("3", Fraction(3)), maker.amount())], maker.amount()),
        lambda: maker.money(2), lambda: maker.name("money"), maker.amount,
        lambda: operation(paid, "*", shapes.tier(maker.integer(0), [(given("2", Fraction(2)), rate)], third)),
    )  # fmt: skip
    limit = lambda: maker.amount() if rng.random() < 0.8 else maker.name("money")  # noqa: E731
    low, high = (limit() if rng.random() < 0.35 else None for _ in range(2))
    column = rng.choice(["", "consumed", "fees"])
    return Deduction(maker.rule(name, chance=0.3), amount, low, high, column)


def make_instrument(maker, name, back):
    rng = maker.rng
    rule = Rule(name)
    if rng.random() < 0.4:
        condition = maker.leaf_of("order.expired", "flag") if rng.random() < 0.5 else maker.condition(1)
        rule = Rule(name, unless=condition) if rng.random() < 0.5 else Rule(name, when=condition)
    routes: tuple[Rule, ...] = ()
    if rng.random() < 0.3:
        routes = (
            Rule("", maker.condition(0), None, rng.choice(DESTINATIONS)),
            Rule("", None, None, rng.choice(DESTINATIONS)),
        )
        routes = routes[rng.randrange(2) :]
    return Instrument(back, rule, routes)


def make_review(maker, name, figures, *, of_request=False):
    if not of_request:
        money = maker.rng.random() < 0.6
        leaf = maker.leaf_of(maker.rng.choice(figures), "money", figures) if money else maker.leaf()
        parts = [leaf, maker.leaf()][: maker.rng.randint(1, 2)]
        condition = parts[0] if len(parts) == 1 else shapes.joined(maker.rng.choice(["all", "any"]), parts)
        return Rule(name, condition)
    return make_review_of_request(maker, name, figures)


def make_review_of_request(maker, name, figures):
    """A review of the sum over a request; `more` says of which figure, and from where on, if that is all it asks."""
    rng = maker.rng
    values = [value for value in maker.names["money"] if value.startswith("v")]
    asked = rng.choice(
        rng.choice(
            [figures, ["a.money0", "a.free", "order.paid.total", "order.paid.cash"], values or figures]
        )
    )
    pool = maker.facts["a.free" if rng.random() < 0.2 else "a.money0"].pool
    threshold = rng.choice([each for each in pool if each.amount >= 0])
    test = rng.choice(["over", "over", "at_least", "at_least", "under"])
    part = shapes.leaf(asked, {test: (raw(threshold, "money"), [lambda _: threshold])})
    if rng.random() < 0.4:
        other = maker.leaf_of(rng.choice(maker.names["flag"][:3]), "flag")
        return Rule(name, shapes.joined(rng.choice(["all", "any"]), [part, other]))
    if rng.random() < 0.1:
        return Rule(name, shapes.not_(part))
    return Rule(name, part, None, (asked, threshold) if test != "under" else None)


def make_book(seed):
    """One book. The same seed gives the same book."""
    rng = random.Random(seed)
    currency = rng.choice(["USD", "USD", "JPY", "KWD"])
    zone = rng.choice(["UTC", "Asia/Shanghai", "America/New_York"])
    facts = make_facts(rng, currency)
    versions = [
        make_version(rng, policy, facts, currency, zone) for policy in ("p", "q")[: rng.choice([1, 1, 2])]
    ]
    return Book(seed, zone, currency, facts, versions)


# As data.


def data_of(version):
    data: dict[str, Any] = {
        "schema": "rescind/policy/1",
        "policy": version.policy,
        "version": "1",
        "title": "attack",
    }
    data["values"] = {name: value_data(body) for name, body in version.values.items()}
    if version.applies_to.when:
        data["applies_to"] = version.applies_to.when.data
    if version.blockers:
        data["blockers"] = [{"id": rule.name, **rule.data(), "message": "no"} for rule in version.blockers]
    reviews = [
        *((rule, "order") for rule in version.reviews),
        *((rule, "request") for rule in version.requests),
    ]
    if reviews:
        more = {"by": "somebody", "within": "24h", "on_timeout": "approve"}
        data["review"] = [{"id": rule.name, **rule.data(), "scope": scope, **more} for rule, scope in reviews]
    if version.together:
        data["together"] = "resource.group"
    data["refund"] = refund_data(version.refund)
    return data


def value_data(body):
    if isinstance(body, Formula):
        return body.text
    return [
        {"otherwise": rule.more.text} if rule.name == "otherwise" else rule.data() | {"is": rule.more.text}
        for rule in body
    ]


def refund_data(refund):
    return {
        "paid": "order.paid", "rounding": {"mode": refund.mode, "place": refund.place}, "split": refund.split,
        "below_zero": "charge" if refund.charge else "zero", "terms": [term_data(term) for term in refund.terms],
    }  # fmt: skip


def term_data(term):
    data = {"id": term.rule.name, **term.rule.data()}
    if term.deductions:
        data["deduct"] = {name: deduction_data(each) for name, each in term.deductions.items()}
    return data | {"instruments": {name: instrument_data(each) for name, each in term.instruments.items()}}


def deduction_data(deduction):
    data = {"amount": deduction.amount.text} | deduction.rule.data()
    limits = {"at_least": deduction.low, "at_most": deduction.high}
    data |= {key: limit.text for key, limit in limits.items() if limit}
    return data | ({"as": deduction.column} if deduction.column else {})


def instrument_data(instrument):
    data = {"return": instrument.back} | instrument.rule.data()
    if len(instrument.routes) == 1:
        return data | {"to": instrument.routes[0].more}
    if instrument.routes:
        *routes, last = instrument.routes
        rows = [{**route.data(), "to": route.more} for route in routes]
        return data | {"to": [*rows, {"otherwise": last.more}]}
    return data
