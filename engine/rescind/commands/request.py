"""`rescind request`: the order for one resource or many; `request show` and `request status` read such an order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from rescind.deciding.facts_csv import ROW_KINDS, open_rows
from rescind.deciding.facts_files import FactsFile, FactsRow, open_facts, parse_json
from rescind.problems.exceptions import FactsError, RequestError
from rescind.problems.problem import Location, Problem
from rescind.problems.suggestions import did_you_mean
from rescind.requests.order import Order
from rescind.requests.order_status import status_of
from rescind.requests.read_order import OrderParts, read_order
from rescind.terminal.order_text import line_text, order_text, status_text
from rescind.terminal.progress_bar import Progress
from rescind.terminal.verb_options import (
    DOCUMENT_FORMATS,
    Verb,
    at_option,
    clean,
    echo_document,
    fail,
    format_option,
    load_engine,
    moment_of,
    policy_named,
    version_option,
)
from rescind.terminal.which_book import book_option, book_to_read

__all__ = ["request"]

CLOCK = " (the clock; `--at` sets another time)"
AT_ROW = re.compile(r"row (\d+)(?:: (.*))?")
AT_WORD = re.compile(r"words\[(\d+)\]")
# A line that is decided otherwise: placed in the order, as all else is in the facts.
DIFFERS = "R1040"
OPTIONS = {"reason": "--reason", "number": "--number", "at": "--at"}


class _Request(Verb):
    """The verb itself, or what is done with an order where its first word says so."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Hand over to `show` or `status`. A file of that name is written `./show`."""
        if args and args[0] in BELOW:
            return BELOW[args[0]].make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(
    "request",
    cls=_Request,
    sections={
        "Examples": [
            "rescind request case.json --reason no_longer_needed",
            "rescind request cases.jsonl --reason other --confirm --format json > order.json",
            "rescind request show order.json --line CS2411050918ABCDE",
            "rescind request status order.json --at 2025-11-06T09:00:00+08:00 --words words.json",
        ]
    },
)
@click.argument("facts", metavar="FACTS")
@book_option(", else the one shipped with rescind")
@at_option("Submit the request at this time, unless the facts say when it was submitted.")
@click.option("--policy", metavar="ID", help="Try only this policy, not the first of the book that applies.")
@version_option("Decide by this version, whatever its dates; needs --policy.")
@click.option("--reason", metavar="R", help="Why; one that the policies list. Default: the one in the facts.")
@click.option("--confirm", is_flag=True, help="Submit the request. Without it the output is a preview.")
@click.option("--number", metavar="N", help="The number of the order. Default: made from the content.")
@click.option("--all-or-nothing", is_flag=True, help="Fail where any resource cannot be cancelled.")
@click.option(
    "--input",
    "input_",
    type=click.Choice(ROW_KINDS),
    help="What FACTS holds. Default: by its name or content.",
)
@format_option(*DOCUMENT_FORMATS)
def request(  # noqa: PLR0913, PLR0917 - one parameter for each option
    facts: str,
    book: str | None,
    at: str | None,
    policy: str | None,
    version: str | None,
    reason: str | None,
    number: str | None,
    input_: str | None,
    format_: str,
    *,
    confirm: bool,
    all_or_nothing: bool,
) -> None:
    """Cancel the resources in FACTS: one makes a single order, many a combined order with a line for each.

    Resources that cannot be cancelled are left out and reported. Nothing is stored: the order is the output, and
    `rescind request show` and `rescind request status` read it.

    Ends with status 0, or 1 where the request cannot be placed, with every reason.
    """
    engine = load_engine(book_to_read(book))
    if version is not None and policy is None:
        raise click.BadParameter("name its policy with `--policy`", param_hint="--version")
    if policy is not None:
        policy_named(engine.book, policy, "--policy")
    moment = moment_of(at, engine.book.zone)
    with open_rows(facts, input_, engine.book.vocabulary) as file:
        source = _Source(file)
        try:
            order = engine.request(
                source.facts(),
                reason=reason,
                at=moment,
                number=number,
                all_or_nothing=all_or_nothing,
                confirm=confirm,
                policy=policy,
                version=version,
            )
        except RequestError as error:
            fail(source.located(error.problems), format_)
    _show_order(order, "" if at else CLOCK, format_)


def _show_order(order: Order, clock: str, format_: str) -> None:
    if format_ == "json":
        for chunk in order.chunks():
            click.echo(chunk, nl=False)
        return
    data = order.to_dict()
    echo_document(format_, data, order_text(data, clock))


