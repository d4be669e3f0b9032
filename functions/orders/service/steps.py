"""The machine's steps on orders. Each may run any number of times, at once, and late."""

from datetime import datetime
from typing import Any

from orders import codec, domain
from orders.domain import Kind, Line, Order, ShipTo, Status, Totals
from orders.records import Change, Record
from orders.service import answers
from orders.service.changes import advance, change
from orders.service.ports import Orders
from shop import clock
from shop.trace import Trace

_ENDED_UNPAID = {Status.REJECTED, Status.CANCELLED}


def place(data: dict[str, Any], *, orders: Orders, trace: Trace, now: datetime) -> dict[str, Any]:
    """pending -> placed, with prices and hold; `refused` if the order has ended meanwhile."""
    priced, hold = data["priced"], codec.reservation(data["reservation"])
    lines = tuple(
        Line(**{name: line[name] for name in Line.__dataclass_fields__}) for line in priced["lines"]
    )
    totals = Totals(**{name: priced[name] for name in Totals.__dataclass_fields__})

    def decide(record: Record) -> Change | None:
        before = record.order
        if before.status is not Status.PENDING:
            return None
        after = domain.placed(before, lines=lines, totals=totals, reservation=hold, now=now)
        answer = answers.placed(after) if after.kind is Kind.ORDER else None
        return change(before, after, trace=trace, answer=answer)

    record = advance(orders, Record(_believed(data["order"])), decide)
    stands = record.order.status in {Status.PLACED, Status.PAID}
    return _outcome("placed" if stands else "refused", record)


def reject(data: dict[str, Any], *, orders: Orders, trace: Trace, now: datetime) -> dict[str, Any]:
    """pending -> rejected for what price or reserve said; `placed` if it was placed before."""
    result = data["reason"]
    reason = "abandoned" if result["outcome"] == "released" else result["outcome"]

    def decide(record: Record) -> Change | None:
        before = record.order
        if before.status is not Status.PENDING:
            return None
        after = domain.rejected(before, reason, now=now)
        answer = answers.rejected(before, result, trace)
        return change(before, after, trace=trace, answer=answer)

    record = advance(orders, Record(_believed(data["order"])), decide)
    stands = record.order.status in {Status.PLACED, Status.PAID}
    return _outcome("placed" if stands else "rejected", record)


def claim(data: dict[str, Any], *, orders: Orders, now: datetime) -> dict[str, Any]:
    """Give the order to one payment, for good; the same payment may ask again.

    `cancelling`: it has the order, which is to be cancelled: it is voided, whatever was the plan.
    """
    order_id, customer_id, payment_id = data["order_id"], data["customer_id"], data["payment_id"]
    for _ in range(3):  # Again only if the order was placed between the write and the read.
        record = orders.claim(order_id, customer_id=customer_id, payment_id=payment_id, now=now)
        if record is not None:
            return _claimed(record.order)
        record = orders.get(order_id)
        order = None if record is None else record.order
        refusal = domain.claim_refusal(order, customer_id, payment_id)
        if refusal is not None:
            return {
                "outcome": "refused",
                "payment_id": payment_id,
                "code": refusal.code,
                "detail": refusal.detail,
            }
        if order is not None and order.payment_id == payment_id:
            return _claimed(order)
    raise RuntimeError("the order changes faster than it can be claimed")


def _claimed(order: Order) -> dict[str, Any]:
    return {
        "outcome": "claimed" if order.cancel_for is None else "cancelling",
        "payment_id": order.payment_id,
        "amount": order.total,
        "currency": order.currency,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
        "ship_to": {"country": order.ship_to.country, "region": order.ship_to.region},
        "order": codec.to_dict(order),
    }


def settle(data: dict[str, Any], *, orders: Orders, trace: Trace, now: datetime) -> dict[str, Any]:
    """End the order by what became of its payment; the last step of every path.

    For POST /checkout it also stores the first answer, even if an event settled the order before.
    """
    payment, claimed, undo = data["payment_result"], data["claimed"], data["undo"]
    reason = payment["code"] if payment["outcome"] == "declined" else undo["reason"]

    def decide(record: Record) -> Change | None:
        before = record.order
        after = domain.settled(before, payment["outcome"], claimed["payment_id"], reason, now=now)
        answer = None
        # Who gives up has no say in an order that others are still at work on, or that is paid.
        decided = claimed["outcome"] != "none" or after.status in _ENDED_UNPAID
        if decided and answers.owed(record):
            answer = answers.checkout(after, payment, claimed, reason, trace)
            after = domain.noted(after) if after is before else after
        return None if after is before else change(before, after, trace=trace, answer=answer)

    record = advance(orders, _to_settle(data["order_id"], claimed, orders), decide)
    return _outcome("settled", record) | {"status": record.order.status.value}


def _to_settle(order_id: str, claimed: dict[str, Any], orders: Orders) -> Record:
    """As claimed, if the order owes no answer; else as stored."""
    if claimed["outcome"] == "claimed":
        order = codec.from_dict(claimed["order"])
        if order.kind is Kind.ORDER:
            return Record(order)
    record = orders.get(order_id)
    if record is None:
        raise LookupError("no such order")
    return record


def _believed(data: dict[str, Any]) -> Order:
    """The pending order that the handler stored before it started the machine."""
    return domain.opened(
        order_id=data["order_id"],
        customer_id=data["customer_id"],
        kind=Kind(data["kind"]),
        currency=data["currency"],
        lines=domain.merge((line["sku"], line["quantity"]) for line in data["lines"]),
        ship_to=ShipTo(data["ship_to"]["country"], data["ship_to"].get("region")),
        now=clock.parse(data["created_at"]),
    )


def _outcome(outcome: str, record: Record) -> dict[str, Any]:
    answer = {"answer": record.answer.to_dict()} if record.answer else {}
    return {"outcome": outcome, **answer}
