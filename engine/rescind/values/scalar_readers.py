"""Single values: from what YAML or a caller gives to a flag, a text, a number, money, a time, a date or a duration.

What takes nothing but the raw value is a `read_…`; what depends on a type or a time zone makes one: `…_reader`.
`rescind.values.value_readers` puts both together to values of every kind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache, partial
from typing import Any, cast
from zoneinfo import ZoneInfo

from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.decimals import UnitError, exact_text, parse_decimal
from rescind.values.durations import Duration, parse_duration
from rescind.values.money import Money, currencies, format_money, money_of, parse_money
from rescind.values.times import midnight, parse_date, parse_date_or_time, parse_time, to_micros
from rescind.values.visible_text import character_name, unseen_in

__all__ = [
    "MAX_NUMBER",
    "MAX_PLACES",
    "MAX_TEXT",
    "Fault",
    "Reader",
    "RejectedError",
    "choice_reader",
    "describe",
    "duration_reader",
    "expected",
    "faults_of",
    "hint_text",
    "money_reader",
    "read_date",
    "read_flag",
    "read_integer",
    "read_moment",
    "read_number",
    "read_text",
    "time_reader",
]

MAX_TEXT = 4_096
MAX_NUMBER = 10**15
MAX_PLACES = 12

Reader = Callable[[Any], Any]
Hint = str | Callable[[], str]
Fault = tuple[tuple[str | int, ...], str, Hint]


class RejectedError(UnitError):
    """A raw value that does not fit; `.faults` are (path below the value, message, hint or what finds it)."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0][1], faults[0][2])
        self.faults = faults


def hint_text(hint: Hint) -> str:
    """A hint in words, looked for now where it has not been yet."""
    return hint if isinstance(hint, str) else hint()


def faults_of(error: UnitError) -> list[Fault]:
    """The faults of an error raised by a reader, each with its path below the value."""
    return error.faults if isinstance(error, RejectedError) else [((), str(error), lambda: error.hint)]


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


def expected(what: str, raw: object, hint: Hint = "") -> UnitError:
    """The error that says what was expected, and what was found."""
    return UnitError(f"expected {what}, found {describe(raw)}", hint)


def read_flag(raw: object) -> bool:
    """A flag."""
    if raw is True or raw is False:
        return raw
    raise expected("`true` or `false`", raw, "write it without quotes" if raw in ("true", "false") else "")


def read_text(raw: Any) -> str:
    """A text of at most `MAX_TEXT` characters that can be seen, tabs and line ends."""
    if raw.__class__ is str and len(raw) <= MAX_TEXT and raw.isascii() and raw.isprintable():
        return raw
    if not isinstance(raw, str):
        raise expected("a text", raw, "put it in quotes" if isinstance(raw, (int, Decimal)) else "")
    if len(raw) > MAX_TEXT:
        raise UnitError(f"the text has {len(raw)} characters; at most {MAX_TEXT} are read")
    text = exact_text(raw)
    if found := unseen_in(text):
        if "\ud800" <= found <= "\udfff":
            raise UnitError("the text holds half of a character (a lone surrogate)", "send valid Unicode")
        message = f"the text holds the invisible character {character_name(found)}"
        raise UnitError(message, "send only characters that can be seen, tabs and line ends")
    return text


def choice_reader(choices: tuple[str, ...]) -> Reader:
    """A reader of one of these words."""
    known, named = {choice: choice for choice in choices}, one_of(choices)

    def read(raw: object) -> str:
        if raw.__class__ is not str and isinstance(raw, str):
            raw = exact_text(raw)
        try:
            return known[cast("str", raw)]
        except (KeyError, TypeError):
            raise expected(
                named, raw, lambda: did_you_mean(raw, choices) if isinstance(raw, str) else ""
            ) from None

    return read


