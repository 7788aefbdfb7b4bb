"""Columns: which parts of a case a ruleset reads, and the integer that stands for each.

Every column of a ruleset is an int64. A column says what it `reads` and, under `as`, how that is written:

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
outside the range of the column is written as the nearest end of the range, which lies beyond every literal.

What may be unknown is written as `low`, as `high` or as both (the `bound` of a column), whichever its literals read.
For a known value both are the value. For an unknown one they are written first so that no literal of the column holds,
and then so that every literal holds; see `rescind.matching.two_fillings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rescind.book.model import Compare, Has, Name, Op, Present
from rescind.matching.normal_form import Flag, Literal
from rescind.problems.frozen_records import frozen
from rescind.values.durations import Duration
from rescind.values.types import Kind, Type

__all__ = [
    "GREATEST",
    "LEAST",
    "MAX_INTEGER",
    "Atom",
    "Column",
    "Columns",
    "LiteralTooLargeError",
    "number_scale",
]

# Literals stay below this, so a value written as the end of the range lies beyond every literal.
MAX_INTEGER = 2**62

# The least and the greatest of a column. INVARIANT: no literal and no known value comes near them.
LEAST, GREATEST = -(2**63), 2**63 - 1

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
# These are either true or false when known, so one comparison is enough.
TWO_VALUED = frozenset({"flag", "present", "has", "fired"})


class LiteralTooLargeError(Exception):
    """A literal that does not fit into a column exactly."""


@frozen
class _Source:
    """What a column is made from. `certain`: it is never unknown, so it needs no bounds."""

    reads: str
    written: str
    against: str = ""
    choices: tuple[str, ...] = ()
    currency: str = ""
    member: str = ""
    scale: int = 0
    certain: bool = False


@frozen
class Column:
    """One column; `codes` grow while the literals of a stage are collected."""

    name: str
    source: _Source
    bound: str
    codes: Mapping[str, int]

    def to_dict(self) -> dict[str, object]:
        """The column as plain JSON."""
        source = self.source
        parts: dict[str, object] = {"field": self.name, "reads": source.reads, "as": source.written}
        extra = {
            "bound": self.bound,
            "against": source.against,
            "choices": list(source.choices),
            "currency": source.currency,
            "texts": list(self.codes),
        }
        parts |= {key: value for key, value in extra.items() if value}
        if source.written == "has":
            parts["member"] = source.member  # the empty text is a member like any other
        if source.written == "number":
            parts["scale"] = source.scale
        return parts


class Columns:
    """The columns of one stage, made as atoms ask for them."""

    def __init__(self, scales: dict[str, int]) -> None:
        self._scales = scales
        self._columns: dict[tuple[_Source, str], Column] = {}
        self._codes: dict[
            str, dict[str, int]
        ] = {}  # the literals of each text; those of a column grow while a stage is read

    def __iter__(self) -> Any:
        return iter(self._columns.values())

    def atoms(self, literal: Literal) -> list[Atom]:
        """A literal as comparisons of columns with integers, two at most. Raises `LiteralTooLargeError`.

        They hold if the literal is true and, in the second filling, also if it is unknown.
        """
        source, op, value = self._positive(literal.atom)
        op = op if literal.positive else NEGATED[op]
        if abs(value) > MAX_INTEGER:
            raise LiteralTooLargeError
        if source.certain:
            return [(self._column(source, "").name, op, value)]
        if source.written in TWO_VALUED:
            holds = op is (Op.IS if value else Op.IS_NOT)
            return [self._low(source, Op.AT_LEAST, 1) if holds else self._high(source, Op.AT_MOST, 0)]
        match op:
            case Op.OVER | Op.AT_LEAST:
                return [self._low(source, op, value)]
            case Op.UNDER | Op.AT_MOST:
                return [self._high(source, op, value)]
            case Op.IS:
                return [self._low(source, Op.AT_LEAST, value), self._high(source, Op.AT_MOST, value)]
            case Op.IS_NOT:
                return [self._low(source, op, value), self._low(source, Op.OVER, LEAST)]

    def _low(self, source: _Source, op: Op, value: int) -> Atom:
        return self._column(source, "low").name, op, value

    def _high(self, source: _Source, op: Op, value: int) -> Atom:
        return self._column(source, "high").name, op, value

    def _positive(self, atom: object) -> tuple[_Source, Op, int]:
        match atom:
            case Flag(name):
                # Never negated, so one comparison means true in both fillings.
                return _Source(name, "fired"), Op.IS, 1
            case Present(subject):
                return _Source(subject.name, "present", certain=subject.certain), Op.IS, 1
            case Has(subject, member):
                return _Source(subject.name, "has", member=member, certain=subject.certain), Op.IS, 1
            case Compare(subject, op, Name() as other):
                # Only the facts of a case say whether there is a rate between two amounts.
                certain = subject.certain and other.certain and subject.type.kind is not Kind.MONEY
                return _Source(subject.name, "sign", against=other.name, certain=certain), op, 0
            case Compare(subject, op, operand):
                source = self._of_type(subject, operand)
                return source, op, self._code(source, subject.type, operand)
            case _:
                raise TypeError(atom)

    def _of_type(self, subject: Name, operand: Any) -> _Source:
        kind, certain = subject.type.kind, subject.certain
        if kind is Kind.MONEY:
            certain = certain and subject.type.currency == operand.currency
            return _Source(subject.name, "money", currency=operand.currency, certain=certain)
        if kind is Kind.CHOICE:
            return _Source(subject.name, "choice", choices=subject.type.choices, certain=certain)
        scale = self._scales[subject.name] if kind is Kind.NUMBER else 0
        return _Source(subject.name, str(kind), scale=scale, certain=certain)

    def _column(self, source: _Source, bound: str) -> Column:
        key = source, bound
        if key not in self._columns:
            codes = self._codes.setdefault(source.reads, {}) if source.written == "text" else {}
            self._columns[key] = Column(f"f{len(self._columns)}", source, bound, codes)
        return self._columns[key]

    def _code(self, source: _Source, type_: Type, operand: Any) -> int:
        match type_.kind:
            case Kind.TEXT:
                codes = self._codes.setdefault(source.reads, {})
                return codes.setdefault(operand, len(codes) + 1)
            case Kind.CHOICE:
                return type_.choices.index(operand) + 1
            case Kind.NUMBER:
                return _whole(operand * 10**source.scale) * 2
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
