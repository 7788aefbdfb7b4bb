"""Timing for the benchmarks: contestants take turns on the same rows, and the best times of each count.

A machine that does other work besides makes every figure too large, never too small. So there are many rounds,
contestants in turn, rows are timed in chunks, and a contestant's figure is the sum of the best times of the chunks.
Ratios of figures from one run carry over to other machines much better than the figures do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Contestant", "best_of_rounds", "micros", "print_table", "quantile"]

ROOT = Path(__file__).resolve().parents[1]
CHUNK = 50

# Makes the inputs of a contestant for some rows (not timed), and handles one of them (timed).
Contestant = tuple[Callable[[Sequence[Any]], Sequence[Any]], Callable[[Any], object]]


def best_of_rounds(
    contestants: Mapping[str, Contestant], rows: Sequence[Any], rounds: int
) -> dict[str, float]:
    """Seconds per row of each contestant."""
    chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    best = {name: [float("inf")] * len(chunks) for name in contestants}
    for _ in range(rounds):
        for name, (prepare, handle) in contestants.items():
            for number, chunk in enumerate(chunks):
                inputs = prepare(chunk)
                start = time.perf_counter()
                for item in inputs:
                    handle(item)
                took = time.perf_counter() - start
                best[name][number] = min(best[name][number], took)
    return {name: sum(times) / len(rows) for name, times in best.items()}


def quantile(sorted_values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def micros(seconds: float) -> str:
    """Seconds as microseconds."""
    return f"{seconds * 1e6:.1f} µs"


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table, its first column to the left and the others to the right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    print(f"\n{title}")
    for line in lines:
        cells = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  " + "  ".join([line[0].ljust(widths[0]), *cells]).rstrip())
