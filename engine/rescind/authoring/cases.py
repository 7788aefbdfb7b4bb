"""Suites: YAML to cases, each with its facts, its clock and what it expects.

A suite is read strictly against its book. As with the book's own files, the JSON Schema
words the errors of shape. Facts are merged deeply; in the file they may be in groups or have dotted names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rescind.authoring.expectations import KEYS, Expectation, read_expectation
from rescind.book.model import Book
from rescind.book.open_groups import OpenGroups
from rescind.book.words import Outcome
from rescind.problems.problem import Location, Problems
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.source.document import Document
from rescind.source.document_nodes import MalformedError, Node, Path
from rescind.values.decimals import UnitError
from rescind.values.times import format_time, parse_date_or_time

__all__ = ["Case", "Equivalent", "Suite", "Target", "merged", "read_suite"]

SUBMITTED = ("request", "submitted_at")
MAX_CASES = 100_000
MAX_NAME = 200
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """What decides: a version, that of a policy which the time picks ("" as version), or the book ("" as both)."""

    policy: str = ""
    version: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.policy, self.version))) or "the book"


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `given` is what it says of the facts itself, by dotted name; `at` is in microseconds.

    `path` leads to the case in its file, `row` is its row in the table there (None without a table).
    """

    name: str
    suite: str
    location: Location
    at: int
    facts: Facts
    given: Mapping[str, Any]
    expected: Expectation
    targets: tuple[Target, ...]
    path: Path
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A mutant that is allowed to survive, and why."""

    mutant: str
    reason: str
    targets: tuple[Target, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class Suite:
    """One file of cases."""

    document: Document = field(repr=False)
    title: str
    cases: tuple[Case, ...]
    equivalents: tuple[Equivalent, ...]


def read_suite(document: Document, book: Book, problems: Problems) -> Suite | None:
    """The suite in a document, or None where it cannot be built; every problem found is added."""
    found = Problems()
    try:
        suite = _SuiteReader(document, book, found).read()
    except MalformedError as error:
        from rescind.shape.validate import validate

        suite = None
        if validate(document, "cases", problems):
            problems.add("R0199", str(error), error.location)
    problems.extend(found)
    return None if found.errors else suite


def merged(facts: Mapping[str, Any], changes: Mapping[str, Any]) -> Facts:
    """`facts` with `changes` merged in, deeply; None removes a fact."""
    result = dict(facts)
    for key, value in changes.items():
        below = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def _nested(facts: Mapping[str, Any]) -> Facts:
    """Facts in groups: dotted names are split."""
    result: Facts = {}
    for name, value in facts.items():
        result = _placed(result, name.split("."), value)
    return result


def _placed(tree: Facts, path: list[str], value: Any) -> Facts:
    """The tree with a value at a path; two mappings at one place become one."""
    head, *rest = path
    below = tree.get(head)
    if rest:
        value = _placed(below if isinstance(below, dict) else {}, rest, value)
    elif isinstance(value, dict) and isinstance(below, dict):
        value = {**below, **value}
    return {**tree, head: value}


def _flat(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in facts.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


class _SuiteReader:
    def __init__(self, document: Document, book: Book, problems: Problems) -> None:
        self._document = document
        self._book = book
        self._problems = problems
        self._open = OpenGroups(book.vocabulary)
        self._policies = {policy.id: policy for policy in book.policies}
        self._facts: Facts = {}
        self._at: int | None = None
        self._targets: tuple[Target, ...] = ()

    def read(self) -> Suite:
        root = Node(self._document).only(
            *("schema", "title", "description", "policy", "version", "versions", "in_force_at"),
            *("at", "facts", "cases", "equivalent"),
        )
        root.child("schema").one_of("rescind/cases/1")
        self._targets = self._read_targets(root)
        self._at = self._moment(root.get("at"))
        self._facts = self._facts_at(root)
        cases = [case for node in root.child("cases").each(MAX_CASES) for case in self._case(node)]
        self._check_names(cases)
        return Suite(
            self._document, root.text_of("title", MAX_NAME), tuple(cases), tuple(self._equivalents(root))
        )

    def _moment(self, node: Node | None) -> int | None:
        try:
            return parse_date_or_time(node.text(), self._book.zone) if node else None
        except UnitError as error:
            self._problems.add("R0303", str(error), node.location, error.hint)  # type: ignore[union-attr]
            return None

    # What decides a case.

    def _read_targets(self, root: Node) -> tuple[Target, ...]:
        policy, version = root.id_of("policy"), root.get("version")
        versions, times = root.get("versions"), root.get("in_force_at")
        if sum(node is not None for node in (version, versions, times)) > 1:
            raise (versions or times or root).malformed("`version`, `versions` or `in_force_at`, one of them")
        if not policy and (version or versions):
            raise root.malformed("`policy`")
        if policy and policy not in self._policies:
            hint = did_you_mean(policy, self._policies) or f"policies: {one_of(self._policies)}"
            message = f"the book has no policy `{policy}`"
            self._problems.add("R0700", message, root.child("policy").location, hint)
            return ()
        if times:
            return self._in_force(policy, times)
        if version:
            return (self._version(policy, version),)
        return self._listed(policy, versions) if versions else (Target(policy),)

    def _listed(self, policy: str, node: Node) -> tuple[Target, ...]:
        if isinstance(node.data, str):
            node.one_of("every")
            return tuple(Target(policy, version.version) for version in self._policies[policy].versions)
        return tuple(self._version(policy, item) for item in node.once())

    def _version(self, policy: str, node: Node) -> Target:
        known = [version.version for version in self._policies[policy].versions]
        if node.text() not in known:
            hint = did_you_mean(node.text(), known) or f"versions: {one_of(known)}"
            self._problems.add("R0700", f"`{policy}` has no version `{node.text()}`", node.location, hint)
        return Target(policy, node.text())

    def _in_force(self, policy: str, node: Node) -> tuple[Target, ...]:
        """The versions in force at some times, of one policy or of all, each once."""
        policies = [self._policies[policy]] if policy else self._book.policies
        found: dict[Target, None] = {}
        for item in node.once() if isinstance(node.data, list) else [node]:
            time = self._moment(item)
            if time is None:
                continue
            there = [version for each in policies if (version := each.in_force_at(time))]
            found.update(dict.fromkeys(Target(version.policy, version.version) for version in there))
            if not there:
                owner = f"version of `{policy}`" if policy else "version"
                words = f"no {owner} is in force at {format_time(time, self._book.zone)}"
                self._problems.add("R0700", words, item.location)
        return tuple(found)

    # Cases.

    def _case(self, node: Node) -> Iterator[Case]:
        node.only("name", "description", "at", "facts", "expect", "table")
        node.child("name").text(MAX_NAME)
        node.text_of("description")
        table = node.get("table")
        own = self._facts_at(node)
        if table:
            yield from self._rows(node, table, own)
        else:
            expected = read_expectation(node.child("expect"), self._book.zone, self._problems)
            at = self._moment(node.get("at"))
            yield self._built(node, str(node.child("name").data), own, at, expected)

    def _facts_at(self, node: Node) -> Facts:
        facts = node.get("facts")
        return _nested(facts.mapping()) if facts else {}

    def _built(self, node: Node, name: str, own: Facts, at: int | None, expected: Expectation) -> Case:
        facts = merged(self._facts, own)
        at = at if at is not None else self._at if self._at is not None else self._submitted(facts)
        if at is None:
            hint = "give the suite or the case `at: 2024-11-05T09:00:00+08:00`"
            self._problems.add("R0701", f"the case `{name}` has no clock", node.location, hint)
        given = dict(_flat(own))
        document, place = self._document.path, node.location
        return Case(name, document, place, at or 0, facts, given, expected, self._targets, node.path)

    def _submitted(self, facts: Facts) -> int | None:
        """The time of submission, used as the clock where a case gives none."""
        request = facts.get(SUBMITTED[0])
        text = request.get(SUBMITTED[1]) if isinstance(request, dict) else None
        try:
            return parse_date_or_time(text, self._book.zone) if isinstance(text, str) else None
        except UnitError:
            return 0  # a bad time among the facts is reported when the case is run

    # Tables.

    def _rows(self, node: Node, table: Node, own: Facts) -> Iterator[Case]:
        table.only("columns", "rows")
        columns = [column.text() for column in table.child("columns").once()]
        if not self._check_columns(table.child("columns")):
            return
        for number, row in enumerate(table.child("rows").each(MAX_CASES)):
            cells = list(row.each())
            if len(cells) != len(columns):
                words = f"the row has {_count(cells, 'cell')} for {_count(columns, 'column')}"
                self._problems.add("R0702", words, row.location)
                continue
            yield self._row(node, row, dict(zip(columns, cells, strict=True)), own, number)

    def _check_columns(self, columns: Node) -> bool:
        """Whether every column is a fact or a part of what is expected; what is not is a problem."""
        return all([self._check_column(column) for column in columns.each()])  # noqa: C419 - all of them are checked

    def _check_column(self, column: Node) -> bool:
        name = column.text()
        known: tuple[str, ...]
        if name.startswith("expect."):
            known, part, what = KEYS, name.split(".")[1], "a part of what is expected"
            fine = part in known
        else:
            known, part, what = tuple(self._book.vocabulary.names()), name, "a fact"
            fine = name in ("at", "name") or self._is_fact(name)
        if not fine:
            near = "" if self._problems.crowded else self._open.slip(name) or did_you_mean(part, known)
            hint = near or "what is expected begins with `expect.`"
            self._problems.add("R0704", f"`{name}` is not {what}", column.location, hint)
        return fine

    def _is_fact(self, name: str) -> bool:
        vocabulary = self._book.vocabulary
        return vocabulary.fact_of(name) is not None or self._open.take(name)

    def _row(self, node: Node, row: Node, cells: Mapping[str, Node], own: Facts, number: int) -> Case:
        changes = {
            name: cell.data
            for name, cell in cells.items()
            if name not in ("at", "name") and not name.startswith("expect.")
        }
        at = cells["at"] if "at" in cells and cells["at"].data is not None else node.get("at")
        expected = self._expected(node, row, cells)
        name = _row_name(node, cells, number)
        case = self._built(row, name, _over(own, changes), self._moment(at), self._read(expected))
        return replace(case, path=node.path, row=number)

    def _read(self, expected: Node) -> Expectation:
        if expected.data:
            return read_expectation(expected, self._book.zone, self._problems)
        hint = "give the table a column such as `expect.outcome`"
        self._problems.add("R0703", "the row expects nothing", expected.location, hint)
        return Expectation(Outcome.ALLOWED)

    @staticmethod
    def _expected(node: Node, row: Node, cells: Mapping[str, Node]) -> Node:
        """What a row expects: what is common to the table, with its own cells put in."""
        common = node.get("expect")
        parts: Any = common.data if common else {}
        parts = {"outcome": parts} if isinstance(parts, str) else dict(parts)
        for name, cell in cells.items():
            if name.startswith("expect.") and cell.data is not None:
                parts = _placed(parts, name.split(".")[1:], cell.data)
        return Node(row.document, row.path, parts)

    def _check_names(self, cases: list[Case]) -> None:
        seen: dict[str, Location] = {}
        for case in cases:
            if case.name in seen:
                words = f"the case `{case.name}` appears twice; the first is at {seen[case.name]}"
                self._problems.add("R0705", words, case.location, "give it another name")
            seen.setdefault(case.name, case.location)

    def _equivalents(self, root: Node) -> Iterator[Equivalent]:
        listed = root.get("equivalent")
        for node in listed.each() if listed else ():
            node.only("mutant", "reason")
            yield Equivalent(
                node.child("mutant").text(), node.child("reason").text(), self._targets, node.location
            )


def _count(items: Sequence[object], noun: str) -> str:
    return f"{len(items)} {noun}{'s' * (len(items) != 1)}"


def _over(own: Facts, changes: Mapping[str, Any]) -> Facts:
    """The facts of a case, overridden by those of a row; None is kept, since it removes facts of the suite."""
    result = own
    for name, value in changes.items():
        result = _placed(result, name.split("."), value)
    return result


def _row_name(node: Node, cells: Mapping[str, Node], number: int) -> str:
    own = cells["name"].text(MAX_NAME) if "name" in cells else f"row {number + 1}"
    return f"{node.child('name').data} / {own}"
