"""Random books in which much is guarded, and facts of which some are missing: where three truth values tell.

Formulas fail often (they divide by small integers), conditions ask beside what fails, and every fact may be left out.
"""

from __future__ import annotations

import datetime as dt
import random
from fractions import Fraction
from typing import Any

from tests.differential.formulas import Call, Choice, Field, Formula, Literal, Member, Name, call, lift
from tests.differential.generate import (
    BASE,
    ZONES,
    Book,
    Conditions,
    Subject,
    make_book,
    make_facts,
    make_rates,
    make_subjects,
    make_value,
    plant,
)
from tests.differential.reference import look_up

__all__ = ["LIMITS", "make_guarded_book", "make_incomplete_book", "make_incomplete_facts"]

# Whether reviews have limits that are formulas: the language does not have them yet.
LIMITS = False

CHOICES = ["one", "two", "three"]
COUNTS = [0, 1, 2, 7]
POOLS: dict[str, list[Any]] = {
    "flag": [True, False],
    "integer": COUNTS,
    "number": [Fraction(0), Fraction(1, 2), Fraction(1), Fraction(-3)],
    "money": [(0, "USD"), (500, "USD"), (100001, "USD")],
    "time": [BASE, BASE - dt.timedelta(3), BASE + dt.timedelta(40)],
}
FACTS = {"integer": 4, "flag": 3, "number": 1, "choice": 2, "time": 2, "set": 1}
FIELDS = {
    "units": {"type": "integer"},
    "extra": {"type": "integer", "optional": True},
    "used": {"type": "flag", "optional": True},
}
DAY = Literal("duration", "1d")


def make_incomplete_book(seed):
    """Every third book is one of those that have all operators and kinds of facts, the others guard what may fail."""
    return make_book(seed) if seed % 3 == 0 else make_guarded_book(seed)


# The vocabulary.


def make_vocabulary(rng, currencies):
    tree: dict[str, Any] = {"a": {}, "b": {}}
    for kind, count in FACTS.items():
        for number in range(count):
            entry = {"type": kind} | ({"choices": CHOICES} if kind in ("choice", "set") else {})
            tree[rng.choice("ab")][f"{kind}{number}"] = entry | fate(rng)
    tree["a"]["sum"] = {"type": "money", "currency": "USD"} | fate(rng)
    tree["a"]["any_sum"] = {"type": "money"} | fate(rng)
    tree["b"]["bought_at"] = {"type": "time"} | rng.choice([{}, {"optional": True}])
    tree["b"]["rows"] = {"type": "list", "fields": FIELDS} | rng.choice([{}, {"optional": True}])
    tree["b"]["paid"] = {"type": "instruments", "choices": ["cash", "card"], "currency": "USD"}
    if len(currencies) > 1:
        tree["rates"] = {"type": "rates", "optional": True}
    return tree


def fate(rng):
    return rng.choice([{}, {}, {"optional": True}, {"optional": True}, {"default": "…"}])


# Formulas.


