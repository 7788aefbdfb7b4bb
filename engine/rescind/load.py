"""A book from its file: found, read, checked and compiled."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

from rescind.book.drafts import drafts_begun, drafts_to_come, left_out
from rescind.book.model import Book, Version
from rescind.book.read_book import read_book
from rescind.book.semantic_checks import check_book
from rescind.deciding.decide_case import Moment, moment_in
from rescind.matching.compile_version import compile_version
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Problem, Problems

__all__ = [
    "BOOK",
    "Definitions",
    "Deployable",
    "book_above",
    "book_path",
    "deployable_book",
    "is_installed",
    "load_book",
    "shipped_book",
]

BOOK = "policies.yaml"
# By policy and version: the durable-rules definition of the version, as plain JSON.
Definitions = dict[tuple[str, str], dict[str, Any]]


def shipped_book() -> Path:
    """The book that comes with the package: in the checkout around the source root, or inside the wheel."""
    package = Path(__file__).parent
    for folder in (package.parents[1], package / "shipped"):
        if (folder / BOOK).is_file() and (folder / "rules").is_dir():
            return folder / BOOK
    raise BookError("the shipped book is not where the package should hold it; install rescind again")


def book_above(folder: Path) -> Path | None:
    """The book of a folder: `policies.yaml` in it, or in the nearest folder above that has one."""
    for each in (folder, *folder.parents):
        if (each / BOOK).is_file():
            return each / BOOK
    return None


def is_installed(book: Path) -> bool:
    """Whether a book is the one inside an installed package; that of a checkout is a book like any other."""
    return book.resolve().is_relative_to((Path(__file__).parent / "shipped").resolve())


def book_path(path: str | Path | None) -> Path:
    """The file of a book: `path` itself, `policies.yaml` in the folder `path`, or the shipped book for None."""
    if path is None:
        return shipped_book()
    given = Path(path)
    return given / BOOK if given.is_dir() else given


def load_book(path: Path) -> tuple[Book | None, Definitions, Problems]:
    """Read, check and compile a book: the book (None where it cannot be built), its definitions, every problem."""
    problems = Problems()
    book = read_book(path, problems)
    definitions: Definitions = {}
    if book:
        check_book(book, problems)
        for policy in book.policies:
            for version in policy.versions:
                definitions[policy.id, version.version] = compile_version(version, problems)
    return book, definitions, problems


class Deployable(NamedTuple):
    """A book that may decide. `left_out` says which drafts have no definition, as they begin later."""

    book: Book
    definitions: Definitions
    left_out: tuple[Problem, ...]


def deployable_book(path: Path, *, drafts: bool, at: Moment | None = None) -> Deployable:
    """A book that may decide at `at`, without which the clock is asked, and later. Raises `BookError` with every error.

    Unless drafts are allowed, one that has begun is an error, and one that begins later is left out.
    """
    book, definitions, problems = load_book(path)
    later: tuple[Version, ...] = ()
    if book and not drafts:
        now = time.time_ns() // 1000 if at is None else moment_in(at, book.zone)
        problems.extend(drafts_begun(book, now))
        later = drafts_to_come(book, now)
    if book is None or problems.errors:
        raise BookError(problems=problems.errors)
    for draft in later:
        del definitions[draft.policy, draft.version]
    return Deployable(book, definitions, tuple(left_out(draft, book.zone) for draft in later))
