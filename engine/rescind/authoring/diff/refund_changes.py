"""What changed in a refund: its settings, and what its terms deduct and return."""

from __future__ import annotations

from collections.abc import Iterator

from rescind.authoring.diff.change_records import Side, swap, swap_formula
from rescind.authoring.diff.condition_changes import Pair, condition_changes
from rescind.authoring.lint import shape_of
from rescind.book.model import ALWAYS, Condition, Deduction, Instrument, Not, Refund, Term
from rescind.book.words import Share

__all__ = ["TermDiffer", "settings"]

BACK = {
    Share.FULL: "returned in full",
    Share.NONE: "not returned",
    Share.REMAINDER: "what is left of it after deductions",
}
UNNAMED = "not named"


def settings(old: Refund, new: Refund) -> Iterator[str]:
    """What changed apart from the terms."""
    yield from swap("the fact that says what was paid", old.paid.name, new.paid.name)
    yield from swap("the rounding", old.mode, new.mode)
    yield from swap("what is rounded", old.place, new.place)
    yield from swap("a result below zero", old.below_zero, new.below_zero)
    yield from swap("how deductions are split", old.split, new.split)


class TermDiffer:
    """Compares the terms of two versions."""

    def __init__(self, old: Side, new: Side, pair: Pair) -> None:
        self._old, self._new = old, new
        self._pair = pair

    def changes(self, old: Term, new: Term) -> Iterator[str]:
        """What changed from terms to those that took their place."""
        yield from condition_changes(old.when, new.when, self._pair)
        yield from self._deductions(old, new)
        yield from self._instruments(old, new)

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
        yield from swap_formula(name, old.amount, new.amount)
        yield from swap_formula(f"the least of {name}", old.at_least, new.at_least)
        yield from swap_formula(f"the most of {name}", old.at_most, new.at_most)
        yield from swap(f"{name} counts as", old.column, new.column)
        for words in condition_changes(old.when, new.when, self._pair):
            yield f"{name}: {words}"

    def _instruments(self, old: Term, new: Term) -> Iterator[str]:
        before, after = ({each.name: each for each in term.instruments} for term in (old, new))
        for name, instrument in after.items():
            if name not in before:
                yield f"`{name}`, which is new, is {_back(instrument)}{self._unless(instrument.when, self._new)}"
            else:
                yield from self._instrument(before[name], instrument)
        for name in before.keys() - after.keys():
            yield f"`{name}` is no longer an instrument"

    def _instrument(self, old: Instrument, new: Instrument) -> Iterator[str]:
        name = f"`{new.name}`"
        if (old.back, old.named) != (new.back, new.named):
            yield f"{name} was {_back(old)}, and is now {_back(new)}{self._unless(new.when, self._new)}"
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


def _back(instrument: Instrument) -> str:
    return BACK[instrument.back] if instrument.named else UNNAMED
