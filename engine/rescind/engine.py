"""The façade: load a book, decide cases, list resources, place requests.

    engine = Engine.load("policies.yaml")
    decision = engine.decide(facts, at="2024-11-05T09:00:00+08:00")

An `Engine` never changes after it was loaded. It may be shared by threads and used after `fork`; to reload, load a new
one. While deciding nothing reads a clock: the evaluation time is always passed in.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescind.book.model import Book, Version
from rescind.deciding.decide_case import CaseDecider, Moment, moment_in, rows_of
from rescind.deciding.decision import Decision
from rescind.deciding.version_program import Program
from rescind.load import book_path, deployable_book
from rescind.problems.exceptions import facts_error
from rescind.values.decimals import UnitError

if TYPE_CHECKING:  # imported when they are called: deciding does not wait for them
    from rescind.problems.problem import Problem
    from rescind.requests.list_resources import Filters, Listed
    from rescind.requests.order import Order
    from rescind.requests.order_status import Status

__all__ = ["Engine"]


class Engine:
    """A loaded book, ready to decide."""

    def __init__(
        self,
        book: Book,
        definitions: Mapping[tuple[str, str], Mapping[str, Any]],
        left_out: tuple[Problem, ...] = (),
    ) -> None:
        """For `load`, which makes sure that the book is free of errors."""
        self._book = book
        self._left_out = left_out
        self._decider = CaseDecider(book, definitions)

    @classmethod
    def load(
        cls, path: str | Path | None = None, *, drafts: bool = False, at: Moment | None = None
    ) -> Engine:
        """Load the book at `path` (a file or a folder), or the shipped book. Raises `BookError` with every error.

        A version that is not frozen is a draft. With `drafts` it decides like any other, and its decisions say so: for
        tests and dry runs. Without, a draft that has begun at `at` (None: by the clock) is an error. One that begins
        later is left out (see `left_out`); its policy decides no case from then on.
        """
        return cls(*deployable_book(book_path(path), drafts=drafts, at=at))

    @property
    def left_out(self) -> tuple[Problem, ...]:
        """A warning (R0337) for each draft that is left out, as it had not begun when the book was loaded."""
        return self._left_out

    @property
    def book(self) -> Book:
        """The book, as parsed; drafts that are left out are in it."""
        return self._book

    def definition(self, policy: str, version: str) -> Mapping[str, Any]:
        """The compiled durable-rules definition of a version, as plain JSON."""
        return self.program(policy, version).definition

    def program(self, policy: str, version: str) -> Program:
        """A version, ready to run; for tools that look into how a case is decided."""
        return self._decider.programs[policy, version]

    def typed(self, facts: Mapping[str, Any], *, at: Moment) -> list[Any]:
        """The values of a case as programs take them. Raises `FactsError` with every problem of the facts."""
        return self._decider.read(facts, self._decider.moment(at))

    def moment(self, at: Moment) -> int:
        """An evaluation time in microseconds. Raises `FactsError` where it is no time, or has no offset and no zone."""
        return self._decider.moment(at)

    def replacing(self, version: Version, definition: Mapping[str, Any]) -> Engine:
        """A copy in which `version` takes the place of the one of its name, whatever its digest; the rest is shared."""
        other = copy.copy(self)
        other._decider = self._decider.replacing(version, definition)  # noqa: SLF001 - its own kind
        return other

    def decide(
        self, facts: Mapping[str, Any], *, at: Moment, policy: str | None = None, version: str | None = None
    ) -> Decision:
        """Decide one case as of `at`: an aware datetime or a date, either as text too, or microseconds since the epoch.

        `policy` tries only that policy, `version` takes that version of it whatever its dates. Raises `FactsError` with
        every problem of the facts, and `EngineError` if the rules engine fails; neither is ever "allowed".
        """
        decider = self._decider.only(policy, version)
        moment = decider.moment(at)
        return decider.decide(decider.read(facts, moment), moment)

    def decide_many(self, rows: Iterable[Mapping[str, Any]], *, at: Moment) -> Iterator[Decision]:
        """Decide one case after the other, lazily. The first bad one raises its `FactsError`."""
        decider = self._decider
        moment = decider.moment(at)
        try:
            cases = rows_of(rows)
        except UnitError as error:
            raise facts_error("R0903", "rows", str(error), error.hint) from None
        for facts in cases:
            yield decider.decide(decider.read(facts, moment), moment)

    def list(
        self,
        rows: Iterable[object],
        *,
        at: Moment,
        filters: Filters | None = None,
        policy: str | None = None,
        version: str | None = None,
    ) -> Iterator[Listed]:
        """Each row as allowed or not allowed, lazily and in order; bad rows too, with their problems.

        A row is a mapping of facts, or the `FactsError` with which it could not be read. Raises `RequestError`
        where a filter cannot be used, or the rows are no rows.
        """
        from rescind.requests.list_resources import listed

        return listed(self._decider.only(policy, version), rows, self.moment(at), filters)

    def request(  # noqa: PLR0913 - one keyword for each thing that a customer chooses
        self,
        rows: Iterable[object],
        *,
        reason: str | None = None,
        at: Moment,
        number: str | None = None,
        all_or_nothing: bool = False,
        confirm: bool = False,
        policy: str | None = None,
        version: str | None = None,
    ) -> Order:
        """The order for the selected resources, a preview unless `confirm`. Nothing is stored.

        `reason` None takes the one in the facts; `number` None derives it from the content. Raises `RequestError`
        with every problem, those of the facts included.
        """
        from rescind.requests.place_order import RequestOptions, place

        options = RequestOptions(reason, number, all_or_nothing, confirm)
        return place(self._decider.only(policy, version), rows, options, self.moment(at))

    def status(
        self, order: Order | Mapping[str, Any], words: Iterable[Mapping[str, Any]] = (), *, at: Moment
    ) -> Status:
        """What has become of a confirmed order at `at`, by the words of its reviewers so far.

        `order` may be the plain data of one; times without an offset are those of its zone. Raises `RequestError` for
        an order or a word that cannot be accepted. That the order was not changed is checked by its number and its
        checksum; `verify` decides it again.
        """
        from rescind.requests.order import Order
        from rescind.requests.order_status import status_of
        from rescind.requests.read_order import read_order

        parts = read_order(order.to_dict() if isinstance(order, Order) else order)
        return status_of(parts, words, moment_in(at, parts.zone))

    def verify(self, order: Order | Mapping[str, Any], rows: Iterable[object]) -> None:
        """Decide an order again, as of its submission, from the facts that it was placed with, in any order.

        Raises `RequestError` with every resource of which this book decides otherwise.
        """
        from rescind.requests.order import Order
        from rescind.requests.verify_order import verify

        verify(self._decider, order.to_dict() if isinstance(order, Order) else order, rows)
