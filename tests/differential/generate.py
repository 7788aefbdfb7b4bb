"""Random books and facts from a seed: every kind of fact, every operator, values at and beside the literals."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
import re
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.differential.formulas import Choice, Formula, Name, Node, call, lift
from tests.differential.reference import fact_entries

__all__ = ["CURRENCIES", "SUBMITTED", "ZONES", "Book", "Subject", "make_book", "make_facts", "make_now"]

ZONES = ("Asia/Shanghai", "UTC", "America/New_York")
CURRENCIES = {"USD": 2, "CNY": 2, "EUR": 2, "JPY": 0, "KWD": 3}
KINDS = (
    "flag",
    "choice",
    "text",
    "integer",
    "number",
    "money",
    "time",
    "date",
    "duration",
    "set",
    "instruments",
)
EQUALITY = ("is", "is_not", "in", "not_in")
AMOUNTS = (*EQUALITY, "over", "at_least", "under", "at_most", "between")
MOMENTS = (*EQUALITY, "before", "after", "not_before", "not_after", "between")
OPERATORS = {
    "flag": EQUALITY, "choice": EQUALITY, "text": EQUALITY,
    "integer": AMOUNTS, "number": AMOUNTS, "money": AMOUNTS, "duration": AMOUNTS,
    "time": MOMENTS, "date": MOMENTS, "set": ("has",),
}  # fmt: skip
TEXTS = (
    "",
    "a",
    "A",
    "a-",
    "a b",
    "é",
    "e\u0301",
    "日本",
    "😀",
    "null",
    "5",
    "true",
    '"',
    "\\",
    "\\u0061",
    "a\nb",
    "x" * 200,
)
CHOICES = ("one", "two", "three", "four", "fünf", "six-6", "7")
BASE = dt.datetime(2024, 11, 5, 9, 0, 0, tzinfo=dt.UTC)
FIRST, LAST = dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
SUBMITTED = "request.submitted_at"
HOUR, WEEK = 3600, 604800
MOST = 10**15  # numbers, and minor units of money, reach that far


@dataclass
class Subject:
    """A name that conditions may read. `pool` are the values that literals and facts are made of."""

    name: str
    kind: str
    pool: list[Any]
    optional: bool = False
    entry: dict[str, Any] = field(default_factory=dict)
    is_fact: bool = True

    @property
    def calendar(self):
        return bool(self.entry.get("calendar"))


@dataclass
class Book:
    """A vocabulary and its versions as plain data, and what facts are drawn from."""

    seed: int
    zone: str
    facts: dict[str, Any]
    version: dict[str, Any]
    kinds: dict[str, str]
    subjects: list[Subject]
    rates: bool
    others: list[dict[str, Any]] = field(default_factory=list)  # versions of further policies, in their order
    governed: dict[str, str] = field(default_factory=dict)  # the fact that picks the version, by policy


# Canonical values: what a subject's pool holds, by kind.


def pool(rng, kind, entry, decimals):
    if kind == "flag":
        return [True, False]
    if kind == "choice":
        return list(entry["choices"])
    if kind == "text":
        return rng.sample(TEXTS, 4)
    if kind == "set":
        return list(entry.get("choices") or rng.sample(TEXTS, 4))
    if kind == "integer":
        return rng.sample([0, 1, -1, 7, rng.randint(-(10**6), 10**6), MOST, -MOST, MOST - 1], 4)
    if kind == "number":
        # Columns have the decimals of the literals: facts a hair beside these need more.
        few = [Fraction(0), Fraction(1), Fraction(-3), Fraction(1, 2), Fraction(-7, 2)]
        many = [Fraction(0), Fraction(-1, 8), Fraction(1, 10**12), Fraction(333333333333333, 10**12)]
        large = [Fraction(MOST), Fraction(-MOST), Fraction(MOST * 1000 - 1, 1000), Fraction(7)]
        return rng.sample({"few": few, "many": many, "large": large}[decimals], 4)
    if kind in ("money", "instruments"):
        found = [
            (minor, currency_of(rng, entry))
            for minor in rng.sample([0, 1, 5, 100001, 250000, MOST, MOST - 1], 4)
        ]
        return (
            found
            if kind == "instruments"
            else [(rng.choice([1, 1, -1]) * minor, unit) for minor, unit in found]
        )
    if kind == "time":
        return [
            BASE,
            BASE + rng.randint(-9, 9) * MICROSECOND,
            BASE + dt.timedelta(rng.randint(-400, 400)),
            rng.choice([FIRST, LAST]),
        ]
    if kind == "date":
        return [
            dt.date(2024, 2, 29),
            dt.date(2024, 10, 29),
            rng.choice([dt.date.min, dt.date.max]),
            dt.date(2024, 11, rng.randint(1, 30)),
        ]
    if entry.get("calendar"):
        return rng.sample([0, 1, 12, 18, 36, 12 * 999999999], 3)
    return rng.sample([0, 90, HOUR, 24 * HOUR, 7 * 24 * HOUR, WEEK * 52, 999999999 * HOUR], 4)


def currency_of(rng, entry):
    return entry.get("currency") or rng.choice(entry["_currencies"])


def beside(rng, kind, value, entry):
    """The value itself, or one a hair away from it."""
    step = rng.choice([0, 0, 1, -1])
    if not step or kind in ("flag", "choice", "text", "set"):
        return value
    if kind == "integer":
        return max(-MOST, min(MOST, value + step))
    if kind == "number":
        return max(
            Fraction(-MOST), min(Fraction(MOST), value + Fraction(step, rng.choice([1, 10**6, 10**12])))
        )
    if kind in ("money", "instruments"):
        low = 0 if kind == "instruments" else -MOST
        return max(low, min(MOST, value[0] + step)), value[1]
    if kind == "time":
        return value if value in (FIRST, LAST) else value + step * MICROSECOND
    if kind == "date":
        return value if value in (dt.date.min, dt.date.max) else value + dt.timedelta(step)
    if entry.get("calendar"):
        return max(0, value + step)
    return min(999999999 * HOUR, max(0, value + step * rng.choice([1, HOUR])))


# Spelling: one value has many texts.


def spell(rng, kind, value, entry, *, author):
    match kind:
        case "number":
            return spell_number(rng, value)
        case "money" | "instruments":
            return spell_money(rng, *value, author=author)
        case "time":
            return spell_time(rng, value)
        case "date":
            return value.isoformat()
        case "duration":
            return spell_months(rng, value) if entry.get("calendar") else spell_seconds(rng, value)
        case _:
            return value


def spell_number(rng, value):
    if value.denominator == 1 and rng.random() < 0.5:
        return int(value)
    digits = plain(value)
    if rng.random() < 0.2 and len(digits) < 12:
        return plain(value * 100) + "%"
    if rng.random() < 0.4 and "." in digits:
        return Decimal(digits)
    return digits if rng.random() < 0.7 or "." not in digits else digits + "0"


def plain(value):
    """A fraction that ends, written out."""
    sign, value = ("-" if value < 0 else ""), abs(value)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(int(value * 10**places)).rjust(places + 1, "0")
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def spell_money(rng, minor, currency, *, author):
    amount = plain(Fraction(minor, 10 ** CURRENCIES[currency]))
    if "." not in amount and CURRENCIES[currency] and rng.random() < 0.3:
        amount += "." + "0" * rng.randint(1, CURRENCIES[currency])
    if not author and rng.random() < 0.4:
        return {"amount": rng.choice([amount, Decimal(amount)]), "currency": currency}
    return amount + rng.choice([" ", " ", ""]) + currency


def spell_time(rng, value):
    if value in (FIRST, LAST):
        return value.isoformat().replace("+00:00", "Z")
    offset = dt.timezone(dt.timedelta(hours=rng.choice([0, 8, -5]), minutes=rng.choice([0, 30])))
    return value.astimezone(offset).isoformat().replace("+00:00", "Z")


def spell_months(rng, months):
    if months % 12 == 0 and rng.random() < 0.6:
        return rng.choice(
            [f"{months // 12}y", f"P{months // 12}Y"] if months < 12 * 10**6 else [f"{months // 12}y"]
        )
    return f"{months}mo" if months < 10**9 else f"{months // 12}y"


def spell_seconds(rng, seconds):
    if seconds >= 10**9:
        return f"{seconds // HOUR}h"
    ways = [f"{seconds}s", f"PT{seconds}S"]
    for unit, size, iso in (
        ("min", 60, "PT{}M"),
        ("h", HOUR, "PT{}H"),
        ("d", 86400, "P{}D"),
        ("w", WEEK, "P{}W"),
    ):
        if seconds % size == 0 and seconds // size < 10**6:
            ways += [f"{seconds // size}{unit}", iso.format(seconds // size)]
    return rng.choice(ways)


# The vocabulary.


def block(rng, profile, conditions, version):
    """Give a version blockers."""
    # A case that is blocked says nothing of what comes after, so most books with values block rarely.
    count = {
        "broad": rng.randint(4, 14),
        "wide": rng.randint(61, 75),
        "values": rng.choice([0, 0, 1, 4]),
        "early": rng.randint(1, 3),
        "product": 4,
    }
    depth = 1 if profile in ("wide", "early") else 3
    if rules := make_rules(rng, count[profile], conditions, depth, message="no"):
        version["blockers"] = rules


def divide(version, kinds):
    """A value that the first pass reads and that often has none, and reviews that read it."""
    kinds["part"] = "number"
    version["values"]["part"] = Formula(lift(1) / Name("a.sure"))
    for rule in version["review"][:2]:
        if "when" in rule:
            rule["when"] = {"all": [rule["when"], {"part": {"is_not": "0"}}]}


def share(rng, version):
    """Let conditions that come later have branches with the comparisons of those that may end a case."""
    gates = [rule["when"] for rule in version.get("blockers", ()) if "when" in rule]
    gates += [version["applies_to"], {"not": version["applies_to"]}] if "applies_to" in version else []
    # Values that stood on what stands on them would go in circles.
    of_facts = [gate for gate in gates if not re.search(r'"(?:v\d|refund)', json.dumps(gate, default=str))]
    rows = [row for body in version.get("values", {}).values() if isinstance(body, list) for row in body]
    terms = version.get("refund", {}).get("terms", ())
    for rules, found in ((version["review"], gates), (rows, of_facts), (terms, of_facts)):
        for rule in rules:
            if found and "when" in rule and rng.random() < 0.4:
                parts = [copy.deepcopy(rng.choice(found)), rule["when"]]
                rng.shuffle(parts)
                rule["when"] = {"any": parts}


def make_vocabulary(rng, currencies):
    tree: dict[str, Any] = {"a": {}, "b": {"c": {}}, "d": {}}
    kinds = [rng.choice(KINDS) for _ in range(rng.randint(5, 14))] + ["integer", "choice", "flag", "number"]
    kinds += ["instruments"] * (rng.random() < 0.5)
    for number, kind in enumerate(kinds):
        group = rng.choice([tree["a"], tree["b"], tree["b"]["c"], tree["d"]])
        group[f"{kind[:3]}{number}"] = make_entry(rng, kind, currencies)
    tree["a"]["sure"] = {"type": "integer"}  # formulas need one that is never absent
    if rng.random() < 0.3:
        tree["d"]["words"] = {"type": "list", "optional": True, "fields": {"by": {"type": "text"}}}
    if not tree["b"]["c"]:
        del tree["b"]["c"]
    if rng.random() < 0.5:
        tree["request"] = {"submitted_at": {"type": "time", "optional": True}}
    return {key: group for key, group in tree.items() if group}


def make_entry(rng, kind, currencies):
    entry: dict[str, Any] = {"type": kind}
    if kind == "choice" or (kind == "set" and rng.random() < 0.5):
        entry["choices"] = rng.sample(CHOICES, rng.randint(2, 5))
    if kind == "instruments":
        entry["choices"] = ["cash", "coupon", "points"][: rng.randint(1, 3)]
    if kind in ("money", "instruments") and rng.random() < 0.6:
        entry["currency"] = rng.choice(currencies)
    if kind == "duration" and rng.random() < 0.4:
        entry["calendar"] = True
    fate = rng.random()
    if fate < 0.35:
        entry["optional"] = True
    elif fate < 0.5:
        entry["default"] = "…"  # filled in once the pool is known
    return entry


def make_subjects(rng, tree, currencies, decimals):
    subjects = []
    for name, entry in fact_entries(tree):
        kind, optional = entry["type"], bool(entry.get("optional"))
        if kind in ("list", "rates"):
            subjects.append(Subject(name, kind, [], optional, entry))
            continue
        subject = Subject(
            name, kind, pool(rng, kind, {"_currencies": currencies, **entry}, decimals), optional, entry
        )
        if "default" in entry:
            entry["default"] = make_value(rng, subject, author=True)
        subjects.append(subject)
        if kind == "instruments":
            parts = [f"{name}.{part}" for part in (*entry["choices"], "total")]
            money = {key: entry[key] for key in ("currency",) if key in entry}
            subjects += [
                Subject(part, "money", subject.pool, optional, money, is_fact=False) for part in parts
            ]
    return subjects


def make_value(rng, subject, *, author=False):
    """A value of a fact as a caller sends it."""
    kind, entry = subject.kind, subject.entry
    if kind == "list":
        return [{"by": rng.choice(TEXTS)} for _ in range(rng.randint(0, 2))]
    if kind == "set":
        return rng.sample(subject.pool, rng.randint(0, len(subject.pool)))
    if kind == "instruments":
        currency = rng.choice(subject.pool)[1]
        parts = rng.sample(entry["choices"], rng.randint(1, len(entry["choices"])))
        amounts = {part: beside(rng, kind, rng.choice(subject.pool), entry)[0] for part in parts}
        return {
            part: spell(rng, kind, (minor, currency), entry, author=author) for part, minor in amounts.items()
        }
    return spell(rng, kind, beside(rng, kind, rng.choice(subject.pool), entry), entry, author=author)


def make_facts(rng, book, needed):
    """Facts of one case: required ones of `needed` always, other ones at times."""
    facts: dict[str, Any] = {}
    for subject in book.subjects:
        if not subject.is_fact:
            continue
        if subject.name == SUBMITTED:
            if rng.random() < 0.2:
                plant(facts, SUBMITTED, spell_time(rng, make_now(rng)))
            continue
        if subject.kind == "rates":
            if rng.random() < 0.9:
                plant(facts, "rates", make_rates(rng))
            continue
        free = subject.optional or "default" in subject.entry or subject.name not in needed
        if free and rng.random() < 0.4:
            if subject.optional and rng.random() < 0.2:
                plant(facts, subject.name, None)
            continue
        plant(facts, subject.name, make_value(rng, subject))
    return facts


def plant(facts, name, value):
    *groups, leaf = name.split(".")
    for group in groups:
        facts = facts.setdefault(group, {})
    facts[leaf] = value


def make_rates(rng):
    """All rates through the dollar's, either way round, so that every pair is known; at times one is left out."""
    names = list(CURRENCIES)
    rates: dict[str, Any] = {}
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            pair = rng.choice([f"{one}/{other}", f"{other}/{one}"])
            rates[pair] = rng.choice(["0.1383", "7", "0.000000000001", "1", 2, Decimal("0.5"), "3.3"])
    if rng.random() < 0.02:
        rates.pop(rng.choice(list(rates)))
    return rates


