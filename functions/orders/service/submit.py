"""POST /orders and POST /checkout: store the request, run the machine, answer.

The row is the idempotency record. A repeat gets the stored first answer, or goes on from wherever
the first attempt stopped; the lease keeps repeats from crowding, the conditions keep them safe.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from orders import problems
from orders.domain import Kind, Order, Status
from orders.records import Record
from orders.service.ports import Orders
from shop import clock, ids
from shop.idempotency import Answer, Replay, decide, lease_end
from shop.machine import CheckoutIncomplete
from shop.problems import Problem
from shop.trace import Trace

Run = Callable[[dict[str, Any]], dict[str, Any]]


def submit(
    record: Record,
    address: dict[str, Any],
    *,
    orders: Orders,
    run: Run,
    trace: Trace,
    now: datetime,
) -> tuple[Answer, bool] | Problem:
    """The first answer, and whether it is a replay."""
    if not orders.open(record, address):
        found = _join(record, orders=orders, now=now)
        if isinstance(found, Problem):
            return found
        if isinstance(found, Answer):
            return found, True
        record = found
    try:
        output = run(machine_input(record, trace))
    except CheckoutIncomplete:
        orders.end_lease(record.order.order_id, record.request.lease_owner)
        return Problem(
            problems.CHECKOUT_INCOMPLETE,
            "Nothing is lost. Repeat the request with the same key.",
            headers={"Retry-After": "1"},
        )
    return Answer(**output["answer"]), False


def _join(mine: Record, *, orders: Orders, now: datetime) -> Record | Answer | Problem:
    """What the request that came first left for this one: its answer, its work, or a refusal."""
    owner = mine.request.lease_owner
    for _ in range(3):
        stored = orders.get(mine.order.order_id)
        if stored is None:
            raise LookupError("an order that exists cannot be read")
        decision = decide(stored.stored, fingerprint=mine.request.fingerprint, owner=owner, now=now)
        if isinstance(decision, Problem):
            return decision
        if isinstance(decision, Replay):
            return decision.answer
        if orders.take_over(
            mine.order.order_id,
            lease_until=decision.lease_until,
            owner=owner,
            until=lease_end(now),
        ):
            return Record(stored.order, None, mine.intake)
    return Problem(
        problems.REQUEST_IN_PROGRESS,
        "Repeat the request with the same key to get its answer.",
        headers={"Retry-After": "1"},
    )


def machine_input(record: Record, trace: Trace) -> dict[str, Any]:
    """What the machine needs to bring this order to its end, from wherever it stands."""
    order = record.order
    return {
        "mode": order.kind.value,
        "order": {
            "order_id": order.order_id,
            "customer_id": order.customer_id,
            "kind": order.kind.value,
            "currency": order.currency,
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
            "ship_to": {"country": order.ship_to.country, "region": order.ship_to.region},
            "created_at": clock.rfc3339(order.created_at),
            "placed": order.status is not Status.PENDING,
        },
        "payment": _payment(record) if order.kind is Kind.CHECKOUT else None,
        "trace": trace.to_dict(),
    }


def on_existing(mode: str, order: Order, trace: Trace) -> dict[str, Any]:
    """What the machine needs to go on with a stored order and its payment, or to undo them."""
    payment = None if order.payment_id is None else {"payment_id": order.payment_id}
    return {
        "mode": mode,
        "order": {"order_id": order.order_id, "customer_id": order.customer_id},
        "payment": payment,
        "trace": trace.to_dict(),
    }


def _payment(record: Record) -> dict[str, Any]:
    return {
        "payment_id": checkout_payment_id(record.order),
        "method": record.request.payment_method,
        "capture": "auto",
        "return_url": record.request.return_url,
    }


def checkout_payment_id(order: Order) -> str:
    """The one payment that POST /checkout makes for an order."""
    region = ids.region_of(order.order_id)
    return ids.derive("pay", order.order_id, "checkout", region=region)
