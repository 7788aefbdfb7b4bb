"""What the authors' verbs share: errors of a book with places as seen from here, and paths as seen from here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rescind.problems.exceptions import BookError
from rescind.terminal.verb_options import relocated

__all__ = ["from_here", "places_from_here"]


@contextmanager
def places_from_here(book: Path) -> Iterator[None]:
    """Errors of the book raised inside name its files as seen from the current folder."""
    try:
        yield
    except BookError as error:
        raise BookError(str(error), relocated(error.problems, book)) from None


def from_here(path: Path) -> str:
    """A path as one would type it here."""
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") and path.is_absolute() else near
