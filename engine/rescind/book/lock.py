"""The lock of a book, `policies.lock`: what was published, as it was published.

The digest in the book freezes what a version says. The lock keeps what surrounds it: when each version came into
force, in which order policies are tried, what each fact meant, and which days were business days. The records here are
what `read_lock` reads and `lock_checks` holds the book to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location

__all__ = ["Amendment", "KeptDays", "Lock", "LockedPolicy", "LockedVersion", "lock_path"]


@frozen
class LockedVersion:
    """A version that was published; its times are instants. `facts`: what it takes each of them to mean."""

    name: str
    in_force_from: int
    in_force_until: int | None
    digest: str
    facts: Mapping[str, Mapping[str, object]]
    location: Location


@frozen
class LockedPolicy:
    """A policy of which something was published. `settings` say when it is tried, by their keys in the book."""

    id: str
    settings: Mapping[str, str]
    versions: tuple[LockedVersion, ...]
    location: Location


@frozen
class KeptDays:
    """The days of a calendar from `first` to `last`: those that differ from "Monday to Friday, no weekends"."""

    first: dt.date
    last: dt.date
    days_off: frozenset[dt.date]
    working_days: frozenset[dt.date]
    location: Location


@frozen
class Amendment:
    """A change of what was published, made on purpose: why, and what (policy, version, what, was, is)."""

    because: str
    changes: tuple[Mapping[str, str], ...]


@frozen
class Lock:
    """All of a lock, policies in the order in which they were tried."""

    path: str
    zone: str
    policies: tuple[LockedPolicy, ...] = ()
    calendars: Mapping[str, KeptDays] = field(default_factory=dict)
    amendments: tuple[Amendment, ...] = ()

    def version(self, policy: str, name: str) -> LockedVersion | None:
        """A version that was published, by its names."""
        return next(
            (
                version
                for each in self.policies
                if each.id == policy
                for version in each.versions
                if version.name == name
            ),
            None,
        )


def lock_path(book: Path) -> Path:
    """Where the lock of a book lies: beside it, `policies.lock` for `policies.yaml`."""
    return book.with_suffix(".lock")
