"""The book: `policies.yaml` and every file that it names, read into a `Book`.

Every document is first parsed strictly. Where its shape is wrong, the JSON Schema words the problems; the parser's
own remark stands only if the schema finds nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path as FilePath
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from rescind.book.digest import DIGEST, digest_by_first_rule, digest_of, is_by_first_rule
from rescind.book.fact_meanings import fact_meanings
from rescind.book.lock import Lock, lock_path
from rescind.book.model import Book, BookWords, Policy, Version
from rescind.book.own_names import in_own_names
from rescind.book.read_lock import read_lock
from rescind.book.read_version import MAX_TITLE, VERSION, read_version
from rescind.book.read_version_parts import Setting
from rescind.book.renamed_facts import renamed
from rescind.book.vocabulary import Vocabulary, read_vocabulary
from rescind.book.words import BeforeFirst
from rescind.formula.business_calendars import BusinessCalendar, calendar_problem
from rescind.problems.problem import Location, Problem, Problems
from rescind.problems.suggestions import did_you_mean
from rescind.source.document import Document
from rescind.source.document_nodes import NAME, MalformedError, Node
from rescind.source.read_source import read_file
from rescind.source.yaml_writer import quoted
from rescind.values.decimals import UnitError
from rescind.values.money import currencies
from rescind.values.times import parse_date, parse_date_or_time

__all__ = ["BookReader", "read_book"]

Result = TypeVar("Result")
KINDS = {
    "book": "the book",
    "facts": "the vocabulary",
    "policy": "a version",
    "shared": "a file of shared rules",
    "lock": "the lock",
}
MAX_WORD = 60
MAX_FILES = 1_000  # looked at for a hint


def read_book(path: FilePath, problems: Problems) -> Book | None:
    """The book at `path` (the file), or None where it cannot be built; every problem found is added."""
    return BookReader(path, problems).read()


class BookReader:
    """Reads the files of one book, each once. `documents` keeps them, by path as shown, with their kind.

    `lock` is the file of its lock, the one beside it where None is given.
    """

    def __init__(self, path: FilePath, problems: Problems, lock: FilePath | None = None) -> None:
        self._path = path
        self._lock_path = lock or lock_path(path)
        # Where problems go: all of them, or those of the frozen version that is being read.
        self._problems = self._all = problems
        self._hints: dict[Problem, str] = {}
        self.documents: dict[str, tuple[str, Document]] = {}
        self._zone = ZoneInfo("UTC")
        self._home = ""  # the currency of the book
        self._known: Vocabulary | None = None

    def read(self) -> Book | None:
        """The book, or None where it cannot be built."""
        document = self._document(self._path.name, "book", None)
        book = self._shaped(self._book, document, "book") if document else None
        self._all.reword(self._hinted)
        return book

    def _document(self, shown: str, kind: str, named_at: Node | None) -> Document | None:
        """The document at a path relative to the book, read once."""
        if shown in self.documents:
            known, read = self.documents[shown]
            if known != kind and named_at:
                self._other_kind(named_at, known, kind)
                return None
            return read
        path = self._path.parent / shown
        if named_at and not self._inside(path, named_at):
            return None
        if named_at and not path.is_file():
            what = f"`{shown}` is a folder, not a file" if path.is_dir() else f"there is no file `{shown}`"
            self._problems.add("R0301", what, named_at.location, self._near(shown))
            return None
        document = read_file(path, shown, self._problems)
        if document:
            self.documents[shown] = (kind, document)
        return document

    def _other_kind(self, named_at: Node, known: str, kind: str) -> None:
        """The problem of a file that is named in two places as two kinds."""
        message = f"`{named_at.data}` is {KINDS[known]}, expected {KINDS[kind]}"
        hint = {"shared": "name a file with `schema: rescind/shared/1`"}.get(kind, "name another file")
        self._problems.add("R0100", message, named_at.location, hint)

    def _near(self, shown: str) -> str:
        """A hint with a file of the book whose name is near, else where names are looked for."""
        if self._problems.crowded:
            return ""
        root = self._path.parent
        there = (path.relative_to(root).as_posix() for path in root.rglob("*.yaml"))
        return did_you_mean(shown, list(islice(there, MAX_FILES))) or "paths start at the folder of the book"

    def _inside(self, path: FilePath, named_at: Node) -> bool:
        root = self._path.parent.resolve()
        if path.resolve().is_relative_to(root):
            return True
        self._problems.add(
            "R0301",
            f"`{named_at.data}` lies outside of the book's folder",
            named_at.location,
            self._near(str(named_at.data).lstrip("./")),
        )
        return False

    def _shaped(
        self, parse: Callable[[Document], Result | None], document: Document, kind: str
    ) -> Result | None:
        """What `parse` makes of a document, or the problems of shape of the document (or of one that it includes)."""
        try:
            return parse(document)
        except MalformedError as error:
            from rescind.shape.validate import validate

            if error.location.path != document.path:
                kind, document = self.documents[error.location.path]
            found = Problems()
            if validate(document, kind, found) and not self._faulty(document):
                found.add("R0199", str(error), error.location)
            named = in_own_names(found, self._known, self._home) if self._known else found
            self._problems.extend(named)
            return None

    def _faulty(self, document: Document) -> bool:
        """Whether an error in a document has been reported."""
        errors = (*self._all.errors, *self._problems.errors)
        return any(problem.location.path == document.path for problem in errors)

    def _book(self, document: Document) -> Book | None:
        root = Node(document).only(
            "schema",
            "title",
            "description",
            "timezone",
            "currency",
            "facts",
            "calendars",
            "policies",
            "words",
        )
        root.child("schema").one_of("rescind/book/1")
        self._zone = self._timezone(root.child("timezone"))
        facts = root.child("facts")
        vocabulary_file = self._document(facts.text(), "facts", facts)
        vocabulary = self._shaped(self._vocabulary, vocabulary_file, "facts") if vocabulary_file else None
        self._known, self._home = vocabulary, self._currency(root)
        calendars = self._calendars(root)
        policies = self._policies(root, vocabulary, calendars) if vocabulary else []
        if vocabulary is None:
            return None
        return Book(
            document.path,
            root.child("title").text(MAX_TITLE),
            self._zone,
            self._home,
            vocabulary,
            calendars,
            tuple(policies),
            self._lock(),
            self._words(root),
        )

    def _words(self, root: Node) -> BookWords:
        node = root.get("words")
        if not node:
            return BookWords()
        known = BookWords()
        node.only("cancellation", "cancelled", "description")
        return BookWords(
            node.text_of("cancellation", MAX_WORD) or known.cancellation,
            node.text_of("cancelled", MAX_WORD) or known.cancelled,
        )

    def _lock(self) -> Lock | None:
        """What was published; None where nothing was yet, or where the lock has problems of its own."""
        document = self._document(self._lock_path.name, "lock", None) if self._lock_path.exists() else None
        return self._shaped(self._locked, document, "lock") if document else None

    def _locked(self, document: Document) -> Lock:
        return read_lock(document, self._zone, self._problems)

    def _vocabulary(self, document: Document) -> Vocabulary:
        return read_vocabulary(document, self._zone, self._problems)

    def _timezone(self, node: Node) -> ZoneInfo:
        try:
            return ZoneInfo(node.text())
        except (KeyError, ValueError, OSError):
            self._problems.add(
                "R0302", f"`{node.text()}` is not a time zone", node.location, _zone_hint(node.text())
            )
            return ZoneInfo("UTC")

    def _currency(self, root: Node) -> str:
        node = root.get("currency")
        if node and node.text() not in currencies():
            hint = did_you_mean(node.text(), currencies())
            self._problems.add("R0210", f"`{node.text()}` is not a currency of ISO 4217", node.location, hint)
        return node.text() if node else ""

    def _calendars(self, root: Node) -> dict[str, BusinessCalendar]:
        node = root.get("calendars")
        return {name: self._calendar(child) for name, child in node.items()} if node else {}

    def _calendar(self, node: Node) -> BusinessCalendar:
        node.only("country", "subdivision", "days_off", "working_days", "description")
        if not NAME.fullmatch(str(node.path[-1])):
            raise node.malformed("a name")
        return BusinessCalendar(
            *self._country(node),
            self._dates(node.get("days_off")),
            self._dates(node.get("working_days")),
        )

    def _country(self, node: Node) -> tuple[str, str]:
        """The country of a calendar and its subdivision ("" for neither)."""
        country, subdivision = node.get("country"), node.text_of("subdivision")
        if not country:
            return "", node.child("country").text() if subdivision else ""
        if wrong := calendar_problem(country.text(), subdivision):
            place = node.child("subdivision") if wrong[0].startswith(f"`{country.text()}` has") else country
            self._problems.add("R0309", wrong[0], place.location, wrong[1])
        return country.text(), subdivision

    def _dates(self, node: Node | None) -> frozenset[dt.date]:
        dates = set()
        for item in node.once() if node else ():
            try:
                dates.add(parse_date(item.text()))
            except UnitError as error:
                self._problems.add("R0303", str(error), item.location, error.hint)
        return frozenset(dates)

    def _policies(
        self, root: Node, vocabulary: Vocabulary, calendars: Mapping[str, BusinessCalendar]
    ) -> list[Policy]:
        setting = Setting(vocabulary, self._zone, calendars, self._fragment, self._home)
        raw_calendars = root.get("calendars")
        meaning = raw_calendars.mapping() if raw_calendars else {}
        return [self._policy(node, setting, meaning) for node in root.child("policies").each()]

    def _policy(self, node: Node, setting: Setting, calendars: Mapping[str, object]) -> Policy:
        node.only("id", "title", "description", "governed_by", "otherwise", "before_first", "versions")
        before_first = node.get("before_first")
        listed = list(node.child("versions").each())
        versions = [self._version(item, setting, calendars) for item in listed]
        unread = [
            item.child("version").text() for item, read in zip(listed, versions, strict=True) if not read
        ]
        return Policy(
            node.child("id").id(),
            node.text_of("title", MAX_TITLE),
            node.text_of("governed_by"),
            node.id_of("otherwise"),
            tuple(version for version in versions if version),
            node.location,
            _places(node),
            before_first.word(BeforeFirst) if before_first else None,
            frozenset(unread),
        )

    def _version(self, node: Node, setting: Setting, calendars: Mapping[str, object]) -> Version | None:
        node.only("version", "in_force_from", "in_force_until", "file", "digest", "description")
        node.child("version").matching(VERSION, "the name of a version")
        start = self._moment(node.child("in_force_from"))
        until = node.get("in_force_until")
        end = self._moment(until) if until else None
        given = node.get("digest")
        frozen = given.matching(DIGEST, "a digest") if given else ""
        with self._frozen_hints(node.child("version").text() if frozen else ""):
            document, version = self._content(node.child("file"), setting)
        if document and version:
            version = self._named(version, node.child("version"), document)
        if not version or start is None or (until and end is None):
            return None
        return replace(
            self._digested(version, frozen, setting.vocabulary, calendars),
            frozen=frozen,
            in_force_from=start,
            in_force_until=end,
            entry=node.location,
            places=_places(node),
        )

    def _content(self, file: Node, setting: Setting) -> tuple[Document | None, Version | None]:
        """The document of a version, and what it says; None for what cannot be read."""
        document = self._document(file.text(), "policy", file)
        if not document:
            return None, None
        version = self._shaped(
            lambda found: read_version(Node(found), setting, self._problems), document, "policy"
        )
        return document, version

    @contextmanager
    def _frozen_hints(self, name: str) -> Iterator[None]:
        """Give problems of the frozen version `name` a hint: it was right once, so no mistake is to be corrected in it.

        Its problems are kept and get the hint once everything is read: drafts may include the same files.
        """
        if not name:
            yield
            return
        self._problems = Problems()
        try:
            yield
        finally:
            found, self._problems = self._problems, self._all
            hint = f"version `{name}` is frozen: restore what was deleted or edited, or start a new version"
            self._hints.update(dict.fromkeys(found.errors, hint))
            self._problems.extend(found)

    def _hinted(self, problem: Problem) -> Problem:
        if problem not in self._hints:
            return problem
        texts = [document.text for kind, document in self.documents.values() if kind in {"policy", "shared"}]
        moved = renamed(problem, self._known, texts) if self._known else None
        return moved or replace(problem, hint=self._hints[problem])

    def _digested(
        self, version: Version, frozen: str, vocabulary: Vocabulary, calendars: Mapping[str, object]
    ) -> Version:
        """The version with its digests; `calendars` are the entries of the book, as the first rule wants them."""
        zone, facts = self._zone.key, fact_meanings(version, vocabulary, self._zone)
        present = digest = digest_of(version.meaning, facts, zone)
        if is_by_first_rule(frozen):
            entries = {name: vocabulary.digests[name] for name in sorted(version.facts)}
            digest = digest_by_first_rule(version.meaning, entries, zone, calendars)
        return replace(version, digest=digest, present_digest=present, fact_meanings=facts)

    def _named(self, version: Version, name: Node, document: Document) -> Version:
        """The version under the name that the book gives it; that in its file must be the same."""
        if version.version != name.text():
            self._problems.add(
                "R0304",
                f"`{document.path}` says that it is version `{version.version}`, and the book `{name.text()}`",
                document.at(("version",)),
                f"write `version: {quoted(name.text())}`, or name another file",
            )
        return replace(version, version=name.text())

    def _moment(self, node: Node) -> int | None:
        """An instant, or the local midnight of a date."""
        try:
            return parse_date_or_time(node.text(), self._zone)
        except UnitError as error:
            self._problems.add("R0303", str(error), node.location, error.hint)
            return None

    def _fragment(self, named_at: Node) -> Node | None:
        """The root of an included file; its path is relative to the book."""
        document = self._document(named_at.text(), "shared", named_at)
        return self._shaped(_shared_root, document, "shared") if document else None


def _places(node: Node) -> dict[str, Location]:
    return {key: child.location for key, child in node.items()}


def _zone_hint(text: str) -> str:
    zones = available_timezones()
    city = text.rpartition("/")[2].lower()
    near = [zone for zone in sorted(zones) if zone.rpartition("/")[2].lower() == city]
    if near:
        return f"did you mean `{near[0]}`?"
    return (did_you_mean(text, zones) if "/" in text else "") or "use a name such as `Asia/Shanghai`"


def _shared_root(document: Document) -> Node:
    root = Node(document).only("schema", "title", "description", "blockers", "review", "values")
    root.child("schema").one_of("rescind/shared/1")
    return root
