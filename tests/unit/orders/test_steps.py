"""The machine's steps, with storage in memory."""

import json
import re
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from orders.domain import order as domain
from orders.domain.order import Kind, Order, Status
from orders.schemas import CheckoutOut, OrderOut
from orders.service import build_inputs, render_responses
from orders.service.attach_payment import attach_payment
from orders.service.finalize_order import finalize_order
from orders.service.place_order import place_order
from orders.service.ports import StoredOrder
from orders.service.reject_order import reject_order
from shop import strict
from shop.checkout import AttachPaymentTask, FinalizeTask, PlaceTask, RejectTask
from shop.idempotency import StoredResponse
from tests.unit.orders.fakes import (
    CUSTOMER,
    HOLD,
    LINES,
    NOW,
    ORDER_ID,
    OTHER_PAYMENT,
    PAYMENT,
    TOTALS,
    TRACE,
    FakeOrders,
    attached,
    original,
    pending,
    placed,
)

T = TypeVar("T")
RESERVATION = {"reservation_id": HOLD.reservation_id, "expires_at": "2026-11-22T10:15:00.000Z"}
PRICED = {
    "outcome": "priced",
    "lines": [{name: getattr(LINES[0], name) for name in LINES[0].__dataclass_fields__}],
    **{name: getattr(TOTALS, name) for name in TOTALS.__dataclass_fields__},
}
PAYMENT_BODY = {
    "payment_id": PAYMENT,
    "order_id": ORDER_ID,
    "status": "captured",
    "amount": {"amount": TOTALS.total, "currency": "USD"},
    "psp": "stripe",
    "psp_reference": "pi_1",
    "capture_method": "automatic",
    "next_action": None,
    "created_at": "2026-11-22T10:00:00.000Z",
    "updated_at": "2026-11-22T10:00:00.000Z",
}
ANSWER = {"status": 201, "body": "of payments"}
CAPTURED = {
    "outcome": "captured",
    "answer": ANSWER,
    "payment": PAYMENT_BODY,
    "capture_method": "automatic",
}
NO_PAYMENT = {"outcome": "none"}
OVERDUE = HOLD.expires_at + domain.EXPIRY_GRACE
UNDO = {"code": "order_closed", "reason": "abandoned", "detail": "late"}


def orders_with(order: Order, answer: StoredResponse | None = None) -> FakeOrders:
    return FakeOrders(StoredOrder(order, answer, original()))


def task(type_: type[T], **fields: Any) -> T:
    return strict.parse(type_, {"trace": TRACE.to_dict(), **fields})


def wanted(kind: Kind) -> dict[str, Any]:
    return {"kind": kind.value, "order": strict.dump(build_inputs.new_order(pending(kind)))}


def place(orders: FakeOrders, kind: Kind = Kind.ORDER) -> dict[str, Any]:
    given = task(PlaceTask, **wanted(kind), priced=PRICED, reservation=RESERVATION)
    return dumped(place_order(given, orders=orders, now=NOW))


def reject(orders: FakeOrders, cause: dict[str, Any], kind: Kind = Kind.ORDER) -> dict[str, Any]:
    given = task(RejectTask, **wanted(kind), cause=cause)
    return dumped(reject_order(given, orders=orders, now=NOW))


def attach(orders: FakeOrders, payment_id: str = PAYMENT) -> dict[str, Any]:
    names = {"order_id": ORDER_ID, "customer_id": CUSTOMER, "payment_id": payment_id}
    return dumped(attach_payment(task(AttachPaymentTask, **names), orders=orders, now=NOW))


def finalize(
    orders: FakeOrders,
    payment: dict[str, Any],
    attached: dict[str, Any] | None = None,
    *,
    now: datetime = NOW,
) -> dict[str, Any]:
    given = task(
        FinalizeTask,
        order_id=ORDER_ID,
        attached=attached or {"outcome": "none"},
        payment=payment,
        undo=UNDO,
    )
    return dumped(finalize_order(given, orders=orders, now=now))


def dumped(outcome: Any) -> dict[str, Any]:
    found: dict[str, Any] = strict.dump(outcome)
    return found


def test_placing_reads_nothing_and_writes_once() -> None:
    orders = orders_with(pending())
    result = place(orders)
    assert result["outcome"] == "placed"
    assert (orders.reads, orders.writes) == (0, 1)
    assert [event["type"] for event in orders.events] == ["order.placed"]


def test_the_answer_keeps_the_promise_of_its_schema() -> None:
    result = place(orders_with(pending()))
    assert result["answer"]["status"] == 201
    body = json.loads(result["answer"]["body"])
    assert OrderOut.model_validate(body).model_dump(mode="json") == body


def test_placing_again_gives_the_first_answer_and_no_second_event() -> None:
    orders = orders_with(pending())
    first, again = place(orders), place(orders)
    assert again == first
    assert len(orders.events) == 1


