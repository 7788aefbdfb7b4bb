"""From documents to the model: the book, its versions, their conditions."""

from __future__ import annotations

from engine.parse.book import BookReader, read_book

__all__ = ["BookReader", "read_book"]
