"""`rescind show`: a version in plain English, or as the rules engine gets it."""

from __future__ import annotations

import click

from rescind.authoring.version_in_words import describe
from rescind.book.model import Book, Policy, Version
from rescind.problems.exceptions import FactsError
from rescind.problems.problem import Problem
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.terminal.verb_options import (
    DOCUMENT_FORMATS,
    Verb,
    at_option,
    echo_document,
    echo_json,
    format_option,
    load_engine,
    moment_of,
    policy_named,
    version_option,
)
from rescind.terminal.version_text import sheet
from rescind.terminal.which_book import book_option, book_to_read
from rescind.values.times import format_time

__all__ = ["show"]


@click.command(
    cls=Verb,
    sections={
        "Examples": [
            "rescind show inactive-resources",
            "rescind show inactive-resources --at 2025-01-01",
            "rescind show inactive-resources --version 2024-10-29 --ruleset",
        ]
    },
)
@click.argument("policy", metavar="POLICY")
@book_option(", else the one shipped with rescind")
@version_option("Show this version; drafts too. Default: the one in force.")
@at_option("Show the version in force at this time.")
@click.option("--ruleset", is_flag=True, help="Print the compiled durable-rules definition as JSON instead.")
@format_option(*DOCUMENT_FORMATS)
def show(  # noqa: PLR0913 - one parameter for each option
    policy: str, book: str | None, version: str | None, at: str | None, format_: str, *, ruleset: bool
) -> None:
    """Say in plain English what a version of POLICY says: when it applies, what forbids, who reviews, what is paid."""
    engine = load_engine(book_to_read(book))
    chosen = policy_named(engine.book, policy, "POLICY")
    found = _named(chosen, version) if version is not None else _in_force(chosen, engine.book, at)
    definition = engine.definition(found.policy, found.version)
    if ruleset:
        echo_json(definition)
        return
    words = describe(chosen, found, engine.book, definition)
    echo_document(format_, words, [sheet(words)])


def _named(policy: Policy, name: str) -> Version:
    if version := policy.named(name):
        return version
    names = [version.version for version in policy.versions]
    hint = did_you_mean(name, names) or f"it has {one_of(names)}"
    raise click.BadParameter(f"`{policy.id}` has no version `{name}`: {hint}", param_hint="--version")


def _in_force(policy: Policy, book: Book, at: str | None) -> Version:
    moment = moment_of(at, book.zone)
    if version := policy.in_force_at(moment):
        return version
    message = f"no version of `{policy.id}` is in force at {format_time(moment, book.zone)}"
    hint = f"name one with `--version`: {one_of(version.version for version in policy.versions)}"
    raise FactsError(problems=[Problem("R0905", message, policy.location, hint)])
