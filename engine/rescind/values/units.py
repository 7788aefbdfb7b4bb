"""Exact units: money, instants, dates and durations, read from text and written back.

Money is an integer (or an exact fraction, inside formulas) of the currency's minor unit. An instant is an
integer of microseconds since 1970-01-01T00:00:00Z. No float appears in this module or after it.
All readers raise `UnitError` with a message that says what was expected; the caller adds the place.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

__all__ = [
    "DAY",
    "FIRST",
    "HOUR",
    "LAST",
    "MINUTE",
    "SECOND",
    "Duration",
    "Money",
    "UnitError",
    "currencies",
    "exchange",
    "exchanged",
    "format_date",
    "format_decimal",
    "format_duration",
    "format_money",
    "format_time",
    "local",
    "midnight",
    "parse_date",
    "parse_date_or_time",
    "parse_decimal",
    "parse_duration",
    "parse_figure",
    "parse_money",
    "parse_time",
    "to_micros",
]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
# The first and the last instant of the calendar, in UTC.
FIRST = (dt.datetime.min.replace(tzinfo=dt.UTC) - EPOCH) // MICROSECOND
LAST = (dt.datetime.max.replace(tzinfo=dt.UTC) - EPOCH) // MICROSECOND

# Far above any amount ever billed and far below 2**63: sums of thousands of lines stay inside too.
MAX_MINOR = 10**15
MAX_DIGITS = 30
# The longest amount that is ever written: numbers grow to 4096 bits.
MAX_FIGURE = 1300


class UnitError(ValueError):
    """A text is not a well-formed amount, time, date, duration or number. `.hint` may say what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Money(NamedTuple):
    """An amount in the currency's minor unit (cents, fen): an `int` in facts, maybe a `Fraction` in formulas."""

    minor: int | Fraction
    currency: str


class Duration(NamedTuple):
    """A length of time: calendar `months` (a year is 12) or exact `micros`; one of the two is 0."""

    months: int
    micros: int


@cache
def currencies() -> dict[str, int]:
    """ISO 4217 currency codes to their number of decimals.

    The table is data of the `iso4217` package, kept as JSON because importing that package costs more than a
    whole decision run; `scripts/update_currencies.py` renews it and a test compares the two.
    """
    table: dict[str, int] = json.loads(
        (Path(__file__).parent / "data" / "currencies.json").read_text("utf-8")
    )
    return table


_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_MONEY = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?) ?([A-Z]{3})")


def _money_hint(text: str) -> str:
    """What is probably meant by a text that is no money."""
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.strip())
    swapped = re.sub(r"([A-Z]{3}) ?(\S+)", r"\2 \1", plain) if plain[:3].isalpha() else plain
    for meant in (plain, swapped):
        if len(text) <= MAX_DIGITS and _MONEY.fullmatch(meant):
            return f"write `{meant}`"
    return "write digits, an optional point, a space and a three-letter currency"


def parse_decimal(text: str) -> Fraction:
    """A decimal number such as `12`, `-0.5` or `10%`, exactly."""
    digits = text.removesuffix("%")
    if not _DECIMAL.fullmatch(digits) or len(digits) > MAX_DIGITS:
        hint = f"write `{text.replace(',', '.')}`" if re.fullmatch(r"\d{1,9},\d{1,9}%?", text) else ""
        raise UnitError(f"expected a decimal number such as `0.15` or `15%`, found `{_short(text)}`", hint)
    return Fraction(digits) / (100 if text.endswith("%") else 1)


@lru_cache(maxsize=65_536)
def parse_money(text: str) -> Money:
    """An amount and its currency, `1000.01 USD`, in the minor unit."""
    return money_of(*_amount_and_currency(text))


def parse_figure(text: str) -> Money:
    """The same of what decisions and orders say: a sum or a debt may be above any amount that is sent."""
    amount, currency = _amount_and_currency(text)
    if len(amount) > MAX_FIGURE:
        raise UnitError(f"the amount `{_short(text)}` is out of range")
    return Money(_minor(amount, currency), currency)


def _amount_and_currency(text: str) -> tuple[str, str]:
    match = _MONEY.fullmatch(text)
    if not match:
        raise UnitError(
            f"expected an amount and a currency such as `1000.01 USD`, found `{_short(text)}`",
            _money_hint(text),
        )
    return match[1], match[2]


@lru_cache(maxsize=65_536)
def money_of(amount: str, currency: str) -> Money:
    """An amount given as text, and a currency, in the minor unit."""
    if currency in currencies() and (not _DECIMAL.fullmatch(amount) or len(amount) > MAX_DIGITS):
        raise UnitError(f"expected an amount such as `1000.01`, found `{_short(amount)}`")
    minor = _minor(amount, currency)
    if abs(minor) > MAX_MINOR:
        raise UnitError(f"the amount `{_short(amount)} {currency}` is out of range")
    return Money(minor, currency)


