"""From documents to the model: the book, its versions, their conditions.

book.py        the book and every file that it names
version.py     one version; its values and its refund, each typed when it is first asked for
includes.py    what a version says with the files that it includes
values.py      the bodies of values: formulas, tables, matrices
rules.py       blockers and reviews
refund.py      the refund and its terms
parts.py       what these sections are made of: conditions, formulas, ids that stand once
conditions.py  conditions, typed
names.py       what conditions and formulas may name
"""

from __future__ import annotations

from engine.parse.book import BookReader, read_book

__all__ = ["BookReader", "read_book"]
