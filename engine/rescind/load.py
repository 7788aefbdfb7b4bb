"""A book from its file: found, read, checked and compiled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rescind.book.model import Book
from rescind.book.read_book import read_book
from rescind.book.semantic_checks import check_book
from rescind.matching.compile_version import compile_version
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Problems

__all__ = ["Definitions", "book_path", "deployable_book", "load_book", "shipped_book"]

# By policy and version: the durable-rules definition of the version, as plain JSON.
Definitions = dict[tuple[str, str], dict[str, Any]]


def shipped_book() -> Path:
    """The book that comes with the package: in the checkout around the source root, or inside the wheel."""
    package = Path(__file__).parent
    for folder in (package.parents[1], package / "shipped"):
        if (folder / "policies.yaml").is_file() and (folder / "rules").is_dir():
            return folder / "policies.yaml"
    raise BookError("the shipped book is not where the package should hold it; install rescind again")


def book_path(path: str | Path | None) -> Path:
    """The file of a book: `path` itself, `policies.yaml` in the folder `path`, or the shipped book for None."""
    if path is None:
        return shipped_book()
    given = Path(path)
    return given / "policies.yaml" if given.is_dir() else given


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


def deployable_book(path: Path, *, drafts: bool) -> tuple[Book, Definitions]:
    """A book that may decide. Raises `BookError` with every error; drafts are errors unless they are allowed."""
    book, definitions, problems = load_book(path)
    if book and not drafts:
        _refuse_drafts(book, problems)
    if book is None or problems.errors:
        raise BookError(problems=problems.errors)
    return book, definitions


def _refuse_drafts(book: Book, problems: Problems) -> None:
    for policy in book.policies:
        for version in policy.versions:
            if version.draft:
                problems.add(
                    "R0308",
                    f"version `{version.version}` of `{policy.id}` is a draft",
                    version.entry,
                    f"freeze it with `rescind publish {policy.id} {version.version}`, or allow drafts",
                )
