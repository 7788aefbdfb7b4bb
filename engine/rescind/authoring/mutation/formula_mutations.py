"""Formulas with one thing changed: a number by its last digit, an operator, a function, the result by its unit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from rescind.book.model import Book, Version
from rescind.formula.compile_formula import compile_formula
from rescind.formula.lexer import Form, Token, tokens
from rescind.formula.scope import Formula, Scope
from rescind.problems.problem import Location, Problems
from rescind.values.durations import Duration
from rescind.values.money import Money, currencies
from rescind.values.rounding_modes import RoundingMode
from rescind.values.times import SECOND
from rescind.values.types import Kind, Type

__all__ = ["Formulas"]

SIGNS = {
    "+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "<": ("<=", ">"), "<=": ("<", ">="),
    ">": (">=", "<"), ">=": (">", "<="), "==": ("!=",), "!=": ("==",), "and": ("or",), "or": ("and",),
}  # fmt: skip
# Words in quotes: the ways to round, and that of lengths which rounds nothing.
TEXTS: dict[str, str] = {
    RoundingMode.UP: RoundingMode.DOWN,
    RoundingMode.DOWN: RoundingMode.UP,
    RoundingMode.HALF_UP: RoundingMode.HALF_EVEN,
    RoundingMode.HALF_EVEN: RoundingMode.HALF_UP,
    RoundingMode.HALF_DOWN: RoundingMode.HALF_UP,
    "exact": RoundingMode.DOWN,
}
FUNCTIONS = {"min": "max", "max": "min", "floor": "ceil", "ceil": "floor"}
PREFIXES = {"floor_": "ceil_", "ceil_": "floor_", "start_of_": "end_of_", "end_of_": "start_of_"}
NUMERIC = frozenset({Kind.INTEGER, Kind.NUMBER})
LITERALS = NUMERIC | {Kind.MONEY, Kind.DURATION}


class Formulas:
    """Changes formulas of one version, and checks them as the version's own are checked."""

    def __init__(self, version: Version, book: Book) -> None:
        vocabulary = book.vocabulary
        types = vocabulary.names() | {value.name: value.type for value in version.values}
        optional = {name for name in types if (fact := vocabulary.fact_of(name)) and fact.optional}
        self._scope = Scope(types, frozenset(optional), book.zone, book.calendars)

    def changes(self, formula: Formula) -> Iterator[tuple[str, Formula]]:
        """The changes of a formula that are formulas of its type, in words."""
        found = tokens(formula.text)
        for index, token in enumerate(found):
            for text in _instead(token, found[index + 1 : index + 2]):
                changed = formula.text[: token.start] + text + formula.text[token.end :]
                # INVARIANT: a mutant yields what the formula does; what reads it was checked against that type.
                made = compile_formula(changed, self._scope, Location("mutant"), Problems(), formula.type)
                if made:
                    yield f"`{formula.text}` to `{changed}`", made
        if len(found) > 2 or found[0].form is not Form.LITERAL:
            yield from _off_by_one(formula)


def _instead(token: Token, following: list[Token]) -> Iterator[str]:
    """What may stand in the place of a token."""
    if token.form is Form.LITERAL:
        yield from _literals(token)
    elif token.form is Form.NAME and following and following[0].text == "(":
        yield from (FUNCTIONS[name] for name in [token.text] if name in FUNCTIONS)
        yield from (
            new + token.text[len(old) :] for old, new in PREFIXES.items() if token.text.startswith(old)
        )
    else:
        yield from SIGNS.get(token.text, ())


def _literals(token: Token) -> Iterator[str]:
    kind = token.type.kind if token.type else None
    if kind is Kind.FLAG:
        yield "false" if token.value else "true"
    elif kind is Kind.TEXT and token.value in TEXTS:
        yield token.text.replace(str(token.value), TEXTS[str(token.value)])
    elif kind in LITERALS:
        yield from _moved(token)


def _moved(token: Token) -> Iterator[str]:
    """A number with its last digit, or money with its smallest unit, one less and one more."""
    match = re.match(r"(\d+)(?:\.(\d+))?", token.text)
    if not match:
        return
    decimals = len(match[2] or "")
    if isinstance(token.value, Money):
        decimals = max(decimals, currencies()[token.value.currency])
    digits = int(match[1] + (match[2] or "").ljust(decimals, "0"))
    for moved in (digits - 1, digits + 1):
        if moved >= 0:
            text = str(moved).rjust(decimals + 1, "0")
            number = f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text
            yield number + token.text[match.end() :]


def _off_by_one(formula: Formula) -> Iterator[tuple[str, Formula]]:
    bump = _bump(formula.type)
    if bump:
        compute = formula.evaluate
        name = f"`{formula.text}` off by one"
        yield name, Formula(formula.text, formula.type, formula.names, lambda read: bump(compute(read)))


def _bump(type_: Type) -> Callable[[Any], Any] | None:
    """What moves a value by the smallest unit."""
    match type_.kind:
        case Kind.INTEGER:
            return lambda value: value + 1
        case Kind.NUMBER:
            return lambda value: value + Fraction(1, 100)
        case Kind.MONEY:
            return lambda value: Money(value.minor + 1, value.currency)
        case Kind.TIME:
            return lambda value: value + SECOND
        case Kind.DATE:
            return lambda value: value + dt.timedelta(days=1)
        case Kind.DURATION if type_.calendar:
            return lambda value: Duration(value.months + 1, 0)
        case Kind.DURATION:
            return lambda value: Duration(0, value.micros + SECOND)
        case Kind.FLAG:
            return lambda value: not value
        case _:
            return None
