"""What a book publishes as the text of its lock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from rescind.book.kept_days import kept_days
from rescind.book.lock import Amendment, KeptDays, Lock, LockedPolicy, LockedVersion
from rescind.book.lock_checks import date_or_time, settings_of
from rescind.book.model import Book, Version
from rescind.problems.problem import Location
from rescind.source.yaml_writer import block
from rescind.values.times import format_date

__all__ = ["lock_of", "lock_text"]

HEAD = """\
# What was published, as it was published. Written by `rescind publish`; keep it with the book, and do not edit it.
"""
NOWHERE = Location("")


def lock_of(
    book: Book, path: str, today: dt.date, before: Lock | None = None, amendments: Iterable[Amendment] = ()
) -> Lock:
    """What is published of a book, with the days and amendments that its lock kept `before`, then new ones."""
    frozen = [version for policy in book.policies for version in policy.versions if version.frozen]
    begins = [_date(version, book.zone) for version in frozen]
    known = before.calendars if before else {}
    calendars = {
        name: kept_days(calendar, begins, today, known.get(name)) for name, calendar in book.calendars.items()
    }
    return Lock(
        path,
        book.zone.key,
        tuple(_policies(book)),
        {**known, **calendars},
        (*(before.amendments if before else ()), *amendments),
    )


def _date(version: Version, zone: ZoneInfo) -> dt.date:
    return dt.date.fromisoformat(date_or_time(version.in_force_from, zone)[:10])


def _policies(book: Book) -> Iterator[LockedPolicy]:
    for policy in book.policies:
        versions = tuple(_version(version) for version in policy.versions if version.frozen)
        if versions:
            yield LockedPolicy(policy.id, settings_of(policy), versions, NOWHERE)


def _version(version: Version) -> LockedVersion:
    return LockedVersion(
        version.version,
        version.in_force_from,
        version.in_force_until,
        version.frozen,
        version.fact_meanings,
        NOWHERE,
    )


def lock_text(lock: Lock, zone: ZoneInfo) -> str:
    """A lock as the text of its file: the same lock gives the same text."""
    return HEAD + block(_data(lock, zone))


def _data(lock: Lock, zone: ZoneInfo) -> dict[str, object]:
    data: dict[str, object] = {"schema": "rescind/lock/1", "timezone": lock.zone}
    if lock.policies:
        data["policies"] = [_policy_data(policy, zone) for policy in lock.policies]
    if lock.calendars:
        data["calendars"] = {name: _days_data(kept) for name, kept in sorted(lock.calendars.items())}
    if lock.amendments:
        data["amendments"] = [
            {"because": each.because, "changes": [dict(change) for change in each.changes]}
            for each in lock.amendments
        ]
    return data


def _policy_data(policy: LockedPolicy, zone: ZoneInfo) -> dict[str, object]:
    versions = [_version_data(version, zone) for version in policy.versions]
    return {"id": policy.id, **policy.settings, "versions": versions}


def _version_data(version: LockedVersion, zone: ZoneInfo) -> dict[str, object]:
    data: dict[str, object] = {
        "version": version.name,
        "in_force_from": date_or_time(version.in_force_from, zone),
    }
    if version.in_force_until is not None:
        data["in_force_until"] = date_or_time(version.in_force_until, zone)
    data["digest"] = version.digest
    if version.facts:
        data["facts"] = dict(version.facts)
    return data


def _days_data(kept: KeptDays) -> dict[str, object]:
    data: dict[str, object] = {"from": format_date(kept.first), "until": format_date(kept.last)}
    for key, dates in (("days_off", kept.days_off), ("working_days", kept.working_days)):
        if dates:
            data[key] = [format_date(date) for date in sorted(dates)]
    return data