def make_now(rng):
    return rng.choice(
        [BASE, BASE + rng.randint(-9, 9) * MICROSECOND, BASE + dt.timedelta(rng.randint(-400, 400))]
    )


# Conditions.


class Conditions:
    """Random conditions over subjects."""

    def __init__(self, rng, subjects, currencies):
        self.rng = rng
        self.subjects = subjects
        self.currencies = currencies

    def make(self, depth):
        rng = self.rng
        shape = rng.random()
        if depth <= 0 or shape < 0.25:
            return self.leaf()
        if shape < 0.3:
            return self.leaf() | self.leaf()
        if shape < 0.52:
            return {"all": [self.make(depth - 1) for _ in range(rng.randint(1, 4))]}
        if shape < 0.74:
            return {"any": [self.make(depth - 1) for _ in range(rng.randint(1, 5))]}
        return {"not": self.make(depth - 1)}

    def leaf(self):
        rng = self.rng
        subject = rng.choice(self.subjects)
        if subject.kind in ("list", "instruments", "rates"):
            return {subject.name: {"present": rng.random() < 0.5}} if self.may_ask(subject) else self.leaf()
        if subject.kind == "set":
            member = rng.choice(subject.pool)
            return {subject.name: {"has": member} | self.presence(subject)}
        shape = rng.random()
        if shape < 0.25:
            return {subject.name: self.operand(subject)}
        if shape < 0.4:
            return {subject.name: self.several(subject)}
        tests = rng.sample(OPERATORS[subject.kind], rng.choice([1, 1, 1, 2, 3]))
        return {subject.name: {test: self.argument(subject, test) for test in tests} | self.presence(subject)}

    def presence(self, subject):
        likely = 0.15 if subject.optional else 0.03
        return (
            {"present": self.rng.random() < 0.7}
            if self.may_ask(subject) and self.rng.random() < likely
            else {}
        )

    def may_ask(self, subject):
        """Presence of what is never absent settles a condition at load, and then no rate is missed at run time."""
        return subject.optional or len(self.currencies) == 1

    def argument(self, subject, test):
        if test in ("in", "not_in"):
            return self.several(subject)
        if test != "between":
            return self.operand(subject)
        low, high = sorted([self.rng.choice(subject.pool), self.rng.choice(subject.pool)])
        ends: list[Any] = [
            spell(self.rng, subject.kind, end, subject.entry, author=True) for end in (low, high)
        ]
        if self.rng.random() < 0.3 and (name := self.other(subject)):
            ends[self.rng.randrange(2)] = {"fact": name}
        return ends

    def several(self, subject):
        return [self.operand(subject) for _ in range(self.rng.randint(1, 4))]

    def operand(self, subject):
        rng = self.rng
        if subject.kind == "time" and rng.random() < 0.2:
            return "now"
        if rng.random() < 0.2 and (name := self.other(subject)):
            return {"fact": name}
        value = rng.choice(subject.pool)
        if subject.kind == "money" and rng.random() < 0.2:
            value = value[0], rng.choice(self.currencies)
        return spell(rng, subject.kind, value, subject.entry, author=True)

    def other(self, subject):
        """A name to compare with, or ""."""
        alike = [each for each in self.subjects if comparable(subject, each)]
        return self.rng.choice(alike).name if alike else ""


