"""Run books of the differential tests again: `SEED [SEED…] [--cases N]`, or
`kleene [--seed N] [--books N] [--cases N] [--shrink]` for the reference with three truth values.
"""

from __future__ import annotations

import argparse
import sys

from tests.differential.harness import check, report
from tests.differential.kleene_check import check_kleene, summary


def two_values(words):
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--cases", type=int, default=200)
    given = parser.parse_args(words)
    tally = check(given.seeds, given.cases)
    for disagreement in tally.disagreements:
        print(report(disagreement))  # noqa: T201 - it talks on the terminal
    print(f"{tally.books} books, {tally.cases} cases, {tally.units} conditions, {tally.outcomes}")  # noqa: T201
    return bool(tally.disagreements)


def three_values(words):
    parser = argparse.ArgumentParser(prog="python -m tests.differential kleene")
    parser.add_argument("--seed", type=int, default=0, help="the first book's")
    parser.add_argument("--books", type=int, default=100)
    parser.add_argument("--cases", type=int, default=50, help="of each book")
    parser.add_argument("--shrink", action="store_true", help="show the smallest example of each kind")
    given = parser.parse_args(words)
    tally = check_kleene(range(given.seed, given.seed + given.books), given.cases)
    for kind in sorted(tally.examples) if given.shrink else ():
        print(f"{kind}:\n{report(tally.examples[kind])}\n")  # noqa: T201 - it talks on the terminal
    print(f"seeds {given.seed} to {given.seed + given.books - 1}\n{summary(tally)}")  # noqa: T201
    return bool(tally.kinds)


words = sys.argv[1:]
sys.exit(three_values(words[1:]) if words[:1] == ["kleene"] else two_values(words))
