"""Which version of a policy governs a case, and the errors of a time at which none is in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from rescind.book.model import Book, Policy, Version
from rescind.book.vocabulary import NOW
from rescind.book.words import BeforeFirst
from rescind.problems.exceptions import FactsError, facts_error
from rescind.problems.problem import Location, Problem
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.times import format_time, midnight
from rescind.values.types import ABSENT, Kind

__all__ = ["GoverningVersion"]


class GoverningVersion:
    """Picks versions for typed cases, whose last value is the instant as of which they are judged.

    `left_out` are policies and versions that may not decide: drafts that had not begun when the book was loaded.
    """

    def __init__(self, book: Book, slots: Mapping[str, int], left_out: AbstractSet[tuple[str, str]]) -> None:
        self._book = book
        self._slots = slots
        self._left_out = left_out
        self._policies = {policy.id: policy for policy in book.policies}

    def policy(self, name: str) -> Policy:
        """The policy with a name. Raises `FactsError` (R0906) for an unknown one."""
        try:
            return self._policies[name]
        except KeyError:
            hint = did_you_mean(name, self._policies) or f"policies: {one_of(self._policies)}"
            raise facts_error("R0906", "policy", f"the book has no policy `{name}`", hint) from None

    def named(self, policy: Policy, version: str) -> Version:
        """The version with a name, whatever its dates. Raises `FactsError` (R0906) for an unknown one."""
        found = policy.named(version)
        if found is None:
            names = [each.version for each in policy.versions]
            hint = did_you_mean(version, names) or f"versions: {one_of(names)}"
            raise facts_error("R0906", "version", f"`{policy.id}` has no version `{version}`", hint)
        if self._is_left_out(found):
            message = (
                f"version `{version}` of `{policy.id}` is a draft, and was left out when the book was loaded"
            )
            raise facts_error("R0906", "version", message, "freeze it, or load the book with drafts")
        return found

    def in_force(self, policy: Policy, values: list[Any]) -> Version | None:
        """The version in force for a case; None where there is none, or where it was left out."""
        version = policy.in_force_at(self.time_of(policy, values))
        return None if version and self._is_left_out(version) else version

    def begun(self, policy: Policy, values: list[Any]) -> Version | None:
        """The latest version that began by the time of a case, ended or not; one that was left out never began."""
        version = policy.begun_by(self.time_of(policy, values))
        while version and self._is_left_out(version):
            version = policy.begun_by(version.in_force_from - 1)
        return version

    def _is_left_out(self, version: Version) -> bool:
        return (version.policy, version.version) in self._left_out

    def time_of(self, policy: Policy, values: list[Any]) -> int:
        """The instant in microseconds that picks the version. Raises `FactsError` (R0901) where its fact is missing."""
        if not policy.governed_by:
            return int(values[-1])
        value = values[self._slots[policy.governed_by]]
        if value is ABSENT:
            raise facts_error(
                "R0901",
                policy.governed_by,
                f"the fact `{policy.governed_by}` is missing",
                f"it picks the version of `{policy.id}`",
            )
        if self._book.vocabulary.facts[policy.governed_by].type.kind is Kind.DATE:
            return midnight(value, self._book.zone)
        return int(value)

    def unsettled(self, policies: Iterable[Policy], values: list[Any], *, in_force: bool) -> list[Policy]:
        """The policies without a version in force that might govern the case: nobody knows whether they do.

        A policy that begins later is not one of them if the book passes it over, or if the book says nothing and
        another policy is `in_force`: adding a policy to a book changes no answer from before that policy began.
        """
        return [policy for policy in policies if not self._passed_over(policy, values, in_force=in_force)]

    def _passed_over(self, policy: Policy, values: list[Any], *, in_force: bool) -> bool:
        if policy.begun_by(self.time_of(policy, values)) is not None:
            return False
        return policy.before_first is BeforeFirst.PASS_OVER or (policy.before_first is None and in_force)

    def none_in_force(self, policies: Iterable[Policy], values: list[Any]) -> FactsError:
        """The error of a time at which policies that might apply have no version in force."""
        zone, problems = self._book.zone, []
        for policy in policies:
            spans = ", ".join(
                _span(version, zone) + (" (a draft, left out)" if self._is_left_out(version) else "")
                for version in policy.versions
            )
            moment = self.time_of(policy, values)
            why, advice = self._why_none(policy, moment)
            problems.append(
                Problem(
                    "R0905",
                    f"no version of `{policy.id}` is in force at {format_time(moment, zone)}{why}",
                    Location(policy.governed_by or NOW),
                    f"{advice}; versions: {spans}",
                )
            )
        return FactsError(problems=problems)

    def _why_none(self, policy: Policy, moment: int) -> tuple[str, str]:
        """Whether a policy starts later, pauses or has ended at a moment, and what to do about it."""
        draft = policy.in_force_at(moment)
        if draft:
            freeze = (
                f"freeze it with `rescind publish {policy.id} {draft.version}`, or load the book with drafts"
            )
            return f": `{draft.version}` is a draft, left out when the book was loaded", freeze
        first = min(policy.versions, key=lambda version: version.in_force_from, default=None)
        if first and first.in_force_from > moment:
            start = format_time(first.in_force_from, self._book.zone)
            advice = (
                f"ask for a time from then on, or let `{first.version}` start earlier with `in_force_from`"
            )
            return f": its first, `{first.version}`, starts at {start}", advice
        if any(version.in_force_from > moment for version in policy.versions):
            return "", "ask for a time outside of the gap, or close it in the book"
        return ": its last has ended", "start a new version, or leave `in_force_until` of the last one out"


def _span(version: Version, zone: dt.tzinfo) -> str:
    start = format_time(version.in_force_from, zone)
    if version.in_force_until is None:
        return f"{version.version} from {start}"
    return f"{version.version} from {start} until {format_time(version.in_force_until, zone)}"
