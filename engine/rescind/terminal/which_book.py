"""Which book a command takes, and how it says so.

A book is looked for as git looks for its repository: here, then in the folders above. The one that is shipped with
rescind is used where a command only decides or shows something, or where it is asked for. It is never written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rescind.load import BOOK, book_above, book_path, is_installed, shipped_book
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Location, Problem
from rescind.terminal.verb_options import clean

__all__ = [
    "book_option",
    "book_to_check",
    "book_to_read",
    "book_to_write",
    "near_book",
    "not_written",
    "shipped_option",
]

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def book_option(otherwise: str = "") -> Decorator:
    """`--book PATH`; `otherwise` says what is taken where no book is found."""
    return click.option(
        "--book",
        metavar="PATH",
        help=f"The book: its file or folder. Default: {BOOK} here or in a folder above{otherwise}.",
    )


def shipped_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--shipped`."""
    return click.option("--shipped", is_flag=True, help="Take the book that is shipped with rescind.")(
        function
    )


def book_to_read(book: str | None) -> Path:
    """The book of a command that decides or shows: the one named, one found here or above, else the shipped one."""
    if book is not None:
        return book_path(book)
    found = near_book(Path.cwd())
    if found is None:
        found = shipped_book()
        _say(found, f"the one shipped with rescind: there is no {BOOK} here or in a folder above")
    return found


def book_to_check(book: str | None, *, shipped: bool) -> Path:
    """The book of a command that judges it: the shipped one only where it is asked for. Raises `BookError` (R0658)."""
    if shipped and book is not None:
        raise click.UsageError("`--shipped` and a path name different books: give one of them")
    if shipped:
        return shipped_book()
    return _named_or_found(book, ", or add `--shipped` for the one that comes with rescind")


def book_to_write(book: str | None) -> Path:
    """The book of a command that edits it. Raises `BookError` (R0658, R0659)."""
    path = _named_or_found(book, "")
    if is_installed(path):
        raise not_written()
    return path


def near_book(folder: Path) -> Path | None:
    """The book of a folder or above it, as one would type it here; says which one it is, unless it stands here."""
    found = book_above(folder)
    if found is None:
        return None
    near = Path(os.path.relpath(found))
    if near != Path(BOOK):
        _say(near, str(near))
    return near


def not_written() -> BookError:
    """The error of a command that would write the shipped book."""
    hint = "begin a book of your own with `rescind init DIR`, or copy the shipped one to a folder of yours"
    return BookError(
        problems=[
            Problem("R0659", "the book shipped with rescind is never written", Location("rescind"), hint)
        ]
    )


def _named_or_found(book: str | None, more: str) -> Path:
    found = near_book(Path.cwd()) if book is None else book_path(book)
    if found is None:
        message = f"there is no `{BOOK}` here or in a folder above"
        hint = f"name a book with `--book`, or begin one with `rescind init DIR`{more}"
        raise BookError(problems=[Problem("R0658", message, Location(BOOK), hint)])
    return found


def _say(book: Path, words: str) -> None:
    """One line on standard error: standard output holds what was asked for, and nothing else."""
    format_ = click.get_current_context().params.get("format_") or "text"
    line = (
        json.dumps({"book": str(book)}, ensure_ascii=False)
        if format_.startswith("json")
        else f"book: {clean(words)}"
    )
    click.echo(line, err=True)
