"""The vocabulary: every fact that policies may read and callers may send, with its type.

`read_vocabulary` turns the facts file into a `Vocabulary`. `names` lists what conditions and formulas may write,
which is a little more than the facts: `now`, and each payment instrument as money.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any
from zoneinfo import ZoneInfo

from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location, Problems
from rescind.problems.suggestions import did_you_mean
from rescind.source.document import Document
from rescind.source.document_nodes import NAME, Node
from rescind.values.decimals import UnitError, format_decimal, plainly
from rescind.values.money import currencies
from rescind.values.types import ABSENT, Kind, Type
from rescind.values.value_readers import Fault, RejectedError, faults_of, hint_text, reader

__all__ = ["NOW", "RESERVED", "Fact", "Vocabulary", "read_vocabulary"]

NOW = "now"
CHOICE = re.compile(r"\S(?:[^\r\n\t]{0,62}\S)?")
RESERVED = frozenset({NOW, "all", "any", "refund", "each", "true", "false", "and", "or", "not", "if", "else"})

FACT_KEYS = (
    *("type", "description", "default", "optional", "choices", "currency"),
    *("calendar", "fields", "at_least", "at_most", "counter", "examples"),
)


@frozen
class Fact:
    """One fact: dotted name, type, and what a missing value means.

    `default` is a typed value or `ABSENT`. `labels` name choices in words. `at_least` and `at_most` bound integers
    and numbers (None: unbounded). `fields` are those of a list's records. `counter`: it counts what was granted so far,
    and each line of a request that is decided by it may add to it.
    """

    name: str
    type: Type
    location: Location
    description: str = ""
    default: Any = ABSENT
    optional: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    at_least: int | None = None
    at_most: int | None = None
    fields: Mapping[str, Fact] = field(default_factory=dict)
    examples: tuple[Any, ...] = ()
    counter: bool = False

    @property
    def required(self) -> bool:
        """Whether a policy that reads the fact needs the caller to send it."""
        return not self.optional and self.default is ABSENT

    def check_bounds(self, value: Any) -> None:
        """Raises `UnitError` where an integer or number, also one in a record of a list, lies outside of its bounds."""
        if self.fields:
            self._check_records(value)
        if self.at_least is not None and value < self.at_least:
            raise UnitError(f"expected {self.at_least} or more, found `{format_decimal(value)}`")
        if self.at_most is not None and value > self.at_most:
            raise UnitError(f"expected {self.at_most} or less, found `{format_decimal(value)}`")

    @property
    def bounded(self) -> bool:
        """Whether a value of the right type may still lie outside of bounds."""
        bounds = self.at_least is not None or self.at_most is not None
        return bounds or any(field.bounded for field in self.fields.values())

    def _check_records(self, records: Any) -> None:
        faults: list[Fault] = []
        for index, record in enumerate(records):
            for name in record.keys() & self.fields.keys():
                try:
                    self.fields[name].check_bounds(record[name])
                except UnitError as error:
                    faults.append(((index, name), str(error), error.hint))
        if faults:
            raise RejectedError(sorted(faults, key=lambda fault: fault[:2]))


@frozen
class Vocabulary:
    """The facts by dotted name in file order, the groups with their descriptions, and the open groups."""

    path: str
    facts: Mapping[str, Fact]
    groups: Mapping[str, str]
    open_groups: frozenset[str]
    digests: Mapping[str, object]

    def names(self) -> dict[str, Type]:
        """Names to types for conditions and formulas: the facts, `now`, and each instrument as money."""
        names: dict[str, Type] = {NOW: Type(Kind.TIME)}
        for fact in self.facts.values():
            names[fact.name] = fact.type
            if fact.type.kind is Kind.INSTRUMENTS:
                money = Type(Kind.MONEY, currency=fact.type.currency)
                names |= {f"{fact.name}.{part}": money for part in (*fact.type.choices, "total")}
        return names

    def counters(self) -> list[str]:
        """The facts that count what was granted so far."""
        return [name for name, fact in self.facts.items() if fact.counter]

    def fact_of(self, name: str) -> Fact | None:
        """The fact that a name reads: itself, or the instruments fact of `order.paid.cash`."""
        return self.facts.get(name) or self.facts.get(name.rpartition(".")[0])


def read_vocabulary(document: Document, zone: ZoneInfo, problems: Problems) -> Vocabulary:
    """Read a facts file. Raises `MalformedError` where its shape is wrong; other problems are added."""
    root = Node(document).only("schema", "title", "description", "facts")
    root.child("schema").one_of("rescind/facts/1")
    return _VocabularyReader(document, zone, problems).read(root.child("facts"))


# Keys of a fact that change no decision.
UNDECIDING = frozenset({"description", "examples", "counter"})


class _VocabularyReader:
    def __init__(self, document: Document, zone: ZoneInfo, problems: Problems) -> None:
        self._document = document
        self._zone = zone
        self._problems = problems
        self._facts: dict[str, Fact] = {}
        self._groups: dict[str, str] = {}
        self._open: set[str] = set()
        self._digests: dict[str, object] = {}

    def read(self, tree: Node) -> Vocabulary:
        self._group("", tree)
        return Vocabulary(
            self._document.path, self._facts, self._groups, frozenset(self._open), self._digests
        )

    def _group(self, prefix: str, node: Node) -> None:
        for key, child in node.items():
            name = f"{prefix}{key}"
            if key == "description" and prefix:
                child.text()
            elif key == "open" and prefix:
                node.flag_of("open")
            elif not self._name(key, child):
                continue
            elif isinstance(child.mapping().get("type"), str):
                self._facts[name] = self._fact(name, child)
                self._digests[name] = _meaning(child.data)
            else:
                self._groups[name] = child.text_of("description")
                if child.flag_of("open"):
                    self._open.add(name)
                elif not child.mapping().keys() - {"description", "open"}:
                    self._no_type(name, child)
                self._group(f"{name}.", child)

    def _no_type(self, name: str, node: Node) -> None:
        hint = "add `type: flag` or the like; a group holds facts"
        self._problems.add("R0102", f"the fact `{name}` has no `type`", node.key_location, hint)
        raise node.malformed("a fact or a group of facts")

    def _name(self, key: str, node: Node) -> bool:
        if not NAME.fullmatch(key):
            raise node.malformed("a name of small letters, digits and underscores")
        if key in RESERVED:
            self._problems.add(
                "R0220",
                f"`{key}` is a word of the language and cannot name a fact",
                node.key_location,
                "give it another name",
            )
            return False
        return True

    def _fact(self, name: str, node: Node) -> Fact:
        node.only(*FACT_KEYS)
        kind = Kind(node.child("type").one_of(*Kind))
        labels = _labels(node, kind)
        fields = self._fields(name, node) if kind is Kind.LIST else {}
        type_ = Type(
            kind,
            choices=tuple(labels),
            currency=self._currency(node, kind),
            calendar=_allowed(node, kind, "calendar", Kind.DURATION) and node.flag_of("calendar"),
            fields={key: replace(item.type, optional=item.optional) for key, item in fields.items()},
        )
        fact = Fact(
            name,
            type_,
            node.key_location,
            description=node.text_of("description"),
            optional=_optional(node),
            labels=labels,
            at_least=_bound(node, kind, "at_least"),
            at_most=_bound(node, kind, "at_most"),
            fields=fields,
            examples=tuple(item.data for item in _maybe_each(node.get("examples"))),
            counter=_allowed(node, kind, "counter", Kind.INTEGER) and node.flag_of("counter"),
        )
        self._check_range(fact, node)
        return self._with_default(fact, node)

    def _currency(self, node: Node, kind: Kind) -> str:
        child = node.get("currency")
        if not child:
            return ""
        _allowed(node, kind, "currency", Kind.MONEY, Kind.INSTRUMENTS)
        if child.text() not in currencies():
            hint = did_you_mean(child.text(), currencies())
            self._problems.add(
                "R0210", f"`{child.text()}` is not a currency of ISO 4217", child.location, hint
            )
            return ""
        return child.text()

    def _fields(self, name: str, node: Node) -> dict[str, Fact]:
        fields = {}
        for key, child in node.child("fields").items():
            if child.mapping().get("default") is not None:
                hint = "a field is sent with every record; `optional: true` lets a record leave it out"
                self._problems.add(
                    "R0211",
                    f"the field `{name}.{key}` has a `default`",
                    child.child("default").key_location,
                    hint,
                )
            if counter := child.get("counter"):
                raise counter.malformed(
                    "no `counter` in a field: a request has one count for all of its lines"
                )
            if self._name(key, child):
                fields[key] = self._fact(f"{name}.{key}", child)
        return fields

    def _with_default(self, fact: Fact, node: Node) -> Fact:
        for example in _maybe_each(node.get("examples")):
            self._typed(fact, example, "an example")
        default = node.get("default")
        if not default:
            return fact
        if fact.optional:
            raise default.malformed("`default` or `optional`, not both")
        return replace(fact, default=self._typed(fact, default, "the default"))

    def _typed(self, fact: Fact, node: Node, what: str) -> Any:
        """A default or an example as a value of the fact; `ABSENT` if it is not one."""
        try:
            value = reader(fact.type, self._zone)(_plainly(node.data, fact.type))
            fact.check_bounds(value)
        except UnitError as error:
            for path, message, hint in faults_of(error):
                place = self._document.at((*node.path, *path))
                self._problems.add("R0211", f"{what} of `{fact.name}`: {message}", place, hint_text(hint))
            return ABSENT
        return value

    def _check_range(self, fact: Fact, node: Node) -> None:
        if fact.at_least is not None and fact.at_most is not None and fact.at_least > fact.at_most:
            message = f"no value of `{fact.name}` is at least {fact.at_least} and at most {fact.at_most}"
            self._problems.add("R0206", message, node.child("at_least").location, "swap the two bounds")


def _plainly(data: object, type_: Type) -> object:
    """A default in the spelling that facts use: books may spell numbers and amounts in other ways, and always could."""
    if isinstance(data, str):
        return (
            plainly(data) if type_.kind in (Kind.MONEY, Kind.NUMBER, Kind.INSTRUMENTS, Kind.RATES) else data
        )
    if isinstance(data, list):
        return [_plainly(item, type_) for item in data]
    if isinstance(data, dict):
        return {key: _plainly(item, type_.fields.get(key, type_)) for key, item in data.items()}
    return data


def _maybe_each(node: Node | None) -> list[Node]:
    return list(node.each()) if node else []


def _allowed(node: Node, kind: Kind, key: str, *kinds: Kind) -> bool:
    child = node.get(key)
    if child and kind not in kinds:
        raise child.malformed(f"`{key}` only on {' or '.join(kinds)}")
    return child is not None


def _optional(node: Node) -> bool:
    child = node.get("optional")
    if child and child.data is not True:
        raise child.malformed("`true`")
    return child is not None


def _labels(node: Node, kind: Kind) -> dict[str, str]:
    if not _allowed(node, kind, "choices", Kind.CHOICE, Kind.SET, Kind.INSTRUMENTS):
        if kind in (Kind.CHOICE, Kind.INSTRUMENTS):
            raise node.malformed("`choices`")
        return {}
    choices = node.child("choices")
    if isinstance(choices.data, dict):
        labels = {key: child.text(500) for key, child in choices.items()}
    else:
        labels = dict.fromkeys((child.text() for child in choices.once()), "")
    form = NAME if kind is Kind.INSTRUMENTS else CHOICE
    if any(not form.fullmatch(name) for name in labels):
        raise choices.malformed("choices of one line each")
    return labels


def _bound(node: Node, kind: Kind, key: str) -> int | None:
    if not _allowed(node, kind, key, Kind.INTEGER, Kind.NUMBER):
        return None
    value = node.child(key)
    if type(value.data) is not int:
        raise value.malformed("an integer")
    return value.data


def _meaning(data: object) -> object:
    """The part of a fact's entry that digests cover: all but texts for people and keys that change no decision."""
    if not isinstance(data, dict):
        return data
    kept = {key: value for key, value in data.items() if key not in UNDECIDING}
    if isinstance(kept.get("choices"), dict):
        kept["choices"] = list(kept["choices"])
    if isinstance(kept.get("fields"), dict):
        kept["fields"] = {name: _meaning(field) for name, field in kept["fields"].items()}
    return kept
