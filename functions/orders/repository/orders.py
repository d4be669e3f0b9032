"""Orders and their timelines in DynamoDB. The only place of the service that knows DynamoDB.

`ORDER#<id>`/`ORDER` is the order, its request with what is personal sealed, its first answer where
that does not follow from the order, and the event of its newest change; `ORDER#<id>`/`EVENT#…` its
timeline. Index `by_customer` holds orders that were placed, `due` those that are unfinished.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from orders.domain import order as domain
from orders.domain import order_mapper
from orders.domain.order import Order, Status
from orders.service.ports import OrderChange, OriginalRequest, StoredOrder
from shop import clock, ids, tables
from shop.idempotency import StoredResponse

EVENT = "EVENT#"


# What GET /orders shows, and what a row must have to be read as an order. No version: the index
# need not follow what changes nothing that is shown.
SHOWN = (
    "order_id", "kind", "status", "currency", "lines", "ship_to", "subtotal", "shipping",
    "tax", "total", "reservation", "payment_id", "reason", "created_at", "updated_at",
)  # fmt: skip


class OrderItem(tables.EventRow):
    """An order's row. Names and forms are those of order_mapper.py, totals unfolded."""

    Meta = tables.meta("orders")

    order_id = UnicodeAttribute()
    customer_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    status = UnicodeAttribute()
    version = NumberAttribute()
    currency = UnicodeAttribute()
    lines = tables.CompactJSONAttribute()
    ship_to = tables.CompactJSONAttribute()
    subtotal = NumberAttribute(null=True)
    shipping = NumberAttribute(null=True)
    tax = NumberAttribute(null=True)
    total = NumberAttribute(null=True)
    reservation = tables.CompactJSONAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)
    payment_attached_at = UnicodeAttribute(null=True)
    awaiting = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    refund_due = tables.CompactJSONAttribute(null=True)
    refunded = tables.CompactJSONAttribute(null=True)
    stuck = BooleanAttribute(null=True)
    cancellation_requested_by = UnicodeAttribute(null=True)
    attempts = NumberAttribute(null=True)
    abandon_at = UnicodeAttribute(null=True)
    placed_at = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    created_sort = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    next_attempt_at = UnicodeAttribute(null=True)

    personal = BinaryAttribute(legacy_encoding=False)
    fingerprint = UnicodeAttribute()
    lease_owner = UnicodeAttribute(null=True)
    lease_until = UnicodeAttribute(null=True)
    trace = tables.CompactJSONAttribute()
    answer_status = NumberAttribute(null=True)
    answer_body = UnicodeAttribute(null=True)
    cancellation_request = UnicodeAttribute(null=True)

    by_customer = tables.index("by_customer", "customer_id", "created_sort", project=SHOWN)
    due = tables.due_index()


class TimelineItem(tables.TableModel):
    """One event about an order."""

    Meta = tables.meta("orders")

    event = tables.CompactJSONAttribute()


