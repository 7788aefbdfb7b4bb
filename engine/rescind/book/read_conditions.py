"""Conditions: YAML to typed nodes. Every mistake in one condition is reported; the result is then `NEVER`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from rescind.book.engine_facts import how_to_declare
from rescind.book.literal_hints import Meant, label_hint
from rescind.book.model import NEVER, AllOf, AnyOf, Asked, Compare, Condition, Has, Name, Not, Op, Present
from rescind.book.names_in_scope import BrokenNameError
from rescind.book.vocabulary import NOW
from rescind.problems.problem import Location, Problems
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.source.document_nodes import Node
from rescind.values.decimals import UnitError, plainly
from rescind.values.money import currencies
from rescind.values.types import COMPARABLE, ORDERED, RATES, Kind, Type, a_type
from rescind.values.value_readers import describe, faults_of, hint_text, plain, reader, typed

__all__ = ["OPERATORS", "ConditionReader"]

AMOUNTS = ORDERED - {Kind.TIME, Kind.DATE}
MOMENTS = frozenset({Kind.TIME, Kind.DATE})

# Operator, the kinds it fits, and the comparison it stands for.
ORDER: Mapping[str, tuple[frozenset[Kind], Op, str]] = {
    "over": (AMOUNTS, Op.OVER, "over"),
    "at_least": (AMOUNTS, Op.AT_LEAST, "at least"),
    "under": (AMOUNTS, Op.UNDER, "under"),
    "at_most": (AMOUNTS, Op.AT_MOST, "at most"),
    "before": (MOMENTS, Op.UNDER, "before"),
    "after": (MOMENTS, Op.OVER, "after"),
    "not_before": (MOMENTS, Op.AT_LEAST, "not before"),
    "not_after": (MOMENTS, Op.AT_MOST, "not after"),
}
# Operators on amounts and on times that ask the same question.
TWINS = {"over": "after", "under": "before", "at_least": "not_before", "at_most": "not_after"}
TWINS |= {moment: amount for amount, moment in TWINS.items()}
EQUAL = {"is": (Op.IS, ""), "is_not": (Op.IS_NOT, "not")}
JOINTS = frozenset({"all", "any", "not"})
MAX_ITEMS = 1_000
# An amount in a currency of two decimals with a third one, which is zero.
TWO_DECIMALS = 2
THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{2}0) ?[A-Z]{3}")
MAX_DIGITS = 18
# Every operator, and the kinds it fits. `present` is asked of what may be absent, whatever its kind.
OPERATORS: Mapping[str, frozenset[Kind]] = {
    **dict.fromkeys((*EQUAL, "in", "not_in"), COMPARABLE),
    **{operator: kinds for operator, (kinds, _, _) in ORDER.items()},
    "between": ORDERED,
    "has": frozenset({Kind.SET}),
    "present": frozenset(Kind),
}


class ConditionReader:
    """Reads conditions against the names of one version."""

    def __init__(self, meant: Meant, zone: ZoneInfo, problems: Problems) -> None:
        self._names = meant.names
        self._meant = meant
        self._zone = zone
        self._problems = problems

    def read(self, node: Node) -> Condition:
        """The condition at a node. Raises `MalformedError`; other problems are added."""
        if len(node.mapping()) > 1 and not JOINTS.isdisjoint(node.mapping()):
            raise node.malformed("`all`, `any` or `not` alone in its mapping")
        parts = [self._entry(key, child) for key, child in node.items()]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _entry(self, key: str, node: Node) -> Condition:
        if key == "all":
            return AllOf(tuple(self.read(item) for item in node.each(MAX_ITEMS)))
        if key == "any":
            return AnyOf(tuple(self.read(item) for item in node.each(MAX_ITEMS)))
        if key == "not":
            return Not(self.read(node))
        try:
            subject = self.name(key, node.key_location)
        except BrokenNameError:
            return NEVER
        return self._leaf(subject, node)

    def _leaf(self, subject: Name, node: Node) -> Condition:
        if isinstance(node.data, list):
            return self._operator(subject, "in", node)
        if not isinstance(node.data, dict):
            return self._operator(subject, "is", node)
        if set(node.data) == {"fact"}:
            return self._operator(subject, "is", node)
        parts = [self._operator(subject, key, child) for key, child in node.only(*OPERATORS).items()]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def name(self, name: str, place: Location) -> Name:
        """A name with its type; an unknown one is a problem and raises `BrokenNameError`."""
        try:
            return Name(name, self._names[name], self._names.certain(name))
        except KeyError:
            self._problems.add("R0201", *self._unknown(name, place))
            raise BrokenNameError(name) from None

    def _unknown(self, name: str, place: Location) -> tuple[str, Location, str]:
        """What is wrong with a name that is not known, where, and a hint."""
        message = f"`{name}` is not a fact or a value"
        if self._problems.crowded:
            return message, place, ""
        if members := [known for known in self._names if known.startswith(f"{name}.")]:
            return f"`{name}` is a group, not a fact", place, f"it holds {one_of(members, 6)}"
        hint = how_to_declare(name) or did_you_mean(name, self._names)
        return message, place, hint or "declare it in the vocabulary or under `values`"

    def equals(self, subject: Name, choice: str, node: Node) -> Condition:
        """`subject` is `choice`, for a row of a matrix whose cells are at `node`."""
        if choice not in subject.type.choices:
            fact = self._names.fact(subject.name)
            labelled = label_hint(choice, fact.labels) if fact else ""
            near = labelled or did_you_mean(choice, subject.type.choices)
            hint = near or f"one of {one_of(subject.type.choices)}"
            self._problems.add(
                "R0203", f"`{choice}` is not a choice of `{subject.name}`", node.key_location, hint
            )
            raise BrokenNameError(choice)
        asked = self._asked("is", subject, choice)
        compare = Compare(subject, Op.IS, choice, choice, node.key_location, asked)
        return self._guarded(compare, [subject], node.key_location)

    def _operator(self, subject: Name, operator: str, node: Node) -> Condition:
        place = node.key_location if isinstance(node.path[-1], str) else node.location
        if operator == "present":
            return self._present(subject, node, place)
        if not self._fits(subject, operator, place):
            return NEVER
        try:
            return self._guarded(self._build(subject, operator, node, place), [subject], place)
        except BrokenNameError:
            return NEVER

    def _fits(self, subject: Name, operator: str, place: Location) -> bool:
        if subject.type.kind in OPERATORS[operator]:
            return True
        self._problems.add(
            "R0204",
            f"`{operator}` does not fit `{subject.name}`, which is {a_type(subject.type)}",
            place,
            self._fitting(subject, operator),
        )
        return False

    def _fitting(self, subject: Name, operator: str) -> str:
        """A hint: what fits a fact on which an operator does not."""
        kind, name = subject.type.kind, subject.name
        if kind is Kind.INSTRUMENTS:
            return f"compare `{name}.total`, or one instrument such as `{name}.{subject.type.choices[0]}`"
        if kind is Kind.LIST:
            return f"give a figure of it a name under `values`, such as `count({name})`"
        twin = TWINS.get(operator, "")
        if twin and kind in OPERATORS[twin]:
            return f"did you mean `{twin}`?"
        fitting = [known for known, kinds in OPERATORS.items() if kind in kinds]
        if not self._names.optional(name):
            fitting.remove("present")
        return f"use {one_of(fitting)}"

    def _build(self, subject: Name, operator: str, node: Node, place: Location) -> Condition:
        if operator == "has":
            return self._has(subject, node, place)
        if operator in ("in", "not_in"):
            return self._in(subject, operator, node, place)
        if operator == "between":
            return self._between(subject, node, place)
        return self._compare(subject, operator, node, place)

    def _compare(self, subject: Name, operator: str, node: Node, place: Location) -> Condition:
        op, words = EQUAL[operator] if operator in EQUAL else ORDER[operator][1:]
        operand = self._operand(subject, node)
        needs = f"{words} {self._words(operand, subject)}" if words else self._words(operand, subject)
        compare = Compare(subject, op, operand, needs, place, self._asked(operator, subject, operand))
        return self._guarded(compare, [operand] if isinstance(operand, Name) else [], place)

    def _asked(self, operator: str, subject: Name, operand: Any) -> Asked:
        """What an operator was asked with: one operand, or a list of them."""
        if isinstance(operand, list):
            return {"operator": operator, "operand": [self._typed(each, subject) for each in operand]}
        return {"operator": operator, "operand": self._typed(operand, subject)}

    def _typed(self, operand: Any, subject: Name) -> Any:
        return (
            {"fact": operand.name} if isinstance(operand, Name) else typed(operand, subject.type, self._zone)
        )

    def _words(self, operand: Any, subject: Name) -> str:
        if isinstance(operand, Name):
            return operand.name
        value = plain(operand, subject.type, self._zone)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _guarded(self, condition: Condition, names: list[Name], place: Location) -> Condition:
        """The condition, holding only where the optional facts that it reads were sent."""
        guards = [
            Present(name, "present", place, implied=True) for name in names if self._names.optional(name.name)
        ]
        return AllOf((*guards, condition)) if guards else condition

    def _operand(self, subject: Name, node: Node) -> Any:
        if isinstance(node.data, dict) and set(node.data) == {"fact"}:
            return self._other(subject, node.child("fact"))
        if node.data == NOW and subject.type.kind is Kind.TIME:
            return self.name(NOW, node.location)
        return self._literal(subject, node)

    def _other(self, subject: Name, node: Node) -> Name:
        other = self.name(node.text(), node.location)
        if not _comparable(subject.type, other.type):
            self._problems.add(
                "R0205",
                f"`{subject.name}` is {a_type(subject.type)} and `{other.name}` is {a_type(other.type)}",
                node.location,
                "compare facts of one type",
            )
            raise BrokenNameError(other.name)
        self._rates_for(subject, other.type.currency, node.location)
        self._texts_meet(subject, other, node.location)
        return other

    def _texts_meet(self, subject: Name, other: Name, place: Location) -> None:
        """A value that yields none of the other name's texts. Facts may have choices that never meet."""
        one, two = subject.type.choices, other.type.choices
        computed = Kind.TEXT in {subject.type.kind, other.type.kind}
        if computed and one and two and set(one).isdisjoint(two):
            message = f"`{subject.name}` and `{other.name}` can never be the same"
            hint = f"`{subject.name}` is {one_of(one, 6)}, `{other.name}` is {one_of(two, 6)}"
            self._problems.add("R0205", message, place, hint)
            raise BrokenNameError(other.name)

    def _literal(self, subject: Name, node: Node) -> Any:
        raw = node.scalar()
        spelt = raw
        if isinstance(raw, str) and subject.type.kind in (Kind.MONEY, Kind.NUMBER):
            spelt = plainly(raw)
        try:
            value = reader(_literal_type(subject.type), self._zone)(spelt)
        except UnitError as error:
            code = _literal_code(error)
            meant = self._meant.hint(subject.name, subject.type, raw) if code == "R0203" else ""
            for _, message, hint in faults_of(error):
                text = "" if self._problems.crowded else meant or hint_text(hint)
                self._problems.add(code, f"`{subject.name}`: {message}", node.location, text)
            raise BrokenNameError(subject.name) from None
        if subject.type.kind is Kind.MONEY:
            self._thousands(str(raw), plain(value, subject.type, self._zone), node)
            self._rates_for(subject, value.currency, node.location)
        if subject.type.kind is Kind.NUMBER:
            self._digits(value, node)
        return value

    def _thousands(self, written: str, read: Any, node: Node) -> None:
        """Warn of a point that may separate thousands, as many countries write it."""
        if THOUSANDS.fullmatch(written) and currencies()[written[-3:]] == TWO_DECIMALS:
            meant = written.replace(".", "")
            self._problems.add(
                "R0241",
                f"`{written}` is read as `{read}`",
                node.location,
                f"write `{meant}` if thousands are meant, else `{read}`",
            )

    def _digits(self, value: Fraction, node: Node) -> None:
        """Numbers are compared as integers of 64 bits, scaled by the decimals of the literal."""
        digits = str(node.data).lstrip("-+0").replace(".", "").removesuffix("%")
        if len(digits) > MAX_DIGITS and abs(value) >= 1:
            self._problems.add(
                "R0401",
                f"`{node.data}` has {len(digits)} digits; at most {MAX_DIGITS} are compared exactly",
                node.location,
                "use fewer digits",
            )
            raise BrokenNameError(str(node.data))

    def _rates_for(self, subject: Name, currency: str, place: Location) -> None:
        known = subject.type.currency
        if known and currency and known != currency and RATES not in self._names:
            self._problems.add(
                "R0207",
                f"`{subject.name}` is money in {known}, compared with money in {currency}, and there are no rates",
                place,
                "declare the fact `rates` with `type: rates`, or use one currency",
            )

    def _in(self, subject: Name, operator: str, node: Node, place: Location) -> Condition:
        inside = operator == "in"
        if not isinstance(node.data, list):
            self._problems.add(
                "R0206",
                f"expected a list of choices, found {describe(node.data)}",
                node.location,
                "put it in brackets",
            )
            return NEVER
        operands = [self._operand(subject, item) for item in node.each(MAX_ITEMS)]
        words = ", ".join(self._words(operand, subject) for operand in operands)
        needs = f"one of {words}" if inside else f"none of {words}"
        asked = self._asked(operator, subject, operands)
        items = tuple(
            self._guarded(
                Compare(subject, Op.IS if inside else Op.IS_NOT, operand, needs, place, asked),
                [operand] if isinstance(operand, Name) else [],
                place,
            )
            for operand in operands
        )
        return AnyOf(items) if inside else AllOf(items)

    def _between(self, subject: Name, node: Node, place: Location) -> Condition:
        if not isinstance(node.data, list) or len(node.data) != 2:
            self._problems.add(
                "R0206", "expected a list of two ends, `[low, high]`", node.location, _ends(node.data)
            )
            return NEVER
        low, high = (self._operand(subject, item) for item in node.each())
        if not isinstance(low, Name) and not isinstance(high, Name) and _reversed(low, high):
            self._problems.add(
                "R0206",
                "the first end of `between` lies above the second: it never holds",
                node.location,
                "write the lower end first",
            )
        needs = f"between {self._words(low, subject)} and {self._words(high, subject)}"
        asked = self._asked("between", subject, [low, high])
        ends = (
            Compare(subject, Op.AT_LEAST, low, needs, place, asked),
            Compare(subject, Op.AT_MOST, high, needs, place, asked),
        )
        return self._guarded(AllOf(ends), [end for end in (low, high) if isinstance(end, Name)], place)

    def _has(self, subject: Name, node: Node, place: Location) -> Condition:
        member: Callable[[Any], Any] = reader(
            Type(Kind.CHOICE, subject.type.choices) if subject.type.choices else Type(Kind.TEXT), self._zone
        )
        try:
            value = member(node.scalar())
        except UnitError as error:
            hint = self._meant.hint(subject.name, subject.type, node.data) or error.hint
            self._problems.add("R0203", f"`{subject.name}`: {error}", node.location, hint)
            return NEVER
        return Has(subject, value, f"has {value}", place)

    def _present(self, subject: Name, node: Node, place: Location) -> Condition:
        if not isinstance(node.data, bool):
            raise node.malformed("`true` or `false`")
        if not self._names.optional(subject.name):
            self._problems.add(
                "R0230",
                f"`{subject.name}` is never absent: `present` says nothing",
                place,
                "leave the line out, or declare the fact `optional: true`",
            )
        present = Present(subject, "present", place)
        return present if node.data else Not(present)


