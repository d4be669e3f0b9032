"""Storage in memory with the conditions of the real one, and builders."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orders.domain import order as domain
from orders.domain.order import Kind, Line, Order, Reservation, ShipTo, Totals
from orders.service.ports import OrderChange, Orders, OriginalRequest, StoredOrder
from orders.service.seal_details import OrderDetails, seal_details
from shop.personal_data import Person
from shop.trace import Trace
from shop.user_keys import Erased

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORDER_ID = "ord_use1_00000000000000000000000001"
CUSTOMER = "usr_use1_00000000000000000000000001"
PAYMENT = "pay_use1_00000000000000000000000001"
OTHER_PAYMENT = "pay_use1_00000000000000000000000002"
TRACE = Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "req-1", "/orders")
LINES = (Line("TEA-1", 2, "prd_use1_00000000000000000000000001", "Tea", 500, 1000),)
TOTALS = Totals(1000, 500, 150, 1650)
USER_KEY = b"the key of every user of a test!"
HOLD = Reservation("rsv_use1_00000000000000000000000001", NOW + timedelta(minutes=15))


def pending(kind: Kind = Kind.ORDER) -> Order:
    return domain.create(
        order_id=ORDER_ID,
        customer_id=CUSTOMER,
        kind=kind,
        currency="USD",
        lines=(Line("TEA-1", 2),),
        ship_to=ShipTo("US", "NJ"),
        now=NOW,
    )


def placed(kind: Kind = Kind.ORDER) -> Order:
    return domain.placed(pending(kind), lines=LINES, totals=TOTALS, reservation=HOLD, now=NOW)


def attached(kind: Kind = Kind.ORDER) -> Order:
    return domain.payment_attached(placed(kind), PAYMENT, now=NOW)


def original(
    fingerprint: str = "f", owner: str = "me", lease_until: str = "", personal: bytes = b"sealed"
) -> OriginalRequest:
    return OriginalRequest(fingerprint, owner, lease_until, TRACE.to_dict(), personal)


def sealed(order: Order, address: dict[str, Any]) -> bytes:
    """As the row of this order holds it."""
    customer = Person(order.customer_id, "orders", USER_KEY)
    return seal_details(OrderDetails(address, "pm_card_visa"), order, customer)


class FakePersonalData:
    """`orders.service.ports.PersonalData`: one key for everybody who is not erased."""

    def __init__(self, *, erased: bool = False) -> None:
        self.erased = erased

    def to_seal(self, user_id: str) -> Person | Erased:
        return Erased() if self.erased else Person(user_id, "orders", USER_KEY)

    to_open = to_seal


class FakeOrders:
    """`orders.service.ports.Orders` in memory."""

    def __init__(self, *records: StoredOrder) -> None:
        self.rows = {record.order.order_id: record for record in records}
        self.events: list[dict[str, Any]] = []
        self.answered: set[str] = set()  # whose request has no lease any more
        self.writes = 0
        self.reads = 0

    def open(self, record: StoredOrder) -> bool:
        if record.order.order_id in self.rows:
            return False
        self.rows[record.order.order_id] = record
        return True

    def get(self, order_id: str) -> StoredOrder | None:
        self.reads += 1
        return self.rows.get(order_id)

    def take_over(self, order_id: str, *, lease_until: str, owner: str, until: str) -> bool:
        return self._lease(order_id, "lease_until", lease_until, owner, until)

    def end_lease(self, order_id: str, owner: str) -> None:
        self._lease(order_id, "lease_owner", owner, owner, "")

    def _lease(self, order_id: str, name: str, value: str, owner: str, until: str) -> bool:
        record = self.rows.get(order_id)
        if record is None or order_id in self.answered or getattr(record.request, name) != value:
            return False
        leased = replace(record.request, lease_owner=owner, lease_until=until)
        self.rows[order_id] = replace(record, original=leased)
        return True

    def attach_payment(
        self, order_id: str, *, customer_id: str, payment_id: str, now: datetime
    ) -> StoredOrder | None:
        record = self.rows.get(order_id)
        order = None if record is None else record.order
        if record is None or order is None or order.payment_id is not None:
            return None
        if domain.why_not_payable(order, customer_id, payment_id) is not None:
            return None
        self.rows[order_id] = replace(
            record, order=domain.payment_attached(order, payment_id, now=now)
        )
        return self.rows[order_id]

    def save(self, change: OrderChange) -> StoredOrder | None:
        record = self.rows[change.order.order_id]
        if record.order.version != change.order.version - 1:
            return record
        self.writes += 1
        answer = change.answer or record.answer
        wish = change.cancellation_request or record.cancellation_request
        saved = replace(record, order=change.order, answer=answer, cancellation_request=wish)
        if change.ends_request and saved.original is not None:
            saved = replace(saved, original=replace(saved.original, lease_owner="", lease_until=""))
            self.answered.add(change.order.order_id)
        self.rows[change.order.order_id] = saved
        if change.event is not None:
            self.events.append(change.event.body)
        return None

    def due(self, now: datetime) -> Iterable[str]:
        found = [
            (record.order.next_attempt_at, record.order.order_id)
            for record in self.rows.values()
            if record.order.next_attempt_at is not None and record.order.next_attempt_at <= now
        ]
        return [order_id for _, order_id in sorted(found)]


Keep = Callable[..., Order]


def kept_in(orders: Orders, address: dict[str, Any] | None = None) -> Keep:
    """Stores a pending order, and places it unless told not to."""

    def keep(order: Order, *, place: bool = True) -> Order:
        asked = original(lease_until="t0")
        if address is not None:
            asked = replace(asked, personal=sealed(order, address))
        assert orders.open(StoredOrder(order, None, asked))
        if not place:
            return order
        placed = domain.placed(
            order, lines=LINES, totals=TOTALS, reservation=HOLD, now=order.created_at
        )
        assert orders.save(OrderChange(placed)) is None
        return placed

    return keep
