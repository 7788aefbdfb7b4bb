"""One typed value: from what YAML or a caller gives, and back to plain data.

`reader(type, zone)` makes a function that turns a raw value (text, int, Decimal, bool, list, mapping; from Python
also datetime and date) into the representation described in `engine.types`, or raises `RejectedError` with every fault
and the path of each below the value. `plain` is the way back, for decisions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache, partial
from typing import Any, cast
from zoneinfo import ZoneInfo

from engine.diagnostics import did_you_mean, one_of
from engine.types import ABSENT, Kind, Type
from engine.units import (
    Duration,
    Money,
    UnitError,
    currencies,
    format_date,
    format_decimal,
    format_duration,
    format_money,
    format_time,
    money_of,
    parse_date,
    parse_decimal,
    parse_duration,
    parse_money,
    parse_time,
    to_micros,
)

__all__ = [
    "MAX_ITEMS",
    "MAX_TEXT",
    "Reader",
    "RejectedError",
    "describe",
    "faults_of",
    "plain",
    "read_flag",
    "read_text",
    "reader",
]

MAX_TEXT = 4_096
MAX_ITEMS = 10_000
MAX_NUMBER = 10**15
MAX_PLACES = 12

Reader = Callable[[Any], Any]
Fault = tuple[tuple[str | int, ...], str, str]


class RejectedError(UnitError):
    """A raw value that does not fit; `.faults` are (path below the value, message, hint)."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0][1], faults[0][2])
        self.faults = faults


def describe(raw: object) -> str:
    """A raw value as a message shows it: kind and, where short, the text."""
    if raw is None:
        return "nothing (null)"
    if isinstance(raw, bool):
        return f"`{str(raw).lower()}`"
    if isinstance(raw, Mapping):
        return "a mapping"
    if isinstance(raw, (list, tuple)):
        return "a list"
    if isinstance(raw, float):
        return f"the binary float `{raw!r}`"
    text = _text_of(raw)
    shown = text if len(text) <= 60 else text[:57] + "…"
    return f"the text `{shown}`" if isinstance(raw, str) else f"`{shown}`"


def _text_of(raw: object) -> str:
    """`str(raw)`; Python refuses to write out integers of thousands of digits."""
    try:
        return str(raw)
    except ValueError:
        return "a number of thousands of digits"


def _expected(what: str, raw: object, hint: str = "") -> UnitError:
    return UnitError(f"expected {what}, found {describe(raw)}", hint)


def read_flag(raw: object) -> bool:
    """A flag."""
    if raw is True or raw is False:
        return raw
    raise _expected("`true` or `false`", raw, "write it without quotes" if raw in ("true", "false") else "")


def read_text(raw: Any) -> str:
    """A text of at most `MAX_TEXT` characters."""
    if raw.__class__ is str and len(raw) <= MAX_TEXT and raw.isascii():
        return raw
    if not isinstance(raw, str):
        raise _expected("a text", raw, "put it in quotes" if isinstance(raw, (int, Decimal)) else "")
    if len(raw) > MAX_TEXT:
        raise UnitError(f"the text has {len(raw)} characters; at most {MAX_TEXT} are read")
    if not raw.isascii() and any("\ud800" <= char <= "\udfff" for char in raw):
        raise UnitError("the text holds half of a character (a lone surrogate)", "send valid Unicode")
    return raw


def _choice(choices: tuple[str, ...]) -> Reader:
    known = {choice: choice for choice in choices}

    def read(raw: object) -> str:
        try:
            return known[cast("str", raw)]
        except (KeyError, TypeError):
            hint = did_you_mean(raw, choices) if isinstance(raw, str) else ""
            raise _expected(one_of(choices), raw, hint) from None

    return read


def _number(raw: object) -> Fraction:
    if isinstance(raw, bool) or not isinstance(raw, (int, Decimal, str, Fraction)):
        hint = "pass a text or a Decimal, never a float" if isinstance(raw, float) else ""
        raise _expected("a number", raw, hint)
    if isinstance(raw, Decimal) and not raw.is_finite():
        raise _expected("a number", raw)
    value = parse_decimal(raw) if isinstance(raw, str) else _bounded_fraction(raw)
    if abs(value) > MAX_NUMBER or (value * 10**MAX_PLACES).denominator != 1:
        raise UnitError(
            f"the number {describe(raw)} is out of range",
            f"numbers reach to {MAX_NUMBER} and have at most {MAX_PLACES} decimals",
        )
    return value


