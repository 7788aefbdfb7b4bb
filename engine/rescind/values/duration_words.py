"""Durations as people say them."""

from __future__ import annotations

from rescind.values.durations import parse_duration

__all__ = ["counted", "duration_words"]


def duration_words(text: str) -> str:
    """An ISO duration as people say it: `PT24H` is "24 hours"."""
    duration = parse_duration(text)
    if duration.months:
        count, unit = (
            (duration.months // 12, "year") if duration.months % 12 == 0 else (duration.months, "month")
        )
        return counted(count, unit)
    seconds = duration.micros // 1_000_000
    for size, unit, least in ((86_400, "day", 2), (3_600, "hour", 1), (60, "minute", 1)):
        if seconds % size == 0 and seconds >= size * least:
            return counted(seconds // size, unit)
    return counted(seconds, "second")


def counted(count: int, unit: str) -> str:
    """A number of things: "1 case", "2 cases"."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
