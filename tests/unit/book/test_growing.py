"""A vocabulary that grows changes no digest; one that changes what a fact means changes those of all that read it.

Random books, each edited at random: as it may be under a frozen version, and as it may not.
"""

from __future__ import annotations

import copy
import datetime as dt
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rescind.authoring.lock_file import lock_of, lock_text
from rescind.book.fact_meanings import meaning_in_words
from rescind.book.model import Book, Version
from rescind.book.read_book import read_book
from rescind.book.semantic_checks import check_book
from rescind.problems.problem import Problem, Problems
from rescind.source.yaml_writer import block

from tests.differential.generate import make_book
from tests.differential.reference import fact_entries

TODAY = dt.date(2026, 11, 24)
SEEDS = st.integers(0, 10**9)
# Mappings whose order says something; in others it is layout.
IN_ORDER = {"deduct", "instruments", "rows", "reasons"}
Data = dict[str, Any]


def drawn(seed: int) -> Data:
    """The files of a random book as data, by name."""
    book = make_book(seed)
    entry = {"version": "1", "in_force_from": "1900-01-01", "file": "p.yaml"}
    return {
        "policies.yaml": {
            "schema": "rescind/book/1",
            "title": "generated",
            "timezone": book.zone,
            "facts": "facts.yaml",
            "policies": [{"id": "p", "versions": [entry]}],
        },
        "facts.yaml": {"schema": "rescind/facts/1", "facts": book.facts},
        "p.yaml": book.version,
    }


def read(files: Data, *, lock: str = "", comment: str = "") -> tuple[Book | None, list[Problem]]:
    """The book of these files and its errors."""
    problems = Problems()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            text = block(data)
            (Path(folder) / name).write_text(
                comment + text.replace("\n", f"  {comment}", 1) if comment else text
            )
        if lock:
            (Path(folder) / "policies.lock").write_text(lock, "utf-8")
        book = read_book(Path(folder) / "policies.yaml", problems)
        if book:
            check_book(book, problems)
    return book, list(problems.errors)


def the_version(book: Book | None) -> Version:
    assert book
    return book.policies[0].versions[0]


def entries(files: Data, *kinds: str) -> list[Data]:
    return [entry for _, entry in fact_entries(files["facts.yaml"]["facts"]) if entry["type"] in kinds]


# What may come under a frozen version.


def new_fact(rng: random.Random, files: Data) -> None:
    facts = files["facts.yaml"]["facts"]
    facts["brand_new"] = {"type": rng.choice(["flag", "text", "date"])}
    facts[rng.choice([name for name in "abd" if name in facts])]["newcomer"] = {
        "type": "flag",
        "default": False,
    }


def new_choice(rng: random.Random, files: Data) -> None:
    for entry in entries(files, "choice", "set"):
        if isinstance(entry.get("choices"), list):
            entry["choices"].insert(rng.randint(0, len(entry["choices"])), "newcomer")


def new_instrument(_: random.Random, files: Data) -> None:
    for entry in entries(files, "instruments"):
        if isinstance(entry["choices"], list):
            entry["choices"].append("gift_card")


def new_field(_: random.Random, files: Data) -> None:
    for entry in entries(files, "list"):
        entry["fields"]["newcomer"] = {"type": "flag", "optional": True}


def labels(_: random.Random, files: Data) -> None:
    for entry in entries(files, "choice", "instruments"):
        entry["choices"] = {name: f"The {name}" for name in entry["choices"]}


def descriptions(_: random.Random, files: Data) -> None:
    for _, entry in fact_entries(files["facts.yaml"]["facts"]):
        entry["description"] = "In other words."
    for rule in (*files["p.yaml"].get("blockers", ()), *files["p.yaml"]["review"]):
        rule["description"] = "Why this is so."
    files["p.yaml"]["description"] = files["policies.yaml"]["description"] = "About all of it."


def examples(_: random.Random, files: Data) -> None:
    for entry in entries(files, "flag"):
        entry["examples"] = [True]


def calendars(_: random.Random, files: Data) -> None:
    files["policies.yaml"]["calendars"] = {"works": {"days_off": ["2027-01-01"]}}


def key_order(rng: random.Random, files: Data) -> None:
    for name, data in files.items():
        files[name] = shuffled(rng, data, "")


