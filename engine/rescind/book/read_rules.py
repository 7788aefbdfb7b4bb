"""Blockers and reviews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rescind.book.model import Blocker, Review
from rescind.book.read_version_parts import PartReader
from rescind.book.words import UNSPECIFIED, OnTimeout, ReviewScope
from rescind.problems.problem import Location
from rescind.source.document_nodes import Node
from rescind.values.decimals import UnitError
from rescind.values.durations import Duration, parse_duration

__all__ = ["RuleReader"]

MAX_MESSAGE = 1_000

Rule = TypeVar("Rule", Blocker, Review)


class RuleReader:
    """Reads the blockers and reviews of one version."""

    def __init__(self, parts: PartReader) -> None:
        self._parts = parts
        self._problems = parts.problems

    def blockers(self, nodes: Iterable[Node]) -> tuple[Blocker, ...]:
        """The blockers at the nodes; an id that occurs twice is a problem."""
        return tuple(self._unique(map(self._blocker, nodes)))

    def reviews(self, nodes: Iterable[Node]) -> tuple[Review, ...]:
        """The reviews at the nodes; an id that occurs twice is a problem."""
        return tuple(self._unique(map(self._review, nodes)))

    def _unique(self, rules: Iterable[Rule]) -> Iterator[Rule]:
        seen: dict[str, Location] = {}
        for rule in rules:
            self._parts.once(rule.id, rule.location, seen)
            yield rule

    def _blocker(self, node: Node) -> Blocker:
        node.only("id", "when", "unless", "message", "remedy", "description")
        node.child("when")
        return Blocker(
            node.child("id").id(),
            self._parts.when(node),
            node.child("message").text(MAX_MESSAGE),
            node.text_of("remedy", MAX_MESSAGE),
            node.location,
        )

    def _review(self, node: Node) -> Review:
        node.only("id", "when", "unless", "by", "within", "on_timeout", "scope", "reason", "description")
        within = self._within(node.child("within"))
        self._check_timeout(node)
        return Review(
            node.child("id").id(),
            self._parts.when(node),
            node.child("by").id(),
            within,
            node.child("on_timeout").word(OnTimeout),
            node.word_of("scope", ReviewScope.ORDER),
            node.text_of("reason", MAX_MESSAGE),
            node.location,
        )

    def _check_timeout(self, node: Node) -> None:
        """Refuse `on_timeout: approve` where a review has no time limit."""
        if (
            node.child("within").text() == UNSPECIFIED
            and node.child("on_timeout").text() == OnTimeout.APPROVE
        ):
            self._problems.add(
                "R0233",
                f"the review `{node.child('id').id()}` approves when its time runs out, and has no time limit",
                node.child("on_timeout").location,
                "write `within: 24h`, or `on_timeout: unspecified`",
            )

    def _within(self, node: Node) -> Duration | None:
        if node.text() == UNSPECIFIED:
            return None
        try:
            duration = parse_duration(node.text())
        except UnitError as error:
            self._problems.add("R0203", str(error), node.location, error.hint)
            return None
        if duration.months or duration.micros <= 0:
            self._problems.add(
                "R0203",
                f"a time limit needs an exact length above zero, found `{node.text()}`",
                node.location,
                "write `24h` or `30d`",
            )
        return duration
