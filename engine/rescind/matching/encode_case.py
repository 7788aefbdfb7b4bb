"""From the typed facts of a case to the record of one stage: an int64 for each column.

The code for a stage is written out when its version is first used: a loop over the columns looks up, unpacks and calls
for each, and takes four times as long. The function that is written looks like this:

    def record(v, run):
        c3 = 0
        try:
            c3 = encode3(run.read(name3))
        except FactsError as error:
            run.owed = error
        return (code0[v[5]], 0 if ((a := v[7]) is ABSENT) | ((b := v[8]) is ABSENT) else (a > b) - (a < b), c3)

INVARIANT: only numbers that are made here stand in the text. Names and literals of a policy are passed in the
namespace.

An absent fact is written as 0. Conditions on optional facts read its presence too, and a required fact is absent only
while `ask_whether_it_applies` asks about conditions that do not read it. Columns that wait stand in the `try`: where
one fails it is 0, too, and the run knows that rules which read such columns say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from operator import itemgetter
from typing import Any, Protocol

from rescind.matching.columns import MAX_INTEGER
from rescind.problems.exceptions import FactsError, facts_error
from rescind.values.types import ABSENT, RATES, Kind, Type
from rescind.values.units import Money, exchanged

__all__ = ["CaseState", "Record", "compile_record"]

# Facts by slot, and the run that knows the rest, to the values of the columns.
Record = Callable[[list[Any], "CaseState"], tuple[int, ...]]
Column = Mapping[str, Any]

# Facts of these kinds are integers, and `rescind.values.scalar_readers` keeps them far inside of a column.
WHOLE = frozenset({Kind.INTEGER, Kind.TIME})


class CaseState(Protocol):
    """What columns ask of a case that is being decided; `owed` takes the error of one that waits."""

    owed: FactsError | None

    @property
    def fired(self) -> Mapping[str, Any]:
        """The conditions that have held so far."""

    def read(self, name: str) -> Any:
        """The typed value of a fact, a value, or a figure of the refund."""

    def rates(self) -> Any:
        """The exact rates of the case, or `ABSENT`."""


def compile_record(
    columns: Iterable[Column], slots: Mapping[str, int], type_of: Callable[[str], Type]
) -> Record:
    """The function for the columns of a stage. `slots` gives the place of each fact in the values of a case."""
    writer = _Writer(slots, type_of)
    cells, kept = [], {}
    for number, column in enumerate(columns):
        cell = writer.cell(number, column)
        if column.get("waits"):
            kept[f"c{number}"] = cell
            cell = f"c{number}"
        cells.append(cell)
    lines = ["def record(v, run):", *_guard(kept), f"return ({''.join(f'{cell}, ' for cell in cells)})"]
    exec(compile("\n    ".join(lines), "<record>", "exec"), writer.names)  # noqa: S102 - see the invariant
    record: Record = writer.names["record"]
    return record


def _guard(cells: Mapping[str, str]) -> list[str]:
    """The lines that compute some columns, whose errors the run keeps back."""
    if not cells:
        return []
    lines = [f"    {name} = {cell}" for name, cell in cells.items()]
    return [f"{' = '.join(cells)} = 0", "try:", *lines, "except FactsError as error:", "    run.owed = error"]


class _Writer:
    """Writes the expressions of columns; `names` collects what they refer to."""

    def __init__(self, slots: Mapping[str, int], type_of: Callable[[str], Type]) -> None:
        self.names: dict[str, Any] = {
            "ABSENT": ABSENT, "FactsError": FactsError, "sign": _sign, "money": _money_column,
        }  # fmt: skip
        self._slots = slots
        self._type_of = type_of

    def cell(self, number: int, column: Column) -> str:
        """The expression for one column."""
        name, written = column["reads"], column["as"]
        if written == "fired":
            return f"int({self._name(f'unit{number}', name)} in run.fired)"
        if column.get("against"):
            return self._sign(number, name, column["against"])
        value = self._value(f"name{number}", name)
        if written == "money":
            return f"money({value}, {self._name(f'currency{number}', column['currency'])}, run)"
        if written in WHOLE and name in self._slots:
            return f"0 if {value} is ABSENT else {value}"
        if written == "present":
            return f"0 if {value} is ABSENT else 1"
        if codes := _codes(column):
            return f"{self._name(f'code{number}', codes)}[{value}]"
        return f"{self._name(f'encode{number}', _encoder(column, self._type_of(name)))}({value})"

    def _sign(self, number: int, name: str, other: str) -> str:
        one, two = self._value(f"name{number}", name), self._value(f"other{number}", other)
        whole = {self._type_of(name).kind, self._type_of(other).kind} <= WHOLE
        if not whole:
            return f"sign({one}, {two}, run)"
        # Both are read whatever the first is: that a value cannot be computed is an error.
        return f"0 if ((a := {one}) is ABSENT) | ((b := {two}) is ABSENT) else (a > b) - (a < b)"

    def _value(self, label: str, name: str) -> str:
        if name in self._slots:
            return f"v[{self._slots[name]}]"
        return f"run.read({self._name(label, name)})"

    def _name(self, label: str, value: object) -> str:
        self.names[label] = value
        return label


def _codes(column: Column) -> dict[Any, int] | None:
    """The integer of each value, for columns of few values."""
    match column["as"]:
        case "flag":
            return {True: 1, False: 0, ABSENT: 0}
        case "choice":
            return {ABSENT: 0} | {choice: code for code, choice in enumerate(column["choices"], 1)}
        case _:
            return None


def _encoder(column: Column, type_: Type) -> Callable[[Any], int]:
    """A typed value as the integer of its column; see `rescind.matching.columns`."""
    encode = _number_encoder(column, type_)
    return lambda value: 0 if value is ABSENT else encode(value)


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


def _money_column(money: Any, currency: str, run: CaseState) -> int:
    if money is ABSENT:
        return 0
    if money[1] == currency:
        return _doubled(money[0])
    return _doubled_quotient(*_converted(money, currency, run))


def _converted(money: Money, currency: str, run: CaseState) -> tuple[int, int]:
    """Money in the minor units of another currency, as a quotient, by the exact rates of the case."""
    rates = run.rates()
    converted = None if rates is ABSENT else exchanged(money, currency, rates)
    if converted is None:
        pair = f"{money.currency}/{currency}"
        raise facts_error(
            "R0907",
            RATES,
            f"an amount in {money.currency} is compared with one in {currency}, and `rates` has no rate for them",
            f'send `{{"rates": {{"{pair}": "…"}}}}`',
        )
    return converted


def _sign(one: Any, other: Any, run: CaseState) -> int:
    """-1, 0 or 1 as `one` is less than, equal to or more than `other`."""
    if one is ABSENT or other is ABSENT:
        return 0
    if one.__class__ is int:
        return -1 if one < other else int(one > other)
    if isinstance(one, Money):
        one, other = _in_one_currency(one, other, run)
    if one == other:
        return 0
    if isinstance(one, (str, bool)):
        return 1
    return -1 if one < other else 1


def _in_one_currency(one: Money, other: Money, run: CaseState) -> tuple[Any, Any]:
    if one.currency == other.currency:
        return one.minor, other.minor
    above, below = _converted(one, other.currency, run)
    return above, other.minor * below
