"""What the verbs share: options, exit statuses, and how errors are shown.

Exit statuses: 0 done, 1 the book or the facts have errors, 2 the command line is wrong, 3 an outcome of `--fail-on`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

import click

from rescind.book.model import Book, Policy
from rescind.engine import Engine
from rescind.problems.codes import Severity
from rescind.problems.exceptions import BookError, RescindError
from rescind.problems.problem import Location, Problem, Problems, capped
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.decimals import UnitError
from rescind.values.times import parse_date_or_time
from rescind.values.visible_text import UNSEEN

__all__ = [
    "DOCUMENT_FORMATS",
    "FAILED_ON",
    "HAS_ERRORS",
    "Verb",
    "at_option",
    "clean",
    "echo_document",
    "echo_json",
    "echo_problems",
    "fail",
    "format_option",
    "load_engine",
    "moment_of",
    "policy_named",
    "problem_line",
    "relocated",
    "version_option",
]

HAS_ERRORS = 1
FAILED_ON = 3

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.ADVICE: "cyan"}
# What would break a line in two, or tell a terminal what to do.
UNPRINTABLE = re.compile(rf"[\t\r\n{UNSEEN}]")


class Verb(click.Command):
    """A command whose expected failures end in located lines and a status, never in a traceback.

    `sections` are added to its help: under each title lines as they are, or names with their meaning.
    """

    def __init__(
        self, *args: Any, sections: Mapping[str, Sequence[str | tuple[str, str]]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections or {}

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sections, after the options."""
        for title, rows in self.sections.items():
            with formatter.section(title):
                if pairs := [row for row in rows if isinstance(row, tuple)]:
                    formatter.write_dl(pairs)
                for line in (row for row in rows if isinstance(row, str)):
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        super().format_epilog(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        format_ = ctx.params.get("format_", "text")
        _set_encoding(format_)
        try:
            return super().invoke(ctx)
        except RescindError as error:
            fail(_problems_of(error), format_)
        except RecursionError:
            fail(
                [Problem("R0990", "the input is nested too deeply to be read", Location("rescind"))], format_
            )
        except MemoryError:
            fail([Problem("R0990", "the input does not fit into memory", Location("rescind"))], format_)
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.ENOSPC):
                raise  # the output, not the input: whoever read it has gone, or there is no room for it
            reason = (error.strerror or "it cannot be read").lower()
            fail([Problem("R0001", reason, Location(str(error.filename or "rescind")))], format_)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # The outermost edge: whatever was not foreseen is a bug of ours, and still not a traceback for the user.
            if os.environ.get("RESCIND_DEBUG"):
                raise
            fail([_unforeseen(error)], format_)


def _unforeseen(error: Exception) -> Problem:
    return Problem(
        "R0999",
        f"rescind itself failed, and nothing was decided: {type(error).__name__}: {clean(str(error))[:200]}",
        Location("rescind"),
        "please report it; with RESCIND_DEBUG=1 in the environment it says where",
    )


def _problems_of(error: RescindError) -> Iterable[Problem]:
    return error.problems or [Problem("R0990", str(error), Location("rescind"))]


def _set_encoding(format_: str) -> None:
    """JSON is UTF-8 everywhere; text is what the terminal can show."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure and format_ == "text":
            reconfigure(errors="backslashreplace")
        elif reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def at_option(words: str) -> Decorator:
    """`--at TIME`; `words` say what the time is for."""
    return click.option("--at", metavar="TIME", help=f"{words} RFC 3339, or a date. Default: now.")


def version_option(words: str) -> Decorator:
    """`--version V`; `words` say what it does."""
    return click.option("--version", metavar="V", help=words)


def format_option(*formats: str) -> Decorator:
    """`--format`, one of `formats`; the first is the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How the output is written.",
    )


class _Shown(NamedTuple):
    """What a verb shows, as plain data and as lines of text."""

    data: object
    lines: Iterable[str]


# How the verbs that show one document write it; the first is the default.
DOCUMENT_FORMATS: Mapping[str, Callable[[_Shown], None]] = {
    "text": lambda shown: _echo_lines(shown.lines),
    "json": lambda shown: echo_json(shown.data),
}


def echo_document(format_: str, data: object, lines: Iterable[str]) -> None:
    """A document to standard output in a format of `DOCUMENT_FORMATS`."""
    DOCUMENT_FORMATS[format_](_Shown(data, lines))


def _echo_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def load_engine(path: Path) -> Engine:
    """The engine of a book, drafts included. Raises `BookError` with places that can be opened from here."""
    try:
        return Engine.load(path, drafts=True)
    except BookError as error:
        raise BookError(str(error), relocated(error.problems, path)) from None


def relocated(problems: Iterable[Problem], book: Path) -> tuple[Problem, ...]:
    """Problems of a book with paths as seen from here, not from the book's folder."""
    folder = book.parent
    if folder.is_absolute() and folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())
    return tuple(
        replace(problem, location=replace(problem.location, path=str(folder / problem.location.path)))
        for problem in problems
    )


def policy_named(book: Book, name: str, option: str) -> Policy:
    """A policy of the book. Raises click's `BadParameter` with the names that there are."""
    for policy in book.policies:
        if policy.id == name:
            return policy
    names = [policy.id for policy in book.policies]
    hint = did_you_mean(name, names) or f"it has {one_of(names)}"
    raise click.BadParameter(f"the book has no policy `{clean(name)}`: {hint}", param_hint=option)


def moment_of(text: str | None, zone: ZoneInfo) -> int:
    """An evaluation time in microseconds: `--at`, a time or a date in `zone`; else the clock's."""
    if text is None:
        return time.time_ns() // 1000
    try:
        return parse_date_or_time(text, zone)
    except UnitError as error:
        raise click.BadParameter(clean(str(error)), param_hint="--at") from None


def clean(text: str) -> str:
    """Text from outside as one printable line: line ends and terminal codes are spelt out."""
    return UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], text)


def problem_line(problem: Problem) -> str:
    """A problem as `path:line:col: code message (hint)`, coloured; click drops colours where there is no terminal."""
    location, rest = clean(str(problem.location)), clean(problem.message)
    code = click.style(problem.code, fg=COLOURS[problem.severity], bold=True)
    hint = click.style(f" ({clean(problem.hint)})", dim=True) if problem.hint else ""
    return f"{location}: {code} {rest}{hint}"


def echo_problems(problems: Iterable[Problem], format_: str) -> None:
    """Problems to standard error, sorted by place: one line each, or one JSON array."""
    rows = capped(Problems(problems))
    if format_ == "text":
        for problem in rows:
            click.echo(problem_line(problem), err=True)
    else:
        click.echo(json.dumps([problem.to_dict() for problem in rows], ensure_ascii=False), err=True)


def echo_json(data: object) -> None:
    """Data to standard output as indented JSON."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def fail(problems: Iterable[Problem], format_: str) -> NoReturn:
    """End with these problems on standard error and status 1."""
    with contextlib.suppress(OSError):  # the status says it where nothing can be written
        echo_problems(problems, format_)
    raise click.exceptions.Exit(HAS_ERRORS)