def read_number(raw: object) -> Fraction:
    """A number, exact, of at most `MAX_PLACES` decimals."""
    if isinstance(raw, bool) or not isinstance(raw, (int, Decimal, str, Fraction)):
        hint = "pass a text or a Decimal, never a float" if isinstance(raw, float) else ""
        raise expected("a number", raw, hint)
    if isinstance(raw, Decimal) and not raw.is_finite():
        raise expected("a number", raw)
    value = parse_decimal(exact_text(raw)) if isinstance(raw, str) else _bounded_fraction(raw)
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


def read_integer(raw: object) -> int:
    """An integer from `-MAX_NUMBER` to `MAX_NUMBER`."""
    if raw.__class__ is not int:
        raise expected("an integer", raw)
    if not -MAX_NUMBER <= raw <= MAX_NUMBER:
        raise UnitError(
            f"the integer `{describe(raw)[1:-1]}` is out of range", f"integers reach to {MAX_NUMBER}"
        )
    return raw


def money_reader(currency: str) -> Reader:
    """A reader of money in this currency; in any where it is empty."""
    if not currency:
        return _any_money

    def read(raw: object) -> Money:
        money = _any_money(raw)
        if money.currency != currency:
            raise UnitError(f"expected money in {currency}, found `{format_money(*money)}`")
        return money

    return read


def _any_money(raw: Any) -> Money:
    if isinstance(raw, str):
        return parse_money(exact_text(raw))
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
    return expected("money", raw, hint)


def _money_of_parts(amount: object, currency: object) -> Money:
    currency = exact_text(currency) if isinstance(currency, str) else currency
    if not isinstance(currency, str) or currency not in currencies():
        message = f"expected an ISO 4217 currency, found {describe(currency)}"
        raise RejectedError([(("currency",), message, lambda: _near_currency(currency))])
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
    return money_of(exact_text(amount), currency)


def _near_currency(currency: object) -> str:
    return did_you_mean(currency, currencies()) if isinstance(currency, str) else ""


@cache
def _time_parser(zone: ZoneInfo) -> Callable[[str], int]:
    """`parse_time` for one zone; a look-up by the text alone is twice as quick."""
    return lru_cache(maxsize=65_536)(partial(parse_time.__wrapped__, zone=zone))


def time_reader(zone: ZoneInfo) -> Reader:
    """A reader of times; one that is written without an offset is in `zone`."""
    parse = _time_parser(zone)

    def read(raw: Any) -> int:
        if isinstance(raw, str):
            return parse(exact_text(raw))
        if isinstance(raw, dt.datetime):
            return to_micros(raw)
        raise expected("a time such as `2024-11-05T09:00:00+08:00`", raw)

    return read


def read_date(raw: object) -> dt.date:
    """A date."""
    if isinstance(raw, str):
        return parse_date(exact_text(raw))
    if isinstance(raw, dt.date) and not isinstance(raw, dt.datetime):
        return raw
    raise expected("a date such as `2024-10-29`", raw)


def read_moment(raw: object, zone: ZoneInfo) -> int:
    """The instant of a time, or the midnight with which a date begins in `zone`; both as text or from Python."""
    if isinstance(raw, str):
        return parse_date_or_time(raw, zone)
    if isinstance(raw, dt.datetime):
        return to_micros(raw)
    if isinstance(raw, dt.date):
        return midnight(raw, zone)
    raise expected("a date or a time such as `2024-11-05T09:00:00+08:00`", raw)


def duration_reader(*, calendar: bool) -> Reader:
    """A reader of durations: months and years with `calendar`, exact ones without."""

    def read(raw: object) -> Duration:
        if not isinstance(raw, str):
            raise expected("a duration such as `24h` or `3y`", raw)
        duration = parse_duration(exact_text(raw))
        if duration.micros and calendar:
            raise UnitError(f"expected months or years, found `{raw}`", "write `6mo` or `1y`")
        if duration.months and not calendar:
            raise UnitError(
                f"expected an exact duration, found `{raw}`",
                "a month or year has no fixed length; write `30d`",
            )
        return duration

    return read