def _minor(amount: str, currency: str) -> int:
    """A well-formed amount in the minor unit of its currency."""
    if currency not in currencies():
        raise UnknownCurrencyError(currency)
    decimals = currencies()[currency]
    whole, _, fraction = amount.partition(".")
    kept = fraction.rstrip("0")
    if len(kept) > decimals:
        raise TooManyDecimalsError(amount, currency, decimals)
    return int(whole + kept.ljust(decimals, "0"))


class UnknownCurrencyError(UnitError):
    """A currency that ISO 4217 does not know."""

    def __init__(self, currency: str) -> None:
        from rescind.problems.suggestions import did_you_mean

        hint = did_you_mean(currency, currencies()) or "use a three-letter ISO 4217 code"
        super().__init__(f"`{_short(currency)}` is not a currency of ISO 4217", hint)


class TooManyDecimalsError(UnitError):
    """An amount with more decimals than its currency has."""

    def __init__(self, amount: str, currency: str, decimals: int) -> None:
        super().__init__(
            f"`{_short(amount)} {currency}` has more decimals than {currency}, which has {decimals or 'none'}",
            "write an amount that can be paid",
        )


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:[Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)


@lru_cache(maxsize=65_536)
def parse_time(text: str, zone: ZoneInfo | None = None) -> int:
    """An RFC 3339 instant in microseconds since the epoch.

    A time without an offset is read in `zone`; a local time that the zone skips or has twice is an error.
    """
    if not _TIME.fullmatch(text):
        raise UnitError(
            f"expected a time such as `2024-11-05T09:00:00+08:00`, found `{_short(text)}`",
            f"add the time of day: `{text}T00:00:00`, with an offset such as `+08:00` or `Z`"
            if _DATE.fullmatch(text)
            else "RFC 3339: date, `T`, hours, minutes and seconds, and an offset",
        )
    try:
        moment = dt.datetime.fromisoformat(text.replace("z", "Z"))
        if moment.tzinfo is None:
            moment = _in_zone(moment, zone, text)
        return (moment - EPOCH) // MICROSECOND
    except UnitError:
        raise
    except (ValueError, OverflowError):
        raise UnitError(f"`{_short(text)}` is not a time that exists") from None


def _in_zone(moment: dt.datetime, zone: ZoneInfo | None, text: str) -> dt.datetime:
    if zone is None:
        raise UnitError(f"the time `{text}` has no offset", "add one, such as `+08:00` or `Z`")
    first, second = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise UnitError(
            f"the local time `{text}` is skipped or stands twice in {zone.key}", "write it with its offset"
        )
    return first


def parse_date(text: str) -> dt.date:
    """A calendar date, `2024-10-29`."""
    if not _DATE.fullmatch(text):
        raise UnitError(f"expected a date such as `2024-10-29`, found `{_short(text)}`")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UnitError(f"`{text}` is not a date that exists") from None


def parse_date_or_time(text: str, zone: ZoneInfo) -> int:
    """The instant of a time as `parse_time` reads it, or the midnight with which a date begins in `zone`."""
    if _DATE.fullmatch(text):
        return midnight(parse_date(text), zone)
    if not _TIME.fullmatch(text):
        hint = "write `2024-10-29` or `2024-10-29T00:00:00+08:00`"
        raise UnitError(f"expected a date or a time, found `{_short(text)}`", hint)
    return parse_time(text, zone)


def midnight(date: dt.date, zone: ZoneInfo) -> int:
    """The instant at which a date begins in `zone`: of a midnight that stands twice the first; where the zone skips it,
    the change that skips it.
    """
    return to_micros(dt.datetime.combine(date, dt.time(), zone))


_SHORT_DURATION = re.compile(r"(\d{1,9})(s|min|h|d|w|mo|y)", re.ASCII)
_ISO_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_UNIT = {
    "s": Duration(0, SECOND),
    "min": Duration(0, MINUTE),
    "h": Duration(0, HOUR),
    "d": Duration(0, DAY),
    "w": Duration(0, 7 * DAY),
    "mo": Duration(1, 0),
    "y": Duration(12, 0),
}


_WORDED_DURATION = re.compile(
    r"(\d{1,9}) ?(?:(s)(?:ec(?:ond)?s?)?|(min)(?:ute)?s?|(h)(?:ours?|rs?)?|(d)(?:ays?)?|(w)(?:eeks?)?"
    r"|(mo)(?:nths?)?|(y)(?:ears?)?)",
    re.ASCII,
)


def _duration_hint(text: str) -> str:
    if match := _WORDED_DURATION.fullmatch(text):
        return f"write `{match[1]}{next(filter(None, match.groups()[1:]))}`"
    return "write a number and a unit without a space; `min` is a minute, `mo` a month"


