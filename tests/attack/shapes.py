"""Formulas and conditions: what is written of each, and what it means.

Each is made as a text, or as data, together with a function from a reader of names to its value. No tree stands between
the two: what is written is evaluated here by what it was made of.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from tests.attack.meaning import (
    ABSENT,
    UNKNOWN,
    FailureError,
    Money,
    compared,
    converted,
    every,
    lifted,
    negated,
    rounded,
    some,
)

__all__ = [
    "Condition", "Formula", "Rule", "both", "call", "choice", "decimal", "default", "denied", "either", "first",
    "given", "graduated", "in_currency", "joined", "leaf", "member", "not_", "operation", "present", "read_name",
    "size", "smallest_or_largest", "tier", "to_step", "total", "towards",
]  # fmt: skip

Read = Callable[[str], Any]


class Formula(NamedTuple):
    text: str
    run: Callable[[Read], Any]


class Condition(NamedTuple):
    data: Any
    holds: Callable[[Read], Any]


class Rule(NamedTuple):
    """Something with a name that holds where its `when` does and its `unless` does not."""

    name: str
    when: Condition | None = None
    unless: Condition | None = None
    more: Any = None

    def holds(self, read):
        return every([
            self.when.holds(read) if self.when else True,
            negated(self.unless.holds(read)) if self.unless else True,
        ])  # fmt: skip

    def data(self):
        conditions = {"when": self.when, "unless": self.unless}
        return {key: each.data for key, each in conditions.items() if each}


def first(rules, read):
    """The first that holds; after one that is unknown, unknown. Where none does, unknown too."""
    for rule in rules:
        verdict = rule.holds(read)
        if verdict is UNKNOWN:
            return UNKNOWN
        if verdict:
            return rule
    return UNKNOWN


# Formulas.


def given(text, value):
    return Formula(text, lambda _: value)


def read_name(name):
    def run(read):
        value = read(name)
        return UNKNOWN if value is ABSENT else value

    return Formula(name, run)


def same(one, other):
    if one.currency != other.currency:
        raise FailureError
    return one.amount, other.amount


def arithmetic(sign, left, right):
    """`+ - * /` and comparisons of numbers, flags, dates and money."""
    function = OPERATORS[sign]
    if isinstance(left, Money) and isinstance(right, Money):
        found = function(*same(left, right))
        return Money(found, left.currency) if sign in "+-" else found
    if isinstance(left, Money):
        return Money(function(left.amount, right), left.currency)
    return function(left, right)


OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "==": operator.eq,
    "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def operation(left, sign, right):
    def run(read):
        return lifted(lambda a, b: arithmetic(sign, a, b), left.run(read), right.run(read))

    return Formula(f"({left.text} {sign} {right.text})", run)


def call(name, function, *parts, words=()):
    """A function that needs all that it is given."""
    texts = [part.text for part in parts] + [repr(word) for word in words]
    return Formula(
        f"{name}({', '.join(texts)})", lambda read: lifted(function, *(part.run(read) for part in parts))
    )


def extreme(choose):
    def function(*values):
        if isinstance(values[0], Money):
            return Money(choose(value.amount for value in values), one_currency(values))
        return choose(values)

    return function


def one_currency(values):
    if len({value.currency for value in values}) > 1:
        raise FailureError
    return values[0].currency


def choice(chosen, condition, other):
    def run(read):
        verdict = condition.run(read)
        if verdict is UNKNOWN:
            return UNKNOWN
        return (chosen if verdict else other).run(read)

    return Formula(f"({chosen.text} if {condition.text} else {other.text})", run)


def both(left, right):
    return Formula(f"({left.text} and {right.text})", lambda read: every([left.run(read), right.run(read)]))


def either(left, right):
    return Formula(f"({left.text} or {right.text})", lambda read: some([left.run(read), right.run(read)]))


def denied(inner):
    return Formula(f"(not {inner.text})", lambda read: negated(inner.run(read)))


def smallest_or_largest(word, *parts):
    return call(word, extreme({"min": min, "max": max}[word]), *parts)


def size(inner):
    return call(
        "abs", lambda value: Money(abs(value[0]), value[1]) if isinstance(value, Money) else abs(value), inner
    )


def to_step(inner, step, mode):
    """`round` to a multiple of a step: a number, which for money counts in the main unit."""

    def function(value):
        if isinstance(value, Money):
            return Money(rounded(value.amount / step, mode) * step, value.currency)
        return Fraction(rounded(value / step, mode) * step)

    return Formula(
        f"round({inner.text}, {decimal(step)}, '{mode}')", lambda read: lifted(function, inner.run(read))
    )


def towards(word, inner):
    """`floor` and `ceil` of a number, to a whole one."""

    def function(value):
        below = Fraction(value.numerator // value.denominator)
        return below if word == "floor" or below == value else below + 1

    return call(word, function, inner)


def tier(quantity, steps, rest):
    """`steps` are bounds, as formulas without names, and results. Only the result that counts is asked."""

    def run(read):
        value = quantity.run(read)
        if value is UNKNOWN:
            return UNKNOWN
        for bound, result in steps:
            fits = lifted(lambda a, b: arithmetic("<=", a, b), value, bound.run(read))
            if fits is UNKNOWN:
                return UNKNOWN
            if fits:
                return result.run(read)
        return rest.run(read)

    return Formula(f"tier({brackets(quantity, steps, rest)})", run)


def graduated(quantity, steps, rest):
    """Each part of the quantity at the price of its bracket; every price is asked."""

    def function(value, *found):
        bounds, prices = found[: len(steps)], found[len(steps) :]
        edges = [Fraction(0), *bounds]
        if value < 0 or any(low >= high for low, high in zip(edges, bounds, strict=False)):
            raise FailureError
        parts = [
            max(Fraction(0), min(value, high) - low)
            for low, high in zip(edges, [*bounds, max(value, edges[-1])], strict=True)
        ]
        if isinstance(prices[0], Money):
            total = sum(part * price.amount for part, price in zip(parts, prices, strict=True))
            return Money(total, one_currency(prices))
        return sum((part * price for part, price in zip(parts, prices, strict=True)), Fraction(0))

    asked = [quantity, *(bound for bound, _ in steps), *(price for _, price in steps), rest]
    return Formula(
        f"graduated({brackets(quantity, steps, rest)})",
        lambda read: lifted(function, *(each.run(read) for each in asked)),
    )


def in_currency(inner, currency):
    def run(read):
        return lifted(lambda money, rates: converted(money, currency, rates), inner.run(read), rates_of(read))

    return Formula(f"convert({inner.text}, '{currency}')", run)


def default(name, other):
    def run(read):
        value = read(name)
        return other.run(read) if value is ABSENT else value

    return Formula(f"default({name}, {other.text})", run)


def present(name):
    return Formula(f"present({name})", lambda read: lifted(lambda value: value is not ABSENT, read(name)))


def member(name, options):
    listed = ", ".join(map(repr, options))
    return Formula(
        f"({name} in [{listed}])",
        lambda read: lifted(lambda value: value in options, read_name(name).run(read)),
    )


def total(name, value, condition, start):
    """A sum over the records of a list for which a condition holds; `start` is a formula or None."""

    def run(read):
        records = read(name)
        if records is UNKNOWN or records is ABSENT:
            return UNKNOWN
        parts = [start.run(read)] if start else [Fraction(0)]
        for record in records:
            inside = of_record(read, record)
            counts = condition.run(inside)
            if counts is UNKNOWN:
                return UNKNOWN
            if counts:
                parts.append(value.run(inside))
        found = parts[0]
        for part in parts[1:]:
            found = lifted(lambda a, b: arithmetic("+", a, b), found, part)
        return found

    texts = [value.text, condition.text, *([start.text] if start else [])]
    return Formula(f"sum({name}, {', '.join(texts)})", run)


def rates_of(read):
    found = read("rates")
    return {} if found is ABSENT else found


def of_record(read, record):
    return lambda name: record[name.removeprefix("each.")] if name.startswith("each.") else read(name)


def brackets(quantity, steps, rest):
    parts = [f"up_to({bound.text}, {result.text})" for bound, result in steps]
    return ", ".join([quantity.text, *parts, rest.text])


def decimal(number):
    """A fraction that is a decimal, as the language spells it."""
    text = f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# Conditions.


def leaf(name, tests):
    """A name with operators, all of which must hold: operator to an operand, as data and as a formula."""

    def holds(read):
        return every(one_test(read, name, test, operands) for test, (_, operands) in tests.items())

    def one_test(read, name, test, operands):
        if test == "present":
            return lifted(lambda value: (value is not ABSENT) is operands, read(name))
        value, rates = read(name), rates_of(read)
        compare = lambda test, other: compared(test, value, other(read), rates)  # noqa: E731
        match test:
            case "in":
                return some(compare("is", each) for each in operands)
            case "not_in":
                return every(compare("is_not", each) for each in operands)
            case "between":
                return every([compare("at_least", operands[0]), compare("at_most", operands[1])])
        return compare(test, operands[0])

    return Condition({name: {test: data for test, (data, _) in tests.items()}}, holds)


def joined(word, parts):
    verdict = {"all": every, "any": some}[word]
    return Condition(
        {word: [part.data for part in parts]}, lambda read: verdict(part.holds(read) for part in parts)
    )


def not_(inner):
    return Condition({"not": inner.data}, lambda read: negated(inner.holds(read)))
