"""What the use cases need from storage."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from orders.records import OrderChange, StoredOrder


class Orders(Protocol):
    """Storage of orders."""

    def open(self, record: StoredOrder, address: dict[str, Any]) -> bool:
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
