"""Sort rows without holding them all: sorted runs on disk, merged. With a small limit only the first rows are kept."""

from __future__ import annotations

import heapq
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import IO, Any

__all__ = ["sorted_rows"]

Row = dict[str, Any]
Key = Callable[[Row], list[Any]]

RUN = 20_000


def sorted_rows(
    rows: Iterable[Row], key: Key, *, reverse: bool, limit: int | None, run: int = RUN
) -> Iterator[Row]:
    """The rows by `key`, equal ones in their order; the first `limit` of them, or all for None.

    At most `run` rows are in memory. Keys and rows must be plain JSON data.
    """
    if limit is not None and limit <= run:
        pick = heapq.nlargest if reverse else heapq.nsmallest
        yield from pick(limit, rows, key)
        return
    with ExitStack() as stack:
        runs = []
        source = iter(rows)
        while part := list(itertools.islice(source, run)):
            part.sort(key=key, reverse=reverse)
            runs.append(_spilled(part, stack))
        merged = heapq.merge(*runs, key=key, reverse=reverse)
        yield from itertools.islice(merged, limit)


def _spilled(part: Iterable[Row], stack: ExitStack) -> Iterator[Row]:
    """A run, written to a file without a name and read back line by line."""
    file: IO[str] = stack.enter_context(tempfile.TemporaryFile("w+", encoding="ascii"))  # noqa: SIM115 - the stack closes it
    for row in part:
        file.write(json.dumps(row) + "\n")
    file.seek(0)
    return map(json.loads, file)
