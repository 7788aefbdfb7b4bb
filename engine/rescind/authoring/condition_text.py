"""Conditions in English, made from the descriptions and labels of the vocabulary.

A phrase is a text, or groups of phrases as plain data: `{"all": […]}`, `{"any": […]}`, `{"none": […]}`. Each text ends
with the name of the fact in brackets, so that it can be found again in the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from rescind.book.model import AllOf, AnyOf, Compare, Condition, Has, Name, Not, Op, Present
from rescind.book.vocabulary import NOW, Vocabulary
from rescind.values.duration_words import duration_words
from rescind.values.durations import format_duration
from rescind.values.types import Kind, Type
from rescind.values.value_readers import plain

__all__ = ["ALWAYS_WORDS", "NEVER_WORDS", "Phrase", "Wording", "choice_words"]

Phrase = str | dict[str, list[Any]]

ALWAYS_WORDS, NEVER_WORDS = "always", "never"

AMOUNTS = {Op.OVER: "more than ", Op.AT_LEAST: "at least ", Op.UNDER: "less than ", Op.AT_MOST: "at most "}
MOMENTS = {Op.OVER: "after ", Op.AT_LEAST: "at or after ", Op.UNDER: "before ", Op.AT_MOST: "at or before "}
EQUAL = {Op.IS: "", Op.IS_NOT: "not "}
OPPOSITE = {
    Op.IS: Op.IS_NOT,
    Op.IS_NOT: Op.IS,
    Op.OVER: Op.AT_MOST,
    Op.AT_MOST: Op.OVER,
    Op.UNDER: Op.AT_LEAST,
    Op.AT_LEAST: Op.UNDER,
}

_STATE = re.compile(r"[Tt]rue (?:where|while|when|if|as long as) (.*)", re.DOTALL)


class Wording:
    """Puts the conditions of one book into words."""

    def __init__(self, vocabulary: Vocabulary, zone: ZoneInfo) -> None:
        self._vocabulary = vocabulary
        self._zone = zone

    def phrase(self, condition: Condition) -> Phrase:
        """A condition in words."""
        match condition:
            case AllOf(items):
                return self._all([item for item in items if not _implied(item)])
            case AnyOf(items):
                return self._any(list(items))
            case Not(item):
                return self._not(item)
            case Compare():
                return self._compared(condition, [condition.operand])
            case Present(subject):
                return f"{self.clause(subject.name, given=False)} is given [{subject.name}]"
            case Has(subject, member):
                return f"{self._choice(subject.name, member)} is among {self.subject(subject.name)} [{subject.name}]"

    def _all(self, items: list[Condition]) -> Phrase:
        if not items:
            return ALWAYS_WORDS
        if len(items) == 1:
            return self.phrase(items[0])
        if words := self._one_test(items, Op.IS_NOT) or self._range(items):
            return words
        return _grouped("all", [self.phrase(item) for item in items])

    def _any(self, items: list[Condition]) -> Phrase:
        if not items:
            return NEVER_WORDS
        if len(items) == 1:
            return self.phrase(items[0])
        return self._one_test(items, Op.IS) or _grouped("any", [self.phrase(item) for item in items])

    def _not(self, item: Condition) -> Phrase:
        if isinstance(item, Present):
            name = item.subject.name
            return f"{self.clause(name, given=False)} is not given [{name}]"
        if isinstance(item, Compare):
            return self.phrase(replace(item, op=OPPOSITE[item.op]))
        if isinstance(item, Not):
            return self.phrase(item.item)
        inner = self.phrase(item)
        if isinstance(inner, dict) and "any" in inner:
            return {"none": inner["any"]}
        return {"none": [inner]}

    def _one_test(self, items: list[Condition], op: Op) -> str:
        """A list of choices, which the parser took apart: one phrase; "" where these are several tests."""
        bare = [_unguarded(item) for item in items]
        if not all(isinstance(item, Compare) and item.op is op for item in bare):
            return ""
        tests = [item for item in bare if isinstance(item, Compare)]
        if len({(test.subject.name, test.needs, test.location) for test in tests}) > 1:
            return ""
        return self._compared(tests[0], [test.operand for test in tests])

    def _range(self, items: list[Condition]) -> str:
        """The two ends of `between`."""
        match items:
            case [Compare(subject, Op.AT_LEAST, low, needs), Compare(other, Op.AT_MOST, high)]:
                if subject == other and needs.startswith("between "):
                    ends = " and ".join(self._operand(subject, end) for end in (low, high))
                    return f"{self.clause(subject.name)} is between {ends}, both included [{subject.name}]"
            case _:
                pass
        return ""

    def _compared(self, test: Compare, operands: list[Any]) -> str:
        subject = test.subject
        if subject.type.kind is Kind.FLAG and isinstance(test.operand, bool):
            return self._state(subject.name, is_so=test.operand is (test.op is Op.IS))
        words = [self._operand(subject, operand) for operand in operands]
        if test.op is Op.IS_NOT and len(words) > 1:
            asked = "neither " + " nor ".join(words)
        else:
            asked = _operator(test.op, subject.type) + _either(words)
        return f"{self.clause(subject.name)} is {asked} [{subject.name}]"

    def _state(self, name: str, *, is_so: bool) -> str:
        """A flag whose description says when it is true becomes that clause."""
        fact = self._vocabulary.facts.get(name)
        clause = _STATE.fullmatch(_sentence(fact.description)) if fact else None
        if clause is None:
            return f"{self.clause(name)} is {'true' if is_so else 'false'} [{name}]"
        return f"{clause[1]} [{name}]" if is_so else f"it is not so that {clause[1]} [{name}]"

    def subject(self, name: str, *, given: bool = True) -> str:
        """What a name means, in the words of the vocabulary. `given`: add "if given" to an optional fact."""
        if name == NOW:
            return "now"
        if name.startswith("refund."):
            return _refund_figure(name)
        fact = self._vocabulary.fact_of(name)
        if fact is None:
            return f"the value `{name}`"
        if fact.name != name:
            part = name.rpartition(".")[2]
            label = fact.labels.get(part) or part.replace("_", " ")
            return f"what was paid in {'all' if part == 'total' else label.lower()}"
        words = _sentence(fact.description)
        words = _lower_first(words) if words else f"`{name}`"
        return f"{words}, if given" if fact.optional and given else words

    def clause(self, name: str, *, given: bool = True) -> str:
        """A subject before a verb: a clause that has a comma in it or ends in a verb is closed by a comma."""
        words = self.subject(name, given=given)
        return f"{words}," if "," in words or words.endswith((" is", " are")) else words

    def _operand(self, subject: Name, operand: Any) -> str:
        if isinstance(operand, Name):
            words = self.subject(operand.name)
            return words if operand.name == NOW else f"{words} [{operand.name}]"
        return self._literal(subject, operand)

    def _literal(self, subject: Name, value: Any) -> str:
        match subject.type.kind:
            case Kind.CHOICE:
                return self._choice(subject.name, value)
            case Kind.DURATION:
                return duration_words(format_duration(value))
            case Kind.FLAG:
                return "true" if value else "false"
            case Kind.MONEY:
                return _with_thousands(str(plain(value, subject.type, self._zone)))
            case _:
                return str(plain(value, subject.type, self._zone))

    def _choice(self, name: str, choice: str) -> str:
        fact = self._vocabulary.facts.get(name)
        return choice_words(fact.labels if fact else {}, choice)


def choice_words(labels: Mapping[str, str], choice: str) -> str:
    """A choice by its label, else by its name."""
    return f"“{labels[choice]}”" if labels.get(choice) else f"`{choice}`"


def _implied(condition: Condition) -> bool:
    return isinstance(condition, Present) and condition.implied


def _unguarded(condition: Condition) -> Condition:
    """A comparison without the guard that its optional facts were sent."""
    if isinstance(condition, AllOf):
        kept = [item for item in condition.items if not _implied(item)]
        return kept[0] if len(kept) == 1 else condition
    return condition


def _grouped(how: str, phrases: Iterable[Phrase]) -> Phrase:
    """A group; groups of the same kind inside it are merged into it."""
    items: list[Any] = []
    for phrase in phrases:
        items += phrase[how] if isinstance(phrase, dict) and how in phrase else [phrase]
    return {how: items}


def _operator(op: Op, type_: Type) -> str:
    if op in EQUAL:
        return EQUAL[op]
    return (MOMENTS if type_.kind in (Kind.TIME, Kind.DATE) else AMOUNTS)[op]


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _sentence(description: str) -> str:
    """The first sentence of a description, without its full stop."""
    return description.strip().split(". ")[0].removesuffix(".")


def _lower_first(words: str) -> str:
    """A sentence as part of another: `What it cost` becomes "what it cost", `ISO codes` stays as it is."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _with_thousands(money: str) -> str:
    """`7000.00 USD` as `7,000.00 USD`."""
    return re.sub(r"(?<=\d)(?=(\d{3})+(?!\d)(?:\.|\s))", ",", money)


def _refund_figure(name: str) -> str:
    _, column, *part = name.split(".")
    if column == "total":
        return "the whole refund"
    return f"the deduction `{part[0]}`" if column == "deductions" else f"what is returned of `{part[0]}`"
