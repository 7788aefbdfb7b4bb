"""Drafts where only frozen versions may decide: those that stop a book, and those that are left out of it.

A draft that has begun would decide cases, even if only those submitted in its time: a book with one is not deployed. A
draft that begins later decides no case yet. It is left out, and from its beginning its policy has no version in force:
by what the book says the earlier version ends there, whether or not the draft is frozen in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rescind.book.model import Book, Policy, Version
from rescind.problems.problem import Problem
from rescind.values.times import format_time

__all__ = ["drafts_begun", "drafts_to_come", "left_out"]


def drafts_begun(book: Book, now: int) -> tuple[Problem, ...]:
    """An error for each draft that has begun by an instant in microseconds, ended or not."""
    begun = ((policy, draft) for policy, draft in _drafts(book) if draft.in_force_from <= now)
    return tuple(_begun(policy, draft, now, book.zone) for policy, draft in begun)


def drafts_to_come(book: Book, now: int) -> tuple[Version, ...]:
    """The drafts that begin later."""
    return tuple(draft for _, draft in _drafts(book) if draft.in_force_from > now)


def left_out(draft: Version, zone: ZoneInfo) -> Problem:
    """The warning that a draft is left out."""
    start = format_time(draft.in_force_from, zone)
    message = f"version `{draft.version}` of `{draft.policy}` is a draft and left out; it begins at {start}"
    return Problem("R0337", message, draft.entry, _freeze(draft, "before that time"))


def _drafts(book: Book) -> Iterator[tuple[Policy, Version]]:
    return ((policy, each) for policy in book.policies for each in policy.versions if each.draft)


def _begun(policy: Policy, draft: Version, now: int, zone: ZoneInfo) -> Problem:
    end = policy.end_of(draft)
    if end is None or now < end:
        words = "is in force and still a draft"
    else:
        words = f"was in force until {format_time(end, zone)} and is still a draft"
    message = f"version `{draft.version}` of `{draft.policy}` {words}"
    return Problem("R0308", message, draft.entry, _freeze(draft, "or load the book with `drafts=True`"))


def _freeze(draft: Version, more: str) -> str:
    return f"freeze it with `rescind publish {draft.policy} {draft.version}`, {more}"
