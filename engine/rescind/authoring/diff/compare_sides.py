"""What changed in meaning between two versions, or two books, rule by rule and in plain words.

Rules are matched by their ids. Layout, comments, descriptions and the spelling of numbers are no changes.

change_records.py   what is compared, what is found, and the words that every part has in common
refund_changes.py   refunds: their settings, and what terms deduct and return
version_changes.py  two versions, in the order in which a decision is made
book_changes.py     two books: policies, their versions, and what the book says of these
"""

from __future__ import annotations

from rescind.authoring.diff.book_changes import book_changes
from rescind.authoring.diff.change_records import Change, Side
from rescind.authoring.diff.version_changes import Differ

__all__ = ["Change", "Side", "diff_books", "diff_versions"]


def diff_versions(old: Side, new: Side) -> tuple[Change, ...]:
    """Every change from one version to another, in the order in which a decision is made."""
    if old.version is None or new.version is None:
        return diff_books(old, new)
    return tuple(Differ(old, new, old.version, new.version).changes())


def diff_books(old: Side, new: Side) -> tuple[Change, ...]:
    """Every change from one book to another: policies, their versions, and what changed within versions."""
    return tuple(book_changes(old, new))
