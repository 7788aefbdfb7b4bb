"""A version as plain data made of English: what `rescind show` prints, and `--format json` gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rescind.authoring.condition_text import Phrase, Wording
from rescind.book.model import (
    ALWAYS,
    Blocker,
    Book,
    Condition,
    Deduction,
    Instrument,
    Policy,
    Refund,
    Review,
    Table,
    Term,
    Value,
    Version,
)
from rescind.book.values_used import values_used
from rescind.book.vocabulary import NOW
from rescind.book.words import UNSPECIFIED, RoundingPlace, Share
from rescind.formula.scope import Formula
from rescind.problems.problem import Location
from rescind.values.duration_words import duration_words
from rescind.values.durations import format_duration
from rescind.values.rounding_modes import RoundingMode
from rescind.values.times import format_time
from rescind.values.types import Kind

__all__ = ["describe"]

SCHEMA = "rescind/description/1"

ROUNDING = {
    RoundingMode.HALF_UP: "half a unit goes up",
    RoundingMode.HALF_EVEN: "half a unit goes to the even digit",
    RoundingMode.HALF_DOWN: "half a unit goes down",
    RoundingMode.UP: "any part of a unit goes up",
    RoundingMode.DOWN: "any part of a unit goes down",
}
PLACES = {
    RoundingPlace.ONCE: "once, on the result",
    RoundingPlace.EACH_DEDUCTION: "each deduction by itself",
    RoundingPlace.EACH_INSTRUMENT: "each payment instrument by itself",
}
BACK = {
    Share.FULL: "all of it is paid back",
    Share.NONE: "none of it is paid back",
    Share.REMAINDER: "what is left of it after the deductions is paid back",
}
UNNAMED = "the terms do not name it; a case in which it paid cannot be decided"


def describe(policy: Policy, version: Version, book: Book, definition: Mapping[str, Any]) -> dict[str, Any]:
    """A version in words. Every rule keeps its id and its place."""
    return _Describer(book, version).describe(policy, definition)


def _at(location: Location) -> str:
    return f"{location.path}:{location.line}"


class _Describer:
    def __init__(self, book: Book, version: Version) -> None:
        self._book = book
        self._version = version
        self._wording = Wording(book.vocabulary, book.zone)

    def describe(self, policy: Policy, definition: Mapping[str, Any]) -> dict[str, Any]:
        version = self._version
        end, used = policy.end_of(version), values_used(version)
        return {
            "schema": SCHEMA,
            "policy": version.policy,
            "version": version.version,
            "title": version.title,
            "source": dict(version.source),
            "in_force_from": self._time(version.in_force_from),
            "in_force_until": None if end is None else self._time(end),
            "draft": version.draft,
            "digest": version.digest,
            "file": version.path,
            "chosen_by": policy.governed_by or NOW,
            "applies_when": self._when(version.applies_to),
            "blockers": [self._blocker(blocker) for blocker in version.blockers],
            "reviews": [self._review(review) for review in version.reviews],
            "values": [self._value(value) for value in version.values if value.name in used],
            "refund": self._refund(version.refund) if version.refund else None,
            "together": version.together,
            "reasons": dict(version.reasons),
            "engine": {
                "passes": len(definition["stages"]),
                "rules": sum(
                    len(shard["rules"]) - 1 for stage in definition["stages"] for shard in stage["shards"]
                ),
            },
        }

    def _time(self, micros: int) -> str:
        return format_time(micros, self._book.zone)

    def _when(self, condition: Condition) -> Phrase:
        return self._wording.phrase(condition)

    def _if(self, condition: Condition) -> dict[str, Phrase]:
        """`when`, left out where there is no condition."""
        return {} if condition == ALWAYS else {"when": self._when(condition)}

    def _blocker(self, blocker: Blocker) -> dict[str, Any]:
        remedy = {"remedy": blocker.remedy} if blocker.remedy else {}
        words = {"id": blocker.id, "message": blocker.message, **remedy, "when": self._when(blocker.when)}
        return words | {"at": _at(blocker.location)}

    def _review(self, review: Review) -> dict[str, Any]:
        return {
            "id": review.id,
            **({"reason": review.reason} if review.reason else {}),
            "when": self._when(review.when),
            "by": review.by,
            "within": duration_words(format_duration(review.within)) if review.within else UNSPECIFIED,
            "on_timeout": str(review.on_timeout),
            "scope": str(review.scope),
            "at": _at(review.location),
        }

    def _value(self, value: Value) -> dict[str, Any]:
        words: dict[str, Any] = {"name": value.name, "type": str(value.type)}
        if isinstance(value.body, Table):
            words["rows"] = [
                {**self._if(row.when), "is": row.result.text, "at": _at(row.location)}
                for row in value.body.rows
            ]
        else:
            words["formula"] = value.body.text
        return words | {"at": _at(value.location)}

    def _refund(self, refund: Refund) -> dict[str, Any]:
        return {
            "paid": refund.paid.name,
            "paid_words": self._wording.subject(refund.paid.name),
            "rounded": f"{PLACES[refund.place]}: {ROUNDING[refund.mode]}",
            "below_zero": str(refund.below_zero),
            "split": str(refund.split),
            "terms": [self._term(term) for term in refund.terms],
            "at": _at(refund.location),
        }

    def _term(self, term: Term) -> dict[str, Any]:
        return {
            "id": term.id,
            **self._if(term.when),
            "deductions": [self._deduction(deduction) for deduction in term.deductions],
            "instruments": [self._instrument(instrument) for instrument in term.instruments],
            "at": _at(term.location),
        }

    def _deduction(self, deduction: Deduction) -> dict[str, Any]:
        limits = {"at_least": deduction.at_least, "at_most": deduction.at_most}
        return {
            "name": deduction.name,
            "amount": deduction.amount.text,
            **{key: limit.text for key, limit in limits.items() if isinstance(limit, Formula)},
            **self._if(deduction.when),
            "counts_as": str(deduction.column),
            "at": _at(deduction.location),
        }

    def _instrument(self, instrument: Instrument) -> dict[str, Any]:
        to = [{**self._if(way.when), "to": str(way.to)} for way in instrument.to]
        return {
            "instrument": instrument.name,
            "label": self._label(instrument.name),
            "returns": str(instrument.back),
            "words": BACK[instrument.back] if instrument.named else UNNAMED,
            **self._if(instrument.when),
            **({"to": to} if to else {}),
            "at": _at(instrument.location),
        }

    def _label(self, instrument: str) -> str:
        refund = self._version.refund
        fact = self._book.vocabulary.facts.get(refund.paid.name) if refund else None
        known = fact.labels if fact and fact.type.kind is Kind.INSTRUMENTS else {}
        return known.get(instrument) or instrument.replace("_", " ").capitalize()
