"""What a version says in its own file and includes: sections of values, and rules that replace their `include`."""

from __future__ import annotations

from collections.abc import Iterator

from rescind.book.read_version_parts import Setting
from rescind.problems.problem import Problems
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.source.document_nodes import Node

__all__ = ["Includes"]


class Includes:
    """The values and rules of one version with those of its includes. `lost`: values could not be included."""

    def __init__(self, root: Node, setting: Setting, problems: Problems) -> None:
        self._root = root
        self._setting = setting
        self._problems = problems
        self.lost = False

    def value_sections(self) -> Iterator[Node]:
        """The values of every file under the top-level `include`, then those of the version itself."""
        include = self._root.get("include")
        for item in include.once() if include else ():
            fragment = self._setting.fragment(item)
            section = fragment.get("values") if fragment else None
            if section:
                yield section
                continue
            self.lost = True
            if fragment:
                self._problems.add(
                    "R0227",
                    f"`{item.text()}` has no `values`",
                    item.location,
                    "include blockers and reviews where they belong: `- include: …` in their list",
                )
        own = self._root.get("values")
        if own:
            yield own

    def listed(self, key: str) -> Iterator[Node]:
        """The rules of a section, with those of included fragments in place of their `include`."""
        section = self._root.get(key)
        for item in section.each() if section else ():
            if isinstance(item.data, dict) and "include" in item.data:
                yield from self._included(key, item)
            else:
                yield item

    def meaning(self) -> dict[str, object]:
        """What the version says, with everything that it includes: the digest is made from it."""
        own = {key: value for key, value in self._root.mapping().items() if key != "include"}
        for key in ("blockers", "review"):
            own[key] = [item.data for item in self.listed(key)]
        own["values"] = [section.data for section in self.value_sections()]
        return own

    def _included(self, key: str, item: Node) -> Iterator[Node]:
        item.only("include", "only", "except")
        fragment = self._setting.fragment(item.child("include"))
        section = fragment.get(key) if fragment else None
        if not section:
            if fragment:
                place = item.child("include")
                self._problems.add(
                    "R0227", f"`{place.text()}` has no `{key}`", place.location, "name a file that has some"
                )
            return
        rules = list(section.each())
        chosen = self._chosen(item, [rule.child("id").id() for rule in rules])
        yield from (rule for rule in rules if rule.child("id").id() in chosen)

    def _chosen(self, item: Node, known: list[str]) -> set[str]:
        """The ids that `only` or `except` leave of an included section."""
        named = {}
        for key in ("only", "except"):
            node = item.get(key)
            named[key] = [child.id() for child in node.once()] if node else []
            for child in node.each() if node else ():
                if child.text() not in known:
                    hint = did_you_mean(child.text(), known) or f"it has {one_of(known, 6)}"
                    file = item.child("include").text()
                    self._problems.add("R0227", f"`{file}` has no `{child.text()}`", child.location, hint)
        return set(named["only"] or known) - set(named["except"])
