"""Attack the engine: `--seed N --seconds S`. The exit status is 1 where something was found."""

from __future__ import annotations

import argparse
import sys

from tests.attack.attack import attack, summary

parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
parser.add_argument("--seed", type=int, default=0, help="the first book's")
parser.add_argument("--seconds", type=float, default=60)
parser.add_argument("--books", type=int, help="stop after so many books")
given = parser.parse_args()
tally = attack(given.seed, given.seconds, books=given.books)
print(summary(tally))  # noqa: T201 - it talks on the terminal
sys.exit(bool(tally.kinds))
