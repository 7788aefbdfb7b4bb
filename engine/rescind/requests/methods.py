"""The desk as methods of the engine. What they need is imported when they are called: deciding does not wait for it."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescind.requests.desk import Desk
    from rescind.requests.list_resources import Filters, Listed
    from rescind.requests.order import Order
    from rescind.requests.order_status import Status

__all__ = ["RequestMethods"]

Moment = str | dt.datetime | int


class RequestMethods(ABC):
    """Lists, requests and their states, for a class that lends a desk."""

    @abstractmethod
    def moment(self, at: Moment) -> int:
        """An evaluation time in microseconds."""

    @abstractmethod
    def desk(self, policy: str | None = None, version: str | None = None) -> Desk:
        """What requests need: reading and deciding, by one policy or version where one is named."""

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
        where a filter cannot be used.
        """
        from rescind.requests.list_resources import listed

        return listed(self.desk(policy, version), rows, self.moment(at), filters)

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
        from rescind.requests.place_order import Asked, place

        asked = Asked(reason, number, all_or_nothing, confirm)
        return place(self.desk(policy, version), rows, asked, self.moment(at))

    def status(
        self, order: Order | Mapping[str, Any], words: Iterable[Mapping[str, Any]] = (), *, at: Moment
    ) -> Status:
        """What has become of a confirmed order at `at`, by the words of its reviewers so far.

        `order` may be the plain data of one. Raises `RequestError` for an order or a word that cannot be accepted.
        """
        from rescind.requests.order import Order
        from rescind.requests.order_status import status_of

        document = order.to_dict() if isinstance(order, Order) else order
        return status_of(document, words, self.moment(at), self.desk().zone)