def comparable(one, two):
    for group in ({"integer", "number"}, {"choice", "text"}):
        if one.kind in group and two.kind in group:
            return True
    return (
        one.kind == two.kind and one.kind in OPERATORS and one.kind != "set" and one.calendar == two.calendar
    )


# Values.


def make_values(rng, subjects, conditions):
    """Random formulas and tables over facts that are never absent, each of which later ones may use."""
    values: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    sure = [subject for subject in subjects if not subject.optional]
    for number in range(rng.randint(1, 4)):
        name = f"v{number}"
        if rng.random() < 0.25 and (matrix := make_matrix(rng, sure)):
            values[name] = matrix
            made = [
                Subject(f"{name}.{column}", "integer", [0, 1, 7], is_fact=False)
                for column in matrix["columns"]
            ]
        else:
            body, subject = make_body(rng, name, sure, conditions)
            values[name] = body
            made = [subject]
        kinds |= {subject.name: subject.kind for subject in made}
        sure += made
        conditions.subjects = conditions.subjects + made * 3
    return values, kinds


def make_body(rng, name, sure, conditions):
    text, kind, found = formula(rng, sure)
    subject = Subject(name, kind, found, is_fact=False)
    if rng.random() < 0.5 or kind in ("money", "duration"):
        return text, subject
    rows: list[dict[str, Any]] = [{"when": conditions.make(2), "is": text}]
    for _ in range(rng.randint(0, 3)):
        more, other, also = formula(rng, sure)
        if other == kind:
            rows.append({"when": conditions.make(1), "is": more})
            subject.pool = subject.pool + also
    if rng.random() < 0.85:
        rows.append({"otherwise": text})
    return rows, subject


