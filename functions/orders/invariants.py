"""What always holds of orders and their timelines, and between an order, its payment, its stock."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shop.facts import EventExpected, EventHeard, OrderState, PaymentState, ReservationState
from shop.invariants import Fact, Facts, Found, Invariants, Row, RowType, Rule, Subject, named

OPEN = frozenset({"pending", "placed"})
FINAL = frozenset({"paid", "cancelled", "rejected"})


@dataclass(frozen=True, slots=True)
class TimelineRow(Fact):
    """A row of a timeline, by the id of the event that its key names."""

    holds: str
    order_id: str  # whose timeline it is
    about: tuple[str | None, str | None]  # order and customer, as the event has them


@dataclass(frozen=True, slots=True)
class Owner(Fact):
    """Whose an order, by its id, is."""

    customer_id: str


def paid_is_captured(facts: Facts) -> Found:
    """I4: money was taken for an order that is paid."""
    for order in facts.each(OrderState):
        payment = facts.one(PaymentState, order.payment_id or "")
        if order.is_paid and (payment is None or not payment.is_captured):
            yield order.key, "paid, but its payment is not captured"


def paid_is_sold(facts: Facts) -> Found:
    """I5: the stock of an order that is paid has left."""
    for order in facts.each(OrderState):
        reservation = facts.one(ReservationState, order.key)
        if order.is_paid and (reservation is None or not reservation.is_sold):
            status = reservation.status if reservation else "missing"
            yield order.key, f"paid, but its reservation is {status}"


def timeline_is_named_for_its_events(facts: Facts) -> Found:
    """I6: a row of a timeline holds the event that its key names."""
    for row in facts.each(TimelineRow):
        if row.key != row.holds:
            yield row.key, f"holds the event {row.holds}"


def timeline_is_of_its_order(facts: Facts) -> Found:
    """I6: an event is filed under the order that it is about, which exists and has its customer."""
    for row in facts.each(TimelineRow):
        owner = facts.one(Owner, row.order_id)
        order_id, customer_id = row.about
        if facts.one(OrderState, row.order_id) is None:
            yield row.key, "filed under an order that does not exist"
        elif order_id not in (None, row.order_id) or (
            owner is not None and customer_id not in (None, owner.customer_id)
        ):
            yield row.key, f"filed under {row.order_id}, which it is not about"


def _order(id_: str, row: Row) -> Iterator[Fact]:
    status, total = row["status"], row.get("total")
    yield OrderState(
        id_,
        status=status,
        is_paid=status == "paid",
        is_final=status in FINAL,
        payment_id=row.get("payment_id"),
        owed=tuple(_owed(row)),
        total=None if total is None else (int(total), row["currency"]),
    )
    if "customer_id" in row:
        yield Owner(id_, str(row["customer_id"]))
    if status != "pending":
        yield EventExpected(id_, f"order.{status}")


def _told(id_: str, row: Row) -> Iterator[Fact]:
    event = json.loads(row["event"])
    yield EventHeard(event["subject"], event["type"], int(event["sequence"]), event["id"])
    about = event["data"].get("order_id"), event["data"].get("customer_id")
    yield TimelineRow(str(row["sk"]).rpartition("#")[2], event["id"], id_, about)


def _leads(_id: str, order: Row | None, rows: Sequence[Row]) -> Iterator[str]:
    """Its payments; of an order that is lost, those that its timeline knows."""
    if order is not None:
        for payment_id in [order.get("payment_id"), *_owed(order)]:
            yield from named("payment", payment_id)
        return
    for row in rows:
        yield from named("payment", json.loads(row["event"])["data"].get("payment_id"))


def _owed(order: Row) -> list[str]:
    """What is due back, and what has gone back."""
    return [
        each for name in ("refund_due", "refunded") for each in json.loads(order.get(name) or "[]")
    ]


INVARIANTS = Invariants(
    streams=("orders",),
    at_rest=("I4", "I5"),
    rows=(
        RowType(
            table="orders",
            pk="ORDER",
            sk="ORDER",
            about="order",
            reads=(
                "status",
                "total",
                "currency",
                "payment_id",
                "refund_due",
                "refunded",
                "customer_id",
            ),
            facts=_order,
            statuses=OPEN | FINAL,
            counts="version",
        ),
        RowType(
            table="orders",
            pk="ORDER",
            sk="EVENT#",
            about="order",
            reads=("event",),
            facts=_told,
        ),
    ),
    subjects=(
        Subject(name="order", table="orders", pk="ORDER", sk="ORDER", whole=True, leads=_leads),
    ),
    rules=(
        Rule("I4", paid_is_captured),
        Rule("I5", paid_is_sold),
        Rule("I6", timeline_is_named_for_its_events),
        Rule("I6", timeline_is_of_its_order),
    ),
)
