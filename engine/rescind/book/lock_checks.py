"""Compares the book with its lock: what was published stays as it was, or an amendment says why it does not.

Each check yields `Deviation`s. Loading makes errors of them; `rescind publish --amend` writes them down instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo

from rescind.book.kept_days import changed_days
from rescind.book.lock import KeptDays, Lock, LockedPolicy, LockedVersion
from rescind.book.model import Book, Policy, Version
from rescind.book.read_lock import SETTINGS
from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location, Problem
from rescind.values.times import format_date, format_time, midnight

__all__ = ["DEVIATIONS", "Deviation", "date_or_time", "deviations", "settings_of"]

WAY_OUT = 'undo it, or say why it is right: `rescind publish --amend --because "…"`'
FEW = 3  # days that a message names
Check = Callable[[Book, Lock], Iterator["Deviation"]]


@frozen
class Deviation:
    """One thing that is not as it was published. `change` says it as data for the lock."""

    code: str
    message: str
    location: Location
    change: Mapping[str, str]

    def problem(self) -> Problem:
        """The error, with the way out."""
        return Problem(self.code, self.message, self.location, WAY_OUT)


def deviations(book: Book) -> Iterator[Deviation]:
    """Everything that is not as it was published; nothing for a book without a lock."""
    if book.lock:
        for check in CHECKS:
            yield from check(book, book.lock)


def _gone(book: Book, lock: Lock) -> Iterator[Deviation]:
    """Versions that the book no longer lists, or lists as drafts."""
    policies = {policy.id: policy for policy in book.policies}
    for locked in lock.policies:
        policy = policies.get(locked.id)
        for version in locked.versions:
            now = policy.named(version.name) if policy else None
            if (now is not None and not now.draft) or (policy and version.name in policy.unread):
                continue
            name = f"version `{version.name}` of `{locked.id}`"
            words = "the book calls it a draft" if now else "the book does not list it any more"
            change = _change(locked, version, "digest", version.digest, "a draft" if now else "gone")
            yield Deviation(
                "R0311", f"{name} was published, and {words}", now.entry if now else version.location, change
            )


def _moved(book: Book, lock: Lock) -> Iterator[Deviation]:
    """Times of a version that differ from the published ones. An end that was open may be set later."""
    for policy, version, locked in _pairs(book, lock):
        was = {"in_force_from": locked.in_force_from, "in_force_until": locked.in_force_until}
        now = {"in_force_from": version.in_force_from, "in_force_until": version.in_force_until}
        for key, before in was.items():
            if before is None or before == now[key]:
                continue
            one, two = date_or_time(before, book.zone), _time_or_open(now[key], book.zone)
            message = (
                f"version `{locked.name}` of `{policy.id}` was published with `{key}: {one}`, found `{two}`"
            )
            change = _change(policy, locked, key, one, two)
            yield Deviation("R0310", message, version.places.get(key, version.entry), change)


def _replaced(book: Book, lock: Lock) -> Iterator[Deviation]:
    """Digests that differ from the published ones, and a lock that does not say what a version takes facts to mean."""
    for policy, version, locked in _pairs(book, lock):
        name, place = f"version `{locked.name}` of `{policy.id}`", version.places.get("digest", version.entry)
        if version.frozen != locked.digest:
            one, two = _short(locked.digest), _short(version.frozen)
            message = f"{name} was published with another digest, `{one}`, found `{two}`"
            change = _change(policy, locked, "digest", locked.digest, version.frozen)
            yield Deviation("R0312", message, place, change)
        elif version.frozen == version.present_digest and locked.facts != version.fact_meanings:
            message = f"the lock does not say what {name} takes facts to mean: somebody edited it"
            yield Deviation(
                "R0312", message, locked.location, _change(policy, locked, "facts", "edited", "restored")
            )


def _reordered(book: Book, lock: Lock) -> Iterator[Deviation]:
    """Policies that are tried in another order. New policies may be added at any place."""
    kept = {policy.id: policy for policy in book.policies}
    was = [locked.id for locked in lock.policies if locked.id in kept]
    now = [name for name in kept if name in was]
    if was != now:
        first = next(two for one, two in zip(was, now, strict=True) if one != two)
        message = f"policies were published in the order {_listed(was)}, found {_listed(now)}"
        change = {"what": "order", "was": ", ".join(was), "is": ", ".join(now)}
        yield Deviation("R0313", message, kept[first].location, change)


def _settings(book: Book, lock: Lock) -> Iterator[Deviation]:
    """Changes in what a policy says about when it is tried and which time picks its version."""
    policies = {policy.id: policy for policy in book.policies}
    for locked in lock.policies:
        policy = policies.get(locked.id)
        now = settings_of(policy) if policy else locked.settings
        for key in SETTINGS:
            one, two = locked.settings.get(key, ""), now.get(key, "")
            if policy is None or one == two:
                continue
            said = f"with `{key}: {one}`" if one else f"without `{key}`"
            found = f"found `{two}`" if two else "found none"
            change = {"policy": policy.id, "what": key, "was": one or "none", "is": two or "none"}
            place = policy.places.get(key, policy.location)
            yield Deviation("R0313", f"`{policy.id}` was published {said}, {found}", place, change)


def _days(book: Book, lock: Lock) -> Iterator[Deviation]:
    """Kept days that are different now. A calendar that is gone is not used by anything that still loads."""
    for name, kept in lock.calendars.items():
        changed = changed_days(book.calendars[name], kept) if name in book.calendars else {}
        if changed:
            yield _changed_days(name, kept, changed)


def _changed_days(name: str, kept: KeptDays, changed: Mapping[dt.date, bool]) -> Deviation:
    words = [
        f"{format_date(day)} is now a {'business day' if works else 'day off'}"
        for day, works in changed.items()
    ]
    more = f" and {len(words) - FEW} more" if len(words) > FEW else ""
    few = f"{', '.join(words[:FEW])}{more}"
    message = f"the days of the calendar `{name}` are kept until {format_date(kept.last)}: {few}"
    change = {
        "calendar": name,
        "what": "days",
        "was": ", ".join(
            f"{format_date(day)} {'off' if works else 'worked'}" for day, works in changed.items()
        ),
        "is": ", ".join(
            f"{format_date(day)} {'worked' if works else 'off'}" for day, works in changed.items()
        ),
    }
    return Deviation("R0314", message, kept.location, change)


# In the order in which the lock lists things: policies, what they are, when they are tried, days.
CHECKS: tuple[Check, ...] = (_gone, _moved, _replaced, _reordered, _settings, _days)
DEVIATIONS = frozenset({"R0310", "R0311", "R0312", "R0313", "R0314"})


def _pairs(book: Book, lock: Lock) -> Iterator[tuple[LockedPolicy, Version, LockedVersion]]:
    """The versions that were published and are still frozen."""
    policies = {policy.id: policy for policy in book.policies}
    for policy in lock.policies:
        for locked in policy.versions:
            version = policies[policy.id].named(locked.name) if policy.id in policies else None
            if version is not None and not version.draft:
                yield policy, version, locked


def settings_of(policy: Policy) -> dict[str, str]:
    """What the book says of when a policy is tried, by the keys of the book; those that it leaves out are not there."""
    given = policy.governed_by, policy.otherwise, str(policy.before_first or "")
    return {key: text for key, text in zip(SETTINGS, given, strict=True) if text}


def _change(policy: LockedPolicy, version: LockedVersion, what: str, was: str, now: str) -> dict[str, str]:
    return {"policy": policy.id, "version": version.name, "what": what, "was": was, "is": now}


def date_or_time(instant: int, zone: ZoneInfo) -> str:
    """A time as it is written in the book: a date if it is a local midnight."""
    text = format_time(instant, zone)
    date = dt.date.fromisoformat(text[:10])
    return format_date(date) if midnight(date, zone) == instant else text


def _time_or_open(instant: int | None, zone: ZoneInfo) -> str:
    return "none" if instant is None else date_or_time(instant, zone)


def _short(digest: str) -> str:
    return f"{digest[:20]}…"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