def formula(rng, sure):
    """A formula, its kind, and a pool of values near its results."""
    by_kind: dict[str, list[Subject]] = {}
    for subject in sure:
        by_kind.setdefault(subject.kind, []).append(subject)
    one = rng.choice(by_kind["integer"])
    two = rng.choice(by_kind["integer"] + by_kind.get("number", []))
    flag = rng.choice(by_kind["flag"]) if "flag" in by_kind else None
    first, second = Name(one.name), Name(two.name)
    choices: list[tuple[Node, str, list[Any]]] = [
        (
            first * 2 - 1,
            "integer",
            [2 * each - 1 for each in one.pool if abs(each) < MOST // 4] or [0],
        ),
        (call("min", first, 7), "integer", [0, 7, -1]),
        (second / 3, "number", [Fraction(0), Fraction(1, 3 * 8)]),
        (first + second * lift("0.5"), "number", [Fraction(1, 2), Fraction(0), Fraction(-3, 4)]),
        (
            Choice(call("max", second, first), first > 0, second),
            two.kind,
            [Fraction(1), Fraction(0)],
        ),
        (first > second, "flag", [True, False]),
    ]
    if rng.random() < 0.5:  # it may divide by zero
        choices.append((second * 1 / first, "number", [Fraction(0), Fraction(1)]))
    if flag:
        choices.append((~Name(flag.name) | (first <= 1), "flag", [True, False]))
    if "money" in by_kind:
        money = rng.choice(by_kind["money"])
        small = [(minor, currency) for minor, currency in money.pool if abs(minor) < MOST // 4] or [
            (0, "USD")
        ]
        choices += [
            (Name(money.name) * 2, "money", [(2 * minor, currency) for minor, currency in small]),
            (Name(money.name) / 3, "money", small),
        ]
    if "time" in by_kind:
        time = rng.choice(by_kind["time"])
        choices.append((Choice(Name(time.name), first > 0, Name("now")), "time", time.pool))
    tree, kind, found = rng.choice(choices)
    if kind == "integer":
        found = [int(each) for each in found]
    if kind == "number" and any(each.denominator % 3 == 0 for each in found):
        found = [Fraction(0), Fraction(1, 8)]
    return Formula(tree), kind, found


def make_matrix(rng, sure):
    choices = [subject for subject in sure if subject.kind == "choice" and subject.entry]
    if not choices:
        return None
    subject = rng.choice(choices)
    rows: dict[str, Any] = {
        choice: [rng.choice([0, 1, 7]) for _ in "xy"] for choice in subject.entry["choices"]
    }
    if rng.random() < 0.5:
        rows.pop(next(iter(rows)))
        rows["otherwise"] = [1, 0]
    return {"matrix": subject.name, "columns": ["x", "y"], "rows": rows}


# The version.


def make_refund(rng, subjects, conditions):
    paid = [subject for subject in subjects if subject.kind == "instruments" and not subject.optional]
    if not paid:
        return None
    subject = rng.choice(paid)
    terms = [make_term(rng, number, subject, conditions) for number in range(rng.randint(1, 3))]
    if rng.random() < 0.85:
        terms[-1].pop("when", None)
        terms[-1].pop("unless", None)
    for term in terms[:-1]:
        term.setdefault("when", conditions.make(2))
    return {"paid": subject.name, "terms": terms}


def make_term(rng, number, paid, conditions):
    term: dict[str, Any] = {"id": f"t{number}"}
    if rng.random() < 0.8:
        term["when"] = conditions.make(2)
    if rng.random() < 0.2:
        term["unless"] = conditions.make(1)
    instruments: dict[str, Any] = {}
    for part in paid.entry["choices"]:
        back: Any = rng.choice(["full", "full", "none", "remainder"])
        if rng.random() < 0.4:
            back = {"return": back, rng.choice(["when", "unless"]): conditions.make(1)}
        instruments[part] = back
    first = paid.entry["choices"][0]
    if any("remainder" in (back, isinstance(back, dict) and back["return"]) for back in instruments.values()):
        amount = Formula(Name(f"{paid.name}.{first}") * lift("0.1"))
        part = {"amount": amount, "when": conditions.make(1)} if rng.random() < 0.6 else amount
        term["deduct"] = {"fee": part, "other": Formula(Name(f"{paid.name}.total") / 3)}
    return term | {"instruments": instruments}


def make_rules(rng, count, conditions, depth, **more):
    rules: list[dict[str, Any]] = []
    for number in range(count):
        rule: dict[str, Any] = {"id": f"r{number}", "when": conditions.make(rng.randint(0, depth))}
        if rules and rng.random() < 0.1:
            rule["when"] = rng.choice(rules)["when"]  # identical conditions share a rule of the engine
        if rng.random() < 0.15:
            rule["unless"] = conditions.make(1)
        rules.append(rule | more)
    return rules


def product(rng, conditions):
    """An `all` of several `any`: multiplied out it would pass every bound."""
    wide = rng.randint(3, 6)
    return {"all": [{"any": [conditions.leaf() for _ in range(rng.randint(2, 4))]} for _ in range(wide)]}


def make_book(seed):
    """One book. The same seed gives the same book."""
    rng = random.Random(seed)
    currencies = rng.sample(list(CURRENCIES), rng.choice([1, 3]))
    tree = make_vocabulary(rng, currencies)
    rates = len(currencies) > 1 or rng.random() < 0.5
    if rates:
        tree["rates"] = {"type": "rates", "optional": True}
    subjects = make_subjects(rng, tree, currencies, rng.choice(["few", "few", "many", "large"]))
    now = Subject("now", "time", [BASE, BASE + MICROSECOND], is_fact=False)
    conditions = Conditions(rng, [*subjects, now], currencies)
    version: dict[str, Any] = {
        "schema": "rescind/policy/1",
        "policy": "p",
        "version": "1",
        "title": "generated",
    }
    profile = rng.choice(["broad", "broad", "wide", "values", "values", "early", "product"])
    early = profile == "early" or rng.random() < 0.8
    if early and rng.random() < 0.4:
        version["applies_to"] = conditions.make(2)
    of_facts = profile == "early" or rng.random() < 0.6
    if of_facts:  # then the first pass may read values
        block(rng, profile, conditions, version)
    kinds: dict[str, str] = {}
    if profile in ("values", "early"):
        version["values"], kinds = make_values(rng, subjects, conditions)
        if refund := make_refund(rng, subjects, conditions):
            version["refund"] = refund
            figure = Subject("refund.total", "money", [(0, currencies[0]), (1, currencies[0])], is_fact=False)
            conditions.subjects = [*conditions.subjects, figure, figure]
    if not early:  # it may read values, even the refund
        version["applies_to"] = conditions.make(2)
    if not of_facts:
        block(rng, profile, conditions, version)
    reviews = make_rules(
        rng, rng.randint(2, 6), conditions, 3, by="somebody", within="24h", on_timeout="approve"
    )
    if profile == "product":
        for rule in reviews:
            rule["when"] = product(rng, conditions)
    version["review"] = reviews
    if profile == "early":
        divide(version, kinds)
    if profile == "early" or rng.random() < 0.5:
        share(rng, version)
    return Book(seed, rng.choice(ZONES), tree, version, kinds, subjects, rates)