class _Source:
    """The rows of a file of facts, remembered without their facts so that problems can be placed."""

    def __init__(self, file: FactsFile) -> None:
        self._file = file
        self._rows: list[FactsRow] = []

    def facts(self) -> Iterator[object]:
        """What the engine reads: facts, or the error of a row that cannot be read."""
        with Progress(self._file.size) as progress:
            for row in self._file.rows:
                progress.step(row.at)
                self._rows.append(replace(row, facts=None))
                yield FactsError(problems=row.problems) if row.problems else row.facts

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems of a request, those of a row at its place in the file."""
        return [place for problem in problems for place in self._place(problem)]

    def _place(self, problem: Problem) -> Iterable[Problem]:
        match = AT_ROW.fullmatch(problem.location.path)
        if not match:
            path = OPTIONS.get(problem.location.path, self._file.shown)
            return [replace(problem, location=Location(path))]
        row = self._rows[int(match[1]) - 1]
        if row.problems:
            return row.problems
        return row.located([replace(problem, location=Location(match[2] or "facts"))])


@click.command(
    "show",
    cls=Verb,
    sections={"Examples": ["rescind request show order.json --line CS2411050918ABCDE"]},
)
@click.argument("order", metavar="ORDER")
@click.option("--line", metavar="NUMBER", help="Only the line of this order number or resource, in full.")
@format_option(*DOCUMENT_FORMATS)
def show(order: str, line: str | None, format_: str) -> None:
    """Show the combined order in the file ORDER, or one line of it: its decision and its refund in full."""
    document, _ = _document(order)
    if line is None:
        echo_document(format_, document, _told(order, lambda: order_text(document, "")))
        return
    rows = _told(order, lambda: [*document["lines"], *document["left_out"]])
    found = _told(order, lambda: [row for row in rows if line in (row["order"], row["resource"])])
    if not found:
        names = [name for row in rows for name in (row["order"], row["resource"])]
        message = f"the order has no line `{line[:60]}`"
        fail([Problem("R1032", message, Location(order), did_you_mean(line, names))], format_)
    for row in found:
        echo_document(format_, row, _told(order, partial(line_text, row)))


@click.command(
    "status",
    cls=Verb,
    sections={
        "Examples": [
            "rescind request status order.json --at 2025-11-06T09:00:00+08:00",
            "rescind request status order.json --words words.json --format json",
            "rescind request status order.json --verify cases.jsonl",
        ],
        "Words of reviewers, as JSON or YAML": [
            '[{"by": "account_manager", "outcome": "approve", "decided_at": "2025-11-05T16:30:00+08:00",',
            '  "line": "CS2411050918ABCDE"}]',
            "The outcome is approve or reject. Without a line the word is for every line that waits for this reviewer.",
        ],
    },
)
@click.argument("order", metavar="ORDER")
@book_option(", else the one shipped with rescind")
@at_option("Where the order stands at this time.")
@click.option("--words", metavar="WORDS", help="A file with what the reviewers said.")
@click.option(
    "--verify", metavar="FACTS", help="Decide the order again by the book, from the facts it was placed with."
)
@format_option(*DOCUMENT_FORMATS)
def status(  # noqa: PLR0913, PLR0917 - one parameter for each option
    order: str, book: str | None, at: str | None, words: str | None, verify: str | None, format_: str
) -> None:
    """Say where the order in the file ORDER stands: which lines are decided, which wait, and until when.

    An order that was changed after it was written is refused. Times are those of the zone that the order names; a book
    is read only for `--verify`.

    Ends with status 0, or 1 where the order or a word cannot be accepted: nothing has changed then.
    """
    document, parts = _document(order)
    moment = moment_of(at, parts.zone)
    if verify is not None:
        _verify(document, order, verify, book, format_)
    rows = _words(words) if words else []
    try:
        found = status_of(parts, [row.facts for row in rows], moment)
    except RequestError as error:
        fail([_place_word(problem, order, rows) for problem in error.problems], format_)
    data = found.to_dict()
    echo_document(format_, data, status_text(data, "" if at else CLOCK))


def _verify(document: dict[str, Any], order: str, facts: str, book: str | None, format_: str) -> None:
    """Decide an order again from a file of facts, and fail with every difference."""
    engine = load_engine(book_to_read(book))
    with open_rows(facts, None, engine.book.vocabulary) as file:
        source = _Source(file)
        try:
            engine.verify(document, source.facts())
        except RequestError as error:
            own = [problem for problem in error.problems if problem.code == DIFFERS]
            others = [problem for problem in error.problems if problem.code != DIFFERS]
            fail([*(_in_order(problem, order) for problem in own), *source.located(others)], format_)


def _in_order(problem: Problem, order: str) -> Problem:
    return replace(problem, message=f"`{problem.location.path}`: {problem.message}", location=Location(order))


def _told(path: str, tell: Callable[[], Iterable[Any]]) -> list[Any]:
    """What is told of an order in a file. Raises `RequestError` where the file was damaged after it was written."""
    try:
        return list(tell())
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        message = "the order cannot be shown: it is not as rescind wrote it"
        raise RequestError(problems=[Problem("R1030", message, Location(path))]) from None


def _document(path: str) -> tuple[dict[str, Any], OrderParts]:
    """The order in a file, and its parts. Raises `RequestError` where it holds none."""
    try:
        text = Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        raise RequestError(problems=[Problem("R0003", "the order is not UTF-8", Location(path))]) from None
    except ValueError:
        raise RequestError(
            problems=[Problem("R0001", "the name is not a path", Location(clean(path)))]
        ) from None
    document, problems = parse_json(text, path, 1)
    if problems:
        raise RequestError(problems=problems)
    try:
        return document, read_order(document)
    except RequestError as error:
        raise RequestError(problems=[_in_order(each, path) for each in error.problems]) from None


def _words(path: str) -> list[FactsRow]:
    with open_facts(path) as file:
        rows = list(file.rows)
    if problems := [problem for row in rows for problem in row.problems]:
        raise RequestError(problems=problems)
    return rows


def _place_word(problem: Problem, order: str, rows: list[FactsRow]) -> Problem:
    """A problem with a word at its place in the words' file, any other at the order's."""
    match = AT_WORD.fullmatch(problem.location.path)
    if match:
        row = rows[int(match[1])]
        return replace(problem, location=row.document.at(row.below))
    if problem.location.path in OPTIONS:
        return replace(problem, location=Location(OPTIONS[problem.location.path]))
    return _in_order(problem, order)


BELOW = {"show": show, "status": status}
