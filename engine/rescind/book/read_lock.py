"""The file `policies.lock`, read as strictly as what authors write: a merge may have broken it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from rescind.book.digest import DIGEST
from rescind.book.lock import Amendment, KeptDays, Lock, LockedPolicy, LockedVersion
from rescind.book.words import BeforeFirst
from rescind.problems.problem import Location, Problems
from rescind.source.document import Document
from rescind.source.document_nodes import NAME, Node
from rescind.values.decimals import UnitError
from rescind.values.times import parse_date, parse_date_or_time
from rescind.values.types import Kind

__all__ = ["SETTINGS", "read_lock"]

# The keys of a policy's entry in the book that say when it is tried, and by which time.
SETTINGS = ("governed_by", "otherwise", "before_first")
MEANING = (
    "type",
    "currency",
    "calendar",
    "of",
    "at_least",
    "at_most",
    "optional",
    "default",
    "names",
    "fields",
)
CHANGE = ("policy", "version", "calendar", "what", "was", "is")
LONG = 20_000  # characters of what a change was: the days of a calendar


def read_lock(document: Document, zone: ZoneInfo, problems: Problems) -> Lock:
    """Read a lock; times without an offset are in `zone`. Raises `MalformedError`; other problems are added."""
    return _LockReader(zone, problems).read(document)


class _LockReader:
    def __init__(self, zone: ZoneInfo, problems: Problems) -> None:
        self._zone = zone
        self._problems = problems

    def read(self, document: Document) -> Lock:
        root = Node(document).only("schema", "timezone", "policies", "calendars", "amendments")
        root.child("schema").one_of("rescind/lock/1")
        policies, calendars = root.get("policies"), root.get("calendars")
        amendments = root.get("amendments")
        found = tuple(self._policy(node) for node in policies.each()) if policies else ()
        self._once((policy.id, policy.location) for policy in found)
        return Lock(
            document.path,
            root.child("timezone").text(),
            found,
            {name: self._days(node) for name, node in calendars.items()} if calendars else {},
            tuple(_amendment(node) for node in amendments.each()) if amendments else (),
        )

    def _policy(self, node: Node) -> LockedPolicy:
        node.only("id", *SETTINGS, "versions")
        if before := node.get("before_first"):
            before.word(BeforeFirst)
        versions = tuple(self._version(each) for each in node.child("versions").each())
        self._once((version.name, version.location) for version in versions)
        settings = {key: node.text_of(key) for key in SETTINGS if node.get(key)}
        return LockedPolicy(node.child("id").id(), settings, versions, node.location)

    def _version(self, node: Node) -> LockedVersion:
        node.only("version", "in_force_from", "in_force_until", "digest", "facts")
        until, facts = node.get("in_force_until"), node.get("facts")
        return LockedVersion(
            node.child("version").text(64),
            self._moment(node.child("in_force_from")),
            self._moment(until) if until else None,
            node.child("digest").matching(DIGEST, "a digest"),
            {name: _meaning(each) for name, each in facts.items()} if facts else {},
            node.location,
        )

    def _once(self, names: Iterable[tuple[str, Location]]) -> None:
        """Report a name that occurs twice, as it may after a merge."""
        seen: dict[str, Location] = {}
        for name, place in names:
            if name in seen:
                message = f"`{name}` appears twice in the lock; the first is at {seen[name]}"
                self._problems.add("R0202", message, place, "keep the one that was published")
            seen.setdefault(name, place)

    def _moment(self, node: Node) -> int:
        try:
            return parse_date_or_time(node.text(), self._zone)
        except UnitError as error:
            self._problems.add("R0303", str(error), node.location, error.hint)
            return 0

    def _days(self, node: Node) -> KeptDays:
        if not NAME.fullmatch(str(node.path[-1])):
            raise node.malformed("a name")
        node.only("from", "until", "days_off", "working_days")
        return KeptDays(
            self._date(node.child("from")),
            self._date(node.child("until")),
            self._dates(node.get("days_off")),
            self._dates(node.get("working_days")),
            node.key_location,
        )

    def _dates(self, node: Node | None) -> frozenset[dt.date]:
        return frozenset(self._date(each) for each in node.once()) if node else frozenset()

    def _date(self, node: Node) -> dt.date:
        try:
            return parse_date(node.text())
        except UnitError as error:
            self._problems.add("R0303", str(error), node.location, error.hint)
            return dt.date.min


def _meaning(node: Node) -> dict[str, object]:
    """What a fact meant, as plain data: it is compared and hashed as it stands."""
    node.only(*MEANING).child("type").word(Kind)
    fields = node.get("fields")
    for _, child in fields.items() if fields else ():
        _meaning(child)
    return node.mapping()


def _amendment(node: Node) -> Amendment:
    node.only("because", "changes")
    changes = node.child("changes").each()
    return Amendment(
        node.child("because").text(),
        tuple({key: child.text(LONG) for key, child in change.only(*CHANGE).items()} for change in changes),
    )