def _bounded_fraction(raw: int | Decimal | Fraction) -> Fraction:
    if isinstance(raw, Decimal) and not -40 < raw.adjusted() < 40:
        raise UnitError(f"the number {describe(raw)} is out of range")
    return Fraction(raw)


def _integer(raw: object) -> int:
    if raw.__class__ is not int:
        raise _expected("an integer", raw)
    if not -MAX_NUMBER <= raw <= MAX_NUMBER:
        raise UnitError(
            f"the integer `{describe(raw)[1:-1]}` is out of range", f"integers reach to {MAX_NUMBER}"
        )
    return raw


def _money(currency: str) -> Reader:
    if not currency:
        return _any_money

    def read(raw: object) -> Money:
        money = _any_money(raw)
        if money.currency != currency:
            raise UnitError(f"expected money in {currency}, found `{format_money(*money)}`")
        return money

    return read


def _any_money(raw: Any) -> Money:
    if raw.__class__ is str:
        return parse_money(raw)
    if raw.__class__ is dict and len(raw) == 2:
        amount, currency = raw.get("amount"), raw.get("currency")
        if amount.__class__ is str and currency.__class__ is str:
            return money_of(amount, currency)
    return _money_of_mapping(raw)


def _money_of_mapping(raw: object) -> Money:
    if not isinstance(raw, Mapping) or len(raw) != 2:
        raise _no_money(raw)
    try:
        amount, currency = raw["amount"], raw["currency"]
    except KeyError:
        raise _no_money(raw) from None
    return _money_of_parts(amount, currency)


def _no_money(raw: object) -> UnitError:
    hint = 'write `"1000.01 USD"` or `{"amount": "1000.01", "currency": "USD"}`; never a float'
    if isinstance(raw, (int, Decimal)) and not isinstance(raw, bool):
        hint = f"add the currency, such as `{describe(raw)[1:-1]} USD`"
    return _expected("money", raw, hint)


def _money_of_parts(amount: object, currency: object) -> Money:
    if not isinstance(currency, str) or currency not in currencies():
        hint = did_you_mean(currency, currencies()) if isinstance(currency, str) else ""
        raise RejectedError(
            [(("currency",), f"expected an ISO 4217 currency, found {describe(currency)}", hint)]
        )
    if isinstance(amount, Decimal) and amount.is_finite() and -40 < amount.adjusted() < 40:
        amount = format(amount, "f")
    elif type(amount) is int and abs(amount) <= MAX_NUMBER:
        amount = str(amount)
    if not isinstance(amount, str):
        raise RejectedError(
            [
                (
                    ("amount",),
                    f"expected an amount such as `1000.01`, found {describe(amount)}",
                    "send it as a text",
                )
            ]
        )
    return money_of(amount, currency)


@cache
def _time_parser(zone: ZoneInfo) -> Callable[[str], int]:
    """`parse_time` for one zone; a look-up by the text alone is twice as quick."""
    return lru_cache(maxsize=65_536)(partial(parse_time.__wrapped__, zone=zone))


def _time(zone: ZoneInfo) -> Reader:
    parse = _time_parser(zone)

    def read(raw: Any) -> int:
        if raw.__class__ is str:
            return parse(raw)
        if isinstance(raw, dt.datetime):
            return to_micros(raw)
        raise _expected("a time such as `2024-11-05T09:00:00+08:00`", raw)

    return read


def _date(raw: object) -> dt.date:
    if isinstance(raw, str):
        return parse_date(raw)
    if isinstance(raw, dt.date) and not isinstance(raw, dt.datetime):
        return raw
    raise _expected("a date such as `2024-10-29`", raw)


def _duration(*, calendar: bool) -> Reader:
    def read(raw: object) -> Duration:
        if not isinstance(raw, str):
            raise _expected("a duration such as `24h` or `3y`", raw)
        duration = parse_duration(raw)
        if duration.micros and calendar:
            raise UnitError(f"expected months or years, found `{raw}`", "write `6mo` or `1y`")
        if duration.months and not calendar:
            raise UnitError(
                f"expected an exact duration, found `{raw}`",
                "a month or year has no fixed length; write `30d`",
            )
        return duration

    return read


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


def faults_of(error: UnitError) -> list[Fault]:
    """The faults of an error raised by a reader, each with its path below the value."""
    return error.faults if isinstance(error, RejectedError) else [((), str(error), error.hint)]


