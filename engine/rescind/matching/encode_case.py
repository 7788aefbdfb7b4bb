"""From the typed facts of a case to the record of one stage: an int64 for each column, None where it is unknown.

The code for a stage is generated when its version is first used: a loop over the columns, with its look-ups, unpacking
and calls, would take four times as long. The generated function looks like this:

    def record(v, run):
        c0 = code0[v[5]]
        c1 = None if (a := v[7]) is ABSENT else a
        c2 = encode2(run.known(name2))
        return (c0, c1, c2, c1), c1 is None or c2 is None

INVARIANT: the generated text contains only numbers that are made here. Names and literals of a policy are passed in
the namespace.

An optional fact that is absent is written as 0, and conditions on it read its presence too. A required fact that is
absent is missing: it is unknown, like a value that could not be computed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from operator import itemgetter
from typing import Any, Protocol

from rescind.matching.ruleset_columns import MAX_INTEGER
from rescind.matching.two_fillings import Cell
from rescind.values.money import Money
from rescind.values.types import ABSENT, Kind, Type

__all__ = ["CaseState", "Record", "compile_record"]

# From the facts by slot, and the run that knows the rest, to the values of the columns and whether any is unknown.
Record = Callable[[list[Any], "CaseState"], tuple[tuple[Cell, ...], bool]]
Column = Mapping[str, Any]

# Facts of these kinds are integers, and `rescind.values.scalar_readers` keeps them far within a column's range.
WHOLE = frozenset({Kind.INTEGER, Kind.TIME})
# What the encoder of an amount is given besides the amount.
MONEY = (("label", "reads"), ("currency", "currency"))


class CaseState(Protocol):
    """What columns need to know about a case that is being decided."""

    def known(self, name: str) -> Any:
        """The typed value of a fact, a value, or a figure of the refund; None where it is unknown."""

    def flag(self, unit: str) -> Cell:
        """1 if a condition of an earlier stage holds, 0 if it does not, None if that is unknown."""

    def in_currency(self, name: str, money: Money, currency: str) -> tuple[int, int] | None:
        """Money in the minor units of another currency, as a quotient, by the exact rates of the case.

        `name` is the name that has this value. None where the result is unknown.
        """


def compile_record(
    columns: Iterable[Column],
    slots: Mapping[str, int],
    required: Collection[str],
    type_of: Callable[[str], Type],
) -> Record:
    """The function for the columns of a stage.

    `slots` gives the place of each fact in the values of a case, `required` the facts that are missing when absent.
    """
    writer = _Writer(slots, required, type_of)
    cells = [writer.cell(number, column) for number, column in enumerate(columns)]
    unknown = " or ".join(f"{name} is None" for name in writer.uncertain) or "False"
    result = f"return ({''.join(f'{cell}, ' for cell in cells)}), {unknown}"
    lines = ["def record(v, run):", *writer.lines, result]
    exec(compile("\n    ".join(lines), "<record>", "exec"), writer.names)  # noqa: S102 - see the invariant
    record: Record = writer.names["record"]
    return record


class _Writer:
    """Writes the lines that encode columns; `names` collects what they refer to, `uncertain` what may be unknown."""

    def __init__(
        self, slots: Mapping[str, int], required: Collection[str], type_of: Callable[[str], Type]
    ) -> None:
        self.names: dict[str, Any] = {"ABSENT": ABSENT, "sign": _sign, "money": _money_column}
        self._slots = slots
        self._required = required
        self._type_of = type_of
        self.lines: list[str] = []
        self.uncertain: list[str] = []
        self._written: dict[str, str] = {}

    def cell(self, number: int, column: Column) -> str:
        """The name of the variable that holds one column. The two bounds of a value are encoded once."""
        source = repr(sorted((key, item) for key, item in column.items() if key not in {"field", "bound"}))
        if source not in self._written:
            self._written[source] = f"c{number}"
            self.lines.append(f"c{number} = {self._cell(number, column)}")
            self.uncertain += [f"c{number}"] if "bound" in column else []
        return self._written[source]

    def _cell(self, number: int, column: Column) -> str:
        name, written = column["reads"], column["as"]
        if written == "fired":
            return f"run.flag({self._name(f'unit{number}', name)})"
        if column.get("against"):
            return self._sign(number, name, column["against"])
        value, absent = self._value(f"name{number}", name), self._absent(name)
        if written == "money":
            label, currency = (self._name(f"{word}{number}", column.get(key)) for word, key in MONEY)
            return f"money({value}, {absent}, {label}, {currency}, run)"
        if written in WHOLE and name in self._slots:
            return f"{absent} if (a := {value}) is ABSENT else a"
        if written == "present":
            return f"{absent} if (a := {value}) is ABSENT else None if a is None else 1"
        if codes := _codes(column, absent):
            return f"{self._name(f'code{number}', codes)}[{value}]"
        encoder = _encoder(column, self._type_of(name), absent)
        return f"{self._name(f'encode{number}', encoder)}({value})"

    def _sign(self, number: int, name: str, other: str) -> str:
        one, two = self._value(f"name{number}", name), self._value(f"other{number}", other)
        absent = self._absent(name), self._absent(other)
        facts = name in self._slots and other in self._slots
        if facts and {self._type_of(name).kind, self._type_of(other).kind} <= WHOLE:
            cells = [(absent[0], f"(a := {one})"), (absent[1], f"(b := {two})")]
            # An unknown side is looked for first: an absent fact on the other side does not make it known.
            cells.sort(key=lambda cell: cell[0] is not None)
            (first, read), (second, read_too) = cells
            return f"{first} if {read} is ABSENT else {second} if {read_too} is ABSENT else (a > b) - (a < b)"
        return f"sign({one}, {two}, {absent}, {self._name(f'label{number}', name)}, run)"

    def _absent(self, name: str) -> Cell:
        """What an absent fact is written as: 0 for an optional one, unknown for a required one."""
        return None if name in self._required else 0

    def _value(self, label: str, name: str) -> str:
        if name in self._slots:
            return f"v[{self._slots[name]}]"
        return f"run.known({self._name(label, name)})"

    def _name(self, label: str, value: object) -> str:
        self.names[label] = value
        return label


def _codes(column: Column, absent: Cell) -> dict[Any, Cell] | None:
    """The integer of each value, for columns with few values."""
    match column["as"]:
        case "flag":
            return {True: 1, False: 0, ABSENT: absent, None: None}
        case "choice":
            codes = {choice: code for code, choice in enumerate(column["choices"], 1)}
            return {ABSENT: absent, None: None} | codes
        case _:
            return None


def _encoder(column: Column, type_: Type, absent: Cell) -> Callable[[Any], Cell]:
    """A typed value as the integer of its column; see `rescind.matching.ruleset_columns`."""
    encode = _number_encoder(column, type_)
    return lambda value: absent if value is ABSENT else None if value is None else encode(value)


def _number_encoder(column: Column, type_: Type) -> Callable[[Any], int]:
    match column["as"]:
        case "text":
            texts = {text: code for code, text in enumerate(column["texts"], 1)}
            return lambda value: texts.get(value, 0)
        case "has":
            member = column["member"]
            return lambda value: int(member in value)
        case "number":
            factor = 10 ** column["scale"]
            return lambda value: _doubled(value * factor)
        case "date":
            return lambda value: value.toordinal()
        case "duration":
            length = itemgetter(0 if type_.calendar else 1)
            return lambda value: _clamped(length(value))
        case _:
            return _clamped


def _clamped(value: int) -> int:
    limit = MAX_INTEGER + 1
    return value if -limit <= value <= limit else (limit if value > 0 else -limit)


def _doubled(value: int | Fraction) -> int:
    """Twice the value, made odd where it lies between two whole numbers: comparisons with even literals stay exact."""
    if isinstance(value, int):
        return _clamped(2 * value)
    return _doubled_quotient(value.numerator, value.denominator)


def _doubled_quotient(above: int, below: int) -> int:
    whole, rest = divmod(above, below)
    return _clamped(2 * whole + (rest != 0))


def _money_column(money: Any, absent: Cell, name: str, currency: str, run: CaseState) -> Cell:
    if money is ABSENT:
        return absent
    if money is None:
        return None
    if money[1] == currency:
        return _doubled(money[0])
    converted = run.in_currency(name, money, currency)
    return None if converted is None else _doubled_quotient(*converted)


def _sign(one: Any, other: Any, absent: tuple[Cell, Cell], name: str, run: CaseState) -> Cell:
    """-1, 0 or 1 as `one` is less than, equal to or more than `other`."""
    if one is ABSENT or other is ABSENT or one is None or other is None:
        # The comparison stays unknown if one side is unknown, even where the other side is absent.
        cells = [cell if value is ABSENT else value for value, cell in zip((one, other), absent, strict=True)]
        return None if None in cells else 0
    if one.__class__ is int:
        return -1 if one < other else int(one > other)
    if isinstance(one, Money):
        if one.currency == other.currency:
            one, other = one.minor, other.minor
        else:
            converted = run.in_currency(name, one, other.currency)
            if converted is None:
                return None
            one, other = converted[0], other.minor * converted[1]
    if one == other:
        return 0
    if isinstance(one, (str, bool)):
        return 1
    return -1 if one < other else 1
