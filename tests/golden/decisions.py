"""20,000 decisions that a change must leave as they are, byte for byte, or renew on purpose.

    python -m tests.golden.decisions             # what differs from the file, grouped by kind
    python -m tests.golden.decisions --update    # the same, then the file is renewed with what is found now

`decisions.jsonl.xz` holds books (as text, or where they stand), the facts of each case, and of each answer its kind and
three hashes. The facts are never drawn again: what is compared does not move with the generators. `--draw` made them,
once: two thirds from the authors' cases of the books here, changed in a few places, a third from random books.

The hashes of a decision are the SHA-256 of its first form (`rescind/decision/1`), its settled part, and the SHA-256 of
its second form; of the last two the first 16 digits. A change of wording moves the first and the third alone. Of an
error there is one hash, over code and place of each problem, not the wording.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import lzma
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from rescind import Engine
from rescind.problems.exceptions import RescindError

__all__ = ["FILE", "Case", "answers", "differences", "read", "write"]

FILE = Path(__file__).parent / "decisions.jsonl.xz"
ROOT = Path(__file__).parents[2]
BOOKS = ("policies.yaml", "examples/books/china/policies.yaml", "examples/books/new-york/policies.yaml")
DRAWN = {"books here": 14_400, "random books": 8_100}
RANDOM_BOOKS = 90
SEED = 20261124
# Digits of the two hashes that are kept short: 64 bits notice any change, and keep the file small.
SHORT = 16


class Case(NamedTuple):
    """A case and the answer that is expected: what kind it is, and its hashes."""

    book: str
    facts: dict[str, Any]
    at: str
    policy: str | None
    version: str | None
    kind: str = ""
    sha256: str = ""
    settled: str = ""
    second: str = ""


Books = dict[str, dict[str, str]]  # by name the files of a random book; none for a book of this checkout


def read(path: Path = FILE) -> tuple[Books, list[Case]]:
    """The books and the cases in the file."""
    books: Books = {}
    cases = []
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line, parse_float=Decimal)
            if isinstance(row, dict):
                books[row["book"]] = row["files"]
            else:
                cases.append(Case(*row))
    return books, cases


def write(books: Books, cases: list[Case], path: Path = FILE) -> None:
    """Write the file: books first, a row for each case."""
    rows = [{"book": name, "files": files} for name, files in books.items()]
    text = "".join(f"{_json(row)}\n" for row in [*rows, *map(list, cases)])
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def _json(data: object) -> str:
    """JSON in which a decimal stands as the number that it spells."""
    text = json.dumps(data, ensure_ascii=False, default=lambda number: f"\x01{number:f}")
    return re.sub(r'"\\u0001([^"]*)"', r"\1", text)


def answers(books: Books, cases: list[Case]) -> Iterator[Case]:
    """Each case with the answer that it gets now."""
    with tempfile.TemporaryDirectory() as folder:
        engines = {name: _load(name, files, Path(folder)) for name, files in books.items()}
        for case in cases:
            yield _answered(engines[case.book], case)


def _load(name: str, files: dict[str, str], folder: Path) -> Engine:
    if not files:
        return Engine.load(ROOT / name, drafts=True)
    place = folder / name
    place.mkdir()
    for file, text in files.items():
        (place / file).write_text(text, encoding="utf-8")
    return Engine.load(place, drafts=True)


def _answered(engine: Engine, case: Case) -> Case:
    try:
        decision = engine.decide(case.facts, at=case.at, policy=case.policy, version=case.version)
        text, second = decision.to_json("rescind/decision/1"), decision.to_json("rescind/decision/2")
        settled = decision.settled.partition(":")[2][:SHORT]
    except RescindError as error:
        found = [(problem.code, problem.location.path) for problem in error.problems]
        kind = " ".join(sorted({code for code, _ in found})) or "error"
        return case._replace(kind=kind, sha256=_hash(json.dumps(found)), settled="", second="")
    else:
        version = decision.version
        kind = f"{decision.outcome} {version.policy} {version.version}" if version else decision.outcome
    return case._replace(kind=kind, sha256=_hash(text), settled=settled, second=_hash(second)[:SHORT])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def differences(before: list[Case], after: list[Case]) -> Counter[str]:
    """How many answers differ, by the kinds of before and after."""
    return Counter(
        f"{old.kind} -> {_what(old, new)}" for old, new in zip(before, after, strict=True) if old != new
    )


def _what(old: Case, new: Case) -> str:
    if new.kind != old.kind:
        return new.kind
    if new.settled != old.settled:
        return "the same kind, settled otherwise"
    return "the same kind, other content" if new.sha256 != old.sha256 else "the second form alone"


def _draw() -> tuple[Books, list[Case]]:
    rng = random.Random(SEED)
    books: Books = {}
    cases: list[Case] = []
    for name in BOOKS:
        books[name] = {}
        cases += _varied(rng, name, DRAWN["books here"] // len(BOOKS))
    for number in range(RANDOM_BOOKS):
        files, drawn = _random_book(rng, f"random-{number}", DRAWN["random books"] // RANDOM_BOOKS)
        if files:
            books[f"random-{number}"] = files
            cases += drawn
    return books, list(answers(books, cases))


def _varied(rng: random.Random, name: str, count: int) -> Iterator[Case]:
    """Authors' cases of a book, each with up to four facts taken from other cases, left out or one step off."""
    from rescind.authoring.run_cases import read_suites, suite_files, trials_of
    from rescind.problems.problem import Problems
    from rescind.values.times import format_time

    engine = Engine.load(ROOT / name, drafts=True)
    folder = (ROOT / name).parent
    trials = trials_of(read_suites(suite_files(engine.book, folder), folder, engine.book, Problems()))
    pool: dict[str, list[Any]] = {}
    for trial in trials:
        for path, value in _leaves(trial.case.facts):
            pool.setdefault(path, []).append(value)
    for _ in range(count):
        trial = rng.choice(trials)
        facts = json.loads(_json(trial.case.facts), parse_float=Decimal)
        for path in rng.sample(sorted(pool), rng.choice((0, 1, 2, 3, 4))):
            value = None if rng.random() < 0.04 else _beside(rng, copy.deepcopy(rng.choice(pool[path])))
            _set(facts, path, value)
        at = format_time(trial.case.at, engine.book.zone)
        target = trial.target if rng.random() < 0.5 else None
        yield Case(name, facts, at, (target and target.policy) or None, (target and target.version) or None)


