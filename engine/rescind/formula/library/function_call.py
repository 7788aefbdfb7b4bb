"""One call of a library function while it is compiled: its arguments, checked, and what the function yields."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from rescind.formula.lexer import Mistake
from rescind.formula.runtime_values import Run
from rescind.formula.syntax_tree import Call, Literal, Node
from rescind.formula.typed_expression import Build, Typed, Unit, describe, unify
from rescind.formula.zoned_time import Clock, clock_of
from rescind.problems.frozen_records import frozen
from rescind.problems.suggestions import did_you_mean, one_of
from rescind.values.types import Kind, Type

__all__ = ["CallSite", "Function", "Value"]

# Functions that cut time where an hour begins: nearly all zones agree when that is.
HOURLY = frozenset({"floor_hour", "ceil_hour"})

# What a closure reads is of the type that was checked when it was built.
Value = Any


@frozen
class CallSite:
    """A call: the formula it stands in, the call's node and the function's signature."""

    unit: Unit
    node: Call
    build: Build
    signature: str

    @property
    def text(self) -> str:
        """The call as written."""
        return self.unit.snippet(self.node)

    @property
    def arguments(self) -> tuple[Node, ...]:
        """The arguments as parsed."""
        return self.node.arguments

    def result(self, type_: Type, run: Run) -> Typed:
        """The call's typed form."""
        return Typed(type_, run, self.node, self.text)

    def typed(self, *kinds: Kind, count: int | None = None) -> list[Typed]:
        """The first `count` arguments (default: all), each of one of `kinds`."""
        nodes = self.arguments[:count]
        return self.unit.all([lambda node=node: self.one(node, *kinds) for node in nodes])  # type: ignore[misc]

    def one(self, node: Node, *kinds: Kind) -> Typed:
        """One argument of one of `kinds`."""
        built = self.build(node, None)
        if kinds and built.type.kind not in kinds:
            names = one_of(
                kind for kind in Kind if kind in kinds
            )  # a caller may pass a set: no order of its own
            message = f"`{built.text}` is {describe(built.type)}, `{self.node.function}` takes {names} here"
            raise Mistake("R0511", node.start, message, self.usage)
        return built

    @property
    def usage(self) -> str:
        """How the function is called, as a hint."""
        return f"use `{self.signature}`"

    def alike(self, parts: list[Typed]) -> Type:
        """The common type of several parts: money has a currency only if every part has that currency."""
        type_ = parts[0].type
        for before, part in pairwise(parts):
            common = unify(type_, part.type)
            if common is None:
                raise self._not_alike("R0511", part, before)
            type_ = common
        in_currency = [part for part in parts if part.type.currency]
        for part in in_currency[1:]:
            if part.type.currency != in_currency[0].type.currency:
                raise self._not_alike("R0508", part, in_currency[0])
        return type_

    def _not_alike(self, code: str, part: Typed, other: Typed) -> Mistake:
        message = f"`{part.text}` is {describe(part.type)}, `{other.text}` is {describe(other.type)}"
        return Mistake(code, part.node.start, message, f"`{self.node.function}` needs them alike")

    def of_one_currency(self, parts: list[Typed]) -> Type:
        """The type of parts that the call checks for one currency when it runs: one that names it names it for all."""
        type_ = self.alike(parts)
        return next((part.type for part in parts if part.type.currency), type_)

    def word(self, node: Node, words: Collection[str], what: str) -> str:
        """A literal text out of a closed list."""
        text = self.text_of(node, what)
        if text not in words:
            message = f"`{text[:60]}` is not {what}"
            raise Mistake("R0512", node.start, message, did_you_mean(text, words) or f"use {one_of(words)}")
        return text

    def text_of(self, node: Node, what: str) -> str:
        """A text written in quotes."""
        if isinstance(node, Literal) and isinstance(node.value, str):
            return node.value
        message = f"expected {what} in quotes, found `{self.unit.snippet(node)}`"
        raise Mistake("R0512", node.start, message, self.usage)

    def clock(self, node: Node | None) -> Clock:
        """The clock of the zone that an argument names, or of the book's zone."""
        if node is None:
            if self._cuts_days:
                self.unit.zoneless.append(self.node)
            return clock_of(self.unit.scope.zone)
        name = self.text_of(node, "a time zone")
        try:
            # Only names of the tz database: `localtime` and paths would depend on the machine.
            if name[:1].isupper():
                zone = ZoneInfo(name)
                self.unit.zones[name] = None
                return clock_of(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
        hint = did_you_mean(name, available_timezones()) or "use a name such as `Asia/Shanghai`"
        raise Mistake("R0512", node.start, f"`{name[:60]}` is not a time zone", hint)

    @property
    def _cuts_days(self) -> bool:
        """Whether the zone decides where a day begins: between dates it does not, until one becomes an instant."""
        kinds = {self.unit.kinds.get(id(part)) for part in self.arguments}
        name = self.node.function
        return name == "time_of" or (Kind.TIME in kinds and name not in HOURLY)


@frozen
class Function:
    """A function of the library: how it is called, how many arguments it takes, and what compiles a call."""

    signature: str
    least: int
    most: int
    compile: Callable[[CallSite], Typed]

    @property
    def name(self) -> str:
        """The name that formulas use."""
        return self.signature.partition("(")[0]