# A client may ask again at any time: what makes this text must not change for orders of before.
FIRST_ANSWER = (
    '{"order_id":"ord_use1_00000000000000000000000001","status":"placed","currency":"USD",'
    '"lines":[{"sku":"TEA-1","product_id":"prd_use1_00000000000000000000000001","title":"Tea",'
    '"quantity":2,"unit_price":{"amount":500,"currency":"USD"},'
    '"total":{"amount":1000,"currency":"USD"}}],"subtotal":{"amount":1000,"currency":"USD"},'
    '"shipping":{"amount":500,"currency":"USD"},"tax":{"amount":150,"currency":"USD"},'
    '"total":{"amount":1650,"currency":"USD"},"reservation":{"reservation_id":'
    '"rsv_use1_00000000000000000000000001","expires_at":"2026-11-22T10:15:00.000Z"},'
    '"payment_id":null,"reason":null,"created_at":"2026-11-22T10:00:00.000Z",'
    '"updated_at":"2026-11-22T10:00:00.000Z"}'
)
LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    "later",
    [
        placed(),
        domain.payment_attached(placed(), PAYMENT, now=LATER),
        domain.paid(placed(), PAYMENT, now=LATER),
        domain.cancelled(placed(), "customer", now=LATER),
        domain.mark_refund_due(domain.cancelled(placed(), "staff", now=LATER), PAYMENT, now=LATER),
        domain.schedule_retry(placed(), now=LATER),
    ],
    ids=["placed", "attached", "paid", "cancelled", "refund_due", "schedule_retry"],
)
def test_a_placed_order_is_answered_with_the_same_bytes_whatever_came_later(later: Order) -> None:
    assert render_responses.first(StoredOrder(later)) == StoredResponse(201, FIRST_ANSWER)


def test_only_a_placed_order_of_its_own_route_answers_without_a_kept_answer() -> None:
    assert render_responses.first(StoredOrder(pending())) is None
    assert (
        render_responses.first(StoredOrder(domain.paid(attached(Kind.CHECKOUT), PAYMENT, now=NOW)))
        is None
    )
    rejected = domain.rejected(pending(), "out_of_stock", now=NOW)
    assert render_responses.first(
        StoredOrder(rejected, StoredResponse(409, "why"))
    ) == StoredResponse(409, "why")


def give_up(orders: FakeOrders, *, now: datetime = OVERDUE) -> str:
    return str(finalize(orders, NO_PAYMENT, now=now)["status"])


def test_what_was_given_up_is_not_placed() -> None:
    orders = orders_with(pending())
    give_up(orders)
    assert place(orders)["outcome"] == "closed"
    assert orders.rows[ORDER_ID].order.status is Status.REJECTED


def test_what_was_given_up_is_not_claimed() -> None:
    orders = orders_with(placed(), StoredResponse(201, "first"))
    assert give_up(orders) == "cancelled"
    assert attach(orders)["code"] == "order_not_payable"
    assert orders.rows[ORDER_ID].answer == StoredResponse(201, "first")


@pytest.mark.parametrize("order", [attached(), attached(Kind.CHECKOUT)])
def test_what_a_payment_has_is_neither_given_up_nor_answered(order: Order) -> None:
    orders = orders_with(order)
    assert give_up(orders) == "placed"
    assert orders.writes == 0
    paid = finalize(orders, CAPTURED, attach(orders))
    assert give_up(orders) == paid["status"] == "paid"


def test_what_went_on_meanwhile_is_not_given_up() -> None:
    """Placed late: from now on it has the time of its hold."""
    orders = orders_with(placed(Kind.CHECKOUT))
    assert give_up(orders, now=OVERDUE - timedelta(minutes=1)) == "placed"
    assert orders.rows[ORDER_ID].answer is None
    assert orders.writes == 0


def test_a_checkout_is_not_answered_before_its_payment() -> None:
    assert place(orders_with(pending(Kind.CHECKOUT)), Kind.CHECKOUT)["answer"] is None


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ({"outcome": "unknown_sku", "skus": ["TEA-1"]}, 422, "unknown_sku"),
        ({"outcome": "currency_not_offered"}, 422, "currency_not_offered"),
        ({"outcome": "destination_not_served"}, 422, "destination_not_served"),
        (
            {
                "outcome": "out_of_stock",
                "short": [{"sku": "TEA-1", "requested": 2, "available": 1}],
            },
            409,
            "out_of_stock",
        ),
        (
            {"outcome": "total_too_large", "max_total": 99_999_999},
            422,
            "order_total_too_large",
        ),
        ({"outcome": "released"}, 409, "order_closed"),
    ],
)
def test_a_rejection_says_why(reason: dict[str, Any], status: int, code: str) -> None:
    orders = orders_with(pending())
    result = reject(orders, reason)
    body = json.loads(result["answer"]["body"])
    assert (result["outcome"], result["answer"]["status"], body["code"]) == (
        "rejected",
        status,
        code,
    )
    assert (body["request_id"], body["instance"]) == ("req-1", "/orders")
    assert reject(orders, reason) == result
    assert [event["type"] for event in orders.events] == ["order.rejected"]