def _leaves(facts: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in facts.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _set(facts: dict[str, Any], path: str, value: Any) -> None:
    *groups, leaf = path.split(".")
    for group in groups:
        if not isinstance(facts.get(group), dict):
            facts[group] = {}
        facts = facts[group]
    facts[leaf] = value
    if value is None:
        del facts[leaf]


def _beside(rng: random.Random, value: Any) -> Any:
    """At times the number in a value one step higher or lower."""
    if rng.random() < 0.5 or isinstance(value, bool):
        return value
    step = rng.choice((-1, 1))
    if isinstance(value, int):
        return max(0, value + step)
    if isinstance(value, str) and re.fullmatch(r"\d+\.\d\d [A-Z]{3}", value):
        amount, currency = value.split()
        return f"{max(Decimal(0), Decimal(amount) + step * rng.choice((Decimal('0.01'), 100)))} {currency}"
    return value


def _random_book(rng: random.Random, name: str, count: int) -> tuple[dict[str, str], list[Case]]:
    from tests.differential import generate, harness

    book = generate.make_book(rng.randrange(10**9))
    try:
        harness.load(book)
    except RescindError:
        return {}, []
    needed = harness.needed_facts(book)
    cases = [
        Case(name, generate.make_facts(rng, book, needed), generate.make_now(rng).isoformat(), None, None)
        for _ in range(count)
    ]
    return harness.files_of(book), cases


def main() -> None:
    """Compare, and where asked renew or draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--update", action="store_true", help="renew the answers in the file")
    parser.add_argument("--draw", action="store_true", help="draw other cases")
    given = parser.parse_args()
    if given.draw:
        write(*_draw())
    books, before = read()
    after = list(answers(books, before))
    found = differences(before, after)
    for kinds, number in found.most_common():
        print(f"{number:6} {kinds}")  # noqa: T201 - it talks on the terminal
    print(f"{len(before)} cases, {found.total()} differ")  # noqa: T201 - as above
    if given.update and found:
        write(books, after)


if __name__ == "__main__":
    main()
