"""The compiled definitions of the shipped book and of a book made for the purpose, as text for files."""

from __future__ import annotations

import json
from pathlib import Path

from rescind import Engine

__all__ = ["FOLDER", "expected_files", "text_of"]

FOLDER = Path(__file__).parent
BOOKS = (FOLDER.parents[1] / "policies.yaml", FOLDER / "book" / "policies.yaml")


def expected_files():
    """The file name and text for every version of the books."""
    files = {}
    for path in BOOKS:
        engine = Engine.load(path, drafts=True)
        for policy in engine.book.policies:
            for version in policy.versions:
                definition = engine.definition(policy.id, version.version)
                files[f"{policy.id}@{version.version}.json"] = text_of(definition)
    return files


def text_of(data, indent=0, width=110):
    """JSON that shows a change as a change of few lines: what fits on a line stands on one."""
    line = json.dumps(data, ensure_ascii=False)
    if not isinstance(data, (dict, list)) or len(line) + indent <= width:
        return line + "\n" * (indent == 0)
    pad = "\n" + " " * (indent + 1)
    if isinstance(data, dict):
        rows = [f"{json.dumps(key)}: {text_of(item, indent + 1, width)}" for key, item in data.items()]
    else:
        rows = [text_of(item, indent + 1, width) for item in data]
    opening, closing = "{}" if isinstance(data, dict) else "[]"
    return opening + pad + f",{pad}".join(rows) + pad[:-1] + closing + "\n" * (indent == 0)
