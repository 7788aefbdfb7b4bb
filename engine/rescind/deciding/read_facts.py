"""From a caller's facts to typed values: within bounds, exact, and either complete or refused.

`FactsReader` turns nested facts into a list with one slot per fact of the vocabulary. Valid facts take a fast path;
when anything is wrong, the facts are read again and every problem is reported at once, each with its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from rescind.book.engine_facts import how_to_declare
from rescind.book.open_groups import OpenGroups
from rescind.book.vocabulary import Fact, Vocabulary
from rescind.problems.exceptions import EngineError, FactsError
from rescind.problems.near_names import NearNames
from rescind.problems.problem import FirstProblems, Location, Problem
from rescind.problems.suggestions import did_you_mean
from rescind.values.decimals import UnitError, exact_text
from rescind.values.types import ABSENT
from rescind.values.value_readers import (
    MAX_TEXT,
    Fault,
    Reader,
    describe,
    faults_of,
    hint_text,
    read_flag,
    read_text,
    reader,
)

__all__ = ["FactsReader"]


class FactsReader:
    """Reads the facts of one case against a vocabulary. Immutable, shared by all threads."""

    def __init__(self, vocabulary: Vocabulary, zone: ZoneInfo) -> None:
        self._vocabulary = vocabulary
        self.slots = {name: slot for slot, name in enumerate(vocabulary.facts)}
        # One slot more than there are facts: the last, -1, takes what open groups ignore, and later `now`.
        self._blank = [*(fact.default for fact in vocabulary.facts.values()), ABSENT]
        self._tree: dict[str, Any] = {}
        self._open = OpenGroups(vocabulary)
        for fact in vocabulary.facts.values():
            self._plant(fact, zone)
        self._open_tree()

    def _plant(self, fact: Fact, zone: ZoneInfo) -> None:
        *groups, leaf = fact.name.split(".")
        self._branch(groups)[leaf] = (self.slots[fact.name], _reader_of(fact, zone))

    def _branch(self, groups: Iterable[str]) -> dict[str, Any]:
        """The tree below some groups: key to (slot, reader) for a fact, to (tree, None) for a group."""
        branch = self._tree
        for group in groups:
            branch = branch.setdefault(group, ({}, None))[0]
        return branch

    def _open_tree(self) -> None:
        """Make each open group accept and ignore keys that the vocabulary does not know."""
        for name in self._vocabulary.open_groups:
            *groups, leaf = name.split(".")
            branch = self._branch(groups)
            branch[leaf] = (_Open(branch.get(leaf, ({}, None))[0], self._open.names[name]), None)

    def read(self, facts: object) -> list[Any]:
        """The typed values by slot; `ABSENT` where the caller sent nothing. Raises `FactsError` with every problem."""
        values = self._blank.copy()
        try:
            self._fill(self._tree, facts, values)
        except (UnitError, KeyError, TypeError, AttributeError):
            values, problems = self.partly(facts)
            if not problems:
                raise EngineError("the facts could not be read, and no reason was found") from None
            raise FactsError(problems=problems) from None
        return values

    def _fill(self, tree: dict[str, Any], given: Any, values: list[Any]) -> None:
        for key, raw in given.items():
            slot, read = tree[key]
            # Most facts are flags and plain texts: those that their readers would accept are taken without a call.
            if read is read_flag:
                values[slot] = raw if raw is True or raw is False else read_flag(raw)
            elif (
                read is read_text
                and raw.__class__ is str
                and len(raw) <= MAX_TEXT
                and raw.isascii()
                and raw.isprintable()
            ):
                values[slot] = raw
            elif read is None:
                self._fill(slot, raw, values)
            else:
                values[slot] = read(raw)

    def partly(self, facts: object) -> tuple[list[Any], list[Problem]]:
        """What can be read of bad facts, and every problem; a bad value stays `ABSENT`."""
        values, found = self._blank.copy(), FirstProblems()
        self._look(self._tree, facts, "", values, found)
        return values, list(found)

    def _look(
        self, tree: Mapping[str, Any], given: object, prefix: str, values: list[Any], found: FirstProblems
    ) -> None:
        if not isinstance(given, Mapping):
            expected = f"a mapping of {prefix[:-1] or 'facts'}"
            place = Location(prefix[:-1] or "facts")
            found.add(lambda: Problem("R0903", f"expected {expected}, found {describe(given)}", place))
            return
        for key, raw in given.items():
            try:
                slot, read = tree[key]
            except (KeyError, TypeError):
                found.add(partial(self._unknown, prefix, key))
                continue
            if read is None:
                self._look(slot, raw, f"{prefix}{key}.", values, found)
            else:
                try:
                    values[slot] = read(raw)
                except UnitError as error:
                    for fault in faults_of(error):
                        found.add(partial(_misfit, f"{prefix}{key}", fault))

    def _unknown(self, prefix: str, key: object) -> Problem:
        if not isinstance(key, str):
            place = Location(prefix[:-1] or "facts")
            return Problem("R0902", f"expected a text as the name of a fact, found {describe(key)}", place)
        path, group = f"{prefix}{key}", prefix[:-1]
        hint = self._open.hint(group, key) if group in self._open.names else ""
        hint = hint or how_to_declare(path)
        hint = hint or did_you_mean(path, (*self._vocabulary.facts, *self._vocabulary.groups))
        shown = path if len(path) <= 100 else path[:97] + "…"
        return Problem("R0902", f"`{shown}` is not a fact of the vocabulary", Location(shown), hint)


class _Open(dict[str, Any]):
    """A group in which unknown keys are ignored, except those that nearly match one of its own keys."""

    def __init__(self, known: Mapping[str, Any], near: NearNames) -> None:
        super().__init__(known)
        self._near = near

    def __missing__(self, key: Any) -> Any:
        if not isinstance(key, str) or self._near.to(exact_text(key)):
            raise KeyError(key)
        return (-1, _ignore)


def _ignore(raw: object) -> object:
    del raw
    return ABSENT


def _reader_of(fact: Fact, zone: ZoneInfo) -> Reader:
    read = reader(fact.type, zone)
    if fact.bounded:
        read = _bounded(fact, read)
    return _optional(read) if fact.optional else read


def _optional(read: Reader) -> Reader:
    """A reader of an optional fact: null means that it is absent."""
    return lambda raw: ABSENT if raw is None else read(raw)


def _bounded(fact: Fact, read: Reader) -> Reader:
    def check(raw: object) -> Any:
        value = read(raw)
        if fact.fields:
            fact.check_bounds(value)
            return value
        if fact.at_least is not None and value < fact.at_least:
            raise UnitError(f"expected {fact.at_least} or more, found {describe(raw)}")
        if fact.at_most is not None and value > fact.at_most:
            raise UnitError(f"expected {fact.at_most} or less, found {describe(raw)}")
        return value

    return check


def _misfit(path: str, fault: Fault) -> Problem:
    below, message, hint = fault
    place = path + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in below)
    return Problem("R0903", message, Location(place), hint_text(hint))
