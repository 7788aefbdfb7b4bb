"""Instants and dates: read from text, written in a zone. An instant is an integer of microseconds since 1970."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from zoneinfo import ZoneInfo

from rescind.values.decimals import UnitError, short_text

__all__ = [
    "DAY",
    "FIRST",
    "HOUR",
    "LAST",
    "MINUTE",
    "SECOND",
    "format_date",
    "format_time",
    "local",
    "midnight",
    "parse_date",
    "parse_date_or_time",
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


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:[Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)


@lru_cache(maxsize=65_536, typed=True)
def parse_time(text: str, zone: ZoneInfo | None = None) -> int:
    """An RFC 3339 instant in microseconds since the epoch.

    A time without an offset is read in `zone`; a local time that the zone skips or has twice is an error.
    """
    if not _TIME.fullmatch(text):
        raise UnitError(
            f"expected a time such as `2024-11-05T09:00:00+08:00`, found `{short_text(text)}`",
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
        raise UnitError(f"`{short_text(text)}` is not a time that exists") from None


def _in_zone(moment: dt.datetime, zone: ZoneInfo | None, text: str) -> dt.datetime:
    if zone is None:
        raise UnitError(f"the time `{text}` has no offset", "add one, such as `+08:00` or `Z`")
    first, second = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise UnitError(
            f"the local time `{text}` is skipped or appears twice in {zone.key}", "write it with its offset"
        )
    return first


def parse_date(text: str) -> dt.date:
    """A calendar date, `2024-10-29`."""
    if not _DATE.fullmatch(text):
        raise UnitError(f"expected a date such as `2024-10-29`, found `{short_text(text)}`")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UnitError(f"`{text}` is not a date that exists") from None


@lru_cache(maxsize=4_096)
def parse_date_or_time(text: str, zone: ZoneInfo) -> int:
    """The instant of a time as `parse_time` reads it, or the midnight with which a date begins in `zone`."""
    if _DATE.fullmatch(text):
        return midnight(parse_date(text), zone)
    if not _TIME.fullmatch(text):
        hint = "write `2024-10-29` or `2024-10-29T00:00:00+08:00`"
        raise UnitError(f"expected a date or a time, found `{short_text(text)}`", hint)
    return parse_time(text, zone)


def midnight(date: dt.date, zone: ZoneInfo) -> int:
    """The instant at which a date begins in `zone`.

    The first midnight where the clock shows it twice; where the zone skips it, the instant at which the clock goes on.
    """
    return to_micros(dt.datetime.combine(date, dt.time(), zone))


def to_micros(moment: dt.datetime) -> int:
    """An aware datetime as microseconds since the epoch."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise UnitError("the time has no offset", "pass an aware datetime")
    micros = (moment - EPOCH) // MICROSECOND
    if micros.__class__ is not int:  # a class of its own that counts time otherwise
        raise UnitError("the time cannot be read", "pass a `datetime.datetime`")
    return micros


def local(micros: int, zone: dt.tzinfo) -> dt.datetime:
    """The wall-clock datetime of an instant in `zone`. Raises `UnitError` outside the years 1 to 9999."""
    try:
        return (EPOCH + dt.timedelta(microseconds=micros)).astimezone(zone)
    except OverflowError:
        raise UnitError("the time is outside the years 1 to 9999") from None


@lru_cache(maxsize=65_536, typed=True)
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
