"""`rescind schema`: JSON Schemas for editors, callers and other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rescind.authoring.facts_schema import callers_schema
from rescind.authoring.policy_schema import policy_schema
from rescind.book.model import Book
from rescind.book.read_book import read_book
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Problems
from rescind.shape.shipped_schemas import base_schema
from rescind.terminal.verb_options import Verb, echo_json, relocated
from rescind.terminal.which_book import book_option, book_to_read

__all__ = ["NAMES", "schema"]

NAMES = {
    "book": "policies.yaml",
    "lock": "policies.lock, what was published",
    "vocabulary": "the file of facts that a book names",
    "policy": "a version, with the facts of the book, so that an editor completes them",
    "shared": "rules that versions include",
    "cases": "a suite of cases that try versions",
    "facts": "what callers send, with the facts of the book",
    "decision": "what the engine answers",
    "decision/1": "the form of before, which orders hold",
    "order": "what a request makes, with its decisions",
    "status": "where an order stands",
}
# The schema file of what authors write, where it has another name than what is asked for.
FILES = {"vocabulary": "facts"}


@click.command(
    cls=Verb,
    sections={
        "Names": list(NAMES.items()),
        "Examples": [
            "rescind schema policy > policy.schema.json",
            "rescind schema facts --book my/policies.yaml",
        ],
    },
)
@click.argument("name", type=click.Choice(tuple(NAMES)), metavar="NAME")
@book_option(", else the one shipped with rescind")
def schema(name: str, book: str | None) -> None:
    """Print the JSON Schema (2020-12) called NAME."""
    echo_json(_schema(name, book))


def _schema(name: str, book: str | None) -> dict[str, Any]:
    if name == "facts":
        read = _book(book_to_read(book))
        return callers_schema(read.vocabulary, _needed(read))
    if name == "policy":
        return policy_schema(_book(book_to_read(book)).vocabulary)
    return base_schema(FILES.get(name, name))


def _needed(book: Book) -> frozenset[str] | None:
    """The facts that every version reads; None where no version could be read."""
    read = [version.facts for policy in book.policies for version in policy.versions]
    return frozenset.intersection(*read) if read else None


def _book(path: Path) -> Book:
    """A book; its versions may have errors, as they do while they are written."""
    problems = Problems()
    book = read_book(path, problems)
    if book is None:
        raise BookError(problems=relocated(problems.errors, path))
    return book