@lru_cache(maxsize=4_096)
def parse_duration(text: str) -> Duration:
    """A length of time: `90s`, `30min`, `24h`, `5d`, `2w`, `6mo`, `3y`, or ISO 8601 (`PT24H`, `P1Y`).

    A day is 24 hours. Months and years are calendar lengths and cannot be mixed with the others.
    """
    if match := _SHORT_DURATION.fullmatch(text):
        unit = _UNIT[match[2]]
        return Duration(int(match[1]) * unit.months, int(match[1]) * unit.micros)
    match = _ISO_DURATION.fullmatch(text)
    if not match:
        raise UnitError(
            f"expected a duration such as `24h`, `5d`, `6mo`, `3y` or `PT24H`, found `{_short(text)}`",
            _duration_hint(text),
        )
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    duration = Duration(
        12 * years + months,
        (7 * weeks + days) * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND,
    )
    if duration.months and duration.micros:
        raise UnitError(
            f"`{text}` mixes calendar months with days or hours", "use months and years, or days and hours"
        )
    return duration


def exchange(money: Money, currency: str, rates: Mapping[tuple[str, str], Fraction]) -> Money | None:
    """Money in another currency, exactly; None without a rate for the pair or the opposite pair."""
    quotient = exchanged(money, currency, rates)
    return None if quotient is None else Money(Fraction(*quotient), currency)


def exchanged(
    money: Money, currency: str, rates: Mapping[tuple[str, str], Fraction]
) -> tuple[int, int] | None:
    """Money in minor units of another currency: a numerator and a denominator above 0; None without a rate."""
    source = money.currency
    if rate := rates.get((source, currency)):
        above, below = rate.numerator, rate.denominator
    elif inverse := rates.get((currency, source)):
        above, below = inverse.denominator, inverse.numerator
    else:
        return None
    if above <= 0 or below <= 0:
        return None
    minor, decimals = money.minor, currencies()
    above *= minor.numerator * 10 ** decimals[currency]
    return above, below * minor.denominator * 10 ** decimals[source]


def format_decimal(value: int | Fraction, places: int = 12) -> str:
    """A number as a plain decimal; one that does not end within `places` is written as a fraction `p/q`."""
    value = Fraction(value)
    scaled = value * 10**places
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled.numerator)).rjust(places + 1, "0")
    return (
        (sign + digits[:-places] + "." + digits[-places:]).rstrip("0").rstrip(".") if places else str(scaled)
    )


def format_money(minor: int | Fraction, currency: str) -> str:
    """Money with all decimals of its currency: `1000.00 USD`. A fraction of the minor unit keeps its decimals."""
    decimals = currencies()[currency]
    if not isinstance(minor, int):
        if minor.denominator != 1:
            return f"{format_decimal(minor / 10**decimals)} {currency}"
        minor = minor.numerator
    if not decimals:
        return f"{minor} {currency}"
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]} {currency}"


def format_duration(duration: Duration) -> str:
    """ISO 8601: `PT24H`, `PT90S`, `P1Y`, `P18M`; a negative one has its sign in front."""
    if duration.months < 0 or duration.micros < 0:
        return f"-{format_duration(Duration(-duration.months, -duration.micros))}"
    if duration.months:
        years, months = divmod(duration.months, 12)
        return f"P{years}Y" if not months else f"P{duration.months}M"
    seconds, rest = divmod(duration.micros, SECOND)
    if rest:
        return f"PT{format_decimal(Fraction(duration.micros, SECOND))}S"
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{seconds}S" if seconds else ""]
    return "PT" + ("".join(parts) or "0S")


def to_micros(moment: dt.datetime) -> int:
    """An aware datetime as microseconds since the epoch."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise UnitError("the time has no offset", "pass an aware datetime")
    return (moment - EPOCH) // MICROSECOND


def local(micros: int, zone: dt.tzinfo) -> dt.datetime:
    """The wall-clock datetime of an instant in `zone`. Raises `UnitError` outside the years 1 to 9999."""
    try:
        return (EPOCH + dt.timedelta(microseconds=micros)).astimezone(zone)
    except OverflowError:
        raise UnitError("the time is outside the years 1 to 9999") from None


@lru_cache(maxsize=65_536)
def format_time(micros: int, zone: dt.tzinfo) -> str:
    """An instant as RFC 3339 in `zone`.

    In UTC where the zone has an offset of seconds; at the ends of the calendar with an offset that it allows.
    """
    try:
        moment = local(micros, zone)
        # Before time zones there were offsets of seconds, which RFC 3339 cannot write.
        if not (moment.utcoffset() or dt.timedelta()).seconds % 60:
            return moment.isoformat()
    except UnitError:
        pass
    if FIRST <= micros <= LAST:
        return local(micros, dt.UTC).isoformat()
    edge = dt.timezone(dt.timedelta(hours=23, minutes=59) * (1 if micros < FIRST else -1))
    try:
        return (EPOCH.astimezone(edge) + dt.timedelta(microseconds=micros)).isoformat()
    except OverflowError:
        raise UnitError("the time is outside the years 1 to 9999") from None


def format_date(date: dt.date) -> str:
    """A date as `2024-10-29`."""
    return date.isoformat()


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