def test_a_placed_order_is_not_rejected_by_a_late_repeat() -> None:
    orders = orders_with(pending())
    first = place(orders)
    assert reject(orders, {"outcome": "unknown_sku", "skus": ["TEA-1"]}) == first


def test_claiming_tells_what_to_pay() -> None:
    result = attach(orders_with(placed(), StoredResponse(201, "{}")))
    assert result["outcome"] == "attached"
    assert (result["amount"], result["currency"]) == (1650, "USD")
    assert result["lines"] == [{"sku": "TEA-1", "quantity": 2}]
    assert json.dumps(result)


def test_the_same_payment_may_claim_again_and_another_may_not() -> None:
    orders = orders_with(placed())
    first = attach(orders)
    assert attach(orders) == first
    assert attach(orders, OTHER_PAYMENT)["code"] == "payment_in_progress"


def test_settling_a_paid_order_reads_nothing_and_writes_once() -> None:
    orders = orders_with(placed(), StoredResponse(201, "first"))
    result = finalize(orders, CAPTURED, attach(orders))
    assert (result["outcome"], result["status"]) == ("finalized", "paid")
    assert (orders.reads, orders.writes) == (0, 1)
    assert orders.rows[ORDER_ID].answer == StoredResponse(201, "first")
    assert [event["type"] for event in orders.events] == ["order.paid"]


def test_settling_finds_out_what_happened_meanwhile() -> None:
    """The event was faster: the order is paid already, and there is no second event."""
    orders = orders_with(placed())
    seen = attach(orders)
    finalize(orders, CAPTURED, seen)
    again = finalize(orders, CAPTURED, seen)
    assert again["status"] == "paid"
    assert len(orders.events) == 1


def test_a_paid_checkout_answers_with_order_and_payment() -> None:
    orders = orders_with(attached(Kind.CHECKOUT))
    result = finalize(orders, CAPTURED, attach(orders))
    body = json.loads(result["answer"]["body"])
    assert (result["answer"]["status"], body["order"]["status"]) == (201, "paid")
    CheckoutOut.model_validate(body)
    assert orders.rows[ORDER_ID].answer is not None


def test_a_checkout_that_an_event_settled_is_answered_all_the_same() -> None:
    orders = orders_with(attached(Kind.CHECKOUT))
    paid = CAPTURED
    seen = attach(orders)
    first = finalize(orders, paid, seen)
    answered = orders.rows[ORDER_ID]
    orders.rows[ORDER_ID] = StoredOrder(answered.order, None, answered.original)
    late = finalize(orders, paid, seen)
    assert late["answer"] == first["answer"]
    assert orders.rows[ORDER_ID].answer is not None
    assert len(orders.events) == 1


def test_a_declined_checkout_answers_402_and_is_cancelled() -> None:
    orders = orders_with(attached(Kind.CHECKOUT))
    declined = {
        "outcome": "declined",
        "answer": {"status": 402, "body": "of payments"},
        "code": "payment_declined",
        "decline_code": "insufficient_funds",
        "detail": "The card was declined.",
    }
    result = finalize(orders, declined, attach(orders))
    body = json.loads(result["answer"]["body"])
    assert (result["answer"]["status"], body["decline_code"]) == (402, "insufficient_funds")
    assert orders.rows[ORDER_ID].order.reason == "payment_declined"


def test_a_checkout_that_waits_for_its_customer_answers_202_for_good() -> None:
    orders = orders_with(attached(Kind.CHECKOUT))
    waits = {"outcome": "requires_action", "answer": ANSWER, "payment": PAYMENT_BODY}
    first = finalize(orders, waits, attach(orders))
    assert first["answer"]["status"] == 202
    later = finalize(orders, CAPTURED, attach(orders))
    assert (later["status"], later["answer"]) == ("paid", first["answer"])


def test_a_checkout_whose_order_another_payment_took_cannot_pay_it() -> None:
    orders = orders_with(attached(Kind.CHECKOUT))
    refused = attach(orders, OTHER_PAYMENT)
    result = finalize(orders, NO_PAYMENT, refused)
    assert json.loads(result["answer"]["body"])["code"] == "order_not_payable"
    assert orders.rows[ORDER_ID].order.status is Status.PLACED


def test_no_event_says_who_the_customer_is_beyond_an_id() -> None:
    orders = orders_with(pending())
    place(orders)
    finalize(orders, CAPTURED, attach(orders))
    told = json.dumps(orders.events)
    assert orders.rows[ORDER_ID].request.personal.decode() not in told
    assert set(re.findall(r"\w{3}_use1_\w+", told)) >= {CUSTOMER, ORDER_ID}
