"""What changed between two books: policies, their versions, and what the book says of these."""

from __future__ import annotations

from rescind.authoring.diff.change_records import Change, Found, Side, swap
from rescind.authoring.diff.version_changes import Differ
from rescind.book.model import Policy, Version
from rescind.values.times import format_time

__all__ = ["book_changes"]


def book_changes(old: Side, new: Side) -> Found:
    """Every change, those of policies that are gone first, then in the order of the new book."""
    before = {policy.id: policy for policy in old.book.policies}
    after = {policy.id: policy for policy in new.book.policies}
    for name, policy in before.items():
        if name not in after:
            yield Change("policy", name, "removed", "gone", policy.location)
    for name, policy in after.items():
        if name not in before:
            versions = ", ".join(version.version for version in policy.versions)
            yield Change("policy", name, "added", f"new, with {versions}", policy.location)
        else:
            yield from _policy(before[name], policy, old, new)
    kept = [[name for name in side if name in before and name in after] for side in (before, after)]
    if kept[0] != kept[1]:
        place = next(iter(after.values())).location
        yield Change(
            "book", "", "changed", f"policies are now tried in this order: {', '.join(after)}", place
        )


def _policy(old: Policy, new: Policy, one: Side, two: Side) -> Found:
    for what, was, now in (
        ("the title", old.title, new.title),
        ("the fact that picks the version", old.governed_by, new.governed_by),
        ("the policy that takes over", old.otherwise, new.otherwise),
        ("what becomes of cases before the first version", old.before_first or "", new.before_first or ""),
    ):
        for text in swap(what, was, now):
            yield Change("policy", new.id, "changed", text, new.location)
    before = {version.version: version for version in old.versions}
    after = {version.version: version for version in new.versions}
    for name, version in before.items():
        if name not in after:
            yield Change("version", "", "removed", "gone", version.entry, f"{new.id}@{name}")
    for name, version in after.items():
        place = f"{new.id}@{name}"
        if name not in before:
            start = format_time(version.in_force_from, two.book.zone)
            yield Change("version", "", "added", f"new, in force from {start}", version.entry, place)
            continue
        yield from _entry(before[name], version, two, place)
        for change in Differ(one, two, before[name], version).changes():
            yield Change(change.part, change.name, change.kind, change.text, change.at, place)


def _entry(old: Version, new: Version, side: Side, place: str) -> Found:
    """What the book says of a version."""
    zone = side.book.zone
    for what, was, now in (
        ("in force from", old.in_force_from, new.in_force_from),
        ("in force until", old.in_force_until, new.in_force_until),
    ):
        if was != now:
            words = [
                format_time(each, zone) if each is not None else "the next version" for each in (was, now)
            ]
            yield Change(
                "version", "", "changed", f"{what} {words[1]}, no longer {words[0]}", new.entry, place
            )
    if old.draft != new.draft:
        yield Change(
            "version", "", "changed", "a draft again" if new.draft else "published", new.entry, place
        )
