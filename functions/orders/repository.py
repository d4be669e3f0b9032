"""Orders and their timelines in DynamoDB. The only place of the service that knows DynamoDB.

`ORDER#<id>`/`ORDER` is the order, its request and its first answer, `ORDER#<id>`/`EVENT#…`
its timeline. Index `by_customer` holds orders that were placed, `due` those that are unfinished.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.transactions import TransactWrite

from orders import codec, domain
from orders.domain import Order, Status
from orders.records import OrderChange, OriginalRequest, StoredOrder
from shop import clock, ids, tables
from shop.idempotency import Answer

EVENT = "EVENT#"


class _Meta:
    table_name = tables.table_name("orders")
    region = tables.region()


class _ByCustomer(GlobalSecondaryIndex["OrderItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_customer"
        projection = AllProjection()

    customer_id = UnicodeAttribute(hash_key=True)
    created_sort = UnicodeAttribute(range_key=True)


class _Due(GlobalSecondaryIndex["OrderItem"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "due"
        projection = AllProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class OrderItem(tables.TableModel):
    """An order's row. Names and forms of the state are those of codec.py, totals unfolded."""

    class Meta(_Meta):
        pass

    order_id = UnicodeAttribute()
    customer_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    status = UnicodeAttribute()
    version = NumberAttribute()
    currency = UnicodeAttribute()
    lines = JSONAttribute()
    ship_to = JSONAttribute()
    subtotal = NumberAttribute(null=True)
    shipping = NumberAttribute(null=True)
    tax = NumberAttribute(null=True)
    total = NumberAttribute(null=True)
    reservation = JSONAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)
    payment_attached_at = UnicodeAttribute(null=True)
    waiting_for = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    refund_due = JSONAttribute(null=True)
    stuck = BooleanAttribute(null=True)
    cancel_for = UnicodeAttribute(null=True)
    tries = NumberAttribute(null=True)
    deadline = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    created_sort = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)

    shipping_address = JSONAttribute()
    fingerprint = UnicodeAttribute()
    lease_owner = UnicodeAttribute()
    lease_until = UnicodeAttribute()
    trace = JSONAttribute()
    payment_method = UnicodeAttribute(null=True)
    return_url = UnicodeAttribute(null=True)
    answer_status = NumberAttribute(null=True)
    answer_body = UnicodeAttribute(null=True)

    by_customer = _ByCustomer()
    due = _Due()


class OrderOutbox(tables.OutboxItem):
    """An event of an order."""

    class Meta(_Meta):
        pass


class TimelineItem(tables.TableModel):
    """One event about an order."""

    class Meta(_Meta):
        pass

    event = JSONAttribute()


class OrderRepository:
    """Storage of orders, as service/ports.py asks for it, and the reads of the API."""

    def open(self, record: StoredOrder, address: dict[str, Any]) -> bool:
        """Store a pending order; False if there is one."""
        original = record.request
        item = OrderItem(
            _pk(record.order.order_id),
            "ORDER",
            shipping_address=address,
            fingerprint=original.fingerprint,
            lease_owner=original.lease_owner,
            lease_until=original.lease_until,
            trace=original.trace,
            payment_method=original.payment_method,
            return_url=original.return_url,
            **_state(record.order),
        )
        try:
            item.save(condition=OrderItem.pk.does_not_exist())
        except PutError as error:
            if tables.condition_failed(error):
                return False
            raise
        return True

    def get(self, order_id: str) -> StoredOrder | None:
        """The stored order, strongly consistent."""
        found = self._get(order_id)
        return None if found is None else _record(found)

    def get_with_address(self, order_id: str) -> tuple[Order, dict[str, Any]] | None:
        """For the route that shows both."""
        found = self._get(order_id)
        return None if found is None else (_record(found).order, found.shipping_address)

    def _get(self, order_id: str) -> OrderItem | None:
        if not ids.is_id("ord", order_id):  # A path may hold anything, a key not.
            return None
        try:
            return OrderItem.get(_pk(order_id), "ORDER", consistent_read=True)
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
            OrderItem.due_at.set(clock.rfc3339(now + domain.LOOK_AFTER)),
            OrderItem.deadline.set(clock.rfc3339(now + domain.ABANDON_AFTER)),
            OrderItem.tries.set(0),
            OrderItem.version.set(OrderItem.version + 1),
        ]
        allowed = (
            (OrderItem.status == Status.PLACED.value)
            & (OrderItem.customer_id == customer_id)
            & OrderItem.payment_id.does_not_exist()
            & OrderItem.cancel_for.does_not_exist()
        )
        item = self._update(order_id, actions, allowed)
        return None if item is None else _record(item)

    def save(self, change: OrderChange) -> StoredOrder | None:
        """Store it if the row is at the version before; else the row as it is."""
        order = change.order
        item = OrderItem(_pk(order.order_id), "ORDER")
        state = _state(order) | _answer(change.answer)
        actions = [
            getattr(OrderItem, name).remove()
            if value is None
            else getattr(OrderItem, name).set(value)
            for name, value in state.items()
        ]

        def build(transaction: TransactWrite) -> None:
            before = OrderItem.version == order.version - 1
            transaction.update(item, actions, before, return_values="ALL_OLD")
            if change.event is not None:
                transaction.save(OrderOutbox.holding(change.event))

        reasons = tables.transact(build)
        if not reasons:
            return None
        current = self.get(order.order_id) if reasons[0].item is None else None
        if reasons[0].item is not None:
            current = _record(tables.raw(OrderItem, reasons[0].item))
        if current is None:
            raise LookupError("no such order")
        return current

    def due(self, now: datetime, *, limit: int) -> Iterable[str]:
        """Ids of orders to look after: at most `limit` of each shard, the oldest first."""
        for shard in range(tables.DUE_SHARDS):
            condition = OrderItem.due_at <= clock.rfc3339(now)
            for item in OrderItem.due.query(str(shard), condition, limit=limit):
                yield item.order_id

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
        item = OrderItem(_pk(order_id), "ORDER")
        try:
            item.update(list(actions), condition)
        except UpdateError as error:
            if tables.condition_failed(error):
                return None
            raise
        return item


def _pk(order_id: str) -> str:
    return f"ORDER#{order_id}"


def _answer(answer: Answer | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {"answer_status": answer.status, "answer_body": answer.body}


def _state(order: Order) -> dict[str, Any]:
    """Every attribute of an order's state; None where there is none."""
    data = codec.to_dict(order)
    totals = data.pop("totals") or dict.fromkeys(domain.Totals.__dataclass_fields__)
    data["refund_due"] = data["refund_due"] or None
    data["stuck"] = data["stuck"] or None
    data["due_shard"] = (
        str(ids.shard_of(order.order_id, tables.DUE_SHARDS)) if order.due_at else None
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
        "stuck": bool(item.stuck),
        "tries": int(item.tries or 0),
    }
    original = OriginalRequest(
        item.fingerprint,
        item.lease_owner,
        item.lease_until,
        item.trace,
        item.payment_method,
        item.return_url,
    )
    answer = None
    if item.answer_status is not None:
        answer = Answer(int(item.answer_status), item.answer_body)
    return StoredOrder(codec.from_dict(data), answer, original)
