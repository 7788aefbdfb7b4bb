"""What `diff` compares: a version or a whole book, as it is on the disk or in a git revision.

inactive-resources@2024-10-29                    a version of the book
rules/inactive-resources/2024-10-29.yaml         the version that is in this file
policies.yaml                                    a whole book
HEAD~1:inactive-resources@2024-10-29             any of these in a git revision
v1.2:                                            the book of `--book` in a git revision
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rescind.authoring.freeze_version import version_named
from rescind.book.lock import lock_path
from rescind.book.model import Book, Version
from rescind.load import book_path, load_book
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Location, Problem

__all__ = ["ComparedSide", "SideFinder"]

SYNTAX = "write `POLICY@VERSION`, the path of a version's file or of a book, or `REVISION:` and one of these"
TIME_LIMIT = 60  # seconds for one call of git
MAX_FILES = 20_000


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """One side: as the user named it, the book, the version (None: the whole book), the definitions to decide with."""

    name: str
    book: Book
    version: Version | None
    definitions: Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Loaded:
    book: Book
    definitions: Mapping[tuple[str, str], Mapping[str, Any]]


class SideFinder:
    """Finds the sides of a comparison; each book is loaded once. `book` is the file of the book to use."""

    def __init__(self, book: Path) -> None:
        self._book = book
        self._loaded: dict[tuple[str, Path], _Loaded] = {}

    def find(self, name: str) -> ComparedSide:
        """The side of this name. Raises `BookError` where there is none, or where it has errors."""
        if Path(name).exists():
            return self._path(name, "", Path(name))
        revision, colon, rest = name.partition(":")
        if not colon:
            return self._named(name, "", name)
        if not rest:
            return self._path(name, revision, self._book)
        if "@" in rest and not rest.endswith((".yaml", ".yml")):
            return self._named(name, revision, rest)
        return self._path(name, revision, Path(rest))

    def _named(self, name: str, revision: str, text: str) -> ComparedSide:
        policy, at, version = text.partition("@")
        if not at or not policy or not version:
            raise _refused("R0657", f"`{name}` is not a version, a file or a book", name, SYNTAX)
        loaded = self._load(revision, self._book)
        return ComparedSide(
            name, loaded.book, version_named(loaded.book, policy, version), loaded.definitions
        )

    def _path(self, name: str, revision: str, path: Path) -> ComparedSide:
        """The book at a path, or the version that a book says is in that file."""
        if path.name == self._book.name or path.is_dir():
            loaded = self._load(revision, book_path(path))
            return ComparedSide(name, loaded.book, None, loaded.definitions)
        book = self._book_of(path)
        loaded = self._load(revision, book)
        shown = path.resolve().relative_to(book.parent.resolve()).as_posix()
        for policy in loaded.book.policies:
            for version in policy.versions:
                if version.path == shown:
                    return ComparedSide(name, loaded.book, version, loaded.definitions)
        message = f"the book lists no version with the file `{shown}`"
        raise _refused("R0657", message, name, f"list it under `versions`, or {SYNTAX}")

    def _book_of(self, path: Path) -> Path:
        """The book in whose folder a file lies: that of `--book`, else the nearest above the file."""
        folder = path.resolve().parent
        if folder.is_relative_to(self._book.parent.resolve()):
            return self._book
        for above in (folder, *folder.parents):
            if (above / self._book.name).is_file():
                return above / self._book.name
        raise _refused("R0657", f"`{path}` is not in the folder of a book", str(path), SYNTAX)

    def _load(self, revision: str, book: Path) -> _Loaded:
        key = (revision, book.resolve())
        if key not in self._loaded:
            self._loaded[key] = _revision(revision, book) if revision else _disk(book, "")
        return self._loaded[key]


def _disk(path: Path, prefix: str) -> _Loaded:
    book, definitions, problems = load_book(path)
    if book is None or problems.errors:
        raise BookError(problems=[_prefixed(problem, prefix) for problem in problems.errors])
    return _Loaded(book, definitions)


def _prefixed(problem: Problem, prefix: str) -> Problem:
    place = problem.location
    return Problem(
        problem.code,
        problem.message,
        Location(f"{prefix}{place.path}", place.line, place.column),
        problem.hint,
    )


def _revision(revision: str, book: Path) -> _Loaded:
    with _checked_out(revision, book) as path:
        return _disk(path, f"{revision}:")


@contextmanager
def _checked_out(revision: str, book: Path) -> Iterator[Path]:
    """The folder of a book as it was in a revision, for a while; only its YAML files and its lock."""
    folder = book.resolve().parent
    if revision.startswith("-"):
        raise _refused("R0656", f"`{revision}` is not a revision", revision, "")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", name=revision).strip()
    names = (
        _git(folder, "ls-tree", "-r", "-z", "--name-only", commit.decode(), name=revision)
        .decode()
        .split("\0")
    )
    wanted = [name for name in names if name.endswith((".yaml", ".yml")) or name == lock_path(book).name]
    if book.name not in wanted:
        raise _refused("R0656", f"there was no `{book.name}` in `{revision}`", revision, "")
    if len(wanted) > MAX_FILES:
        raise _refused("R0656", f"`{revision}` has more than {MAX_FILES} YAML files here", revision, "")
    with tempfile.TemporaryDirectory(prefix="rescind-") as place:
        for name in wanted:
            target = Path(place, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_git(folder, "show", f"{commit.decode()}:./{name}", name=revision))
        yield Path(place, book.name)


def _git(folder: Path, *arguments: str, name: str) -> bytes:
    """What git prints. Raises `BookError` where it fails or is not there."""
    program = shutil.which("git")
    if program is None:
        raise _refused("R0656", "git was not found", name, "install it, or compare files")
    command = [program, "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell, revisions cannot be options
            command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired:
        raise _refused("R0656", f"git did not answer within {TIME_LIMIT} seconds", name, "") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1].removeprefix("fatal: ")
        raise _refused("R0656", f"git does not know `{name}`", name, said)
    return done.stdout


def _refused(code: str, message: str, name: str, hint: str) -> BookError:
    return BookError(problems=[Problem(code, message, Location(name), hint)])
