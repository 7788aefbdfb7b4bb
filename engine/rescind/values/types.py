"""The types of the language: what a fact, a value or a formula yields.

How a value of each kind is represented in Python once it has been read:

    flag         bool
    choice, text str
    integer      int
    number       Fraction (or int)
    money        money.Money; minor units: int in facts, int or Fraction in formulas
    time         int, microseconds since the epoch
    date         datetime.date
    duration     durations.Duration
    instruments  dict from instrument name to Money, all of one currency
    set          frozenset of str
    list         tuple of dicts from field name to value; an absent optional field is missing
    rates        dict from (from, to) currency to Fraction
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum, StrEnum

from rescind.problems.frozen_records import frozen

__all__ = ["ABSENT", "COMPARABLE", "ORDERED", "RATES", "Absent", "Kind", "Type", "a_type"]


class Absent(Enum):
    """The type of `ABSENT`: what an optional fact yields when the caller left it out."""

    ABSENT = "absent"

    # That of `Enum` is a function in Python: a case that lacks half its facts would spend a tenth of its time there.
    __hash__ = object.__hash__


ABSENT = Absent.ABSENT

# The fact that holds the exact rates between currencies: money of two currencies cannot be compared without it.
RATES = "rates"


class Kind(StrEnum):
    """The kinds of values."""

    FLAG = "flag"
    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    MONEY = "money"
    TIME = "time"
    DATE = "date"
    DURATION = "duration"
    INSTRUMENTS = "instruments"
    SET = "set"
    LIST = "list"
    RATES = "rates"


ORDERED = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.MONEY, Kind.TIME, Kind.DATE, Kind.DURATION})
COMPARABLE = ORDERED | {Kind.FLAG, Kind.CHOICE, Kind.TEXT}


@frozen
class Type:
    """A kind and what narrows it.

    `choices`: of a choice or a set of choices, in the order of the vocabulary; the names of instruments; of a text that
    a formula yields, every one that it can be, () where it may be any.
    `currency`: of money or instruments, where it is known before run time, else "".
    `calendar`: a duration counted in months and years rather than exactly.
    `fields`: of the records of a list; a field with `optional` may be left out of a record.
    """

    kind: Kind
    choices: tuple[str, ...] = ()
    currency: str = ""
    calendar: bool = False
    fields: Mapping[str, Type] = field(default_factory=dict, hash=False)
    optional: bool = False

    def __str__(self) -> str:
        if self.kind is Kind.MONEY and self.currency:
            return f"money in {self.currency}"
        if self.kind is Kind.DURATION:
            return "calendar duration" if self.calendar else "duration"
        return str(self.kind)


def a_type(type_: Type) -> str:
    """A type with its article, for messages: `a choice`, `an integer`, `money in EUR`."""
    if type_.kind in (Kind.MONEY, Kind.INSTRUMENTS, Kind.RATES):
        return str(type_)
    return f"{'an' if str(type_)[0] in 'aeiou' else 'a'} {type_}"
