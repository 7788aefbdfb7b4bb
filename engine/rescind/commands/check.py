"""`rescind check`: every problem of a book, with file, line, column, code and a hint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from rescind.authoring.author_problems import deployment_problems, inspect_book
from rescind.authoring.problem_reports import REPORTS, Lines, snippet
from rescind.problems.codes import CODES, Severity
from rescind.problems.problem import Problem, Problems
from rescind.problems.suggestions import did_you_mean
from rescind.terminal.verb_options import (
    HAS_ERRORS,
    Verb,
    clean,
    format_option,
    moment_of,
    problem_line,
    relocated,
)
from rescind.terminal.which_book import book_to_check, shipped_option

__all__ = ["check"]


def _codes(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The codes of `--allow`, which may be of warnings and advice only."""
    del ctx, parameter
    codes = [code.strip().upper() for value in values for code in value.split(",")]
    for code in codes:
        if code not in CODES:
            raise click.BadParameter(f"there is no problem `{clean(code[:40])}`: {did_you_mean(code, CODES)}")
        if CODES[code].severity is Severity.ERROR:
            raise click.BadParameter(f"{code} is an error, which cannot be allowed")
    return tuple(codes)


@click.command(
    cls=Verb,
    sections={
        "Examples": [
            "rescind check",
            "rescind check my/policies.yaml --format json",
            "rescind check --lint --allow R0602",
            "rescind check --deployable --format github",
        ]
    },
)
@click.argument("book", metavar="[BOOK]", required=False)
@click.option("--book", "named", metavar="PATH", help="The same as BOOK.")
@shipped_option
@click.option("--lint", is_flag=True, help="Give advice too, on what is right and could be better.")
@click.option(
    "--allow",
    metavar="CODES",
    multiple=True,
    callback=_codes,
    help="Leave out these warnings or advice, such as R0602,R0606.",
)
@click.option(
    "--deployable",
    is_flag=True,
    help="Fail where `Engine.load` would: on a draft in force too. Say which drafts it leaves out.",
)
@click.option("--frozen", is_flag=True, hidden=True)
@click.option("--at", metavar="TIME", help="With --deployable: loaded at this time. Default: now.")
@format_option("text", *REPORTS)
def check(  # noqa: PLR0913 - one parameter for each option
    *,
    book: str | None,
    named: str | None,
    shipped: bool,
    lint: bool,
    allow: tuple[str, ...],
    deployable: bool,
    frozen: bool,
    at: str | None,
    format_: str,
) -> None:
    """Check a book of policies, and every file that it names: form, names, types, units, versions and bounds.

    BOOK is a file or folder. Default: policies.yaml here or in a folder above.

    Ends with status 1 where there are errors; warnings and advice alone do not fail. A comment in a file allows a
    warning or advice on its line or the next one: `# rescind: allow R0332 because …`.
    """
    if book and named and book != named:
        raise click.UsageError("BOOK and `--book` name different books: give one of them")
    if frozen:
        click.echo("`--frozen` is now `--deployable`, and goes with the next minor version", err=True)
    deployable = deployable or frozen
    if at and not deployable:
        raise click.UsageError("`--at` is for `--deployable`")
    path = book_to_check(book or named, shipped=shipped)
    inspection = inspect_book(path, advice=lint, allow=allow)
    found = Problems(inspection.problems)
    if deployable and inspection.book:
        drafts = deployment_problems(inspection.book, moment_of(at, inspection.book.zone))
        found.extend(each for each in drafts if each.code not in allow)
    problems = _from_here(found, path)
    if format_ == "text":
        _text(problems, path)
    elif report := REPORTS[format_](problems, _files(inspection.documents, path)):
        click.echo(report)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise click.exceptions.Exit(HAS_ERRORS)


def _from_here(problems: Iterable[Problem], path: Path) -> tuple[Problem, ...]:
    return tuple(Problems(relocated(problems, path)))


def _files(documents: Iterable[str], path: Path) -> list[str]:
    folder = path.parent
    if folder.is_absolute() and folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())
    return [str(folder / name) for name in documents]


def _summary(problems: Sequence[Problem], path: Path) -> str:
    """The closing line: how many errors, warnings and pieces of advice there are in which book."""
    counts = [
        (severity, sum(problem.severity is severity for problem in problems))
        for severity in (Severity.ERROR, Severity.WARNING, Severity.ADVICE)
    ]
    words = ", ".join(_counted(severity, count) for severity, count in counts if count)
    colour = "red" if counts[0][1] else "yellow" if problems else "green"
    return click.style(f"{path}: {words or 'no problems'}", fg=colour, bold=True)


def _counted(severity: Severity, count: int) -> str:
    if severity is Severity.ADVICE:
        return f"{count} piece{'s' * (count > 1)} of advice"
    return f"{count} {severity}{'s' * (count > 1)}"


def _text(problems: Sequence[Problem], path: Path) -> None:
    """Problems with their lines to standard error, where all errors go; the closing line to standard output."""
    lines, linked = Lines(), set[str]()
    for problem in problems:
        click.echo(problem_line(problem), err=True)
        _show_line(problem, lines)
        if problem.code not in linked:
            click.echo(click.style(f"    rescind explain {problem.code}", dim=True), err=True)
        linked.add(problem.code)
    click.echo(_summary(problems, path))


def _show_line(problem: Problem, lines: Lines) -> None:
    text, carets = snippet(problem, lines)
    if text:
        indent = len(text) - len(text.lstrip())
        click.echo(f"    {text[indent:]}", err=True)
        click.echo(f"    {' ' * (len(carets.rstrip('^')) - indent)}{_red(carets.strip())}", err=True)


def _red(text: str) -> str:
    return click.style(text, fg="red", bold=True)
