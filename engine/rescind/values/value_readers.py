"""Values of every kind: from what YAML or a caller gives, and back to plain data.

`reader(type, zone)` makes a function that turns a raw value (text, int, Decimal, bool, list, mapping; from Python
also datetime and date) into the representation described in `rescind.values.types`, or raises `RejectedError` with
every fault and the path of each below the value. `plain` and `typed` are the ways back, for decisions. What has parts
is read here, and what has none in `rescind.values.scalar_readers`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.decimals import UnitError, exact_text, format_decimal
from rescind.values.durations import format_duration
from rescind.values.money import Money, currencies, format_money, parse_money
from rescind.values.scalar_readers import (
    MAX_TEXT,
    Fault,
    Reader,
    RejectedError,
    choice_reader,
    describe,
    duration_reader,
    expected,
    faults_of,
    hint_text,
    money_reader,
    read_date,
    read_flag,
    read_integer,
    read_number,
    read_text,
    time_reader,
)
from rescind.values.times import format_date, format_time
from rescind.values.types import ABSENT, Kind, Type

__all__ = [
    "MAX_ITEMS",
    "MAX_TEXT",
    "Fault",
    "Reader",
    "RejectedError",
    "describe",
    "faults_of",
    "hint_text",
    "plain",
    "read_flag",
    "read_text",
    "reader",
    "typed",
    "typed_money",
]

MAX_ITEMS = 10_000


def _each(items: list[tuple[str | int, object, Reader]]) -> list[tuple[str | int, Any]]:
    """Read every item; all faults at once, each with its path."""
    result, faults = [], []
    for key, raw, read in items:
        try:
            result.append((key, read(raw)))
        except UnitError as error:
            faults += [((key, *path), message, hint) for path, message, hint in faults_of(error)]
    if faults:
        raise RejectedError(faults)
    return result


def _instruments(type_: Type) -> Reader:
    careful, money = _careful_instruments(type_), money_reader(type_.currency)
    names, any_currency = frozenset(type_.choices), not type_.currency

    def read(raw: Any) -> dict[str, Money]:
        if raw.__class__ is not dict or not raw:
            return careful(raw)
        given, currency = {}, ""
        try:
            for name, item in raw.items():
                value = parse_money(item) if any_currency and item.__class__ is str else money(item)
                if name.__class__ is not str or name not in names or value[0] < 0:
                    return careful(raw)
                if currency and value[1] != currency:
                    return careful(raw)
                currency = value[1]
                given[name] = value
        except UnitError:
            return careful(raw)  # which says of which instrument
        return given

    return read


def _careful_instruments(type_: Type) -> Callable[[object], dict[str, Money]]:
    money, names = money_reader(type_.currency), frozenset(type_.choices)

    def amount(raw: object) -> Money:
        value: Money = money(raw)
        if value[0] < 0:
            raise UnitError(f"expected an amount of zero or more, found `{format_money(*value)}`")
        return value

    def read(raw: object) -> dict[str, Money]:
        if not isinstance(raw, Mapping):
            raise expected("a mapping from payment instrument to money", raw)
        if not raw:
            hint = 'nothing was paid: write `{"cash": "0 USD"}`'
            raise expected("at least one payment instrument", raw, hint)
        raw = {exact_text(key) if isinstance(key, str) else key: item for key, item in raw.items()}
        if unknown := [key for key in raw if key not in names]:
            raise RejectedError([_unknown_instrument(key, type_.choices) for key in unknown])
        given = {str(key): value for key, value in _each([(key, item, amount) for key, item in raw.items()])}
        if len({value.currency for value in given.values()}) > 1:
            raise UnitError("the instruments are in several currencies", "one order is paid in one currency")
        return given

    return read


def _unknown_instrument(key: object, choices: tuple[str, ...]) -> Fault:
    name = str(key)
    return (
        (name,),
        f"`{_short(name)}` is not a payment instrument",
        lambda: did_you_mean(name, choices) or f"known: {one_of(choices)}",
    )


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "…"


def _set(type_: Type) -> Reader:
    member = choice_reader(type_.choices) if type_.choices else read_text

    def read(raw: object) -> frozenset[str]:
        items = _items(raw, "a list of texts")
        return frozenset(value for _, value in _each([(i, item, member) for i, item in enumerate(items)]))

    return read


def _items(raw: object, what: str) -> list[object]:
    if not isinstance(raw, (list, tuple)):
        raise expected(what, raw)
    if len(raw) > MAX_ITEMS:
        raise UnitError(f"the list has {len(raw)} items; at most {MAX_ITEMS} are read")
    return list(raw)


def _list(type_: Type, zone: ZoneInfo) -> Reader:
    readers = {name: reader(field, zone) for name, field in type_.fields.items()}
    fields = one_of(readers)

    def record(raw: object) -> dict[str, object]:
        if not isinstance(raw, Mapping):
            raise expected(f"a mapping of {fields}", raw)
        faults: list[Fault] = [
            (
                (str(key),),
                f"`{_short(str(key))}` is not a field here",
                partial(did_you_mean, str(key), readers),
            )
            for key in raw
            if key not in readers
        ]
        faults += [
            ((name,), f"`{name}` is missing", "")
            for name, field in type_.fields.items()
            if name not in raw and not field.optional
        ]
        if faults:
            raise RejectedError(faults)
        given = [
            (key, item, readers[key])
            for key, item in raw.items()
            if item is not None or not type_.fields[key].optional
        ]
        return dict(_each(given))  # type: ignore[arg-type]

    def careful(raw: object) -> tuple[dict[str, object], ...]:
        items = _items(raw, "a list of records")
        return tuple(value for _, value in _each([(i, item, record) for i, item in enumerate(items)]))

    required = {name for name, field in type_.fields.items() if not field.optional}

    def read(raw: Any) -> tuple[dict[str, object], ...]:
        """Plain records one after the other; whatever is odd in one of them, the careful way says."""
        if raw.__class__ is not list or len(raw) > MAX_ITEMS or not {*map(type, raw)} <= {dict}:
            return careful(raw)
        try:
            result = tuple([{key: readers[key](item) for key, item in fields.items()} for fields in raw])
        except (UnitError, KeyError, TypeError, AttributeError):
            return careful(raw)
        return result if all(map(required.issubset, result)) else careful(raw)

    return read


def _rates(raw: object) -> dict[tuple[str, str], Fraction]:
    if not isinstance(raw, Mapping):
        raise expected('a mapping from currency pair to rate, such as `{"CNY/USD": "0.14"}`', raw)
    rates = dict(rate for _, rate in _each([(str(key), (key, item), _rate) for key, item in raw.items()]))
    if faults := list(_contradictions(rates)):
        raise RejectedError(faults)
    return rates


def _contradictions(rates: Mapping[tuple[str, str], Fraction]) -> Iterator[Fault]:
    """Pairs of which another says something else: which of the two a comparison took would decide it."""
    passed: set[tuple[str, str]] = set()
    for (source, target), rate in rates.items():
        pair, told = f"{source}/{target}", format_decimal(rate)
        other = rates.get((target, source), Fraction(1))
        if source == target and rate != 1:
            yield (pair,), f"expected 1 as the rate of `{pair}`, found `{told}`", "leave the pair out"
        elif (target, source) in passed and rate * other != 1:
            opposite = f"`{target}/{source}: {format_decimal(other)}`"
            message = f"`{pair}: {told}` contradicts {opposite}, whose inverse is {format_decimal(1 / other)}"
            yield (pair,), message, "send one of the two pairs: the other follows from it"
        passed.add((source, target))


def _rate(pair: tuple[object, object]) -> tuple[tuple[str, str], Fraction]:
    # Only texts are remembered: as keys of a cache `1`, `1.0` and `True` would be one.
    key, raw = pair
    return _known_rate(key, raw) if key.__class__ is str and raw.__class__ is str else _new_rate(key, raw)


def _new_rate(key: object, raw: object) -> tuple[tuple[str, str], Fraction]:
    source, slash, target = str(key).partition("/")
    for currency in (source, target):
        if currency not in currencies():
            raise UnitError(f"expected a currency pair such as `CNY/USD`, found `{key}`")
    value = read_number(raw)
    if value <= 0 or not slash:
        raise UnitError(f"expected a rate above zero, found {describe(raw)}")
    return (source, target), value


_known_rate = lru_cache(maxsize=4_096)(_new_rate)


_SIMPLE: dict[Kind, Reader] = {
    Kind.FLAG: read_flag,
    Kind.TEXT: read_text,
    Kind.NUMBER: read_number,
    Kind.INTEGER: read_integer,
    Kind.DATE: read_date,
    Kind.RATES: _rates,
}


def reader(type_: Type, zone: ZoneInfo) -> Reader:
    """The function that reads raw values of this type; it raises `UnitError` (see `faults_of`)."""
    if type_.kind in _SIMPLE:
        return _SIMPLE[type_.kind]
    match type_.kind:
        case Kind.CHOICE:
            return choice_reader(type_.choices)
        case Kind.MONEY:
            return money_reader(type_.currency)
        case Kind.TIME:
            return time_reader(zone)
        case Kind.DURATION:
            return duration_reader(calendar=type_.calendar)
        case Kind.INSTRUMENTS:
            return _instruments(type_)
        case Kind.SET:
            return _set(type_)
        case _:
            return _list(type_, zone)


def plain(value: Any, type_: Type, zone: dt.tzinfo) -> Any:
    """A typed value as plain JSON data; times are written in `zone`, an absent value is None."""
    if value is ABSENT:
        return None
    match type_.kind:
        case Kind.MONEY:
            return format_money(*value)
        case Kind.NUMBER:
            return format_decimal(value)
        case Kind.TIME:
            return format_time(value, zone)
        case Kind.DATE:
            return format_date(value)
        case Kind.DURATION:
            return format_duration(value)
        case Kind.INSTRUMENTS:
            return {name: format_money(*money) for name, money in value.items()}
        case Kind.SET:
            return sorted(value)
        case Kind.LIST:
            return [{k: plain(v, type_.fields[k], zone) for k, v in item.items()} for item in value]
        case Kind.RATES:
            return {f"{a}/{b}": format_decimal(rate) for (a, b), rate in value.items()}
        case Kind.INTEGER:
            return int(value) if value == int(value) else format_decimal(value)
        case _:
            return value


def typed(value: Any, type_: Type, zone: dt.tzinfo) -> Any:
    """A typed value as JSON data that a program reads without taking texts apart; an absent value is None.

    As `plain`, but money is `{"amount": "1000.01", "currency": "USD"}`. A number is a text, exact: `"0.15"`, or `"1/3"`
    where the decimal has no end, and so is an amount in the middle of a working.
    """
    if value is ABSENT:
        return None
    match type_.kind:
        case Kind.MONEY:
            return typed_money(*value)
        case Kind.INSTRUMENTS:
            return {name: typed_money(*money) for name, money in value.items()}
        case Kind.LIST:
            return [{k: typed(v, type_.fields[k], zone) for k, v in item.items()} for item in value]
        case _:
            return plain(value, type_, zone)


def typed_money(minor: int | Fraction, currency: str) -> dict[str, str]:
    """Money as `{"amount": "1000.01", "currency": "USD"}`; a fraction of the minor unit keeps its decimals."""
    amount, _, _ = format_money(minor, currency).partition(" ")
    return {"amount": amount, "currency": currency}