class OrderRepository:
    """Storage of orders, as service/ports.py asks for it, and the reads of the API."""

    def open(self, record: StoredOrder) -> bool:
        """Store a pending order; False if there is one."""
        original = record.request
        item = OrderItem(
            _pk(record.order.order_id),
            "ORDER",
            personal=original.personal,
            fingerprint=original.fingerprint,
            lease_owner=original.lease_owner,
            lease_until=original.lease_until,
            trace=original.trace,
            **_state(record.order),
        )
        return tables.put(item, OrderItem.pk.does_not_exist()) is None

    def get(self, order_id: str) -> StoredOrder | None:
        """The stored order, strongly consistent."""
        if not ids.is_id("ord", order_id):  # A path may hold anything, a key not.
            return None
        try:
            return _record(OrderItem.get(_pk(order_id), "ORDER", consistent_read=True))
        except OrderItem.DoesNotExist:
            return None

    def take_over(self, order_id: str, *, lease_until: str, owner: str, until: str) -> bool:
        """Take a lease that is over; False if another request was first."""
        actions = [OrderItem.lease_owner.set(owner), OrderItem.lease_until.set(until)]
        return self._update(order_id, actions, OrderItem.lease_until == lease_until) is not None

    def end_lease(self, order_id: str, owner: str) -> None:
        """Let the next repeat of the request go on at once."""
        actions = [OrderItem.lease_until.set("")]
        self._update(order_id, actions, OrderItem.lease_owner == owner)

    def attach_payment(
        self, order_id: str, *, customer_id: str, payment_id: str, now: datetime
    ) -> StoredOrder | None:
        """`domain.payment_attached` in one request; None if the stored order does not allow it."""
        actions: list[Action] = [
            OrderItem.payment_id.set(payment_id),
            OrderItem.payment_attached_at.set(clock.rfc3339(now)),
            OrderItem.updated_at.set(clock.rfc3339(now)),
            OrderItem.next_attempt_at.set(clock.rfc3339(now + domain.RECOVER_AFTER)),
            OrderItem.abandon_at.set(clock.rfc3339(now + domain.ABANDON_AFTER)),
            OrderItem.attempts.set(0),
            OrderItem.version.set(OrderItem.version + 1),
        ]
        allowed = (
            (OrderItem.status == Status.PLACED.value)
            & (OrderItem.customer_id == customer_id)
            & OrderItem.payment_id.does_not_exist()
            & OrderItem.cancellation_requested_by.does_not_exist()
        )
        item = self._update(order_id, actions, allowed)
        return None if item is None else _record(item)

    def save(self, change: OrderChange) -> StoredOrder | None:
        """Store it if the row is at the version before; else the row as it is."""
        order = change.order
        item = OrderItem(_pk(order.order_id), "ORDER")
        state = _state(order) | _answer(change.answer)
        if change.cancellation_request is not None:
            state["cancellation_request"] = change.cancellation_request
        if change.ends_request:  # Nobody asks for the lease of a request that has its answer.
            state |= {"lease_owner": None, "lease_until": None}
        actions = [
            getattr(OrderItem, name).remove()
            if value is None
            else getattr(OrderItem, name).set(value)
            for name, value in state.items()
        ]

        before = OrderItem.version == order.version - 1
        refused = tables.update(item, actions, before, event=change.event)
        if refused is None:
            return None
        if refused.item is None:
            raise LookupError("no such order")
        return _record(tables.from_raw(OrderItem, refused.item))

    def due(self, now: datetime) -> Iterable[str]:
        """Ids of orders to look after, the oldest first; read page by page."""
        until = OrderItem.next_attempt_at <= clock.rfc3339(now)
        shards = [OrderItem.due.query(str(shard), until) for shard in range(tables.DUE_SHARDS)]
        for item in tables.oldest_first(shards, by=lambda item: str(item.next_attempt_at)):
            yield item.pk.removeprefix("ORDER#")

    def of_customer(
        self, customer_id: str, *, limit: int, before: str | None
    ) -> tuple[Sequence[Order], str | None]:
        """A page of placed orders, newest first, and where the next one begins."""
        start = None
        if before is not None:
            keys = {"customer_id": customer_id, "created_sort": before}
            keys |= {"pk": _pk(before.partition("#")[2]), "sk": "ORDER"}
            start = {name: {"S": value} for name, value in keys.items()}
        found = list(
            OrderItem.by_customer.query(
                customer_id, scan_index_forward=False, limit=limit + 1, last_evaluated_key=start
            )
        )
        more = found[limit - 1].created_sort if len(found) > limit else None
        return [_record(item).order for item in found[:limit]], more

    def whole_of_customer(
        self, customer_id: str, *, limit: int, before: str | None
    ) -> tuple[Sequence[StoredOrder], str | None]:
        """The same page, each read again by its key: the index has nothing that is personal."""
        page, more = self.of_customer(customer_id, limit=limit, before=before)
        keys = [(_pk(order.order_id), "ORDER") for order in page]
        found = [_record(item) for item in tables.batch_get(OrderItem, keys, consistent=True)]
        found.sort(key=lambda record: record.order.created_at, reverse=True)
        return found, more

    def record_event(self, order_id: str, event: dict[str, Any]) -> None:
        """Keep an event of this order; the same event again changes nothing."""
        sort = f"{EVENT}{event['occurred_at']}#{event['id']}"
        TimelineItem(_pk(order_id), sort, event=event).save()

    def timeline(
        self, order_id: str, *, limit: int, after: str | None
    ) -> tuple[Sequence[dict[str, Any]], str | None]:
        """A page of events, oldest first, and where the next one begins."""
        start = None
        if after is not None:
            start = {"pk": {"S": _pk(order_id)}, "sk": {"S": EVENT + after}}
        found = list(
            TimelineItem.query(
                _pk(order_id),
                TimelineItem.sk.startswith(EVENT),
                limit=limit + 1,
                last_evaluated_key=start,
                consistent_read=True,
            )
        )
        more = found[limit - 1].sk.removeprefix(EVENT) if len(found) > limit else None
        return [item.event for item in found[:limit]], more

    def _update(self, order_id: str, actions: Sequence[Action], condition: Any) -> OrderItem | None:
        """Of what tells nobody anything: the row's last event was told before."""
        item = OrderItem(_pk(order_id), "ORDER")
        return item if tables.update(item, actions, condition) is None else None


def _pk(order_id: str) -> str:
    return f"ORDER#{order_id}"


def _answer(answer: StoredResponse | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {"answer_status": answer.status, "answer_body": answer.body}


def _state(order: Order) -> dict[str, Any]:
    """Every attribute of an order's state; None where there is none."""
    data = order_mapper.to_dict(order)
    totals = data.pop("totals") or dict.fromkeys(domain.Totals.__dataclass_fields__)
    data["refund_due"] = data["refund_due"] or None
    data["refunded"] = data["refunded"] or None
    data["stuck"] = data["stuck"] or None
    data["due_shard"] = (
        str(ids.shard_of(order.order_id, tables.DUE_SHARDS)) if order.next_attempt_at else None
    )
    placed = order.totals is not None
    data["created_sort"] = f"{data['created_at']}#{order.order_id}" if placed else None
    return {**data, **totals}


def _record(item: OrderItem) -> StoredOrder:
    totals = {name: getattr(item, name) for name in domain.Totals.__dataclass_fields__}
    data = {name: getattr(item, name, None) for name in Order.__dataclass_fields__}
    data |= {
        "totals": totals if item.total is not None else None,
        "refund_due": item.refund_due or [],
        "refunded": item.refunded or [],
        "stuck": bool(item.stuck),
        "attempts": int(item.attempts or 0),
        "version": int(item.version or 0),
    }
    original = OriginalRequest(
        item.fingerprint,
        item.lease_owner or "",
        item.lease_until or "",
        item.trace,
        item.personal,
    )
    answer = None
    if item.answer_status is not None:
        answer = StoredResponse(int(item.answer_status), item.answer_body)
    return StoredOrder(order_mapper.from_dict(data), answer, original, item.cancellation_request)
