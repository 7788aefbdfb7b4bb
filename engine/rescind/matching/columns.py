"""Columns: what of a case a ruleset reads, and as which integer.

Every column of a ruleset is an int64. A column names what it `reads` and `as` what it is written:

    flag                      0 or 1
    choice                    1 for the first choice of the vocabulary, and so on
    text                      1, 2, … for the texts that the policy compares with, 0 for any other
    integer, time, date, duration   the number itself (microseconds, days, months)
    number, money             twice the value in units of 10^-scale, plus 1 where something smaller is left over
    present                   1 when an optional fact was sent
    has                       1 when the set holds the member
    sign                      the comparison of two facts: -1, 0 or 1
    fired                     1 when an earlier stage found the flag's condition true

Doubling keeps comparisons exact: a value between two representable ones becomes odd, a literal is always even. A value
beyond the range of the column is written as the end of the range, which lies beyond every literal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from rescind.book.model import Compare, Has, Name, Op, Present
from rescind.matching.normal_form import Flag, Literal
from rescind.values.types import Kind, Type
from rescind.values.units import Duration

__all__ = ["MAX_INTEGER", "Atom", "Column", "Columns", "LiteralTooLargeError", "number_scale"]

# Literals stay below it, so a value written as the end of the range lies beyond every literal.
MAX_INTEGER = 2**62

NEGATED = {
    Op.IS: Op.IS_NOT,
    Op.IS_NOT: Op.IS,
    Op.UNDER: Op.AT_LEAST,
    Op.AT_LEAST: Op.UNDER,
    Op.OVER: Op.AT_MOST,
    Op.AT_MOST: Op.OVER,
}
# An atom as durable-rules writes it: field, operator, integer.
Atom = tuple[str, Op, int]


class LiteralTooLargeError(Exception):
    """A literal that does not fit into a column exactly."""


@dataclass(slots=True)
class Column:
    """One column; `codes` and `scale` grow while the literals of a stage are collected."""

    name: str
    reads: str
    written: str
    against: str = ""
    choices: tuple[str, ...] = ()
    currency: str = ""
    member: str = ""
    scale: int = 0
    codes: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """The column as plain JSON."""
        parts: dict[str, object] = {"field": self.name, "reads": self.reads, "as": self.written}
        extra = {
            "against": self.against,
            "choices": list(self.choices),
            "currency": self.currency,
            "texts": list(self.codes),
        }
        parts |= {key: value for key, value in extra.items() if value}
        if self.written == "has":
            parts["member"] = self.member  # the empty text is a member like any other
        if self.written == "number":
            parts["scale"] = self.scale
        return parts


class Columns:
    """The columns of one stage, made as atoms ask for them."""

    def __init__(self, scales: dict[str, int]) -> None:
        self._scales = scales
        self._columns: dict[tuple[str, ...], Column] = {}

    def __iter__(self) -> Any:
        return iter(self._columns.values())

    def atom(self, literal: Literal) -> Atom:
        """A literal as a comparison of a column with an integer. Raises `LiteralTooLargeError`."""
        column, op, value = self._positive(literal.atom)
        if abs(value) > MAX_INTEGER:
            raise LiteralTooLargeError
        return column.name, op if literal.positive else NEGATED[op], value

    def _positive(self, atom: object) -> tuple[Column, Op, int]:
        match atom:
            case Flag(name):
                return self._column(name, "fired"), Op.IS, 1
            case Present(subject):
                return self._column(subject.name, "present"), Op.IS, 1
            case Has(subject, member):
                return self._column(subject.name, "has", member=member), Op.IS, 1
            case Compare(subject, op, Name() as other):
                return self._column(subject.name, "sign", against=other.name), op, 0
            case Compare(subject, op, operand):
                column = self._of_type(subject, operand)
                return column, op, self._code(column, subject.type, operand)
            case _:
                raise TypeError(atom)

    def _of_type(self, subject: Name, operand: Any) -> Column:
        kind = subject.type.kind
        if kind is Kind.MONEY:
            return self._column(subject.name, "money", currency=operand.currency)
        if kind is Kind.CHOICE:
            return self._column(subject.name, "choice", choices=subject.type.choices)
        column = self._column(subject.name, str(kind))
        if kind is Kind.NUMBER:
            column.scale = self._scales[subject.name]
        return column

    def _column(self, reads: str, written: str, **more: Any) -> Column:
        key = (reads, written, more.get("against", ""), more.get("currency", ""), more.get("member", ""))
        if key not in self._columns:
            self._columns[key] = Column(f"f{len(self._columns)}", reads, written, **more)
        return self._columns[key]

    def _code(self, column: Column, type_: Type, operand: Any) -> int:
        match type_.kind:
            case Kind.TEXT:
                return column.codes.setdefault(operand, len(column.codes) + 1)
            case Kind.CHOICE:
                return type_.choices.index(operand) + 1
            case Kind.NUMBER:
                return _whole(operand * 10**column.scale) * 2
            case Kind.MONEY:
                return int(operand.minor) * 2
            case Kind.DATE:
                return int(operand.toordinal())
            case Kind.DURATION:
                return _length(operand, type_)
            case _:
                return int(operand)


def _length(duration: Duration, type_: Type) -> int:
    return duration.months if type_.calendar else duration.micros


def _whole(value: Fraction) -> int:
    if Fraction(value).denominator != 1:
        raise LiteralTooLargeError
    return int(value)


def number_scale(value: Fraction) -> int:
    """How many decimals a literal has (literals always end)."""
    scale = 0
    while (value * 10**scale).denominator != 1:
        scale += 1
    return scale
