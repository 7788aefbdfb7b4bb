"""What changed in a version that no longer matches its digest: facts with another meaning, or an edited text.

The digest tells that something changed. What facts meant is kept in the lock, so that the errors can say what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rescind.book.digest import digest_of, is_by_first_rule
from rescind.book.fact_meanings import Meaning, meaning_in_words, meaning_of
from rescind.book.lock import Lock
from rescind.book.model import Book, Version
from rescind.problems.frozen_records import frozen

__all__ = ["FrozenChange", "frozen_changes"]

# The parts of a fact's meaning that come from what the version names.
OWN_TEXT = frozenset({"names", "fields"})


@frozen
class FrozenChange:
    """One thing that is no longer as it was when a version was frozen: in words, with what to do."""

    message: str
    hint: str


def frozen_changes(book: Book, version: Version) -> Iterator[FrozenChange]:
    """What changed since the version was frozen; nothing where it is what its digest says."""
    if not version.frozen or version.frozen == version.digest:
        return
    locked = book.lock.version(version.policy, version.version) if book.lock else None
    if book.lock is None or locked is None or locked.digest != version.frozen:
        yield _edited(version, "what it includes or reads")
        return
    edited = digest_of(version.meaning, locked.facts, book.lock.zone) != locked.digest
    found = [*_zone(book, book.lock, version), *_facts(book, version, locked.facts)]
    found += [] if edited else _newly_read(book, version, locked.facts)
    yield from found
    # INVARIANT: a digest that does not match is always reported, even if no cause is found.
    if edited or not found:
        yield _edited(
            version, "what it includes or reads" if is_by_first_rule(locked.digest) else "what it includes"
        )


def _zone(book: Book, lock: Lock, version: Version) -> Iterator[FrozenChange]:
    if lock.zone != book.zone.key:
        yield FrozenChange(
            f"the time zone of the book was `{lock.zone}` when version `{version.version}` of `{version.policy}` was "
            f"frozen, and is now `{book.zone.key}`",
            f"write `timezone: {lock.zone}`",
        )


def _facts(book: Book, version: Version, before: Mapping[str, Meaning]) -> Iterator[FrozenChange]:
    """The facts that had another meaning, including those that the version no longer reads because of that."""
    when = f"when version `{version.version}` of `{version.policy}` was frozen"
    for name, was in before.items():
        fact = book.vocabulary.facts.get(name)
        if fact is None:  # an error of its own
            continue
        now = version.fact_meanings.get(name) or meaning_of(fact, book.zone)
        if not _same(was, now):
            yield FrozenChange(
                f"the fact `{name}` was {meaning_in_words(was)}, {when}, and is now {meaning_in_words(now)}",
                f"undo the change at {fact.location}, or declare a new fact and read it in a new version",
            )


def _newly_read(book: Book, version: Version, before: Mapping[str, Meaning]) -> Iterator[FrozenChange]:
    """Facts that the same text reads only now: whether one is there is asked only of what may be absent."""
    for name in sorted(version.fact_meanings.keys() - before.keys()):
        words = meaning_in_words(version.fact_meanings[name])
        yield FrozenChange(
            f"version `{version.version}` of `{version.policy}` did not depend on the fact `{name}` when it was "
            f"frozen, and does now that it is {words}",
            f"undo the change at {book.vocabulary.facts[name].location}",
        )


def _same(one: Meaning, two: Meaning) -> bool:
    """Whether two meanings differ at most in what the version itself names: that changes with its own text alone."""
    said = [{key: part for key, part in each.items() if key not in OWN_TEXT} for each in (one, two)]
    before, now = _fields(one), _fields(two)
    return said[0] == said[1] and all(_same(before[name], now[name]) for name in before.keys() & now.keys())


def _fields(meaning: Meaning) -> Mapping[str, Meaning]:
    fields = meaning.get("fields")
    return fields if isinstance(fields, Mapping) else {}


def _edited(version: Version, also: str) -> FrozenChange:
    hint = f"undo the change, or start a new version; the content now has {version.digest}"
    if is_by_first_rule(version.frozen):
        hint = (
            "undo the change, or start a new version; to add to the vocabulary or to a calendar, undo it, run "
            "`rescind publish --renew`, and add it then"
        )
    return FrozenChange(
        f"`{version.path}`, or {also}, was changed after version `{version.version}` was frozen", hint
    )
