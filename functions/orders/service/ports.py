"""What the use cases need from storage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from orders.domain.order import Order, answers_its_request
from shop.events import Event
from shop.idempotency import StoredResponse
from shop.payer_details import Payer
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class OriginalRequest:
    """What the request that made the order left in its row.

    The fingerprint is a digest under the customer's key: of a bare one, whoever has the row could
    try addresses. `personal` are the sealed details (seal_details.py).
    """

    fingerprint: str
    lease_owner: str
    lease_until: str
    trace: dict[str, str]
    personal: bytes


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order, the first answer if it is kept (render_responses.py), and its request if known.

    `cancellation_request` is the fingerprint of caller and key of the request to cancel it whose
    wish was kept, and stays when that has come to its end.
    """

    order: Order
    answer: StoredResponse | None = None
    original: OriginalRequest | None = None
    cancellation_request: str | None = None

    @property
    def request(self) -> OriginalRequest:
        """The request of an order that was read, not only expected to be so."""
        if self.original is None:
            raise LookupError("expected, not read")
        return self.original


@dataclass(frozen=True, slots=True)
class OrderChange:
    """A new state of an order, stored together with its event and with the first answer."""

    order: Order
    event: Event | None = None
    answer: StoredResponse | None = None
    cancellation_request: str | None = None  # None: as it was

    @property
    def ends_request(self) -> bool:
        """Whether the request that made the order has its answer from now on."""
        return self.answer is not None or answers_its_request(self.order)


class Orders(Protocol):
    """Storage of orders."""

    def open(self, record: StoredOrder) -> bool:
        """Store a pending order; False if there is one."""

    def get(self, order_id: str) -> StoredOrder | None:
        """The stored order, strongly consistent."""

    def take_over(self, order_id: str, *, lease_until: str, owner: str, until: str) -> bool:
        """Take a lease that is over; False if another request was first."""

    def end_lease(self, order_id: str, owner: str) -> None:
        """Let the next repeat of the request go on at once."""

    def attach_payment(
        self, order_id: str, *, customer_id: str, payment_id: str, now: datetime
    ) -> StoredOrder | None:
        """`domain.payment_attached` in one request; None if the stored order does not allow it."""

    def save(self, change: OrderChange) -> StoredOrder | None:
        """Store it if the row is at the version before; else the row as it is."""

    def due(self, now: datetime) -> Iterable[str]:
        """Ids of orders to look after, the oldest first."""


class OrdersOfCustomer(Protocol):
    """Lists of orders."""

    def of_customer(
        self, customer_id: str, *, limit: int, before: str | None
    ) -> tuple[Sequence[Order], str | None]:
        """A page of placed orders, newest first, and where the next one begins."""


class StoredOrdersOfCustomer(Protocol):
    """Lists of orders with what is sealed of them."""

    def whole_of_customer(
        self, customer_id: str, *, limit: int, before: str | None
    ) -> tuple[Sequence[StoredOrder], str | None]:
        """A page of placed orders, newest first, and where the next one begins."""


class Parts(Protocol):
    """Where parts of exports go."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store it, in place of what was there."""


class Person(Protocol):
    """A customer, by the key under which their data is sealed."""

    def seal(self, fields: Mapping[str, Any], *, row: str) -> bytes:
        """These fields as one message that opens for this customer and row only."""

    def open(self, sealed: bytes, *, row: str) -> dict[str, Any]:
        """The fields again."""

    def for_table(self, table: str) -> Payer:
        """The same customer, for rows of another table."""

    def digest(self, text: str) -> str:
        """The same for the same text, and no guide to it for whoever has no key."""


class PersonalData(Protocol):
    """The keys of customers."""

    def to_seal(self, user_id: str) -> Person | Erased:
        """Whose data is to be written."""

    def to_open(self, user_id: str) -> Person | Erased:
        """Whose data was written before."""
