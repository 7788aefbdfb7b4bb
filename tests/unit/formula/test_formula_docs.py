"""`docs/formulas.md`: every example is computed with the facts that the page names, every function is described."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rescind.formula.business_calendars import BusinessCalendar
from rescind.formula.compile_formula import compile_formula
from rescind.formula.library.all_functions import FUNCTIONS
from rescind.formula.runtime_values import show
from rescind.formula.scope import Scope
from rescind.problems.problem import Location, Problems
from rescind.values.decimals import parse_decimal
from rescind.values.money import parse_money
from rescind.values.times import parse_date, parse_time
from rescind.values.types import ABSENT, Kind, Type

PAGE = (Path(__file__).parents[3] / "docs" / "formulas.md").read_text("utf-8")
ZONE = ZoneInfo("Asia/Shanghai")
CALENDARS = {
    "china": BusinessCalendar("CN"),
    "us": BusinessCalendar("US"),
    "plain": BusinessCalendar(
        days_off=frozenset({dt.date(2024, 11, 6)}), working_days=frozenset({dt.date(2024, 11, 9)})
    ),
}
READ = {
    "time": lambda text: parse_time(text, ZONE),
    "date": parse_date,
    "money": parse_money,
    "integer": int,
    "number": Fraction,
    "text": str,
    "choice": str,
    "set": lambda text: frozenset(text.split(", ")),
}


def tables() -> Iterator[tuple[list[str], list[list[str]]]]:
    """The header and the rows of every table of the page."""
    for block in re.findall(r"(?:^\|.*\|\n)+", PAGE, re.MULTILINE):
        header, _, *rows = [
            [cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()
        ]
        yield header, rows


def facts() -> tuple[dict[str, Type], frozenset[str], dict[str, object]]:
    """The table of facts and the records of the list."""
    types: dict[str, Type] = {}
    values: dict[str, object] = {}
    optional = set()
    for header, rows in tables():
        if header == ["fact", "type", "value"]:
            for name, words, value in rows:
                if words.startswith("optional "):
                    optional.add(name.strip("`"))
                kind, _, choices = words.removeprefix("optional ").partition(": ")
                types[name.strip("`")] = Type(Kind(kind), tuple(choices.split(", ")) if choices else ())
                values[name.strip("`")] = fact(kind, value)
        if header == ["at", "amount", "units"]:
            fields = {"at": Type(Kind.TIME), "amount": Type(Kind.MONEY), "units": Type(Kind.INTEGER)}
            types["account.events"] = Type(Kind.LIST, fields=fields)
            values["account.events"] = tuple(
                {name: READ[fields[name].kind](cell) for name, cell in zip(header, row, strict=True)}
                for row in rows
            )
    return types, frozenset(optional), values


def fact(kind: str, text: str) -> object:
    if text == "absent":
        return ABSENT
    if kind == "rates":
        pair, rate = text.split(" = ")
        source, target = pair.split("/")
        return {(source, target): Fraction(rate)}
    return READ[kind](text)


TYPES, OPTIONAL, VALUES = facts()
SCOPE = Scope(TYPES, OPTIONAL, ZONE, CALENDARS)


def examples() -> Iterator[tuple[str, str]]:
    for header, rows in tables():
        for at in [at for at, name in enumerate(header) if name == "example"]:
            for row in rows:
                yield row[at].strip("`"), row[at + 1]


@pytest.mark.parametrize(("text", "result"), list(examples()))
def test_example(text, result):
    problems = Problems()
    formula = compile_formula(text, SCOPE, Location("docs/formulas.md", 1, 1), problems)
    assert formula is not None, [str(problem) for problem in problems]
    assert not list(problems)
    assert show(formula.evaluate(VALUES.__getitem__), formula.type, ZONE) == result


def test_every_function_has_a_row_that_uses_it():
    described = {}
    for header, rows in tables():
        if header[0] == "function":
            for row in rows:
                name = row[0].strip("`").partition("(")[0]
                described[name] = row[header.index("example")]
    assert sorted(described) == sorted(FUNCTIONS)
    for name, example in described.items():
        assert f"{name}(" in example


def test_limits_on_the_page_are_those_of_the_parser():
    from rescind.formula.parser import MAX_DEPTH, MAX_NODES, MAX_TEXT
    from rescind.formula.runtime_values import MAX_BITS

    line = next(line for line in PAGE.splitlines() if "4,096 characters" in line)
    assert [int(parse_decimal(n.replace(",", ""))) for n in re.findall(r"\d[\d,]*", line)] == [
        MAX_TEXT,
        MAX_NODES,
        MAX_DEPTH,
        MAX_BITS,
    ]
