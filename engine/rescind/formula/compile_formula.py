"""Compiles the text of a formula to a checked `Formula`; mistakes become problems at their place."""

from __future__ import annotations

from rescind.formula.build_closures import build
from rescind.formula.lexer import Mistake
from rescind.formula.parser import parse
from rescind.formula.scope import Formula, NameRead, Scope
from rescind.formula.typed_expression import NUMERIC, Poisoned, Typed, Unit, describe
from rescind.problems.codes import CODES, Severity
from rescind.problems.problem import Location, Problem, Problems
from rescind.values.types import Kind, Type

__all__ = ["compile_formula"]

RESULTS = frozenset(Kind) - {Kind.INSTRUMENTS, Kind.SET, Kind.LIST, Kind.RATES}


def compile_formula(
    text: str, scope: Scope, place: Location, problems: Problems, expect: Type | None = None
) -> Formula | None:
    """The formula, or None after adding what is wrong with it to `problems`.

    `place` is where the first character of `text` stands; `expect` is the type that the formula has to yield.
    """
    unit = Unit(text, scope)
    result: Typed | None = None
    try:
        tree = parse(text)
        result = build(unit, tree, expect)
        _check_result(result, expect)
    except Poisoned:
        result = None
    except Mistake as mistake:
        unit.mistakes.append(mistake)
        result = None
    found = [_problem(mistake, text, place) for mistake in unit.mistakes if mistake.code]
    problems.extend(found)
    if result is None or any(CODES[problem.code].severity is Severity.ERROR for problem in found):
        return None
    reads = tuple(
        NameRead(node.name, _location(text, node.start, place), optional, present)
        for node, optional, present in unit.reads
    )
    zoneless = tuple(unit.snippet(node) for node in unit.zoneless)
    zone = next(iter(unit.zones)) if len(unit.zones) == 1 else ""
    return Formula(text, result.type, tuple(unit.names), result.run, reads, zoneless, zone)


def _problem(mistake: Mistake, text: str, place: Location) -> Problem:
    return Problem(mistake.code, mistake.message, _location(text, mistake.at, place), mistake.hint)


def _location(text: str, at: int, place: Location) -> Location:
    """The place of an offset; columns of later lines count from the start of that line of the text."""
    before = text[:at]
    lines = before.count("\n")
    if not lines:
        return Location(place.path, place.line, place.column + at if place.line else 0)
    return Location(place.path, place.line + lines if place.line else 0, at - before.rfind("\n"))


def _check_result(result: Typed, expect: Type | None) -> None:
    start = result.node.start
    if result.type.kind not in RESULTS:
        message = f"a formula yields one value, `{result.text}` is {describe(result.type)}"
        raise Mistake("R0514", start, message)
    if expect is None:
        return
    one, other = result.type, expect
    if one.currency and other.currency and one.currency != other.currency:
        message = f"this yields {describe(one)}, expected {describe(other)}"
        raise Mistake("R0514", start, message, f"use `convert(…, '{other.currency}')`")
    if not _fits(one, other):
        hint = "round it: `round(x)`" if {one.kind, other.kind} == NUMERIC else _share_of(one, other)
        raise Mistake("R0514", start, f"this yields {describe(one)}, expected {describe(other)}", hint)


def _share_of(one: Type, other: Type) -> str:
    """What to add where a rate is written and money is expected."""
    if other.kind is not Kind.MONEY or one.kind not in NUMERIC:
        return ""
    currency = other.currency or "USD"
    return f"multiply it with an amount for a share of that, or give it a currency: `1 {currency} * x`"


def _fits(one: Type, other: Type) -> bool:
    if one.kind is Kind.INTEGER and other.kind is Kind.NUMBER:
        return True
    if one.kind is Kind.CHOICE and other.kind is Kind.TEXT:
        return True
    if one.kind is Kind.CHOICE and other.kind is Kind.CHOICE:
        return set(one.choices) <= set(other.choices)
    return one.kind is other.kind and one.calendar == other.calendar
