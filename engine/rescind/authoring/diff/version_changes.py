"""What changed between two versions of a policy, in the order in which a decision is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

from rescind.authoring.diff.change_records import Change, Found, Side, changed, swap
from rescind.authoring.diff.condition_changes import Pair, condition_changes, same_formula, table_changes
from rescind.authoring.diff.refund_changes import TermDiffer, settings
from rescind.authoring.lint import shape_of
from rescind.book.model import ALWAYS, Blocker, Condition, Review, Table, Term, Value, Version
from rescind.book.vocabulary import Fact
from rescind.book.words import OnTimeout
from rescind.problems.problem import Location
from rescind.values.durations import format_duration
from rescind.values.types import ABSENT

__all__ = ["Differ"]

TIMEOUT = {OnTimeout.APPROVE: "approved", OnTimeout.REJECT: "rejected", OnTimeout.UNSPECIFIED: "left open"}


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def location(self) -> Location: ...
    @property
    def when(self) -> Condition: ...


Rule = TypeVar("Rule", bound=_Named)


class Differ:
    """Compares two versions."""

    def __init__(self, old: Side, new: Side, one: Version, two: Version) -> None:
        self._old, self._new = old, new
        self._one, self._two = one, two
        self._pair = Pair(old.say, new.say, new.book.zone)
        self._terms = TermDiffer(old, new, self._pair)

    def changes(self) -> Found:
        """Every change, in the order in which a decision is made."""
        one, two = self._one, self._two
        if one.digest == two.digest:
            return
        yield from changed("version", "title", swap("the title", one.title, two.title), two.location)
        yield from changed("version", "source", _source(one, two), two.location)
        words = condition_changes(one.applies_to, two.applies_to, self._pair)
        yield from changed("applies_to", "", words, two.location)
        yield from self._rules("blocker", one.blockers, two.blockers)
        yield from self._rules("review", one.reviews, two.reviews)
        yield from self._values()
        yield from self._refund()
        yield from changed("reasons", "", _labels(one.reasons, two.reasons), two.location)
        together = swap(
            "resources that go together share", one.together or "nothing", two.together or "nothing"
        )
        yield from changed("together", "", together, two.location)
        yield from self._facts()

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
            yield from changed(part, name, [*texts, *self._rule(was, rule)], rule.location)
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
            yield from swap("its message", old.message, new.message)
            yield from swap("its remedy", old.remedy, new.remedy)
        elif isinstance(old, Review) and isinstance(new, Review):
            yield from condition_changes(old.when, new.when, self._pair)
            yield from _review(old, new)
        elif isinstance(old, Term) and isinstance(new, Term):
            yield from self._terms.changes(old, new)

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
                yield from changed("value", name, self._value(before[name], value), value.location)

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
        yield from changed("refund", "", settings(one, two), two.location)
        yield from self._rules("terms", one.terms, two.terms)

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
            yield from changed("fact", name, _fact(before.facts[name], fact), fact.location)
        zones = (self._old.book.zone.key, self._new.book.zone.key)
        yield from changed("book", "timezone", swap("the time zone", *zones), self._two.location)
        if self._old.book.calendars != self._new.book.calendars:
            yield Change("book", "calendars", "changed", "the calendars changed", self._two.location)


def _renamed(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> dict[str, str]:
    """Rules that only have another id: old to new."""
    gone = [rule for name, rule in before.items() if name not in after and rule.when != ALWAYS]
    come = {shape_of(rule.when): name for name, rule in after.items() if name not in before}
    return {rule.id: come[shape_of(rule.when)] for rule in gone if shape_of(rule.when) in come}


def _source(old: Version, new: Version) -> Iterator[str]:
    yield from swap("the source", ", ".join(old.source.values()), ", ".join(new.source.values()))


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
    yield from swap("its reason", old.reason, new.reason)


def _labels(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in new:
        if name not in old:
            yield f"`{name}` may now be given"
        else:
            yield from swap(f"the label of `{name}`", old[name], new[name])
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
    if old.counter != new.counter:
        yield "it is now a counter" if new.counter else "it is no longer a counter"
    if old.type.fields != new.type.fields:
        yield "its records have other fields"
