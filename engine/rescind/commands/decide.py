"""`rescind decide`: the decision for one case or many. Nothing is stored."""

from __future__ import annotations

import click

from rescind.book.model import Book
from rescind.book.words import Outcome
from rescind.deciding.decision import Decision
from rescind.deciding.decision_forms import CURRENT, FORMS
from rescind.deciding.facts_files import KINDS, FactsFile, FactsRow, open_facts
from rescind.engine import Engine
from rescind.problems.exceptions import EngineError, FactsError
from rescind.problems.frozen_records import frozen
from rescind.problems.problem import Location, Problem
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.terminal.decision_formats import FORMATS, DecisionWriter
from rescind.terminal.decision_text import OutcomeTally
from rescind.terminal.progress_bar import Progress
from rescind.terminal.verb_options import (
    FAILED_ON,
    HAS_ERRORS,
    Verb,
    at_option,
    fail,
    format_option,
    load_engine,
    moment_of,
    policy_named,
    version_option,
)
from rescind.terminal.which_book import book_option, book_to_read
from rescind.values.times import format_time

__all__ = ["decide"]

CLOCK = " (the clock; `--at` sets another time)"


@frozen
class DryRun:
    """How the cases of one run are decided and shown."""

    engine: Engine
    at: int
    policy: str | None
    version: str | None
    format: str
    writer: DecisionWriter

    def decide(self, row: FactsRow) -> Decision | tuple[Problem, ...]:
        """The decision of a case, or its located problems."""
        if row.problems:
            return row.problems
        try:
            return self.engine.decide(row.facts, at=self.at, policy=self.policy, version=self.version)
        except FactsError as error:
            return row.located(error.problems)
        except EngineError as error:
            return row.located([Problem("R0990", str(error), Location("facts"))])


def _outcomes(ctx: click.Context, parameter: click.Parameter, value: str | None) -> frozenset[str]:
    """The outcomes of `--fail-on`, which are written with commas between them."""
    del ctx, parameter
    names = [name.strip() for name in value.split(",")] if value is not None else []
    for name in names:
        if name not in tuple(Outcome):
            hint = did_you_mean(name, Outcome) or f"use {one_of(Outcome)}"
            raise click.BadParameter(f"`{name}` is not an outcome: {hint}")
    return frozenset(names)


@click.command(
    cls=Verb,
    sections={
        "Examples": [
            "rescind decide case.json",
            "rescind decide case.yaml --at 2025-11-05T09:00:00+08:00 --format json",
            "rescind decide case.json --explain",
            "rescind decide cases.jsonl --fail-on blocked,review_required",
            "cat case.json | rescind decide - --policy inactive-resources --version 2024-10-29",
        ]
    },
)
@click.argument("facts", metavar="FACTS")
@book_option(", else the one shipped with rescind")
@at_option("Decide as of this time.")
@click.option("--policy", metavar="ID", help="Try only this policy, not the first of the book that applies.")
@version_option("Decide by this version, whatever its dates; drafts too.")
@click.option(
    "--input",
    "input_",
    type=click.Choice(KINDS),
    help="What FACTS holds. Default: by its name, else by its content.",
)
@format_option(*FORMATS)
@click.option(
    "--fail-on",
    metavar="OUTCOMES",
    callback=_outcomes,
    help="End with status 3 where one of these outcomes is decided, such as blocked,review_required.",
)
@click.option(
    "--schema",
    type=click.Choice(tuple(FORMS)),
    default=CURRENT,
    help=f"The form of decisions as JSON. Default: {CURRENT}; the other is the one before.",
)
@click.option("--strict", is_flag=True, help="Stop at the first case with errors.")
@click.option(
    "--explain", is_flag=True, help="Write out how each figure came about, with its line in the policy."
)
def decide(  # noqa: PLR0913, PLR0917 - one parameter for each option
    facts: str,
    book: str | None,
    at: str | None,
    policy: str | None,
    version: str | None,
    input_: str | None,
    format_: str,
    fail_on: frozenset[str],
    schema: str,
    *,
    strict: bool,
    explain: bool,
) -> None:
    """Decide the case in FACTS, or each of many, as a dry run: nothing is stored, and drafts may decide.

    FACTS is a JSON or YAML file with one case or a list of them, a JSON Lines file with one case per line, or `-` for
    standard input. A case with errors among many is reported and passed over.

    Ends with status 0 whatever was decided, 1 where the book or the facts have errors, 2 where the command line is
    wrong, and 3 where an outcome of --fail-on was decided.
    """
    engine = load_engine(book_to_read(book))
    moment = moment_of(at, engine.book.zone)
    writer = FORMATS[format_](format_time(moment, engine.book.zone), "" if at else CLOCK, explain, schema)
    run = DryRun(engine, moment, _policy(engine.book, policy, version), version, format_, writer)
    with open_facts(facts, input_) as file:
        tally = _many(run, file, strict=strict) if file.many else _one(run, next(file.rows))
    if tally.errors:
        raise click.exceptions.Exit(HAS_ERRORS)
    if not fail_on.isdisjoint(tally.outcomes):
        raise click.exceptions.Exit(FAILED_ON)


def _policy(book: Book, policy: str | None, version: str | None) -> str | None:
    """The policy to try: the one named, or the only one that has the version named; None for the book's order."""
    if policy is not None:
        found = policy_named(book, policy, "--policy")
        _version_known(version, [each.version for each in found.versions], f"`{policy}`")
        return policy
    if version is None:
        return None
    having = [each.id for each in book.policies if any(v.version == version for v in each.versions)]
    _version_known(version, [v.version for each in book.policies for v in each.versions], "the book")
    if len(having) > 1:
        message = f"several policies have a version `{version}`: add `--policy` with {one_of(having)}"
        raise click.BadParameter(message, param_hint="--version")
    return having[0]


def _version_known(version: str | None, known: list[str], owner: str) -> None:
    if version is not None and version not in known:
        hint = did_you_mean(version, known) or f"there are {one_of(dict.fromkeys(known))}"
        raise click.BadParameter(f"{owner} has no version `{version}`: {hint}", param_hint="--version")


def _one(run: DryRun, row: FactsRow) -> OutcomeTally:
    decided = run.decide(row)
    if not isinstance(decided, Decision):
        fail(decided, run.format)
    run.writer.one(decided)
    tally = OutcomeTally()
    _count(tally, decided)
    return tally


def _many(run: DryRun, file: FactsFile, *, strict: bool) -> OutcomeTally:
    tally = OutcomeTally()
    stopped = False
    with Progress(file.size) as progress:
        for row in file.rows:
            decided = run.decide(row)
            progress.step(row.at)
            progress.make_room()
            if isinstance(decided, Decision):
                _count(tally, decided)
                run.writer.of_many(decided, row.line)
            else:
                tally.errors += 1
                run.writer.errors(decided, row.line)
                if strict:
                    stopped = True
                    break
    run.writer.end(tally, stopped=stopped)
    return tally


def _count(tally: OutcomeTally, decision: Decision) -> None:
    refund = decision.settlement
    tally.add(decision.outcome, refund.total if refund else 0, refund.currency if refund else "")