class Formulas:
    """Random formulas of a kind, over whatever is there, absent or failing."""

    def __init__(self, rng, subjects):
        self.rng = rng
        self.subjects = list(subjects)
        self.rates = any(each.kind == "rates" for each in subjects)

    def make(self, kind, depth):
        return getattr(self, kind)(depth)

    def name(self, kind):
        return Name(self.rng.choice([each for each in self.subjects if each.kind == kind]).name)

    def optional(self, kind):
        """An optional fact of a kind to ask for; at times a required one, or a value, whose absence means nothing."""
        found = [each for each in self.subjects if each.kind == kind and each.optional]
        return Name(self.rng.choice(found).name) if found and self.rng.random() < 0.7 else self.name(kind)

    def count(self):
        return lift(self.rng.choice(COUNTS))

    def ways(self, kind, depth):
        """What formulas of every kind may be."""
        return [
            lambda: Choice(self.make(kind, depth - 1), self.flag(depth - 1), self.make(kind, depth - 1)),
            lambda: call("default", self.optional(kind), self.make(kind, depth - 1)),
            lambda: self.asked(kind, depth),
        ]

    def alone(self, kind):
        """What is seldom the deciding part of a larger formula, by itself: a default, or a function over records."""
        rows = self.name("list")
        over = {
            "flag": [Call("any", (rows, self.of_record())), Call("all", (rows, self.of_record()))],
            "integer": [
                Call("count", (rows, self.of_record())),
                Call("sum", (rows, Field("extra"), self.of_record())),
            ],
        }
        hidden = call("default", self.rng.choice([self.name, self.optional])(kind), self.make(kind, 0))
        return self.rng.choice([hidden, *over.get(kind, [])])

    def asked(self, kind, depth):
        """An optional fact, where it is present."""
        fact = self.optional(kind)
        return Choice(fact, call("present", fact), self.make(kind, depth - 1))

    def flag(self, depth):
        if depth <= 0:
            return self.rng.choice([lambda: self.name("flag"), self.comparison, self.presence, self.member])()
        return self.rng.choice([
            *self.ways("flag", depth),
            lambda: self.flag(depth - 1) & self.flag(depth - 1),
            lambda: self.flag(depth - 1) | self.flag(depth - 1),
            self.guarded, self.guarded,
            lambda: ~self.flag(depth - 1),
            lambda: self.make(self.rng.choice(["integer", "number"]), depth - 1) > self.integer(depth - 1),
            lambda: self.money(depth - 1) > self.money(0),
            lambda: self.time(depth - 1) <= self.time(0),
            lambda: Call(self.rng.choice(["any", "all"]), (self.name("list"), self.of_record())),
        ])()  # fmt: skip

    def comparison(self):
        return self.name(self.rng.choice(["integer", "number"])) > self.count()

    def presence(self):
        return call("present", self.optional(self.rng.choice(["integer", "flag", "time", "choice", "list"])))

    def member(self):
        options = self.rng.sample(CHOICES, self.rng.randint(1, 2))
        return Member(self.name("choice"), tuple(Literal("text", option) for option in options))

    def guarded(self):
        """A comparison that may fail, beside what asks whether it does; either may stand first."""
        divisor = self.name("integer")
        risky = self.integer(0) / divisor > self.count()
        if self.rng.random() < 0.4:
            divisor = self.optional("integer")
            guard, risky = call("present", divisor), divisor > self.count()
        else:
            guard = divisor > 0
        sides = [guard, risky] if self.rng.random() < 0.6 else [~guard, risky]
        self.rng.shuffle(sides)
        return sides[0] & sides[1] if guard in sides else sides[0] | sides[1]

    def integer(self, depth):
        if depth <= 0:
            return self.rng.choice([self.count, lambda: self.name("integer"), lambda: self.name("integer")])()
        one, two = self.integer(depth - 1), self.integer(0)
        return self.rng.choice([
            *self.ways("integer", depth),
            lambda: one + two, lambda: one - two, lambda: one * two, lambda: two - (one - two),
            lambda: call(self.rng.choice(["min", "max"]), one, two),
            lambda: call("abs", two - one),
            lambda: Call("count", (self.name("list"), self.of_record())),
            lambda: Call("sum", (self.name("list"), Field(self.rng.choice(["units", "extra"])), self.of_record())),
        ])()  # fmt: skip

    def number(self, depth):
        if depth <= 0:
            return self.rng.choice([
                lambda: self.name("number"),
                lambda: self.name("integer") / self.name("integer"),
                lambda: call("days", self.name("time"), Name("now")),
            ])()  # fmt: skip
        return self.rng.choice([
            *self.ways("number", depth),
            lambda: self.number(depth - 1) + self.integer(0),
            lambda: self.number(depth - 1) * lift("0.5"),
            lambda: call("max", self.integer(0), self.number(depth - 1)),
            lambda: self.integer(depth - 1) / (self.integer(0) - self.integer(0)),
            lambda: Call("sum", (self.name("list"), lift(6) / Field("units"), self.of_record())),
        ])()  # fmt: skip

    def money(self, depth):
        if depth <= 0:
            return self.rng.choice([lambda: self.name("money"), lambda: Literal("money", "5 USD")])()
        return self.rng.choice([
            *self.ways("money", depth),
            lambda: self.money(depth - 1) * self.make(self.rng.choice(["integer", "number"]), 0),
            lambda: self.money(depth - 1) / self.integer(0),
            lambda: self.money(depth - 1) + self.money(0),
            lambda: call("min", self.money(depth - 1), self.money(0)),
            *([lambda: Call("convert", (self.money(0), Literal("text", "USD")))] if self.rates else []),
        ])()  # fmt: skip

    def time(self, depth):
        if depth <= 0:
            return self.rng.choice([lambda: self.name("time"), lambda: Name("now")])()
        # Ten million days lead out of the calendar.
        days = self.rng.choice([self.integer(0), self.integer(0) * 10_000_000])
        return self.rng.choice([*self.ways("time", depth), lambda: self.time(0) + DAY * days])()

    def of_record(self):
        """A condition on a record: of fields that may be absent or fail, beside what asks, or of facts."""
        extra, units = Field("extra"), Field("units")
        return self.rng.choice([
            lambda: units > self.integer(0),
            lambda: extra > self.count(),
            lambda: call("present", extra),
            lambda: call("default", extra, self.count()) > 1,
            lambda: lift(6) / units > self.count(),
            lambda: (units > 0) & (lift(6) / units > self.count()),
            lambda: (lift(6) / units > self.count()) & (units > 0),
            lambda: call("default", Field("used"), self.name("flag")),
            lambda: Field("used") | self.name("flag"),
        ])()  # fmt: skip