def _instruments(type_: Type) -> Reader:
    careful, money = _careful_instruments(type_), _money(type_.currency)
    names, any_currency = frozenset(type_.choices), not type_.currency

    def read(raw: Any) -> dict[str, Money]:
        if raw.__class__ is not dict or not raw:
            return careful(raw)
        given, currency = {}, ""
        try:
            for name, item in raw.items():
                value = parse_money(item) if any_currency and item.__class__ is str else money(item)
                if name not in names or value[0] < 0 or (currency and value[1] != currency):
                    return careful(raw)
                currency = value[1]
                given[name] = value
        except UnitError:
            return careful(raw)  # which says of which instrument
        return given

    return read


def _careful_instruments(type_: Type) -> Callable[[object], dict[str, Money]]:
    money, names = _money(type_.currency), frozenset(type_.choices)

    def amount(raw: object) -> Money:
        value: Money = money(raw)
        if value[0] < 0:
            raise UnitError(f"expected an amount of zero or more, found `{format_money(*value)}`")
        return value

    def read(raw: object) -> dict[str, Money]:
        if not isinstance(raw, Mapping):
            raise _expected("a mapping from payment instrument to money", raw)
        if not raw:
            hint = 'nothing was paid: write `{"cash": "0 USD"}`'
            raise _expected("at least one payment instrument", raw, hint)
        if unknown := [key for key in raw if key not in names]:
            raise RejectedError([((str(key),), *_unknown_instrument(key, type_.choices)) for key in unknown])
        given = {str(key): value for key, value in _each([(key, item, amount) for key, item in raw.items()])}
        if len({value.currency for value in given.values()}) > 1:
            raise UnitError("the instruments are in several currencies", "one order is paid in one currency")
        return given

    return read


def _unknown_instrument(key: object, choices: tuple[str, ...]) -> tuple[str, str]:
    return f"`{key}` is not a payment instrument", did_you_mean(
        str(key), choices
    ) or f"known: {one_of(choices)}"


def _set(type_: Type) -> Reader:
    member = _choice(type_.choices) if type_.choices else read_text

    def read(raw: object) -> frozenset[str]:
        items = _items(raw, "a list of texts")
        return frozenset(value for _, value in _each([(i, item, member) for i, item in enumerate(items)]))

    return read


def _items(raw: object, what: str) -> list[object]:
    if not isinstance(raw, (list, tuple)):
        raise _expected(what, raw)
    if len(raw) > MAX_ITEMS:
        raise UnitError(f"the list has {len(raw)} items; at most {MAX_ITEMS} are read")
    return list(raw)


def _list(type_: Type, zone: ZoneInfo) -> Reader:
    readers = {name: reader(field, zone) for name, field in type_.fields.items()}

    def record(raw: object) -> dict[str, object]:
        if not isinstance(raw, Mapping):
            raise _expected("a mapping of " + one_of(readers), raw)
        faults: list[Fault] = [
            ((str(key),), f"`{key}` is not a field here", did_you_mean(str(key), readers))
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
        raise _expected('a mapping from currency pair to rate, such as `{"CNY/USD": "0.14"}`', raw)
    return dict(rate for _, rate in _each([(str(key), (key, item), _rate) for key, item in raw.items()]))


def _rate(pair: tuple[object, object]) -> tuple[tuple[str, str], Fraction]:
    # Only texts are remembered: as keys of a cache `1`, `1.0` and `True` would be one.
    key, raw = pair
    return _known_rate(key, raw) if key.__class__ is str and raw.__class__ is str else _new_rate(key, raw)


def _new_rate(key: object, raw: object) -> tuple[tuple[str, str], Fraction]:
    source, slash, target = str(key).partition("/")
    for currency in (source, target):
        if currency not in currencies():
            raise UnitError(f"expected a currency pair such as `CNY/USD`, found `{key}`")
    value = _number(raw)
    if value <= 0 or not slash:
        raise UnitError(f"expected a rate above zero, found {describe(raw)}")
    return (source, target), value


_known_rate = lru_cache(maxsize=4_096)(_new_rate)


_SIMPLE: dict[Kind, Reader] = {
    Kind.FLAG: read_flag,
    Kind.TEXT: read_text,
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.DATE: _date,
    Kind.RATES: _rates,
}


def reader(type_: Type, zone: ZoneInfo) -> Reader:
    """The function that reads raw values of this type; it raises `UnitError` (see `faults_of`)."""
    if type_.kind in _SIMPLE:
        return _SIMPLE[type_.kind]
    match type_.kind:
        case Kind.CHOICE:
            return _choice(type_.choices)
        case Kind.MONEY:
            return _money(type_.currency)
        case Kind.TIME:
            return _time(zone)
        case Kind.DURATION:
            return _duration(calendar=type_.calendar)
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
