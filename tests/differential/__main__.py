"""Run books of the differential test again: `python -m tests.differential SEED [SEED…] [--cases N]`."""

from __future__ import annotations

import argparse
import sys

from tests.differential.harness import check, report

parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
parser.add_argument("seeds", type=int, nargs="+")
parser.add_argument("--cases", type=int, default=200)
given = parser.parse_args()
tally = check(given.seeds, given.cases)
for disagreement in tally.disagreements:
    print(report(disagreement))  # noqa: T201 - it talks on the terminal
print(f"{tally.books} books, {tally.cases} cases, {tally.units} conditions, {tally.outcomes}")  # noqa: T201
sys.exit(bool(tally.disagreements))