# Conditions.


class GuardedConditions(Conditions):
    """Conditions in which what may be unknown stands beside what asks for it, before or after."""

    def __init__(self, rng, subjects, currencies):
        super().__init__(rng, subjects, currencies)
        self.guards: list[tuple[dict[str, Any], str]] = []  # a condition, and the value that it guards

    def may_ask(self, _subject):
        return True  # even of what is never absent: it may be missing

    def make(self, depth):
        rng = self.rng
        if not self.guards or rng.random() < 0.55:
            return super().make(depth)
        guard, name = rng.choice(self.guards)
        subject = next(each for each in self.subjects if each.name == name)
        risky = {name: self.operand(subject) if rng.random() < 0.5 else self.several(subject)}
        parts = [guard, risky] if rng.random() < 0.5 else [risky, guard]
        match rng.randrange(5):
            case 0:
                return {"all": parts}
            case 1:
                return {"any": [{"not": part} if part is guard else part for part in parts]}
            case 2:
                return parts[0] | parts[1]
            case 3:
                return {"not": {"any": [{"not": part} for part in parts]}}
        return {"all": [*parts, super().make(depth - 1)]}


# Values, rules, terms.


class Maker:
    """One version, made part by part: each may read the values that were made before it."""

    def __init__(self, rng, policy, subjects, currencies, kinds):
        self.rng = rng
        # Values of two policies may differ in kind, so their names differ.
        self.prefix = {"p": "v", "q": "w"}[policy]
        now = Subject("now", "time", POOLS["time"], is_fact=False)
        self.formulas = Formulas(rng, subjects)
        self.conditions = GuardedConditions(rng, [*subjects, now], currencies)
        self.kinds = kinds
        self.version: dict[str, Any] = {
            "schema": "rescind/policy/1", "policy": policy, "version": "1", "title": "generated"
        }  # fmt: skip

    def make(self):
        rng, version = self.rng, self.version
        version["values"] = {}
        for number in range(rng.randint(3, 6)):
            self.add_value(f"{self.prefix}{number}")
        if rng.random() < 0.6:
            version["applies_to"] = self.conditions.make(2)
        if rng.random() < 0.75:
            version["blockers"] = self.rules(rng.randint(1, 4), message="no")
        if rng.random() < 0.7:
            version["refund"] = {"paid": "b.paid", "terms": self.terms()}
            figure = Subject("refund.total", "money", POOLS["money"], is_fact=False)
            self.conditions.subjects = [*self.conditions.subjects, figure]
        version["review"] = self.rules(rng.randint(1, 3), by="somebody", within="24h", on_timeout="approve")
        if LIMITS:
            for rule in version["review"]:
                rule["until"] = Formula(self.formulas.time(2))
        return version

    def add_value(self, name):
        rng = self.rng
        if rng.random() < 0.15 and self.add_matrix(name):
            return
        body: Any
        kind = rng.choice(["flag", "integer", "number", "number", "money", "time"])
        if kind in ("integer", "number") and rng.random() < 0.6:
            body, guard = self.risky(kind)
        else:
            body, guard = self.formula(kind), None
        if rng.random() < 0.35:
            body = self.table(kind, body)
        self.version["values"][name] = body
        self.add_subject(name, kind)
        if guard:
            self.conditions.guards.append((guard, name))

    def risky(self, kind):
        """A formula that fails where one fact is zero or absent, and the condition that it is not."""
        if kind == "number":
            divisor = self.formulas.name("integer")
            return Formula(self.formulas.integer(0) / divisor), {divisor.path: {"is_not": 0}}
        addend = self.formulas.optional("integer")
        return Formula(addend + self.formulas.count()), {addend.path: {"present": True}}

    def formula(self, kind):
        if self.rng.random() < 0.25:
            return Formula(self.formulas.alone(kind))
        return Formula(self.formulas.make(kind, self.rng.randint(0, 2)))

    def table(self, kind, body):
        rows = [
            {"when": self.conditions.make(1), "is": self.formula(kind)} for _ in range(self.rng.randint(1, 2))
        ]
        rows.insert(self.rng.randrange(len(rows) + 1), {"when": self.conditions.make(1), "is": body})
        if self.rng.random() < 0.8:
            rows.append({"otherwise": self.formula(kind)})
        return rows

    def add_matrix(self, name):
        choices = [each for each in self.conditions.subjects if each.kind == "choice" and not each.optional]
        if not choices:
            return False
        rows = {choice: [self.rng.choice(COUNTS), self.formula("integer")] for choice in CHOICES}
        if self.rng.random() < 0.5:
            rows = {"two": rows["two"], "otherwise": rows["one"]}
        self.version["values"][name] = {
            "matrix": self.rng.choice(choices).name, "columns": ["x", "y"], "rows": rows
        }  # fmt: skip
        for column in "xy":
            self.add_subject(f"{name}.{column}", "integer")
        return True

    def add_subject(self, name, kind):
        subject = Subject(name, kind, POOLS[kind], is_fact=False)
        self.kinds[name] = kind
        self.formulas.subjects.append(subject)
        self.conditions.subjects = [*self.conditions.subjects, subject, subject]

    def rules(self, count, **more):
        rules = []
        for number in range(count):
            rule = {"id": f"r{number}", "when": self.conditions.make(self.rng.randint(0, 2))}
            if self.rng.random() < 0.25:
                rule["unless"] = self.conditions.make(1)
            rules.append(rule | more)
        return rules

    def terms(self):
        rng = self.rng
        terms = []
        for number in range(rng.randint(1, 3)):
            term: dict[str, Any] = {"id": f"t{number}", "when": self.conditions.make(1)}
            if rng.random() < 0.3:
                term["unless"] = self.conditions.make(1)
            if rng.random() < 0.6:
                term["deduct"] = {
                    name: self.deduction() for name in rng.sample(["fee", "use"], rng.randint(1, 2))
                }
            back = ["remainder", "remainder", "full"] if "deduct" in term else ["full", "none"]
            term["instruments"] = {"cash": back[0], "card": self.instrument(rng.choice(back))}
            terms.append(term)
        if rng.random() < 0.85:
            terms[-1].pop("when")
            terms[-1].pop("unless", None)
        return terms

    def instrument(self, back):
        if self.rng.random() < 0.4:
            return back
        return {"return": back, self.rng.choice(["when", "unless"]): self.conditions.make(1)}

    def deduction(self):
        """What is taken is never below zero: the language does not say yet what that would be."""
        paid, divisor = Name("b.paid.cash"), self.formulas.integer(0)
        amount = Formula(self.rng.choice([
            paid * lift("0.1"),
            Name("b.paid.total") / (divisor * divisor),
            Choice(paid * lift("0.1"), self.formulas.flag(1), paid / 3),
            Choice(paid / (divisor * divisor), divisor > 0, paid * 1),
        ]))  # fmt: skip
        return {"amount": amount, "when": self.conditions.make(1)} if self.rng.random() < 0.5 else amount