def _literal_type(type_: Type) -> Type:
    """The type of what may be written beside a name.

    Money may be in another currency than the fact's: that is what rates are for. A text that a value can never yield
    would never hold, and with `is_not` always.
    """
    if type_.kind is Kind.MONEY:
        return Type(Kind.MONEY)
    return Type(Kind.CHOICE, type_.choices) if type_.kind is Kind.TEXT and type_.choices else type_


def _literal_code(error: UnitError) -> str:
    name = type(error).__name__
    return {"UnknownCurrencyError": "R0210", "TooManyDecimalsError": "R0212"}.get(name, "R0203")


def _comparable(one: Type, other: Type) -> bool:
    numbers = {Kind.NUMBER, Kind.INTEGER}
    if one.kind in numbers and other.kind in numbers:
        return True
    texts = {Kind.TEXT, Kind.CHOICE}
    if one.kind in texts and other.kind in texts:
        return True
    return one.kind is other.kind and one.kind in COMPARABLE and one.calendar == other.calendar


def _ends(raw: object) -> str:
    """How to write the range that was probably meant."""
    ends = re.fullmatch(r"(\S+?)\s*(?:-|–|to|\.\.|and)\s*(\S+)", raw) if isinstance(raw, str) else None
    if ends:
        return f"write `[{ends[1]}, {ends[2]}]`"
    return "for one end alone write `at_least` or `at_most`, of moments `not_before` or `not_after`"


def _reversed(low: Any, high: Any) -> bool:
    if hasattr(low, "currency") and low.currency != high.currency:
        return False
    return bool(low > high)
