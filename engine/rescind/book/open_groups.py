"""What open groups accept besides the facts of the vocabulary: any name except one that is nearly a fact.

Otherwise a misspelt optional fact would be ignored, and what it forbids would be allowed.
"""

from __future__ import annotations

from rescind.book.vocabulary import Vocabulary
from rescind.problems.near_names import NearNames

__all__ = ["OpenGroups"]


class OpenGroups:
    """The open groups of a vocabulary: dotted name to the names below it, which others may nearly be."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        known = (*vocabulary.facts, *vocabulary.groups)
        self.names = {
            group: NearNames(name[len(group) + 1 :] for name in known if name.startswith(f"{group}."))
            for group in vocabulary.open_groups
        }
        self._deepest = max((group.count(".") + 1 for group in self.names), default=0)

    def take(self, name: str) -> bool:
        """Whether a dotted name that is no fact may be sent: it lies in an open group, and is nearly no fact."""
        parts = name.split(".")
        return all(parts) and self._group(parts) != "" and not self.slip(name)

    def slip(self, name: str) -> str:
        """A hint with the fact or group that a name in an open group nearly is; "" where there is none."""
        parts = name.split(".")
        group = self._group(parts)
        return self.hint(group, name[len(group) + 1 :]) if group else ""

    def hint(self, group: str, key: str) -> str:
        """A hint with what a key of an open group nearly is; "" where there is none."""
        near = self.names[group].to(key)
        return (
            f"did you mean `{group}.{near}`? what is nearly a fact is not taken as an extra one"
            if near
            else ""
        )

    def _group(self, parts: list[str]) -> str:
        """The innermost open group that a name lies in; "" for none."""
        above = (".".join(parts[:count]) for count in range(min(len(parts) - 1, self._deepest), 0, -1))
        return next((group for group in above if group in self.names), "")
