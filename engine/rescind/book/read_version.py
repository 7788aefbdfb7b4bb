"""One version file (with what it includes) to a `Version`.

Values are typed on demand (see `names_in_scope`), so their order in the file is free and the order in `Version.values`
is one in which each uses only earlier ones. The refund is a value of that kind too: conditions may read `refund.total`.
What stands in each section is read by `read_values`, `read_rules` and `read_refund`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from rescind.book.model import ALWAYS, Refund, Value, Version
from rescind.book.names_in_scope import BrokenNameError, Names
from rescind.book.read_includes import Includes
from rescind.book.read_refund import REFUND_TOTAL, RefundReader
from rescind.book.read_rules import RuleReader
from rescind.book.read_values import ValueReader
from rescind.book.read_version_parts import PartReader, Setting, attempt
from rescind.book.vocabulary import RESERVED, Vocabulary
from rescind.problems.problem import Location, Problems
from rescind.source.document_nodes import ID, NAME, Node
from rescind.values.decimals import UnitError
from rescind.values.times import parse_date
from rescind.values.types import Kind, Type

__all__ = ["MAX_TITLE", "VERSION", "VersionReader", "read_version"]

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
URL = re.compile(r"https?://\S{1,490}")
MAX_TITLE = 200
UNKNOWN_NAME = frozenset({"R0201", "R0503"})


# The deepest nesting of values that are typed one inside the other; a longer chain is typed from its end.
DEEPEST = 4
# The deepest nesting while a circle is looked for, so that every link of the circle can be named.
LONGEST_CIRCLE = 40


class _SettleFirstError(Exception):
    """A value cannot be typed before another one."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def read_version(root: Node, setting: Setting, problems: Problems) -> Version:
    """Read a version file. Raises `MalformedError` where its shape is wrong; other problems are added."""
    found = Problems()
    reader = VersionReader(root, setting, found)
    try:
        return reader.read()
    finally:
        # An unknown name may be in the file that could not be included, so it is not reported.
        problems.extend(each for each in found if not (reader.lost and each.code in UNKNOWN_NAME))


