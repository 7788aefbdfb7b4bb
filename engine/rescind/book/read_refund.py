"""The refund: its settings, and terms with what they deduct and what each instrument returns."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.book.literal_hints import label_hint
from rescind.book.model import ALWAYS, Deduction, Instrument, Name, Refund, Route, Term
from rescind.book.names_in_scope import BrokenNameError
from rescind.book.read_version_parts import PartReader, attempt, whole
from rescind.book.words import BelowZero, CountsAs, Destination, RoundingPlace, Share, Split
from rescind.problems.problem import Location
from rescind.problems.suggestions import all_of, did_you_mean
from rescind.source.document_nodes import NAME, Node
from rescind.values.rounding_modes import RoundingMode
from rescind.values.types import Kind, Type

__all__ = ["REFUND_TOTAL", "RefundReader"]

REFUND_TOTAL = "refund.total"


class RefundReader:
    """Reads the refund of one version."""

    def __init__(self, parts: PartReader) -> None:
        self._parts = parts
        self._problems = parts.problems

    def declare(self, refund: Node) -> None:
        """Announce the figures of the refund, which conditions and formulas may read."""
        paid = self._parts.vocabulary.facts.get(refund.child("paid").text())
        self._parts.names.declare(REFUND_TOTAL)
        for part in paid.type.choices if paid else ():
            self._parts.names.declare(f"refund.returned.{part}")
        for term in refund.child("terms").each():
            for name in term.child("deduct").mapping() if term.get("deduct") else ():
                self._parts.names.declare(f"refund.deductions.{name}")

    def read(self, node: Node) -> Refund:
        """The refund. Raises `BrokenNameError` when a part of it has problems."""
        node.only("paid", "rounding", "below_zero", "split", "terms", "description")
        rounding = node.get("rounding")
        if rounding:
            rounding.only("mode", "place")
        paid = self._parts.conditions.name(node.child("paid").text(), node.child("paid").location)
        self._parts.used.add(paid.name)
        if paid.type.kind is not Kind.INSTRUMENTS:
            self._parts.wrong_kind(paid, Kind.INSTRUMENTS, node.child("paid"))
            raise BrokenNameError(paid.name)
        terms = whole([attempt(self._term, term, paid) for term in node.child("terms").each()])
        seen: dict[str, Location] = {}
        for term in terms:
            self._parts.once(term.id, term.location, seen)
        self._check_order(terms)
        return Refund(
            paid,
            rounding.word_of("mode", RoundingMode.HALF_UP) if rounding else RoundingMode.HALF_UP,
            rounding.word_of("place", RoundingPlace.ONCE) if rounding else RoundingPlace.ONCE,
            node.word_of("below_zero", BelowZero.ZERO),
            node.word_of("split", Split.PROPORTIONAL),
            tuple(terms),
            node.key_location,
        )

    def _check_order(self, terms: list[Term]) -> None:
        for term in terms[:-1]:
            if term.when is ALWAYS:
                self._problems.add(
                    "R0224",
                    f"terms after `{term.id}` are never reached: it has no `when`",
                    term.location,
                    "give it a `when`, or move it to the end",
                )
        if terms[-1].when is not ALWAYS:
            self._problems.add(
                "R0231",
                "no refund terms for every other case",
                terms[-1].location,
                "end the list with terms without `when`; a case that no terms cover cannot be decided",
            )

    def _term(self, node: Node, paid: Name) -> Term:
        node.only("id", "when", "unless", "description", "deduct", "instruments")
        deduct = node.get("deduct")
        items = list(deduct.items()) if deduct else []
        for name, child in items:
            if not NAME.fullmatch(name):
                raise child.malformed("a name")
        money = Type(Kind.MONEY, currency=paid.type.currency)
        deductions = whole([attempt(self._deduction, name, child, money) for name, child in items])
        instruments = self._instruments(node, paid)
        self._check_remainder(deductions, instruments, node)
        return Term(
            node.child("id").id(), self._parts.when(node), tuple(deductions), instruments, node.location
        )

    def _instruments(self, term: Node, paid: Name) -> tuple[Instrument, ...]:
        """What the terms say of each instrument, in their order; one that they do not name comes last."""
        given = term.child("instruments")
        instruments = {
            name: self._instrument(name, child)
            for name, child in given.items()
            if self._known_instrument(name, child, paid)
        }
        for name in paid.type.choices:
            if name not in instruments and not given.mapping().keys() <= set(paid.type.choices):
                raise BrokenNameError(name)
            if name not in instruments:
                self._problems.add(
                    "R0232",
                    f"`{name}` is not named by the terms `{term.child('id').id()}`; "
                    "a case in which it paid cannot be decided",
                    given.key_location,
                    f"write `{name}: none` if nothing of it is returned",
                )
                instruments[name] = Instrument(name, Share.NONE, ALWAYS, (), given.key_location, named=False)
        return tuple(instruments.values())

    def _check_remainder(
        self, deductions: list[Deduction], instruments: Iterable[Instrument], node: Node
    ) -> None:
        if deductions and not any(instrument.back is Share.REMAINDER for instrument in instruments):
            self._problems.add(
                "R0228",
                "the terms deduct something, and no instrument returns a `remainder`",
                node.child("deduct").key_location,
                "write `remainder` for the instruments that the deductions are taken from",
            )

    def _known_instrument(self, name: str, node: Node, paid: Name) -> bool:
        if name in paid.type.choices:
            return True
        fact = self._parts.vocabulary.facts.get(paid.name)
        near = label_hint(name, fact.labels if fact else {}) or did_you_mean(name, paid.type.choices)
        hint = near or f"its instruments are {all_of(paid.type.choices)}"
        self._problems.add(
            "R0203", f"`{name}` is not an instrument of `{paid.name}`", node.key_location, hint
        )
        return False

    def _instrument(self, name: str, node: Node) -> Instrument:
        if not isinstance(node.data, dict):
            return Instrument(name, node.word(Share), ALWAYS, (), node.key_location)
        node.only("return", "when", "unless", "to", "description")
        back = node.child("return").word(Share)
        return Instrument(name, back, self._parts.when(node), self._routes(node), node.key_location)

    def _routes(self, node: Node) -> tuple[Route, ...]:
        to = node.get("to")
        if not to:
            return ()
        if isinstance(to.data, str):
            return (Route(ALWAYS, to.word(Destination)),)
        routes = [(item, self._route(item)) for item in to.each()]
        for item, route in routes[:-1]:
            if route.when is ALWAYS:
                self._problems.add(
                    "R0224",
                    "destinations after `otherwise` are never reached",
                    item.location,
                    "move it to the end",
                )
        return tuple(route for _, route in routes)

    def _route(self, node: Node) -> Route:
        node.only("when", "to", "otherwise")
        otherwise = node.get("otherwise")
        if otherwise:
            node.only("otherwise")
            return Route(ALWAYS, otherwise.word(Destination))
        return Route(self._parts.condition(node.child("when")), node.child("to").word(Destination))

    def _deduction(self, name: str, node: Node, money: Type) -> Deduction:
        column = CountsAs.CONSUMED if name == CountsAs.CONSUMED else CountsAs.FEES
        if not isinstance(node.data, dict):
            return Deduction(
                name, self._parts.formula(node, money), column, None, None, ALWAYS, node.key_location
            )
        node.only("amount", "as", "at_least", "at_most", "when", "unless", "description")
        limits = [
            self._parts.formula(limit, money) if limit else None
            for limit in map(node.get, ("at_least", "at_most"))
        ]
        return Deduction(
            name,
            self._parts.formula(node.child("amount"), money),
            node.word_of("as", column),
            limits[0],
            limits[1],
            self._parts.when(node),
            node.key_location,
        )