def shuffled(rng: random.Random, data: Any, under: str) -> Any:
    if isinstance(data, list):
        return [shuffled(rng, item, "") for item in data]
    if not isinstance(data, dict):
        return data
    items = list(data.items())
    if under not in IN_ORDER:
        rng.shuffle(items)
    return {key: shuffled(rng, value, key) for key, value in items}


HARMLESS = (
    new_fact,
    new_choice,
    new_instrument,
    new_field,
    labels,
    descriptions,
    examples,
    calendars,
    key_order,
)


@pytest.mark.parametrize("edit", HARMLESS, ids=lambda edit: edit.__name__)
@settings(max_examples=6, deadline=None)
@given(seed=SEEDS)
def test_what_may_come_changes_no_digest(edit, seed):
    files = drawn(seed)
    before, errors = read(files)
    assume(before and not errors)
    edit(random.Random(seed), files)
    after, errors = read(files)
    assert errors == []
    assert the_version(after).digest == the_version(before).digest
    assert the_version(after).fact_meanings == the_version(before).fact_meanings


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, order=st.permutations(HARMLESS))
def test_all_of_it_together_changes_no_digest(seed, order):
    files = drawn(seed)
    before, errors = read(files)
    assume(before and not errors)
    for edit in order:
        edit(random.Random(seed), files)
    after, errors = read(files, comment="# a comment\n")
    assert errors == []
    assert the_version(after).digest == the_version(before).digest


# What may not.


def other_absence(entry: Data) -> bool:
    """A fact that means another thing where it is absent; false where no way is known to this test."""
    if "default" in entry:
        del entry["default"]
    elif entry.pop("optional", None) is None:
        if entry["type"] == "flag":
            entry["default"] = False
        else:
            entry["optional"] = True
    return entry["type"] != "rates"


def other_bound(entry: Data) -> bool:
    if entry["type"] in ("integer", "number"):
        entry["at_most"] = 10**17
    return entry["type"] in ("integer", "number")


def other_unit(entry: Data) -> bool:
    """Money that could be in any currency and is now in one that is not, or the other way round."""
    if entry["type"] in ("money", "instruments") and "default" not in entry:
        if entry.pop("currency", None) is None:
            entry["currency"] = "SEK"
        return True
    return False


MEANINGS = (other_absence, other_bound, other_unit)


@pytest.mark.parametrize("edit", MEANINGS, ids=lambda edit: edit.__name__)
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_another_meaning_of_a_fact_is_an_error_that_names_it_where_a_version_reads_it(edit, seed):
    files = drawn(seed)
    before, errors = read(files)
    assume(before and not errors)
    rng = random.Random(seed)
    names = [name for name, _ in fact_entries(files["facts.yaml"]["facts"])]
    rng.shuffle(names)
    frozen, lock = published(files, before)
    assert read(frozen, lock=lock)[1] == []
    for name in names[:4]:
        changed = copy.deepcopy(frozen)
        entry = dict(fact_entries(changed["facts.yaml"]["facts"]))[name]
        if edit(entry):
            after, errors = read(changed, lock=lock)
            if after is not None and after.policies[0].versions:
                said(name, the_version(before), the_version(after), errors)


def published(files: Data, book: Book) -> tuple[Data, str]:
    """The files with the digest of the version, and the lock of the book."""
    frozen = copy.deepcopy(files)
    frozen["policies.yaml"]["policies"][0]["versions"][0]["digest"] = the_version(book).digest
    again, _ = read(frozen)
    assert again
    return frozen, lock_text(lock_of(again, "policies.lock", TODAY), again.zone)


def said(name: str, before: Version, after: Version, errors: list[Problem]) -> None:
    """A version that reads the fact has another digest, and the error says what the fact was and is; no other has."""
    found = [problem for problem in errors if problem.code == "R0307"]
    if after.digest == before.digest:
        assert name not in before.facts | after.facts
        assert found == []
        return
    assert name in before.facts | after.facts
    start = f"version `1` of `p` did not depend on the fact `{name}` when"
    if name in before.facts:
        start = f"the fact `{name}` was {meaning_in_words(before.fact_meanings[name])}, when"
    [problem] = [each for each in found if each.message.startswith(start)]
    now = problem.message.rpartition("is now ")[2] or problem.message.rpartition("now that it is ")[2]
    if name in after.facts:
        assert now == meaning_in_words(after.fact_meanings[name])
