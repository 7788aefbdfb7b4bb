"""`rescind check`: every problem of a book, with file, line, column, code and a hint."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from engine.checks import check_book
from engine.commands.common import HAS_ERRORS, Verb, book_file, format_option, problem_line, relocated
from engine.compile import compile_version
from engine.diagnostics import Problem, Problems, Severity
from engine.model import Book
from engine.parse import BookReader
from engine.schema import validate
from engine.source import Document

__all__ = ["FORMATS", "check", "problems_of", "summary"]

Report = Callable[[Sequence[Problem], Path], None]


@click.command(
    cls=Verb, sections={"Examples": ["rescind check", "rescind check my/policies.yaml --format json"]}
)
@click.argument("book", metavar="[BOOK]", required=False)
@click.option("--book", "named", metavar="PATH", help="The same as BOOK.")
@format_option("text", "json")
def check(book: str | None, named: str | None, format_: str) -> None:
    """Check a book of policies, and every file that it names: form, names, types, units, versions and bounds.

    BOOK is a file or folder. Default: policies.yaml here, else the book shipped with rescind.

    Ends with status 1 where there are errors; warnings alone do not fail.
    """
    if book and named and book != named:
        raise click.UsageError("BOOK and `--book` name different books: give one of them")
    path = book_file(book or named)
    problems = problems_of(path)
    FORMATS[format_](problems, path)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise click.exceptions.Exit(HAS_ERRORS)


def problems_of(path: Path) -> tuple[Problem, ...]:
    """Every problem of the book at `path`, sorted by place as seen from here."""
    problems = Problems()
    reader = BookReader(path, problems)
    book = reader.read()
    if book:
        check_book(book, problems)
        _compile(book, problems)
    _validate(reader.documents, problems)
    return tuple(Problems(relocated(problems, path)))


def _compile(book: Book, problems: Problems) -> None:
    for policy in book.policies:
        for version in policy.versions:
            compile_version(version, problems)


def _validate(documents: Mapping[str, tuple[str, Document]], problems: Problems) -> None:
    """The JSON Schemas as a second opinion: what they find at a place where nothing has been found yet."""
    known = {problem.location for problem in problems}
    for kind, document in documents.values():
        found = Problems()
        validate(document, kind, found)
        problems.extend(problem for problem in found if problem.location not in known)


def summary(problems: Sequence[Problem], path: Path) -> str:
    """The closing line: how many errors and warnings there are in which book."""
    counts = [
        (severity, sum(problem.severity is severity for problem in problems))
        for severity in (Severity.ERROR, Severity.WARNING, Severity.ADVICE)
    ]
    words = ", ".join(f"{count} {severity}{'s' * (count > 1)}" for severity, count in counts if count)
    colour = "red" if counts[0][1] else "yellow" if problems else "green"
    return click.style(f"{path}: {words or 'no problems'}", fg=colour, bold=True)


def _text(problems: Sequence[Problem], path: Path) -> None:
    """Problems to standard error, where all errors go; the closing line to standard output."""
    for problem in problems:
        click.echo(problem_line(problem), err=True)
    click.echo(summary(problems, path))


def _json(problems: Sequence[Problem], path: Path) -> None:
    """The report as a JSON array on standard output: it is what was asked for."""
    del path
    click.echo(json.dumps([problem.to_dict() for problem in problems], ensure_ascii=False, indent=2))


FORMATS: Mapping[str, Report] = {"text": _text, "json": _json}
