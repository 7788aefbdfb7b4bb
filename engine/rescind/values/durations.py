"""Durations: calendar ones in months, exact ones in microseconds; read from text and written back."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from rescind.values.decimals import UnitError, format_decimal, short_text
from rescind.values.times import DAY, HOUR, MINUTE, SECOND

__all__ = ["Duration", "format_duration", "parse_duration"]


class Duration(NamedTuple):
    """A length of time: calendar `months` (a year is 12) or exact `micros`; one of the two is 0."""

    months: int
    micros: int


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
    if re.fullmatch(r"[0-9]{1,9}", text):
        return f"add the unit: `{text}h` or `{text}d`"
    return "write a number and a unit without a space; `min` is a minute, `mo` a month"


@lru_cache(maxsize=4_096, typed=True)
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
            f"expected a duration such as `24h`, `5d`, `6mo`, `3y` or `PT24H`, found `{short_text(text)}`",
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
