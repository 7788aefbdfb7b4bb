"""What changed in meaning between two versions, or two books, rule by rule and in plain words.

Rules are matched by their ids. Layout, comments, descriptions and the spelling of numbers are no changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from engine.diagnostics import Location
from engine.formula import Formula
from engine.model import (
    ALWAYS,
    Blocker,
    Book,
    Condition,
    Deduction,
    Instrument,
    Not,
    Policy,
    Refund,
    Review,
    Table,
    Term,
    Value,
    Version,
)
from engine.types import ABSENT
from engine.units import format_duration, format_time
from engine.vocabulary import Fact
from engine.workbench.changes import Pair, Say, condition_changes, same_formula, table_changes
from engine.workbench.lint import shape_of

__all__ = ["Change", "Side", "diff_books", "diff_versions"]

BACK = {
    "full": "returned in full",
    "none": "not returned",
    "remainder": "what is left of it after deductions",
}
TIMEOUT = {"approve": "approved", "reject": "rejected", "unspecified": "left open"}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: the book, the version (None: the whole book), and how its conditions are worded."""

    book: Book
    version: Version | None
    say: Say


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `part` and `name` say of what, `kind` is `added`, `removed` or `changed`, `text` says it in words.

    `version` names the policy and version in a comparison of books. `at` is where it stands on the new side, or on the
    old one where it is gone.
    """

    part: str
    name: str
    kind: str
    text: str
    at: Location
    version: str = ""

    def to_dict(self) -> dict[str, str]:
        """The change as plain data."""
        data = {
            "part": self.part,
            "name": self.name,
            "kind": self.kind,
            "text": self.text,
            "at": str(self.at),
        }
        return {"version": self.version, **data} if self.version else data


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def location(self) -> Location: ...
    @property
    def when(self) -> Condition: ...


Rule = TypeVar("Rule", bound=_Named)
Found = Iterator[Change]


def diff_versions(old: Side, new: Side) -> tuple[Change, ...]:
    """Every change from one version to another, in the order in which a decision is made."""
    if old.version is None or new.version is None:
        return diff_books(old, new)
    return tuple(_Differ(old, new, old.version, new.version).changes())


def diff_books(old: Side, new: Side) -> tuple[Change, ...]:
    """Every change from one book to another: policies, their versions, and what changed within versions."""
    return tuple(_book_changes(old, new))


class _Differ:
    """Compares two versions."""

    def __init__(self, old: Side, new: Side, one: Version, two: Version) -> None:
        self._old, self._new = old, new
        self._one, self._two = one, two
        self._pair = Pair(old.say, new.say, new.book.zone)

    def changes(self) -> Found:
        one, two = self._one, self._two
        if one.digest == two.digest:
            return
        yield from self._changed("version", "title", _swap("the title", one.title, two.title), two.location)
        yield from self._changed("version", "source", _source(one, two), two.location)
        words = condition_changes(one.applies_to, two.applies_to, self._pair)
        yield from self._changed("applies_to", "", words, two.location)
        yield from self._rules("blocker", one.blockers, two.blockers)
        yield from self._rules("review", one.reviews, two.reviews)
        yield from self._values()
        yield from self._refund()
        yield from self._changed("reasons", "", _labels(one.reasons, two.reasons), two.location)
        together = _swap(
            "resources that go together share", one.together or "nothing", two.together or "nothing"
        )
        yield from self._changed("together", "", together, two.location)
        yield from self._facts()

    @staticmethod
    def _changed(part: str, name: str, texts: Iterable[str], at: Location) -> Found:
        for text in texts:
            yield Change(part, name, "changed", text, at)

    def _rules(self, part: str, old: tuple[Rule, ...], new: tuple[Rule, ...]) -> Found:
        before, after = {rule.id: rule for rule in old}, {rule.id: rule for rule in new}
        renamed = _renamed(before, after)
        for name, rule in before.items():
            if name not in after and name not in renamed:
                yield Change(
                    part, name, "removed", f"gone; it held {self._where(rule.when, self._old)}", rule.location
                )
        origin = {now: was for was, now in renamed.items()}
        for name, rule in after.items():
            was = before.get(origin.get(name, name))
            if was is None:
                yield Change(
                    part, name, "added", f"new; it holds {self._where(rule.when, self._new)}", rule.location
                )
                continue
            texts = [f"was called `{was.id}`"] if was.id != name else []
            yield from self._changed(part, name, [*texts, *self._rule(was, rule)], rule.location)
        kept = [[name for name in side if name in before and name in after] for side in (before, after)]
        if kept[0] != kept[1]:
            yield Change(
                part,
                "",
                "changed",
                f"their order is now {', '.join(after)}",
                next(iter(after.values())).location,
            )

    def _where(self, condition: Condition, side: Side) -> str:
        return "always" if shape_of(condition) == shape_of(ALWAYS) else f"where {side.say(condition)}"

    def _rule(self, old: object, new: object) -> Iterator[str]:
        if isinstance(old, Blocker) and isinstance(new, Blocker):
            yield from condition_changes(old.when, new.when, self._pair)
            yield from _swap("its message", old.message, new.message)
            yield from _swap("its remedy", old.remedy, new.remedy)
        elif isinstance(old, Review) and isinstance(new, Review):
            yield from condition_changes(old.when, new.when, self._pair)
            yield from _review(old, new)
        elif isinstance(old, Term) and isinstance(new, Term):
            yield from condition_changes(old.when, new.when, self._pair)
            yield from self._deductions(old, new)
            yield from self._instruments(old, new)

    def _values(self) -> Found:
        before = {value.name: value for value in self._one.values}
        after = {value.name: value for value in self._two.values}
        for name, value in before.items():
            if name not in after:
                yield Change("value", name, "removed", "gone", value.location)
        for name, value in after.items():
            if name not in before:
                yield Change("value", name, "added", f"new: {_body(value)}", value.location)
            else:
                yield from self._changed("value", name, self._value(before[name], value), value.location)

    def _value(self, old: Value, new: Value) -> Iterator[str]:
        if isinstance(old.body, Table) and isinstance(new.body, Table):
            yield from table_changes(old.body.rows, new.body.rows, self._pair)
        elif isinstance(old.body, Table) or isinstance(new.body, Table):
            yield f"was {_body(old)}, and is now {_body(new)}"
        elif not same_formula(old.body, new.body):
            yield f"was `{old.body.text}`, and is now `{new.body.text}`"

    def _refund(self) -> Found:
        one, two = self._one.refund, self._two.refund
        if one is None and two is None:
            return
        if one is None or two is None:
            text = (
                "the policy no longer says what is paid back"
                if one
                else "the policy now says what is paid back"
            )
            yield Change(
                "refund", "", "removed" if one else "added", text, (one or two or self._two).location
            )
            return
        yield from self._changed("refund", "", _settings(one, two), two.location)
        yield from self._rules("terms", one.terms, two.terms)

    def _deductions(self, old: Term, new: Term) -> Iterator[str]:
        before, after = ({each.name: each for each in term.deductions} for term in (old, new))
        for name in before.keys() - after.keys():
            yield f"`{name}` is no longer deducted"
        for name, deduction in after.items():
            if name in before:
                yield from self._deduction(before[name], deduction)
            else:
                yield f"`{name}` is now deducted: `{deduction.amount.text}`{self._only(deduction.when)}"

    def _only(self, condition: Condition) -> str:
        return "" if condition == ALWAYS else f", where {self._new.say(condition)}"

    def _deduction(self, old: Deduction, new: Deduction) -> Iterator[str]:
        name = f"the deduction `{new.name}`"
        yield from _swap_formula(name, old.amount, new.amount)
        yield from _swap_formula(f"the least of {name}", old.at_least, new.at_least)
        yield from _swap_formula(f"the most of {name}", old.at_most, new.at_most)
        yield from _swap(f"{name} counts as", old.column, new.column)
        for words in condition_changes(old.when, new.when, self._pair):
            yield f"{name}: {words}"

    def _instruments(self, old: Term, new: Term) -> Iterator[str]:
        before, after = ({each.name: each for each in term.instruments} for term in (old, new))
        for name, instrument in after.items():
            if name not in before:
                yield f"`{name}`, which is new, is {BACK[instrument.back]}{self._unless(instrument.when, self._new)}"
            else:
                yield from self._instrument(before[name], instrument)
        for name in before.keys() - after.keys():
            yield f"`{name}` is no longer an instrument"

    def _instrument(self, old: Instrument, new: Instrument) -> Iterator[str]:
        name = f"`{new.name}`"
        if old.back != new.back:
            yield f"{name} was {BACK[old.back]}, and is now {BACK[new.back]}{self._unless(new.when, self._new)}"
        elif old.when == ALWAYS and new.when != ALWAYS:
            yield f"{name} is now lost {self._lost(new.when, self._new)}"
        elif new.when == ALWAYS and old.when != ALWAYS:
            yield f"{name} is no longer lost {self._lost(old.when, self._old)}"
        else:
            for words in condition_changes(old.when, new.when, self._pair):
                yield f"{name} ({BACK[new.back]}): {words}"
        ways = [[(shape_of(way.when), way.to) for way in side.to] for side in (old, new)]
        if ways[0] != ways[1]:
            yield f"{name} goes to {self._ways(new)}; it went to {self._ways(old)}"

    def _lost(self, condition: Condition, side: Side) -> str:
        if isinstance(condition, Not):
            return f"where {side.say(condition.item)}"
        return f"unless {side.say(condition)}"

    def _unless(self, condition: Condition, side: Side) -> str:
        return "" if condition == ALWAYS else f", and is lost {self._lost(condition, side)}"

    @staticmethod
    def _ways(instrument: Instrument) -> str:
        return (
            " or ".join(dict.fromkeys(way.to.replace("_", " ") for way in instrument.to))
            or "where it came from"
        )

    def _facts(self) -> Found:
        """What callers notice: facts that are read now, and facts that mean something else."""
        before, after = self._old.book.vocabulary, self._new.book.vocabulary
        for name in sorted(self._two.facts - self._one.facts):
            fact = after.facts[name]
            words = "callers must now send it" if fact.required else "it is now read"
            yield Change("fact", name, "added", words, fact.location)
        for name in sorted(self._one.facts - self._two.facts):
            yield Change("fact", name, "removed", "it is no longer read", before.facts[name].location)
        for name in sorted(self._one.facts & self._two.facts):
            fact = after.facts[name]
            yield from self._changed("fact", name, _fact(before.facts[name], fact), fact.location)
        zones = (self._old.book.zone.key, self._new.book.zone.key)
        yield from self._changed("book", "timezone", _swap("the time zone", *zones), self._two.location)
        if self._old.book.calendars != self._new.book.calendars:
            yield Change("book", "calendars", "changed", "the calendars changed", self._two.location)


def _renamed(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> dict[str, str]:
    """Rules that only have another id: old to new."""
    gone = [rule for name, rule in before.items() if name not in after and rule.when != ALWAYS]
    come = {shape_of(rule.when): name for name, rule in after.items() if name not in before}
    return {rule.id: come[shape_of(rule.when)] for rule in gone if shape_of(rule.when) in come}


def _swap(what: str, old: str, new: str) -> Iterator[str]:
    if old != new:
        yield (
            f"{what}: “{old}” is now “{new}”"
            if old and new
            else f"{what} {'is new' if new else 'is gone'}: “{old or new}”"
        )


def _swap_formula(what: str, old: Formula | None, new: Formula | None) -> Iterator[str]:
    if same_formula(old, new):
        return
    if old and new:
        yield f"{what} was `{old.text}`, and is now `{new.text}`"
    elif old:
        yield f"{what} is gone: `{old.text}`"
    elif new:
        yield f"{what} is new: `{new.text}`"


def _source(old: Version, new: Version) -> Iterator[str]:
    yield from _swap("the source", ", ".join(old.source.values()), ", ".join(new.source.values()))


def _review(old: Review, new: Review) -> Iterator[str]:
    if old.by != new.by:
        yield f"it was made by {old.by}, and is now made by {new.by}"
    within = [format_duration(each.within) if each.within else "no time limit" for each in (old, new)]
    if within[0] != within[1]:
        yield f"the time for it was {within[0]}, and is now {within[1]}"
    if old.on_timeout != new.on_timeout:
        yield f"without an answer it was {TIMEOUT[old.on_timeout]}, and is now {TIMEOUT[new.on_timeout]}"
    if old.scope != new.scope:
        yield f"it was about the whole {old.scope}, and is now about the whole {new.scope}"
    yield from _swap("its reason", old.reason, new.reason)


def _settings(old: Refund, new: Refund) -> Iterator[str]:
    yield from _swap("the fact that says what was paid", old.paid.name, new.paid.name)
    yield from _swap("the rounding", old.mode, new.mode)
    yield from _swap("what is rounded", old.place, new.place)
    yield from _swap("a result below zero", old.below_zero, new.below_zero)
    yield from _swap("how deductions are split", old.split, new.split)


def _labels(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in new:
        if name not in old:
            yield f"`{name}` may now be given"
        else:
            yield from _swap(f"the label of `{name}`", old[name], new[name])
    yield from (f"`{name}` may no longer be given" for name in old if name not in new)


def _body(value: Value) -> str:
    if isinstance(value.body, Table):
        return f"a table of {len(value.body.rows)} rows"
    return f"`{value.body.text}`"


def _fact(old: Fact, new: Fact) -> Iterator[str]:
    if str(old.type) != str(new.type):
        yield f"its type was {old.type}, and is now {new.type}"
    for name in new.type.choices:
        if name not in old.type.choices:
            yield f"it may now be `{name}`"
    yield from (f"it may no longer be `{name}`" for name in old.type.choices if name not in new.type.choices)
    if old.required != new.required:
        yield "callers must now send it" if new.required else "callers may now leave it out"
    if old.default != new.default and ABSENT not in (old.default, new.default):
        yield "its default is another one"
    if (old.at_least, old.at_most) != (new.at_least, new.at_most):
        yield "its bounds are other ones"
    if old.type.fields != new.type.fields:
        yield "its records have other fields"


def _book_changes(old: Side, new: Side) -> Found:
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
    ):
        for text in _swap(what, was, now):
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
        for change in _Differ(one, two, before[name], version).changes():
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
