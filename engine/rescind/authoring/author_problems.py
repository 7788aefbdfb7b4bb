"""A book as its author sees it: every problem and piece of advice, except those that comments allow.

No rulesets are compiled, so checking a large book takes no longer than reading it.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rescind.authoring.allowed_warnings import without_allowed
from rescind.authoring.lint import lint
from rescind.authoring.run_cases import suite_files
from rescind.book.drafts import drafts_begun, drafts_to_come, left_out
from rescind.book.model import Book
from rescind.book.read_book import BookReader
from rescind.book.semantic_checks import check_book
from rescind.matching.compile_version import compile_version
from rescind.problems.codes import Severity
from rescind.problems.problem import Problem, Problems
from rescind.shape.validate import validate
from rescind.source.document import Document

__all__ = ["Inspection", "deployment_problems", "inspect_book", "tried_versions"]

# A key at the top of a suite and what follows it, without quotes and comments.
_TOP = re.compile(r"""^(policy|versions?):[ \t]*["']?([^#\n\r]*?)["']?[ \t]*(?:#.*)?\r?$""", re.MULTILINE)

Documents = Mapping[str, tuple[str, Document]]


@dataclass(frozen=True, slots=True)
class Inspection:
    """A book that was looked at: the book (None where it cannot be built), its problems, its files by path as shown."""

    path: Path
    book: Book | None
    problems: tuple[Problem, ...]
    documents: Documents

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the book."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def others(self) -> tuple[Problem, ...]:
        """The warnings and pieces of advice."""
        return tuple(problem for problem in self.problems if problem.severity is not Severity.ERROR)


def inspect_book(
    path: Path,
    *,
    advice: bool = False,
    allow: Iterable[str] = (),
    lock: Path | None = None,
) -> Inspection:
    """Look at the book at `path`. `allow`: codes of warnings and advice to leave out; errors never are.

    `lock` is the file of its lock; None: the one beside it.
    """
    problems = Problems()
    reader = BookReader(path, problems, lock)
    with _collector_at_rest():
        book = reader.read()
        if book:
            check_book(book, problems)
            _compile(book, problems)
    if problems.errors or not book:
        _validate(reader.documents, problems)
    elif advice:
        problems.extend(lint(book, tried_versions(book, path.parent)))
    texts = {shown: document.text for shown, (_, document) in reader.documents.items()}
    # While there are errors, no comment is reported as unused: it may be needed once they are fixed.
    looked_for = () if problems.errors else (Severity.WARNING, *((Severity.ADVICE,) if advice else ()))
    found = without_allowed(problems, texts, path.name, looked_for)
    unwanted = frozenset(allow)
    kept = tuple(each for each in found if each.code not in unwanted or each.severity is Severity.ERROR)
    return Inspection(path, book, kept, reader.documents)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Turn the garbage collector off while a book is built: it would take two fifths of the time on a large one."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _compile(book: Book, problems: Problems) -> None:
    for policy in book.policies:
        for version in policy.versions:
            compile_version(version, problems)


def _validate(documents: Documents, problems: Problems) -> None:
    """The JSON Schemas as a second opinion: what they find at a place where nothing has been found yet."""
    known = {problem.location for problem in problems}
    for kind, document in documents.values():
        found = Problems()
        validate(document, kind, found)
        problems.extend(problem for problem in found if problem.location not in known)


def deployment_problems(book: Book, now: int) -> tuple[Problem, ...]:
    """What `Engine.load` says of the drafts of a book at an instant: errors, and warnings of what it leaves out."""
    return (*drafts_begun(book, now), *(left_out(draft, book.zone) for draft in drafts_to_come(book, now)))


def tried_versions(book: Book, folder: Path) -> frozenset[tuple[str, str]]:
    """The policies and versions that some suite is for, as the top of each suite says."""
    found: set[tuple[str, str]] = set()
    for path in suite_files(book, folder):
        found |= _tried_by(path.read_text("utf-8", "replace"), book)
    return frozenset(found)


def _tried_by(text: str, book: Book) -> set[tuple[str, str]]:
    """The versions that one suite is for; where it picks them by time or lists them over lines, all that it may mean.

    Only the keys at the top are looked at: a check of a large book must not read thousands of cases.
    """
    keys = dict(_TOP.findall(text))
    named = keys.get("version") or keys.get("versions", "")
    return {
        (policy.id, version.version)
        for policy in book.policies
        if "policy" not in keys or keys["policy"] == policy.id
        for version in policy.versions
        if not named
        or named == "every"
        or re.search(rf"(?<![\w.-]){re.escape(version.version)}(?![\w.-])", named)
    }
