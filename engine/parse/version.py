"""One version file (with what it includes) to a `Version`.

Values are typed on demand (see `names`), so their order in the file is free and the order in `Version.values` is one
in which each uses only earlier ones. The refund is a value of that kind too: conditions may read `refund.total`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from engine.diagnostics import Location, Problems, did_you_mean, one_of
from engine.formula import BusinessCalendar, Formula, Scope, compile_formula
from engine.frozen import frozen
from engine.model import (
    ALWAYS,
    UNSPECIFIED,
    AllOf,
    Blocker,
    Condition,
    Deduction,
    Destination,
    Instrument,
    Name,
    Not,
    Refund,
    Review,
    Row,
    Table,
    Term,
    Value,
    Version,
    leaves,
)
from engine.node import ID, NAME, Node
from engine.parse.conditions import ConditionReader
from engine.parse.names import BrokenNameError, Names
from engine.types import Kind, Type, a_type
from engine.units import Duration, UnitError, parse_date, parse_duration
from engine.vocabulary import RESERVED, Vocabulary

__all__ = ["MAX_TITLE", "VERSION", "VersionReader", "read_version"]

ROUNDING = ("half_up", "half_even", "half_down", "up", "down")
PLACES = ("once", "each_deduction", "each_instrument")
DESTINATIONS = ("original_payment", "account", "bank")
REFUND_TOTAL = "refund.total"
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
URL = re.compile(r"https?://\S{1,490}")
MAX_TITLE, MAX_MESSAGE = 200, 1_000
UNKNOWN_NAME = frozenset({"R0201", "R0503"})

Fragments = Callable[[Node], Node | None]
Rule = TypeVar("Rule", Blocker, Review)
Result = TypeVar("Result")


@frozen
class Setting:
    """What of the book a version is read against. `fragment` opens the file that an `include:` names."""

    vocabulary: Vocabulary
    zone: ZoneInfo
    calendars: Mapping[str, BusinessCalendar]
    fragment: Fragments


def read_version(root: Node, setting: Setting, problems: Problems) -> Version:
    """Read a version file. Raises `MalformedError` where its shape is wrong; other problems are added."""
    found = Problems()
    reader = VersionReader(root, setting, found)
    try:
        return reader.read()
    finally:
        # A name may stand in the file that could not be included: then it is not unknown, and nothing is said of it.
        problems.extend(each for each in found if not (reader.lost and each.code in UNKNOWN_NAME))


class VersionReader:
    """Reads one version; holds what is known of it so far. `lost`: values could not be included."""

    def __init__(self, root: Node, setting: Setting, problems: Problems) -> None:
        self._root = root
        self._setting = setting
        self._problems = problems
        self._names = Names(setting.vocabulary, self._demand)
        self._conditions = ConditionReader(self._names, setting.zone, problems)
        self._scope = Scope(
            types=self._names,
            optional=frozenset(name for name in self._names if self._names.optional(name)),
            zone=setting.zone,
            calendars=setting.calendars,
        )
        self._bodies: dict[str, Callable[[str], Value]] = {}
        self._declared_at: dict[str, Location] = {}
        self._values: dict[str, Value] = {}
        self._open: list[str] = []
        self._broken: set[str] = set()
        self._refund: Refund | None = None
        self._read: set[str] = set()
        self.lost = False

    def read(self) -> Version:
        """The version. Raises `MalformedError` where its shape is wrong."""
        root = self._root.only(
            *("schema", "policy", "version", "title", "description", "source", "include", "applies_to"),
            *("blockers", "review", "values", "refund", "reasons", "together"),
        )
        root.child("schema").one_of("rescind/policy/1")
        self._declare_values()
        self._declare_refund()
        for name in (*self._bodies, *([REFUND_TOTAL] if root.get("refund") else [])):
            self._attempt(self._settle, name)
        applies_to = root.get("applies_to")
        version = Version(
            policy=root.child("policy").id(),
            version=root.child("version").matching(VERSION, "the name of a version"),
            title=root.child("title").text(MAX_TITLE),
            path=root.document.path,
            applies_to=self._condition(applies_to) if applies_to else ALWAYS,
            blockers=tuple(self._unique(map(self._blocker, self._listed("blockers")))),
            reviews=tuple(self._unique(map(self._review, self._listed("review")))),
            values=tuple(self._values.values()),
            refund=self._refund,
            reasons=self._reasons(),
            together=self._together(),
            source=self._source(),
            location=root.location,
            meaning=self._meaning(),
        )
        return _with_reads(version, self._read, self._setting.vocabulary)

    # Values: declared first, then typed on demand.

    def _declare_values(self) -> None:
        for section in self._value_sections():
            for name, node in section.items():
                if not NAME.fullmatch(name):
                    raise node.malformed("a name of small letters, digits and underscores")
                self._declare_value(name, node)

    def _declare_value(self, name: str, node: Node) -> None:
        if isinstance(node.data, dict):
            for column, body in self._matrix(name, node):
                self._declare(column, body, node)
        else:
            self._declare(name, lambda own, at=node: self._value(own, at), node)  # type: ignore[misc]

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
        """Type one value, and before it those that it uses."""
        if name in self._values or name in self._broken or (name == REFUND_TOTAL and self._refund):
            return
        if name in self._open:
            self._cycle(name)
            raise BrokenNameError(name)
        self._open.append(name)
        try:
            self._settle_body(name)
        except BrokenNameError:
            self._broken.add(name)
        finally:
            self._open.pop()

    def _settle_body(self, name: str) -> None:
        if name == REFUND_TOTAL:
            self._refund = self._refund_section(self._root.child("refund"))
        else:
            self._values[name] = self._bodies[name](name)

    def _cycle(self, name: str) -> None:
        chain = [*self._open[self._open.index(name) :], name]
        words = " → ".join(f"`{'refund' if link == REFUND_TOTAL else link}`" for link in chain)
        values = self._root.get("values")
        node = values.get(name) if values and name in values.mapping() else self._root.get("refund")
        self._problems.add(
            "R0222",
            f"values use each other in a circle: {words}",
            (node or self._root).key_location,
            "compute one of them from facts alone",
        )

    def _value(self, name: str, node: Node) -> Value:
        if isinstance(node.data, list):
            return self._table(
                name, self._whole([self._attempt(self._row, row) for row in node.each()]), node
            )
        formula = self.formula(node)
        return Value(name, formula.type, formula, node.key_location)

    def _row(self, node: Node) -> Row:
        if isinstance(node.data, dict) and set(node.data) == {"otherwise"}:
            return Row(ALWAYS, self.formula(node.child("otherwise")), node.location)
        node.only("when", "is", "description")
        return Row(self._condition(node.child("when")), self.formula(node.child("is")), node.location)

    def _table(self, name: str, rows: list[Row], node: Node) -> Value:
        first = rows[0].result.type
        for row in rows:
            if not _alike(first, row.result.type):
                self._problems.add(
                    "R0223",
                    f"this row of `{name}` yields {a_type(row.result.type)}, and the first {a_type(first)}",
                    row.location,
                    "let every row yield the same type",
                )
                break
        if rows[-1].when is not ALWAYS:
            self._problems.add(
                "R0231",
                f"`{name}` has no row for every other case",
                node.key_location,
                "end the rows with `otherwise`; a case that no row covers cannot be decided",
            )
        for row in rows[:-1]:
            if row.when is ALWAYS:
                self._problems.add(
                    "R0224", "rows after `otherwise` are never reached", row.location, "move it to the end"
                )
        kind = next(
            (row.result.type for row in rows if row.result.type.kind is Kind.NUMBER), rows[0].result.type
        )
        return Value(name, kind, Table(tuple(rows)), node.key_location)

    def _matrix(self, name: str, node: Node) -> Iterator[tuple[str, Callable[[str], Value]]]:
        node.only("matrix", "columns", "rows", "description")
        columns = [column.matching(NAME, "a name") for column in node.child("columns").once()]
        whole = True
        for row in node.child("rows").mapping():
            cells = node.child("rows").child(row)
            if len(list(cells.each())) != len(columns):
                self._problems.add(
                    "R0225",
                    f"the row `{row}` needs {len(columns)} cells, a cell for each column, found "
                    f"{len(list(cells.each()))}",
                    cells.location,
                    f"columns: {one_of(columns).replace(' or ', ' and ')}",
                )
                whole = False
        if not whole:
            yield from ((f"{name}.{column}", self._broken_column) for column in columns)
            return
        for index, column in enumerate(columns):
            yield f"{name}.{column}", lambda own, at=index: self._column(own, node, at)  # type: ignore[misc]

    @staticmethod
    def _broken_column(name: str) -> Value:
        """A column whose cells are not all there: it has a name, and no more is said of it."""
        raise BrokenNameError(name)

    def _column(self, name: str, node: Node, index: int) -> Value:
        """One column of a matrix is a table: a row per choice."""
        choice = node.child("matrix")
        subject = self._conditions.name(choice.text(), choice.location)
        if subject.type.kind is not Kind.CHOICE:
            self._wrong_kind(subject, Kind.CHOICE, choice)
            raise BrokenNameError(subject.name)
        self._read.add(subject.name)
        rows = []
        for key, cells in node.child("rows").items():
            when = ALWAYS if key == "otherwise" else self._conditions.equals(subject, key, cells)
            rows.append(Row(when, self.formula(cells.child(index)), cells.key_location))
        missing = [each for each in subject.type.choices if each not in node.child("rows").mapping()]
        if not missing and not self._names.optional(subject.name):
            rows[-1] = Row(ALWAYS, rows[-1].result, rows[-1].location)
        return self._table(name, rows, node)

    def formula(self, node: Node, expect: Type | None = None) -> Formula:
        """A formula. Raises `BrokenNameError` when it has problems."""
        scalar = node.scalar()
        text = str(scalar).lower() if isinstance(scalar, bool) else format_scalar(scalar)
        formula = compile_formula(text, self._scope, node.text_location, self._problems, expect)
        if formula is None:
            raise BrokenNameError(text)
        self._read.update(formula.names)
        return formula

    def _attempt(self, stage: Callable[..., Result], *given: object) -> Result | None:
        """What a stage yields, or None where it stands on something broken: the stages beside it still run."""
        try:
            return stage(*given)
        except BrokenNameError:
            return None

    @staticmethod
    def _whole(parts: Iterable[Result | None]) -> list[Result]:
        """The parts, when none is broken."""
        whole = list(parts)
        if any(part is None for part in whole):
            raise BrokenNameError
        return whole  # type: ignore[return-value]

    # Conditions and rules.

    def _condition(self, node: Node) -> Condition:
        condition = self._conditions.read(node)
        for leaf in leaves(condition):
            self._read.add(leaf.subject.name)
            operand = getattr(leaf, "operand", None)
            if isinstance(operand, Name):
                self._read.add(operand.name)
        return condition

    def _when(self, node: Node) -> Condition:
        """`when` and not `unless`."""
        when, unless = node.get("when"), node.get("unless")
        parts: list[Condition] = [self._condition(when)] if when else []
        if unless:
            parts.append(Not(self._condition(unless)))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts)) if parts else ALWAYS

    def _value_sections(self) -> Iterator[Node]:
        """The values of every file under the top-level `include`, then those of the version itself."""
        include = self._root.get("include")
        for item in include.once() if include else ():
            fragment = self._setting.fragment(item)
            section = fragment.get("values") if fragment else None
            if section:
                yield section
                continue
            self.lost = True
            if fragment:
                self._problems.add(
                    "R0227",
                    f"`{item.text()}` has no `values`",
                    item.location,
                    "include blockers and reviews where they belong: `- include: …` in their list",
                )
        own = self._root.get("values")
        if own:
            yield own

    def _listed(self, key: str) -> Iterator[Node]:
        """The rules of a section, those of included fragments in the place of their `include`."""
        section = self._root.get(key)
        for item in section.each() if section else ():
            if isinstance(item.data, dict) and "include" in item.data:
                yield from self._included(key, item)
            else:
                yield item

    def _included(self, key: str, item: Node) -> Iterator[Node]:
        item.only("include", "only", "except")
        fragment = self._setting.fragment(item.child("include"))
        section = fragment.get(key) if fragment else None
        if not section:
            if fragment:
                place = item.child("include")
                self._problems.add(
                    "R0227", f"`{place.text()}` has no `{key}`", place.location, "name a file that has some"
                )
            return
        rules = list(section.each())
        chosen = self._chosen(item, [rule.child("id").id() for rule in rules])
        yield from (rule for rule in rules if rule.child("id").id() in chosen)

    def _chosen(self, item: Node, known: list[str]) -> set[str]:
        """The ids that `only` or `except` leave of an included section."""
        named = {}
        for key in ("only", "except"):
            node = item.get(key)
            named[key] = [child.id() for child in node.once()] if node else []
            for child in node.each() if node else ():
                if child.text() not in known:
                    hint = did_you_mean(child.text(), known) or f"it has {one_of(known, 6)}"
                    file = item.child("include").text()
                    self._problems.add("R0227", f"`{file}` has no `{child.text()}`", child.location, hint)
        return set(named["only"] or known) - set(named["except"])

    def _unique(self, rules: Iterable[Rule]) -> Iterator[Rule]:
        seen: dict[str, Location] = {}
        for rule in rules:
            self._once(rule.id, rule.location, seen)
            yield rule

    def _once(self, id_: str, place: Location, seen: dict[str, Location]) -> None:
        if id_ in seen:
            self._problems.add(
                "R0202",
                f"the id `{id_}` stands twice; the first is at {seen[id_]}",
                place,
                "give it another id",
            )
        seen.setdefault(id_, place)

    def _blocker(self, node: Node) -> Blocker:
        node.only("id", "when", "unless", "message", "remedy", "description")
        node.child("when")
        return Blocker(
            node.child("id").id(),
            self._when(node),
            node.child("message").text(MAX_MESSAGE),
            node.text_of("remedy", MAX_MESSAGE),
            node.location,
        )

    def _review(self, node: Node) -> Review:
        node.only("id", "when", "unless", "by", "within", "on_timeout", "scope", "reason", "description")
        return Review(
            node.child("id").id(),
            self._when(node),
            node.child("by").id(),
            self._within(node.child("within")),
            node.child("on_timeout").one_of("approve", "reject", UNSPECIFIED),
            node.choice_of("scope", "order", "request"),
            node.text_of("reason", MAX_MESSAGE),
            node.location,
        )

    def _within(self, node: Node) -> Duration | None:
        if node.text() == UNSPECIFIED:
            return None
        try:
            duration = parse_duration(node.text())
        except UnitError as error:
            self._problems.add("R0203", str(error), node.location, error.hint)
            return None
        if duration.months or duration.micros <= 0:
            self._problems.add(
                "R0203",
                f"a time limit needs an exact length above zero, found `{node.text()}`",
                node.location,
                "write `24h` or `30d`",
            )
        return duration

    # The refund.

    def _declare_refund(self) -> None:
        refund = self._root.get("refund")
        if not refund:
            return
        paid = self._setting.vocabulary.facts.get(refund.child("paid").text())
        self._names.declare(REFUND_TOTAL)
        for part in paid.type.choices if paid else ():
            self._names.declare(f"refund.returned.{part}")
        for term in refund.child("terms").each():
            for name in term.child("deduct").mapping() if term.get("deduct") else ():
                self._names.declare(f"refund.deductions.{name}")

    def _refund_section(self, node: Node) -> Refund:
        node.only("paid", "rounding", "below_zero", "split", "terms", "description")
        rounding = node.get("rounding")
        if rounding:
            rounding.only("mode", "place")
        paid = self._conditions.name(node.child("paid").text(), node.child("paid").location)
        self._read.add(paid.name)
        if paid.type.kind is not Kind.INSTRUMENTS:
            self._wrong_kind(paid, Kind.INSTRUMENTS, node.child("paid"))
            raise BrokenNameError(paid.name)
        terms = self._whole([self._attempt(self._term, term, paid) for term in node.child("terms").each()])
        seen: dict[str, Location] = {}
        for term in terms:
            self._once(term.id, term.location, seen)
        self._check_order(terms)
        return Refund(
            paid,
            rounding.choice_of("mode", *ROUNDING) if rounding else ROUNDING[0],
            rounding.choice_of("place", *PLACES) if rounding else PLACES[0],
            node.choice_of("below_zero", "zero", "charge"),
            node.choice_of("split", "proportional", "in_order"),
            tuple(terms),
            node.key_location,
        )

    def _check_order(self, terms: list[Term]) -> None:
        for term in terms[:-1]:
            if term.when is ALWAYS:
                self._problems.add(
                    "R0224",
                    f"terms after `{term.id}` are never reached: it has no `when`",
                    term.location,
                    "give it a `when`, or move it to the end",
                )
        if terms[-1].when is not ALWAYS:
            self._problems.add(
                "R0231",
                "no refund terms for every other case",
                terms[-1].location,
                "end the list with terms without `when`; a case that no terms cover cannot be decided",
            )

    def _term(self, node: Node, paid: Name) -> Term:
        node.only("id", "when", "unless", "description", "deduct", "instruments")
        deduct = node.get("deduct")
        items = list(deduct.items()) if deduct else []
        for name, child in items:
            if not NAME.fullmatch(name):
                raise child.malformed("a name")
        money = Type(Kind.MONEY, currency=paid.type.currency)
        deductions = self._whole(
            [self._attempt(self._deduction, name, child, money) for name, child in items]
        )
        instruments = self._instruments(node, paid)
        self._check_remainder(deductions, instruments, node)
        return Term(node.child("id").id(), self._when(node), tuple(deductions), instruments, node.location)

    def _instruments(self, term: Node, paid: Name) -> tuple[Instrument, ...]:
        """What the terms say of each instrument, in their order; one that they do not name comes last."""
        given = term.child("instruments")
        instruments = {
            name: self._instrument(name, child)
            for name, child in given.items()
            if self._known_instrument(name, child, paid)
        }
        for name in paid.type.choices:
            if name not in instruments and not given.mapping().keys() <= set(paid.type.choices):
                raise BrokenNameError(name)
            if name not in instruments:
                self._problems.add(
                    "R0232",
                    f"`{name}` is not named by the terms `{term.child('id').id()}`; nothing of it is returned",
                    given.key_location,
                    f"write `{name}: none` if that is meant",
                )
                instruments[name] = Instrument(name, "none", ALWAYS, (), given.key_location)
        return tuple(instruments.values())

    def _check_remainder(
        self, deductions: list[Deduction], instruments: Iterable[Instrument], node: Node
    ) -> None:
        if deductions and not any(instrument.back == "remainder" for instrument in instruments):
            self._problems.add(
                "R0228",
                "the terms deduct something, and no instrument returns a `remainder`",
                node.child("deduct").key_location,
                "write `remainder` for the instruments that the deductions are taken from",
            )

    def _known_instrument(self, name: str, node: Node, paid: Name) -> bool:
        if name in paid.type.choices:
            return True
        hint = did_you_mean(name, paid.type.choices)
        self._problems.add(
            "R0203", f"`{name}` is not an instrument of `{paid.name}`", node.key_location, hint
        )
        return False

    def _instrument(self, name: str, node: Node) -> Instrument:
        if not isinstance(node.data, dict):
            return Instrument(name, node.one_of("full", "none", "remainder"), ALWAYS, (), node.key_location)
        node.only("return", "when", "unless", "to", "description")
        back = node.child("return").one_of("full", "none", "remainder")
        return Instrument(name, back, self._when(node), self._destinations(node), node.key_location)

    def _destinations(self, node: Node) -> tuple[Destination, ...]:
        to = node.get("to")
        if not to:
            return ()
        if isinstance(to.data, str):
            return (Destination(ALWAYS, to.one_of(*DESTINATIONS)),)
        goals = [(item, self._destination(item)) for item in to.each()]
        for item, goal in goals[:-1]:
            if goal.when is ALWAYS:
                self._problems.add(
                    "R0224",
                    "destinations after `otherwise` are never reached",
                    item.location,
                    "move it to the end",
                )
        return tuple(goal for _, goal in goals)

    def _destination(self, node: Node) -> Destination:
        node.only("when", "to", "otherwise")
        otherwise = node.get("otherwise")
        if otherwise:
            node.only("otherwise")
            return Destination(ALWAYS, otherwise.one_of(*DESTINATIONS))
        return Destination(self._condition(node.child("when")), node.child("to").one_of(*DESTINATIONS))

    def _deduction(self, name: str, node: Node, money: Type) -> Deduction:
        column = "consumed" if name == "consumed" else "fees"
        if not isinstance(node.data, dict):
            return Deduction(name, self.formula(node, money), column, None, None, ALWAYS, node.key_location)
        node.only("amount", "as", "at_least", "at_most", "when", "unless", "description")
        limits = [
            self.formula(limit, money) if limit else None for limit in map(node.get, ("at_least", "at_most"))
        ]
        return Deduction(
            name,
            self.formula(node.child("amount"), money),
            node.choice_of("as", column, "consumed", "fees"),
            limits[0],
            limits[1],
            self._when(node),
            node.key_location,
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
        name = self._attempt(self._conditions.name, node.text(), node.location)
        if name and (name.type.kind is not Kind.TEXT or name.name not in self._setting.vocabulary.facts):
            self._wrong_kind(name, Kind.TEXT, node)
        self._read.add(node.text())
        return node.text()

    def _meaning(self) -> dict[str, object]:
        """What the version says, with all that it includes: the stuff of its digest."""
        own = {key: value for key, value in self._root.mapping().items() if key != "include"}
        for key in ("blockers", "review"):
            own[key] = [item.data for item in self._listed(key)]
        own["values"] = [section.data for section in self._value_sections()]
        return own

    def _wrong_kind(self, name: Name, kind: Kind, node: Node) -> None:
        """The problem of a fact of another kind than this place wants."""
        fitting = [each for each, type_ in self._setting.vocabulary.names().items() if type_.kind is kind]
        self._problems.add(
            "R0226",
            f"expected a fact of type `{kind}`, found `{name.name}`, which is {a_type(name.type)}",
            node.location,
            f"use {one_of(fitting, 6)}" if fitting else f"declare a fact with `type: {kind}`",
        )

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


def _alike(one: Type, other: Type) -> bool:
    numbers = {Kind.INTEGER, Kind.NUMBER}
    if one.kind in numbers and other.kind in numbers:
        return True
    return one.kind is other.kind and one.calendar == other.calendar


def _id(key: str, node: Node) -> str:
    if not ID.fullmatch(key):
        raise node.malformed("an id")
    return key


def format_scalar(scalar: str | int | Decimal) -> str:
    """A YAML scalar as formula text."""
    return format(scalar, "f") if isinstance(scalar, Decimal) else str(scalar)


def _with_reads(version: Version, read: set[str], vocabulary: Vocabulary) -> Version:
    facts = frozenset(fact.name for fact in map(vocabulary.fact_of, read) if fact)
    return replace(version, facts=facts, values_read=frozenset(value.name for value in version.values) & read)
