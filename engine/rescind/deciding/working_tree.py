"""The working of a decision as a tree: each figure with its formula, and under it the figures that went in.

A figure is shown in full where it is first read; where it is read again, only its name and value are shown, as for
facts. So the tree is no longer than the list of steps, however often they read one another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rescind.deciding.derivation import RETURNED, Step
from rescind.values.types import Type
from rescind.values.value_readers import typed, typed_money

__all__ = ["MAX_DEPTH", "in_order", "working_tree"]

Node = dict[str, Any]

# JSON readers allow a limited number of levels; what is deeper becomes a separate tree.
MAX_DEPTH = 32


def working_tree(steps: Iterable[Step], zone: dt.tzinfo) -> list[Node]:
    """The figures that no other figure reads, in the order of their computation, each with what it is based on.

    A node is `{name, type, value, formula, inputs, rounded?, at}`; an input that was not computed, or is shown
    elsewhere, is `{name, type, value}`. Times are written in the zone that a formula names, else in `zone`.
    """
    tree = _Tree(zone)
    for step in steps:
        tree.add(step)
    return tree.roots()


class _Tree:
    def __init__(self, zone: dt.tzinfo) -> None:
        self._zone = zone
        self._nodes: list[tuple[Node, int]] = []  # with the levels that each has
        self._inside: set[int] = set()
        # Names may occur twice: a deduction may have the name of the value that it reads. The latest so far is meant.
        self._latest: dict[str, int] = {}

    def add(self, step: Step) -> None:
        zone = ZoneInfo(step.zone) if step.zone else self._zone
        # What an instrument gets back reads its own columns, which may have the name of a deduction.
        linked = not step.name.startswith(RETURNED)
        parts = [self._input(given, zone, linked=linked) for given in step.inputs]
        node = _leaf(step.name, step.value, step.type, zone)
        node |= {"formula": step.formula, "inputs": [part for part, _ in parts]}
        if step.rounded:
            node["rounded"] = typed_money(*step.rounded)
        node["at"] = f"{step.at.path}:{step.at.line}"
        self._latest[step.name] = len(self._nodes)
        self._nodes.append((node, 1 + max((levels for _, levels in parts), default=0)))

    def _input(self, given: tuple[str, Any, Type], zone: dt.tzinfo, *, linked: bool) -> tuple[Node, int]:
        index = self._latest.get(given[0]) if linked else None
        if index is None or index in self._inside or self._nodes[index][1] >= MAX_DEPTH:
            return _leaf(*given, zone), 1
        self._inside.add(index)
        return self._nodes[index]

    def roots(self) -> list[Node]:
        return [node for index, (node, _) in enumerate(self._nodes) if index not in self._inside]


def _leaf(name: str, value: Any, type_: Type, zone: dt.tzinfo) -> Node:
    return {"name": name, "type": str(type_.kind), "value": typed(value, type_, zone)}


def in_order(nodes: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The figures of a tree, inputs before the figures made from them, as one works them out on paper."""
    for node in nodes:
        if "formula" in node:
            yield from in_order(node["inputs"])
            yield node