class VersionReader:
    """Reads one version; holds what is known of it so far."""

    def __init__(self, root: Node, setting: Setting, problems: Problems) -> None:
        self._root = root
        self._vocabulary = setting.vocabulary
        self._problems = problems
        self._names = Names(setting.vocabulary, self._demand)
        self._parts = PartReader(self._names, setting, problems)
        self._includes = Includes(root, setting, problems)
        self._value_reader = ValueReader(self._parts)
        self._refund_reader = RefundReader(self._parts)
        self._rule_reader = RuleReader(self._parts)
        self._bodies: dict[str, Callable[[str], Value]] = {}
        self._declared_at: dict[str, Location] = {}
        self._values: dict[str, Value] = {}
        self._open: list[str] = []
        self._deepest = DEEPEST
        self._broken: set[str] = set()
        self._refund: Refund | None = None

    @property
    def lost(self) -> bool:
        """Whether values could not be included."""
        return self._includes.lost

    def read(self) -> Version:
        """The version. Raises `MalformedError` where its shape is wrong."""
        root = self._root.only(
            *("schema", "policy", "version", "title", "description", "source", "include", "applies_to"),
            *("blockers", "review", "values", "refund", "reasons", "together"),
        )
        root.child("schema").one_of("rescind/policy/1")
        self._declare_values()
        refund = root.get("refund")
        if refund:
            self._refund_reader.declare(refund)
        for name in (*self._bodies, *([REFUND_TOTAL] if refund else [])):
            attempt(self._settle, name)
        applies_to = root.get("applies_to")
        version = Version(
            policy=root.child("policy").id(),
            version=root.child("version").matching(VERSION, "the name of a version"),
            title=root.child("title").text(MAX_TITLE),
            path=root.document.path,
            applies_to=self._parts.condition(applies_to) if applies_to else ALWAYS,
            blockers=self._rule_reader.blockers(self._includes.listed("blockers")),
            reviews=self._rule_reader.reviews(self._includes.listed("review")),
            values=tuple(self._values.values()),
            refund=self._refund,
            reasons=self._reasons(),
            together=self._together(),
            source=self._source(),
            location=root.location,
            meaning=self._includes.meaning(),
        )
        return _with_reads(version, self._parts.used, self._vocabulary)

    # Values: declared first, then typed on demand.

    def _declare_values(self) -> None:
        for section in self._includes.value_sections():
            for name, node in section.items():
                if not NAME.fullmatch(name):
                    raise node.malformed("a name of small letters, digits and underscores")
                self._declare_value(name, node)

    def _declare_value(self, name: str, node: Node) -> None:
        if isinstance(node.data, dict):
            for column, body in self._value_reader.matrix(name, node):
                self._declare(column, body, node)
        else:
            self._declare(name, lambda own, at=node: self._value_reader.value(own, at), node)  # type: ignore[misc]

    def _declare(self, name: str, body: Callable[[str], Value], node: Node) -> None:
        if name in RESERVED:
            message = f"`{name}` is a word of the language and cannot name a value"
            self._problems.add("R0220", message, node.key_location, "give it another name")
        elif self._names.declare(name):
            self._bodies[name] = body
            self._declared_at[name] = node.key_location
        else:
            message = f"`{name}` is the name of a fact"
            if name in self._declared_at:
                message = f"`{name}` is declared twice; the first is at {self._declared_at[name]}"
            self._problems.add("R0221", message, node.key_location, "give it another name")

    def _demand(self, name: str) -> Type:
        if name.startswith("refund."):
            self._settle(REFUND_TOTAL)
            return Type(Kind.MONEY)
        self._settle(name)
        if name in self._broken:
            raise BrokenNameError(name)
        return self._values[name].type

    def _settle(self, name: str) -> None:
        """Type one value, and before it those that it uses, from the end of the chain where that is long."""
        if self._open:
            self._settle_one(name)
            return
        waiting = [name]
        while waiting:
            try:
                self._settle_one(waiting[-1])
            except _SettleFirstError as first:
                if first.name in waiting and self._deepest < LONGEST_CIRCLE:
                    self._deepest = LONGEST_CIRCLE
                    waiting = waiting[: waiting.index(first.name) + 1]
                    continue
                if first.name in waiting:
                    self._cycle(waiting[waiting.index(first.name) :], first.name)
                    self._broken.update(waiting)
                    return
                waiting.append(first.name)
                continue
            waiting.pop()

    def _settle_one(self, name: str) -> None:
        if name in self._values or name in self._broken or (name == REFUND_TOTAL and self._refund):
            return
        if name in self._open:
            self._cycle(self._open[self._open.index(name) :], name)
            raise BrokenNameError(name)
        if len(self._open) >= self._deepest:
            raise _SettleFirstError(name)
        self._open.append(name)
        try:
            self._settle_body(name)
        except BrokenNameError:
            self._broken.add(name)
        finally:
            self._open.pop()

    def _settle_body(self, name: str) -> None:
        if name == REFUND_TOTAL:
            self._refund = self._refund_reader.read(self._root.child("refund"))
        else:
            self._values[name] = self._bodies[name](name)

    def _cycle(self, links: list[str], name: str) -> None:
        chain = [*links, name]
        words = " → ".join(f"`{'refund' if link == REFUND_TOTAL else link}`" for link in chain)
        values = self._root.get("values")
        node = values.get(name) if values and name in values.mapping() else self._root.get("refund")
        self._problems.add(
            "R0222",
            f"values use each other in a circle: {words}",
            (node or self._root).key_location,
            "compute one of them from facts alone",
        )

    # The rest.

    def _reasons(self) -> dict[str, str]:
        node = self._root.get("reasons")
        if not node:
            return {}
        if isinstance(node.data, dict):
            return {_id(key, child): child.text(500) for key, child in node.items()}
        return {child.id(): child.id().replace("_", " ") for child in node.once()}

    def _together(self) -> str:
        node = self._root.get("together")
        if not node:
            return ""
        name = attempt(self._parts.conditions.name, node.text(), node.location)
        if name and (name.type.kind is not Kind.TEXT or name.name not in self._vocabulary.facts):
            self._parts.wrong_kind(name, Kind.TEXT, node)
        self._parts.used.add(node.text())
        return node.text()

    def _source(self) -> dict[str, str]:
        node = self._root.get("source")
        if not node:
            return {}
        source = {key: child.text(500) for key, child in node.only("title", "updated", "url").items()}
        if "url" in source:
            node.child("url").matching(URL, "an address on the web")
        if "updated" in source:
            self._date(node.child("updated"))
        return source

    def _date(self, node: Node) -> None:
        try:
            parse_date(node.text())
        except UnitError as error:
            self._problems.add("R0303", str(error), node.location, error.hint)


def _id(key: str, node: Node) -> str:
    if not ID.fullmatch(key):
        raise node.malformed("an id")
    return key


def _with_reads(version: Version, read: set[str], vocabulary: Vocabulary) -> Version:
    facts = frozenset(fact.name for fact in map(vocabulary.fact_of, read) if fact)
    return replace(version, facts=facts, values_read=frozenset(value.name for value in version.values) & read)
