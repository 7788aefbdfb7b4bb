"""What a loaded book keeps, and what decisions and reloads leave behind.

    python benchmarks/memory.py [--decisions 200000] [--reloads 200]

The resident memory of this process, read after a full collection. The first quarter of each run is not counted:
caches fill.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from measure import ROOT, print_table
from rescind import Engine

__all__ = ["main"]

AT = "2026-06-30T00:00:00+08:00"
KIB = 1024


def resident() -> int:
    """The resident memory in bytes (Linux)."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def growth(work: Callable[[], object], times: int) -> tuple[int, float]:
    """Bytes left behind by all but the first quarter of the calls, and seconds per call."""
    for _ in range(times // 4):
        work()
    before, start = resident(), time.perf_counter()
    for _ in range(times - times // 4):
        work()
    took = time.perf_counter() - start
    return resident() - before, took / (times - times // 4)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--decisions", type=int, default=200_000)
    parser.add_argument("--reloads", type=int, default=200)
    options = parser.parse_args()
    empty = resident()
    engine = Engine.load(drafts=True)
    loaded = resident()
    texts = (ROOT / "examples" / "cases.jsonl").read_text("utf-8").splitlines()
    rows = itertools.cycle([json.loads(text) for text in texts])
    engine.decide(next(rows), at=AT)
    decided, per_decision = growth(lambda: engine.decide(next(rows), at=AT), options.decisions)
    reloaded, per_reload = growth(lambda: Engine.load(drafts=True).decide(next(rows), at=AT), options.reloads)
    sizes = [f"{grown / KIB:+,.0f} KiB" for grown in (loaded - empty, decided, reloaded)]
    table = [
        ("the shipped book, loaded", sizes[0], "", ""),
        (f"{options.decisions:,} decisions", sizes[1], f"{per_decision * 1e6:.0f} µs", "flat"),
        (
            f"{options.reloads:,} reloads, each with a decision",
            sizes[2],
            f"{per_reload * 1e3:.0f} ms",
            "flat",
        ),
    ]
    print_table("memory", ("", "resident memory", "each takes", "goal"), table)


if __name__ == "__main__":
    main()
