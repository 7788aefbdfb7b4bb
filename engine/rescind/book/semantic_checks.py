"""Semantic checks over a whole book: an ordered, named table.

What is wrong in a single condition or formula is reported while it is parsed, where its text is known. The checks here
need the whole book. Warnings do not stop a book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from rescind.book.digest import is_by_first_rule
from rescind.book.engine_facts import ENGINE_FACTS, REVIEW_FIELDS, REVIEWS, known_to_engine
from rescind.book.frozen_changes import frozen_changes
from rescind.book.lock_checks import deviations
from rescind.book.model import Book, Condition, Policy, Present, Version, leaves
from rescind.book.words import ReviewerAnswer
from rescind.problems.problem import Location, Problems
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.times import format_time
from rescind.values.types import Kind, Type, a_type

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rescind.book.vocabulary import Fact

__all__ = ["CHECKS", "check_book"]

LINKS_SHOWN = 8

Check = Callable[[Book, Problems], None]


def check_book(book: Book, problems: Problems) -> None:
    """Run every check of `CHECKS` in its order, between those that they rest on."""
    _policy_ids(book, problems)
    if len({policy.id for policy in book.policies}) < len(book.policies):
        return
    for _, check in CHECKS:
        check(book, problems)
    if not problems.errors:
        _renewable(book, problems)
        _unused_facts(book, problems)
        _unused_values(book, problems)


def _policy_ids(book: Book, problems: Problems) -> None:
    seen: dict[str, Policy] = {}
    for policy in book.policies:
        if policy.id in seen:
            problems.add(
                "R0202",
                f"the policy `{policy.id}` appears twice in the book",
                policy.places["id"],
                "give it another id",
            )
        seen.setdefault(policy.id, policy)


def _version_names(book: Book, problems: Problems) -> None:
    """A version file says which version it is; the book must agree."""
    for policy in book.policies:
        seen: set[str] = set()
        for version in policy.versions:
            if version.policy != policy.id:
                problems.add(
                    "R0304",
                    f"`{version.path}` is a version of `{version.policy}`, not of `{policy.id}`",
                    version.places["file"],
                    "name another file, or move the entry to its policy",
                )
            if version.version in seen:
                problems.add(
                    "R0202",
                    f"version `{version.version}` appears twice",
                    version.places["version"],
                    "name each once",
                )
            seen.add(version.version)


def _version_times(book: Book, problems: Problems) -> None:
    """Versions follow each other without overlap; a gap is allowed, and said."""
    for policy in book.policies:
        for version in policy.versions:
            if version.in_force_until is not None and version.in_force_until <= version.in_force_from:
                problems.add(
                    "R0305",
                    f"version `{version.version}` ends before it starts",
                    version.places["in_force_until"],
                    "swap the two dates",
                )
        for one, two in pairwise(policy.versions):
            _neighbours(one, two, book.zone, problems)


def _neighbours(one: Version, two: Version, zone: ZoneInfo, problems: Problems) -> None:
    start = format_time(two.in_force_from, zone)
    if two.in_force_from <= one.in_force_from:
        problems.add(
            "R0305",
            f"version `{two.version}` starts at {start}, and version `{one.version}` before it in the list at "
            f"{format_time(one.in_force_from, zone)}",
            two.places["in_force_from"],
            "list versions by the time at which they come into force",
        )
    elif one.in_force_until is not None and one.in_force_until > two.in_force_from:
        end = format_time(one.in_force_until, zone)
        problems.add(
            "R0305",
            f"version `{one.version}` runs until {end}, and version `{two.version}` starts at {start}",
            one.places["in_force_until"],
            "leave `in_force_until` out: a version ends where the next one starts",
        )
    elif one.in_force_until is not None and one.in_force_until < two.in_force_from:
        end = format_time(one.in_force_until, zone)
        problems.add(
            "R0330",
            f"no version is in force from {end} to {start}",
            one.places["in_force_until"],
            "cases in the gap cannot be decided; close it if that is not meant",
        )


def _otherwise(book: Book, problems: Problems) -> None:
    policies = {policy.id: policy for policy in book.policies}
    for policy in book.policies:
        if policy.otherwise and policy.otherwise not in policies:
            hint = did_you_mean(policy.otherwise, policies) or f"policies: {one_of(policies)}"
            problems.add(
                "R0306",
                f"`otherwise` names no policy of the book: `{policy.otherwise}`",
                policy.places["otherwise"],
                hint,
            )
    for circle in _circles(policies):
        more = [] if len(circle) <= LINKS_SHOWN else [f"{len(circle) - LINKS_SHOWN} more"]
        words = " → ".join([*(f"`{link}`" for link in circle[:LINKS_SHOWN]), *more, f"`{circle[0]}`"])
        problems.add(
            "R0306",
            f"cases are handed over in a circle: {words}",
            policies[circle[0]].places["otherwise"],
            "end the chain somewhere",
        )


def _circles(policies: Mapping[str, Policy]) -> Iterator[list[str]]:
    """Each circle of policies once, from that which the book lists first. Every policy is looked at once."""
    position = {name: index for index, name in enumerate(policies)}
    seen: set[str] = set()
    for start in policies:
        path: list[str] = []
        name = start
        while name in policies and name not in seen:
            seen.add(name)
            path.append(name)
            name = policies[name].otherwise
        if name in path:
            circle = path[path.index(name) :]
            first = circle.index(min(circle, key=position.__getitem__))
            yield circle[first:] + circle[:first]


def _never_tried(book: Book, problems: Problems) -> None:
    """Policies that `otherwise` skips, which then never decide."""
    if any(found.code == "R0306" for found in problems):
        return
    tried = {policy.id for policy in book.tried()}
    for policy in book.policies:
        if policy.id not in tried:
            problems.add(
                "R0333",
                f"the policy `{policy.id}` is never tried: an `otherwise` before it leads past it",
                policy.location,
                "move it, or hand cases to it",
            )


def _governed_by(book: Book, problems: Problems) -> None:
    for policy in book.policies:
        if not policy.governed_by:
            continue
        fact = book.vocabulary.facts.get(policy.governed_by)
        if not fact:
            hint = did_you_mean(policy.governed_by, book.vocabulary.facts)
            problems.add("R0201", f"`{policy.governed_by}` is not a fact", policy.places["governed_by"], hint)
        elif fact.type.kind not in (Kind.TIME, Kind.DATE):
            problems.add(
                "R0226",
                f"`{policy.governed_by}` is {a_type(fact.type)}, not a time or a date",
                policy.places["governed_by"],
                "name the fact whose time picks the version",
            )


def _digests(book: Book, problems: Problems) -> None:
    """Check digests, unless the vocabulary has errors: correcting these may make the digests right again."""
    if any(problem.location.path == book.vocabulary.path for problem in problems.errors):
        return
    for version in _versions(book):
        for change in frozen_changes(book, version):
            problems.add("R0307", change.message, version.places["digest"], change.hint)


def _published(book: Book, problems: Problems) -> None:
    problems.extend(deviation.problem() for deviation in deviations(book))


def _renewable(book: Book, problems: Problems) -> None:
    """Frozen versions that `publish --renew` has something to do for: one problem for all of them, at the first.

    Asked only of a book without errors, of which a lock that cannot be read would be one.
    """
    frozen = [version for version in _versions(book) if version.frozen]
    old = [version for version in frozen if is_by_first_rule(version.frozen)]
    lock = book.lock
    unknown = [each for each in frozen if not (lock and lock.version(each.policy, each.version))]
    if old:
        problems.add(
            "R0335",
            f"{_and_more(old)} {'has a digest' if len(old) == 1 else 'have digests'} of the first form, which "
            "covers the whole vocabulary and every calendar",
            old[0].places["digest"],
            "`rescind publish --renew` checks what the digest says, then writes the present form",
        )
    elif unknown:
        problems.add(
            "R0336",
            f"{_and_more(unknown)} {'is' if len(unknown) == 1 else 'are'} frozen, and the lock does not hold what was "
            "published",
            unknown[0].places["digest"],
            "`rescind publish --renew` writes it into the lock",
        )


def _and_more(versions: list[Version]) -> str:
    more = f" and {len(versions) - 1} more" if len(versions) > 1 else ""
    return f"version `{versions[0].version}` of `{versions[0].policy}`{more}"


def _unused_facts(book: Book, problems: Problems) -> None:
    """Asked only of a book without errors: a version that cannot be read may be the one that uses a fact."""
    used = {name for version in _versions(book) for name in version.facts}
    used |= {policy.governed_by for policy in book.policies}
    for fact in book.vocabulary.facts.values():
        if fact.name not in used and not known_to_engine(fact.name):
            problems.add(
                "R0331", f"no policy reads the fact `{fact.name}`", fact.location, "remove it, or use it"
            )


def _unused_values(book: Book, problems: Problems) -> None:
    """Asked only of a book without errors, as of facts: what cannot be read may be what uses a value.

    A value stands at its place once, whichever versions include it, and so do the columns of a matrix: it is used where
    one version reads it, or one column of it.
    """
    names: dict[Location, str] = {}
    used: set[Location] = set()
    for version in _versions(book):
        for value in version.values:
            names[value.location] = value.name
            if value.name in version.values_read:
                used.add(value.location)
    for place, name in names.items():
        if place not in used:
            matrix, _, column = name.partition(".")
            what = f"a column of the matrix `{matrix}`" if column else f"the value `{name}`"
            problems.add("R0334", f"nothing reads {what}", place, "remove it, or use it")


def _engine_facts(book: Book, problems: Problems) -> None:
    """The facts that the engine itself reads must have the types it expects: a word in another form could not count."""
    facts = book.vocabulary.facts
    for name in ENGINE_FACTS.keys() & facts.keys():
        _of_kind(name, facts[name], ENGINE_FACTS[name], problems)
    reviews = facts.get(REVIEWS)
    if not reviews or reviews.type.kind is not Kind.LIST:
        return
    for name, wanted in REVIEW_FIELDS.items():
        field = reviews.fields.get(name)
        if not field or field.optional:
            hint = f"each record holds `by`, `outcome` ({one_of(ReviewerAnswer)}) and `decided_at`"
            message = f"`{REVIEWS}` needs the field `{name}` in every record"
            problems.add("R0226", message, field.location if field else reviews.location, hint)
        else:
            _of_kind(field.name, field, wanted, problems)
    outcome = reviews.fields.get("outcome")
    if (
        outcome
        and outcome.type.kind is Kind.CHOICE
        and frozenset(outcome.type.choices) != frozenset(ReviewerAnswer)
    ):
        answers = one_of(ReviewerAnswer).replace(" or ", " and ")
        message = f"the choices of `request.reviews.outcome` are {answers}, and no others"
        problems.add("R0226", message, outcome.location, "a reviewer says one or the other")


def _of_kind(name: str, fact: Fact, wanted: frozenset[Kind], problems: Problems) -> None:
    if fact.type.kind not in wanted:
        message = f"the engine reads `{name}` itself and expects {a_type(Type(max(wanted)))}, found {a_type(fact.type)}"
        problems.add("R0226", message, fact.location, f"declare it with `type: {max(wanted)}`, or rename it")


def _silent_absence(book: Book, problems: Problems) -> None:
    """A blocker on an optional fact does not match when the fact is absent: the author should say so."""
    for version in _versions(book):
        for blocker in version.blockers:
            for name, place in sorted(_unguarded(blocker.when)):
                problems.add(
                    "R0332",
                    f"the blocker `{blocker.id}` does not match when the optional fact `{name}` is absent",
                    place,
                    f"say what absence means: add `{name}: {{present: true}}` or `{{present: false}}`",
                )


def _unguarded(condition: Condition) -> set[tuple[str, Location]]:
    """Optional facts that a condition compares without ever asking whether they are present."""
    asked = {
        leaf.subject.name for leaf in leaves(condition) if isinstance(leaf, Present) and not leaf.implied
    }
    return {
        (leaf.subject.name, leaf.location)
        for leaf in leaves(condition)
        if isinstance(leaf, Present) and leaf.implied and leaf.subject.name not in asked
    }


def _versions(book: Book) -> Iterable[Version]:
    return (version for policy in book.policies for version in policy.versions)


# In the order in which a reader would look: names first, since later checks rely on them; then times; then content.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("version files say what the book says", _version_names),
    ("versions follow each other", _version_times),
    ("what the engine reads itself has the types that it reads", _engine_facts),
    ("otherwise names a policy, not in a circle", _otherwise),
    ("every policy is tried", _never_tried),
    ("governed_by names a time", _governed_by),
    ("frozen versions are unchanged", _digests),
    ("what was published is as it was published", _published),
    ("blockers say what absence means", _silent_absence),
)
