"""A bar on standard error while many cases are decided; nothing where that is not a terminal."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Self

__all__ = ["Progress"]

WIDTH = 30
EVERY = 0.1  # seconds between drawings
ERASE = "\r\x1b[K"


class Progress:
    """How far into `size` (0: unknown) the work is, and how many cases that was. A context manager."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._count = 0
        self._drawn = False
        self._next = 0.0
        self._on = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._shared = sys.stdout.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hide()

    def step(self, at: int) -> None:
        """One more case; the work has come to `at`."""
        self._count += 1
        if self._on and time.monotonic() >= self._next:
            self._draw(at)
            self._next = time.monotonic() + EVERY

    def make_room(self) -> None:
        """Hide the bar where what is written next goes to the same screen."""
        if self._shared:
            self.hide()

    def hide(self) -> None:
        """Take the bar away, so that a line can be written in its place."""
        if self._drawn:
            sys.stderr.write(ERASE)
            sys.stderr.flush()
            self._drawn = False

    def _draw(self, at: int) -> None:
        done = f"{self._count:,} decided"
        if self._size:
            filled = min(WIDTH, WIDTH * at // self._size)
            done = f"[{'#' * filled}{'-' * (WIDTH - filled)}] {100 * at // self._size:3d}%  {done}"
        sys.stderr.write(ERASE + done)
        sys.stderr.flush()
        self._drawn = True
