"""YAML text to plain data plus the place of everything in it; what would be read in a surprising way is refused.

    checked_text.py     bytes to checked text: size, encoding, characters
    yaml_tree.py        parser events to data and places: keys, tags, anchors, nesting
    plain_scalars.py    what a plain word or number means, and which are refused
    yaml_complaints.py  the parser's complaints in plain words
    document.py         the result

Both of PyYAML's parsers give the same data, codes and places. Nothing here recurses.
"""

from __future__ import annotations

import pathlib

from rescind.problems.problem import Problem, Problems
from rescind.source.checked_text import checked_text, file_text
from rescind.source.document import Document, Path
from rescind.source.yaml_tree import Tree, read_tree

__all__ = ["Document", "Path", "read_file", "read_text"]

# Mistakes whose meaning can be guessed, so that later stages can look for more of them.
_GUESSABLE = frozenset({"R0006", "R0011", "R0012", "R0013"})


def read_file(path: pathlib.Path, shown: str, problems: Problems) -> Document | None:
    """Read the file at `path`, named `shown` in messages. Never raises for what the file holds or lacks.

    Like `read_text`; a file that cannot be read is a problem too.
    """
    text = file_text(path, shown, problems)
    return None if text is None else read_text(text, shown, problems)


def read_text(text: str, shown: str, problems: Problems) -> Document | None:
    """Read one YAML document, named `shown` in messages. Adds every problem that the syntax lets it see.

    None when the text cannot be used. A document is also given where the only problems are ones whose
    meaning can be guessed (`yes`, a key that appears twice), so that more can be found in the same run:
    INVARIANT: the problems are errors all the same, and the caller must stop on them before using the data.
    """
    text = text.removeprefix("\ufeff")
    strange: list[Problem] = []
    usable = checked_text(text, shown, strange)
    tree = Tree() if usable is None else read_tree(usable, shown)
    # A strange character can be what broke the syntax: it is the one to mend first.
    fatal = () if tree.fatal is None or (strange and tree.fatal.code == "R0004") else (tree.fatal,)
    found = [*strange, *tree.problems, *fatal]
    problems.extend(found)
    if tree.place is None or any(problem.code not in _GUESSABLE for problem in found):
        return None
    return Document(shown, text, tree.data, tree.place)
