"""`rescind diff`: what changed in meaning, rule by rule, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from rescind.authoring.condition_text import Phrase, Wording
from rescind.authoring.diff.change_records import Change, Side
from rescind.authoring.diff.compare_sides import diff_versions
from rescind.authoring.diff.compared_books import ComparedSide, SideFinder
from rescind.authoring.diff.condition_changes import Say
from rescind.authoring.diff.replay_cases import Replayed, replay
from rescind.authoring.run_cases import Trial, read_suites, suite_files, trials_of
from rescind.book.model import Condition
from rescind.load import load_book
from rescind.problems.exceptions import BookError
from rescind.problems.problem import Problems
from rescind.terminal.places_from_here import places_from_here
from rescind.terminal.verb_options import (
    DOCUMENT_FORMATS,
    Verb,
    clean,
    echo_document,
    format_option,
)
from rescind.terminal.which_book import book_option, book_to_read

__all__ = ["diff"]

SCHEMA = "rescind/diff/1"
WORDS = {"all": " and ", "any": " or ", "none": " or "}

Cases = tuple[int, tuple[Replayed, ...]] | None


@click.command(
    cls=Verb,
    sections={
        "Sides": [
            ("POLICY@VERSION", "a version of the book"),
            ("FILE", "the version that is in this file"),
            ("BOOK", "a whole book: its file or folder"),
            (
                "REVISION:SIDE",
                "any of these in a git revision; `REVISION:` alone is the book of `--book` there",
            ),
        ],
        "Examples": [
            "rescind diff inactive-resources@2024-10-29 inactive-resources@2025-07-28 --cases",
            "rescind diff HEAD: policies.yaml",
            "rescind diff v1.2:in-use-resources@2026-05-26 in-use-resources@2026-05-26",
        ],
    },
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@book_option(", else the one shipped with rescind")
@click.option(
    "--cases", is_flag=True, help="Decide the authors' cases by both, and list the decisions that change."
)
@format_option(*DOCUMENT_FORMATS)
def diff(*, old: str, new: str, book: str | None, cases: bool, format_: str) -> None:
    """Say what changed in meaning from OLD to NEW, rule by rule and in plain words.

    Layout, comments and descriptions are no changes, nor is a number that is spelt otherwise.
    """
    path = book_to_read(book)
    with places_from_here(path):
        sides = SideFinder(path)
        pair = sides.find(old), sides.find(new)
        _check_alike(*pair)
        changes = diff_versions(*(Side(side.book, side.version, _say(side)) for side in pair))
        replayed = replay(*pair, _trials(path, pair)) if cases else None
    echo_document(format_, _data(*pair, changes, replayed), _text(*pair, changes, replayed))


def _check_alike(old: ComparedSide, new: ComparedSide) -> None:
    if (old.version is None) != (new.version is None):
        raise click.UsageError("one side is a version and the other a whole book: compare two of a kind")


def _say(side: ComparedSide) -> Say:
    wording = Wording(side.book.vocabulary, side.book.zone)

    def say(condition: Condition) -> str:
        return _flat(wording.phrase(condition), nested=False)

    return say


def _flat(phrase: Phrase, *, nested: bool) -> str:
    """A phrase on one line."""
    if isinstance(phrase, str):
        return phrase
    ((how, items),) = phrase.items()
    words = WORDS[how].join(_flat(item, nested=True) for item in items)
    if how == "none":
        return f"it is not so that ({words})"
    return f"({words})" if nested else words


def _trials(path: Path, sides: Sequence[ComparedSide]) -> list[Trial]:
    """The cases beside the book that try one of the versions compared; all of them where books are compared."""
    book, _, problems = load_book(path)
    if book is None or problems.errors:
        raise BookError(problems=problems.errors)
    found = Problems()
    trials = trials_of(read_suites(suite_files(book, path.parent), path.parent, book, found))
    if found.errors:
        raise BookError(problems=found.errors)
    versions = [(side.version.policy, side.version.version) for side in reversed(sides) if side.version]
    if not versions:
        return trials
    # Those of the new version first: of cases with the same facts the first is named.
    return [
        trial
        for wanted in versions
        for trial in trials
        if (trial.target.policy, trial.target.version) == wanted
    ]


def _data(old: ComparedSide, new: ComparedSide, changes: Sequence[Change], cases: Cases) -> dict[str, object]:
    data: dict[str, object] = {
        "schema": SCHEMA,
        "old": _side(old),
        "new": _side(new),
        "changes": [change.to_dict() for change in changes],
    }
    if cases is not None:
        data["cases"] = {"decided": cases[0], "changed": [each.to_dict() for each in cases[1]]}
    return data


def _side(side: ComparedSide) -> dict[str, object]:
    if side.version is None:
        return {"name": side.name}
    version = side.version
    return {"name": side.name, "policy": version.policy, "version": version.version, "digest": version.digest}


def _text(old: ComparedSide, new: ComparedSide, changes: Sequence[Change], cases: Cases) -> Iterator[str]:
    yield click.style(clean(f"{old.name} → {new.name}"), bold=True)
    if not changes:
        yield "  nothing changed in meaning"
    for version, of_version in groupby(changes, lambda change: change.version):
        if version:
            yield f"  {click.style(clean(version), bold=True)}"
        indent = "    " if version else "  "
        for (part, name), group in groupby(of_version, lambda change: (change.part, change.name)):
            yield f"{indent}{_heading(part, name)}"
            yield from (f"{indent}  {clean(change.text)}" for change in group)
    if cases is not None:
        yield from _cases(*cases)


def _heading(part: str, name: str) -> str:
    words = part.replace("_", " ")
    return f"{words} `{clean(name)}`" if name else words


def _cases(count: int, changed: Sequence[Replayed]) -> Iterator[str]:
    words = f"{count} case{'s' * (count != 1)} decided by both, "
    yield click.style(
        words + (f"{len(changed)} of them otherwise:" if changed else "all of them alike"), bold=True
    )
    for each in changed:
        money = f"  {each.difference}" if each.difference else ""
        yield f"  {clean(each.name)}{click.style(money, bold=True)}  {click.style(str(each.at), dim=True)}"
        yield from (f"    {clean(text)}" for text in each.changes)
