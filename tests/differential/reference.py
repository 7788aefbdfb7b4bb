"""What a version means, read straight from the words of its author: a slow interpreter over plain YAML data.

It shares nothing with the engine, neither readers nor records: a condition is evaluated as the tree it was written
as, money is a fraction of the currency's main unit, instants are `datetime`s. One rule needs care: a comparison that
reads an absent fact does not hold, whatever its operator, and `not` around it does.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

__all__ = ["ABSENT", "Case", "Money", "NoRateError", "UncoveredError", "fact_entries", "units_of"]

ABSENT = None
ORDER = {
    "is": operator.eq, "is_not": operator.ne,
    "over": operator.gt, "at_least": operator.ge, "under": operator.lt, "at_most": operator.le,
    "after": operator.gt, "not_before": operator.ge, "before": operator.lt, "not_after": operator.le,
}  # fmt: skip
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}


class NoRateError(Exception):
    """Two currencies are compared, and the case has no rate for them."""


class UncoveredError(Exception):
    """No row of a table, or no terms, cover the case."""


class Money(NamedTuple):
    amount: Fraction  # in the main unit: dollars, not cents
    currency: str

    def __add__(self, other):
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other):
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, factor):
        return Money(self.amount * factor, self.currency)

    def __truediv__(self, factor):
        return Money(self.amount / factor, self.currency)


@cache
def decimal(text):
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


@cache
def moment(text, zone):
    at = dt.datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


@cache
def length(text):
    """A duration: (months, 0) or (0, seconds)."""
    if short := re.fullmatch(r"(\d+)(mo|y)", text):
        return int(short[1]) * (12 if short[2] == "y" else 1), 0
    if short := re.fullmatch(r"(\d+)([a-z]+)", text):
        return 0, Fraction(int(short[1]) * SECONDS[short[2]])
    years, months, weeks, days, hours, minutes, seconds = re.fullmatch(
        r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?", text
    ).groups(default="0")
    exact = (
        int(weeks) * 604800 + int(days) * 86400 + int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    )
    return int(years) * 12 + int(months), exact


@cache
def literal(kind, raw, zone):
    return typed(kind, raw, zone)


def typed(kind, raw, zone):
    """A value as an author or a caller writes it, as something that Python compares."""
    match kind:
        case "number":
            return decimal(raw) if isinstance(raw, str) else Fraction(raw)
        case "money":
            if isinstance(raw, dict):
                return Money(Fraction(raw["amount"]), raw["currency"])
            amount, currency = raw[:-3], raw[-3:]
            return Money(Fraction(amount.strip()), currency)
        case "time":
            return moment(raw, zone)
        case "date":
            return dt.date.fromisoformat(raw)
        case "duration":
            return length(raw)
        case "set":
            return frozenset(raw)
        case "instruments":
            return {part: typed("money", money, zone) for part, money in raw.items()}
        case "rates":
            return {tuple(pair.split("/")): typed("number", rate, zone) for pair, rate in raw.items()}
        case _:
            return raw


def every(verdicts):
    """`all`, but each verdict is worked out: a missing rate shows wherever it is."""
    return all(list(verdicts))


def some(verdicts):
    return any(list(verdicts))


def fact_entries(tree, prefix=""):
    """Every fact of a vocabulary: its dotted name and its entry."""
    for key, entry in tree.items():
        if isinstance(entry, dict):
            if isinstance(entry.get("type"), str):
                yield prefix + key, entry
            else:
                yield from fact_entries(entry, f"{prefix}{key}.")


def units_of(version):
    """The name of every condition of a version with the `when` and `unless` that it is made of."""
    yield "applies_to", {"when": version.get("applies_to")}
    for section in ("blockers", "review"):
        for rule in version.get(section, ()):
            yield f"{section}/{rule['id']}", rule
    for name, rows in tables(version):
        # The last row of a matrix that names every choice stands for "otherwise"; the value shows which row it was.
        last = isinstance(version["values"].get(name.partition(".")[0]), dict)
        for number, row in enumerate(rows[: len(rows) - last], 1):
            yield f"values/{name}/{number}", row
    for term in version.get("refund", {}).get("terms", ()):
        unit = f"terms/{term['id']}"
        yield unit, term
        for name, deduction in term.get("deduct", {}).items():
            yield f"{unit}/deduct/{name}", deduction if isinstance(deduction, dict) else {}
        for name, instrument in term["instruments"].items():
            yield f"{unit}/instruments/{name}", instrument if isinstance(instrument, dict) else {}


def tables(version):
    """Every value that goes by cases: its name and rows; a column of a matrix is one."""
    for name, body in version.get("values", {}).items():
        if isinstance(body, list):
            yield name, body
        elif isinstance(body, dict):
            for index, column in enumerate(body["columns"]):
                rows = [
                    {"is": cells[index]} | ({} if row == "otherwise" else {"when": {body["matrix"]: row}})
                    for row, cells in body["rows"].items()
                ]
                yield f"{name}.{column}", rows


class Case:
    """One version and one set of facts. `kinds` are those of values, which only the engine's author would infer."""

    def __init__(self, vocabulary, version, kinds, facts, *, now, zone):
        self.zone = zone
        self.version = version
        self.kinds = dict(kinds)
        self.entries = dict(fact_entries(vocabulary))
        self.tables = dict(tables(version))
        self.units = dict(units_of(version))
        self.verdicts: dict[int, tuple[Any, bool]] = {}
        self.known: dict[str, Any] = {}
        for name, entry in self.entries.items():
            self.kinds[name] = entry["type"]
            raw = look_up(facts, name)
            if raw is None:
                raw = entry.get("default")
            self.known[name] = None if raw is None else typed(entry["type"], raw, zone)
        self.now = self.known["now"] = self.known.get("request.submitted_at") or now

    def holds(self, unit):
        """Whether a condition with `when` and `unless` holds. Each is worked out once."""
        if id(unit) not in self.verdicts:
            self.verdicts[id(unit)] = unit, self.work_out(unit)
        return self.verdicts[id(unit)][1]

    def work_out(self, unit):
        when, unless = unit.get("when"), unit.get("unless")
        if (when and self.constant(when) is False) or (unless and self.constant(unless) is True):
            return False
        verdicts = [self.true(when)] if when else []
        if unless:
            verdicts.append(not self.true(unless))
        return all(verdicts)

    def true(self, condition):
        """Whether a condition holds."""
        if (constant := self.constant(condition)) is not None:
            return constant
        verdicts = []
        for key, body in condition.items():
            if key == "all":
                verdicts.append(every(self.true(item) for item in body))
            elif key == "any":
                verdicts.append(some(self.true(item) for item in body))
            elif key == "not":
                verdicts.append(not self.true(body))
            elif isinstance(body, list):
                verdicts.append(self.test(key, "in", body))
            elif isinstance(body, dict) and set(body) != {"fact"}:
                verdicts.append(every(self.test(key, test, operand) for test, operand in body.items()))
            else:
                verdicts.append(self.test(key, "is", body))
        return all(verdicts)

    def constant(self, condition):
        """What a condition is for every case, else None; what settles it alone is all that is read of it."""
        found = []
        for key, body in condition.items():
            if key in ("all", "any"):
                parts, deciding = [self.constant(item) for item in body], key == "any"
                same = bool(parts) and all(part is not deciding and part is not None for part in parts)
                found.append(deciding if deciding in parts else not deciding if same else None)
            elif key == "not":
                part = self.constant(body)
                found.append(None if part is None else not part)
            else:
                sure = key in self.entries and not self.entries[key].get("optional")
                found.append(
                    body["present"] if sure and isinstance(body, dict) and set(body) == {"present"} else None
                )
        return False if False in found else None if None in found else True

    def test(self, name, test, operand):
        value = self.value(name)
        if test == "present":
            return (value is not ABSENT) is operand
        if test == "has":
            return value is not ABSENT and operand in value
        if test == "between":
            low, high = operand
            return every([self.compare(name, "at_least", low), self.compare(name, "at_most", high)])
        if test == "in":
            return some(self.compare(name, "is", item) for item in operand)
        if test == "not_in":
            return every(self.compare(name, "is_not", item) for item in operand)
        return self.compare(name, test, operand)

    def compare(self, name, test, raw):
        kind = self.kind(name)
        if isinstance(raw, dict):
            one, other = self.value(name), self.value(raw["fact"])
        elif raw == "now" and kind == "time":
            one, other = self.value(name), self.now
        else:
            one, other = self.value(name), literal(kind, raw, self.zone)
        if one is ABSENT or other is ABSENT:
            return False
        if kind == "money":
            one, other = self.converted(one, other.currency), other.amount
        return ORDER[test](one, other)

    def converted(self, money, currency):
        if money.currency == currency:
            return money.amount
        rates = self.known.get("rates") or {}
        if (money.currency, currency) in rates:
            return money.amount * rates[money.currency, currency]
        if (currency, money.currency) in rates:
            return money.amount / rates[currency, money.currency]
        raise NoRateError

    def kind(self, name):
        if name == "now":
            return "time"
        return self.kinds.get(name) or "money"

    def value(self, name):
        if name not in self.known:
            self.known[name] = self.compute(name)
        return self.known[name]

    def compute(self, name):
        if name.startswith("refund."):
            return self.refund_figure(name.split(".")[1:])
        if name in self.tables:
            return self.formula(self.row(name)["is"])
        values = self.version.get("values", {})
        return self.formula(values[name]) if name in values else self.instrument(name)

    def row(self, name):
        for row in self.tables[name]:
            if "otherwise" in row:
                return {"is": row["otherwise"]}
            if self.holds(row):
                return row
        raise UncoveredError(name)

    def instrument(self, name):
        fact, part = name.rsplit(".", 1)
        paid = self.value(fact)
        if paid is ABSENT:
            return ABSENT
        currency = next(iter(paid.values())).currency
        if part == "total":
            return Money(sum(money.amount for money in paid.values()), currency)
        return paid.get(part, Money(Fraction(0), currency))

    def formula(self, text):
        """The formulas that are generated are Python but for their names and numbers."""
        if not isinstance(text, str):
            return text if isinstance(text, bool) else Fraction(text)
        words = WORD.sub(lambda word: f"F({word[0]!r})" if word[0][0].isdigit() else f"N({word[0]!r})", text)
        return eval(words, {"N": self.value, "F": Fraction, "min": min, "max": max})  # noqa: S307 - our own words

    # The refund, for terms whose only deductions are amounts.

    def term(self):
        for term in self.version["refund"]["terms"]:
            if self.holds(term):
                return term
        raise UncoveredError("terms")

    def ways(self):
        """How each instrument that was paid with comes back."""
        ways = {}
        for name, instrument in self.term()["instruments"].items():
            if name in self.value(self.version["refund"]["paid"]):
                back = instrument["return"] if isinstance(instrument, dict) else instrument
                held = self.holds(instrument) if isinstance(instrument, dict) else True
                ways[name] = back if held else "none"
        return ways

    def refund_figure(self, path):
        paid, ways = self.value(self.version["refund"]["paid"]), self.ways()
        currency = next(iter(paid.values())).currency
        full = {name: paid[name].amount for name, how in ways.items() if how == "full"}
        if path[0] == "returned":
            return Money(full.get(path[1], Fraction(0)), currency)
        pool = sum(paid[name].amount for name, how in ways.items() if how == "remainder")
        taken = sum(self.formula(part["amount"]).amount for part in self.deductions())
        left = max(Fraction(0), pool - taken)
        unit = 10 ** {"JPY": 0, "KWD": 3}.get(currency, 2)
        return Money(sum(full.values()) + Fraction(int(left * unit + Fraction(1, 2)), unit), currency)

    def deductions(self):
        given = self.term().get("deduct", {}).values()
        parts = [part if isinstance(part, dict) else {"amount": part} for part in given]
        return [part for part in parts if self.holds(part)]


# A name, or a number; the words of the language stay.
WORD = re.compile(
    r"\b(?!(?:and|or|not|if|else|min|max)\b)[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*|\d+(?:\.\d+)?"
)


def look_up(facts, name):
    for key in name.split("."):
        if not isinstance(facts, dict):
            return None
        facts = facts.get(key)
    return facts