def make_guarded_book(seed):
    """One book. The same seed gives the same book."""
    rng = random.Random(seed)
    currencies = rng.choice([["USD"], ["USD", "CNY"]])
    tree = make_vocabulary(rng, currencies)
    subjects = make_subjects(rng, tree, currencies, "few")
    for subject in subjects:
        if subject.kind in ("integer", "number", "time"):
            subject.pool = POOLS[subject.kind]
            if "default" in subject.entry:
                subject.entry["default"] = make_value(rng, subject, author=True)
    kinds: dict[str, str] = {}
    versions = [
        Maker(rng, policy, subjects, currencies, kinds).make()
        for policy in ("p", "q")[: 1 + (rng.random() < 0.4)]
    ]
    governed = {version["policy"]: "b.bought_at" for version in versions if rng.random() < 0.2}
    if len(versions) > 1:  # else the second is hardly ever asked
        versions[0].setdefault("applies_to", {"a.flag0" if "flag0" in tree["a"] else "b.flag0": True})
    return Book(
        seed,
        rng.choice(ZONES),
        tree,
        versions[0],
        kinds,
        subjects,
        len(currencies) > 1,
        versions[1:],
        governed,
    )


# Facts.


def make_incomplete_facts(rng, book, needed):
    """Facts of one case. A quarter of the cases lack no required fact, the others few or many."""
    whole = make_facts(rng, book, needed)
    for subject in book.subjects:
        if subject.kind == "list" and "units" in subject.entry["fields"] and look_up(whole, subject.name):
            plant(whole, subject.name, [make_record(rng) for _ in range(rng.randint(0, 3))])
    if rng.random() < 0.3:
        plant(whole, "rates", make_rates(rng) if rng.random() < 0.5 else None)
    if not book.rates:
        whole.pop("rates", None)
    rate = rng.choice([0, 0.04, 0.15, 0.4])
    for subject in book.subjects:
        required = not subject.optional and "default" not in subject.entry
        if subject.is_fact and required and rng.random() < rate:
            remove(whole, subject.name)
    return whole


def make_record(rng):
    record: dict[str, Any] = {"units": rng.choice(COUNTS)}
    if rng.random() < 0.5:
        record["extra"] = rng.choice(COUNTS)
    if rng.random() < 0.5:
        record["used"] = rng.random() < 0.5
    return record


def remove(facts, name):
    *groups, leaf = name.split(".")
    for group in groups:
        facts = facts.get(group, {})
    facts.pop(leaf, None)
