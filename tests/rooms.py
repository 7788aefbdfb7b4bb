"""The rooms of the package, in the order of their imports: a module imports only from rooms above its own.

`python -m tests.rooms` writes the table into `docs/architecture.md`; the layout test holds page and code against it.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["PACKAGE", "PAGE", "ROOMS", "page_with_table"]

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "engine" / "rescind"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms: written by `python -m tests.rooms` -->\n", "<!-- end of rooms -->\n"

# A folder of the package is a room; `load`, `engine` and the package itself (`from rescind import Engine`) stand alone.
# A room may stand here before it is built.
ROOMS = {
    "problems": "located problems, their codes, the exceptions that carry them",
    "values": "the types of the language; money, time, numbers; reading and writing one value",
    "source": "text to plain data with places; complaints that an author understands; YAML that reads back the same",
    "formula": "formula text to a typed tree to an exact function; the library of functions",
    "shape": "JSON Schemas and what their errors mean",
    "book": "the model of a book, its readers, semantic checks, digest, lock; the words of language and engine",
    "matching": "conditions to durable-rules definitions, and the only module that drives durable-rules",
    "deciding": "facts in, the version in force, its conditions, the refund, the reviews; a decision out",
    "languages": "what a decision says, in the languages of its readers",
    "requests": "lists, single and combined requests, what becomes of an order",
    "load": "a book from its file: found, read, checked, compiled",
    "engine": "the façade",
    "rescind": "the package: public names, imported when they are asked for",
    "authoring": "check, cases, coverage, mutants, differences, edits, schemas, reports",
    "analysis": "proofs over all facts",
    "history": "the same policy over stored cases",
    "editor": "language server and formatter",
    "pages": "a book as pages",
    "service": "ledger, HTTP, console",
    "terminal": "how things look on a terminal, and what the verbs share",
    "commands": "the verbs, one file each",
}


def page_with_table(page: str) -> str:
    """The page of the architecture with the table of rooms as it is now."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{_table()}{END}{after}"


def _table() -> str:
    rows = [f"| {_shown(room)} | {what} |" for room, what in ROOMS.items()]
    return "\n".join(["| room | what happens there |", "| --- | --- |", *rows]) + "\n"


def _shown(room: str) -> str:
    if room == "rescind":
        return "`__init__.py`"
    if (PACKAGE / f"{room}.py").is_file():
        return f"`{room}.py`"
    return f"`{room}/`" if (PACKAGE / room).is_dir() else f"`{room}/` (to come)"


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text("utf-8")), "utf-8")
