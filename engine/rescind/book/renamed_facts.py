"""A fact that a frozen version reads and the vocabulary no longer has: the correction belongs in the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rescind.book.vocabulary import Vocabulary
from rescind.problems.problem import Problem

__all__ = ["renamed"]

UNKNOWN_NAME = frozenset({"R0201", "R0503"})


def renamed(problem: Problem, vocabulary: Vocabulary, texts: Iterable[str]) -> Problem | None:
    """The problem of an unknown name in a frozen version, told of the fact that was probably renamed; else None.

    A frozen version was right once. `texts` are those of all versions and of what they include. If the vocabulary has a
    fact with nearly this name and no text uses that fact, the fact was renamed; if a text uses it, the name is a slip.
    """
    known = re.fullmatch(r"`([a-z0-9_.]+)` is (?:neither|not) a fact .*", problem.message)
    near = re.match(r"did you mean `([a-z0-9_.]+)`\?", problem.hint)
    fact = vocabulary.facts.get(near[1]) if known and near and problem.code in UNKNOWN_NAME else None
    if not (known and fact) or any(
        re.search(rf"(?<![\w.]){re.escape(fact.name)}(?!\w)", text) for text in texts
    ):
        return None
    message = f"nothing reads `{fact.name}`, and a frozen version reads `{known[1]}`, which is not declared"
    hint = f"name it `{known[1]}` again, or restore `{problem.location.path}`"
    return Problem("R0201", message, fact.location, hint)
