"""An order is cancelled on request, and the request races the order's payment at every point.

Whoever moves the order's row first has it; money is never kept for a cancelled order.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from orders.schemas import OrderOut
from tests.support.checkout_scenario import CheckoutScenario
from tests.support.checks import at_rest
from tests.support.gateway import Reply
from tests.support.interceptor import Request
from tests.support.psp import GOOD, NEEDS_ACTION
from tests.support.purchases import dies

LINES = {"TEA-1": 1}
STAFF = {"sub": "usr_use1_0000000000000000000000000s", "scope": "orders:read orders:write"}
# Points of POST /payments: the request that comes next.
BEFORE_MONEY_IS_TAKEN = {
    "before it is stored": "payments.create_payment PutItem",
    "before it has the order": "orders.steps.attach_payment UpdateItem",
    "before the provider's reference is stored": "payments.steps.authorize UpdateItem",
    "before the authorisation is stored": "payments.steps.authorize UpdateItem 2",
    "before the reservation is read": "inventory.steps.commit GetItem",
    "before the stock is sold": "inventory.steps.commit TransactWriteItems",
}
ONCE_MONEY_IS_TAKEN = {
    "before the capture is stored": "payments.steps.capture UpdateItem",
    "before the order is paid": "orders.steps.finalize UpdateItem",
}
# Points of a cancellation of an order that no payment has, and of one that waits for 3-D Secure.
BEFORE_THE_WISH_IS_KEPT = "orders.cancel_order UpdateItem"
CLOSING = {
    "before the order is read": "orders.steps.finalize GetItem",
    "before the order is cancelled": "orders.steps.finalize UpdateItem",
    "before the reservation is read": "inventory.steps.release GetItem",
    "before the stock is free": "inventory.steps.release TransactWriteItems",
}
BEFORE_THE_PAYMENT_IS_READ = "payments.steps.void GetItem"
VOIDING = {
    "before the payment is attached again": "orders.steps.attach_payment UpdateItem",
    "before the payment is read": BEFORE_THE_PAYMENT_IS_READ,
    "before the payment is void": "payments.steps.void UpdateItem",
    "before the stock is free": "inventory.steps.release TransactWriteItems",
    "before the order is cancelled": "orders.steps.finalize UpdateItem",
}


def at(shop: CheckoutScenario, point: str, act: Callable[[], Any]) -> list[Any]:
    """Let somebody else act just before the next request of this kind, or the second, once."""
    replies: list[Any] = []
    seen: Counter[str] = Counter()
    reached: list[Request] = []

    def intercept(request: Request, when: str) -> None:
        if when != "before":
            return
        seen[request.name] += 1
        number = f" {seen[request.name]}" if seen[request.name] > 1 else ""
        if request.name + number == point and not reached:
            reached.append(request)
            replies.append(act())

    shop.interceptor.intercept = intercept
    return replies


def placed(shop: CheckoutScenario) -> str:
    shop.stock("TEA-1", units=1)
    return str(shop.order("order", LINES).json["order_id"])


def waiting(shop: CheckoutScenario) -> tuple[str, dict[str, Any]]:
    """An order whose payment waits for its customer."""
    order_id = placed(shop)
    reply = shop.pay("pay", order_id, NEEDS_ACTION)
    assert reply.status == 202, reply.text
    return order_id, reply.json


def one_has_it(
    shop: CheckoutScenario, order_id: str, cancelled: Reply, paid: Reply | None = None
) -> None:
    """Exactly one of the two was told that it has the order; each is told the same again."""
    assert cancelled.status in (202, 409), cancelled.text
    won = cancelled.status == 202
    if paid is not None:
        assert (paid.status == 201) is not won, (cancelled.text, paid.text)
    else:
        assert won
    if not won:
        assert cancelled.json["code"] == "order_not_cancellable"
    shop.settle(minutes=2)
    at_rest(shop)
    order = shop.get(order_id).json
    assert (order["status"], order["reason"]) == (
        ("cancelled", "customer") if won else ("paid", None)
    )
    assert shop.available("TEA-1") == (1 if won else 0)
    again = shop.cancel(order_id, "another-key")
    assert again.status == cancelled.status
    if won:
        assert again.text == cancelled.text


def test_an_order_that_nobody_pays_is_cancelled_and_its_stock_is_free(
    shop: CheckoutScenario,
) -> None:
    order_id = placed(shop)
    reply = shop.cancel(order_id)
    assert reply.status == 202
    assert OrderOut.model_validate_json(reply.text).status == "cancelled"
    assert reply.json["reservation"] is None
    assert shop.available("TEA-1") == 1
    (event,) = shop.events("order.cancelled")
    assert event["data"] == {"order_id": order_id, "reason": "customer"}
    one_has_it(shop, order_id, reply)


def test_a_repeat_is_answered_byte_for_byte(shop: CheckoutScenario) -> None:
    order_id = placed(shop)
    first, again = shop.cancel(order_id), shop.cancel(order_id)
    assert (again.status, again.text) == (first.status, first.text)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(shop.events("order.cancelled")) == 1


def test_who_cancels_a_cancelled_order_with_another_key_repeats_nothing(
    shop: CheckoutScenario,
) -> None:
    order_id = placed(shop)
    first = shop.cancel(order_id)
    for others in (shop.cancel(order_id, "another-key"), shop.cancel(order_id, **STAFF)):
        assert (others.status, others.text) == (first.status, first.text)
        assert "Idempotency-Replayed" not in others.headers, "not this caller's, not this key's"
    assert shop.cancel(order_id).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("capture", ["automatic", "manual"])
def test_a_payment_that_is_not_at_its_end_is_voided(shop: CheckoutScenario, capture: str) -> None:
    order_id = placed(shop)
    method = GOOD if capture == "manual" else NEEDS_ACTION
    payment = shop.pay("pay", order_id, method, capture_method=capture)
    assert payment.status in (201, 202)
    reply = shop.cancel(order_id)
    assert shop.row("payments", payment.json["payment_id"])["status"] == "voided"
    one_has_it(shop, order_id, reply)


def test_a_paid_order_is_not_cancelled(shop: CheckoutScenario) -> None:
    order_id = placed(shop)
    paid = shop.pay("pay", order_id)
    one_has_it(shop, order_id, shop.cancel(order_id), paid)


def test_an_order_that_ended_in_another_way_is_not_cancelled(shop: CheckoutScenario) -> None:
    order_id = placed(shop)
    shop.settle(minutes=20)
    reply = shop.cancel(order_id)
    assert (reply.status, reply.json["code"]) == (409, "order_not_cancellable")
    assert reply.json["reason"] == "reservation_expired"
    shop.order("too-many", {"TEA-1": 2})
    (rejected,) = shop.events("order.rejected")
    assert shop.cancel(rejected["subject"]).json["code"] == "order_not_cancellable"


def test_staff_may_cancel_others_orders_and_customers_may_not(shop: CheckoutScenario) -> None:
    order_id = placed(shop)
    stranger = {"sub": "usr_use1_0000000000000000000000000b"}
    assert shop.cancel(order_id, **stranger).status == 404
    assert shop.cancel("ord_nobody").status == 404
    assert shop.cancel(order_id, **stranger, scope="orders:read").status == 403
    assert shop.get(order_id).json["status"] == "placed"
    reply = shop.cancel(order_id, **STAFF)
    assert (reply.status, reply.json["reason"]) == (202, "staff")
    assert shop.cancel(order_id).text == reply.text


def test_a_key_is_needed(shop: CheckoutScenario) -> None:
    order_id = placed(shop)
    assert shop.cancel(order_id, "").json["code"] == "idempotency_key_required"
    assert shop.get(order_id).json["status"] == "placed"


PAYING = BEFORE_MONEY_IS_TAKEN | ONCE_MONEY_IS_TAKEN


@pytest.mark.parametrize("point", PAYING.values(), ids=PAYING)
def test_a_cancellation_at_any_point_of_a_payment_has_the_order_or_not(
    shop: CheckoutScenario, point: str
) -> None:
    order_id = placed(shop)
    replies = at(shop, point, lambda: shop.cancel(order_id))
    paid = shop.pay("pay", order_id)
    [cancelled] = replies
    assert (cancelled.status == 202) is (point in BEFORE_MONEY_IS_TAKEN.values())
    assert shop.pay("pay", order_id).text == paid.text
    one_has_it(shop, order_id, cancelled, paid)


@pytest.mark.parametrize(
    "point", ["orders.steps.attach_payment UpdateItem", "inventory.steps.commit GetItem"]
)
def test_a_checkout_whose_order_is_cancelled_meanwhile_takes_no_money(
    shop: CheckoutScenario, point: str
) -> None:
    shop.stock("TEA-1", units=1)

    def cancel() -> Reply:
        (event,) = shop.events("order.placed")
        return shop.cancel(event["subject"])

    replies = at(shop, point, cancel)
    bought = shop.buy("buy", LINES)
    assert (bought.status, bought.json["code"]) == (409, "order_closed"), bought.text
    assert shop.buy("buy", LINES).text == bought.text
    [cancelled] = replies
    one_has_it(shop, cancelled.json["order_id"], cancelled)


@pytest.mark.parametrize("point", [BEFORE_THE_WISH_IS_KEPT, *CLOSING.values()])
def test_a_payment_at_any_point_of_a_cancellation_has_the_order_or_not(
    shop: CheckoutScenario, point: str
) -> None:
    order_id = placed(shop)
    replies = at(shop, point, lambda: shop.pay("pay", order_id))
    cancelled = shop.cancel(order_id)
    [paid] = replies
    assert (paid.status == 201) is (point == BEFORE_THE_WISH_IS_KEPT)
    one_has_it(shop, order_id, cancelled, paid)


@pytest.mark.parametrize(
    ("point", "way"),
    [
        *((point, "confirm") for point in (BEFORE_THE_WISH_IS_KEPT, *VOIDING.values())),
        (BEFORE_THE_PAYMENT_IS_READ, "webhook"),
    ],
)
def test_a_customer_who_authenticates_while_the_order_is_cancelled_pays_or_not(
    shop: CheckoutScenario, point: str, way: str
) -> None:
    order_id, payment = waiting(shop)
    reference = payment["psp_reference"]

    def agree() -> Reply:
        if shop.psp.books[reference].state == "requires_action":
            shop.psp.authenticate(reference, success=True)
        if way == "confirm":
            return shop.confirm(payment["payment_id"])
        return shop.told(reference)

    at(shop, point, agree)
    cancelled = shop.cancel(order_id)

    won = (
        point != BEFORE_THE_WISH_IS_KEPT
    )  # else the confirmation was over before the wish was kept
    assert cancelled.status == (202 if won else 409)
    assert shop.psp.books[reference].captured == (
        0 if won else shop.psp.books[reference].authorized
    )
    shop.settle(minutes=2)
    at_rest(shop)
    assert shop.get(order_id).json["status"] == ("cancelled" if won else "paid")


@pytest.mark.parametrize("state", ["placed", "waiting"])
@pytest.mark.parametrize("goes_on", ["recovery", "repeat"])
def test_a_wish_whose_machine_died_is_carried_out(
    shop: CheckoutScenario, state: str, goes_on: str
) -> None:
    order_id = placed(shop) if state == "placed" else waiting(shop)[0]
    working = dict(shop.interceptor.functions)
    dead = "orders.steps" if state == "placed" else "payments.steps"
    shop.interceptor.functions[dead] = dies
    first = shop.cancel(order_id)
    assert (first.status, first.json["code"]) == (503, "checkout_incomplete")
    assert shop.get(order_id).json["status"] == "placed"
    shop.interceptor.functions.update(working)

    if goes_on == "recovery":
        shop.pass_time(seconds=61)
        shop.work("orders.recover_orders")
        assert shop.get(order_id).json["status"] == "cancelled"

    one_has_it(shop, order_id, shop.cancel(order_id))


@pytest.mark.parametrize("way", ["pay", "confirm", "webhook", "recovery"])
def test_a_kept_wish_stops_whoever_comes_to_pay(shop: CheckoutScenario, way: str) -> None:
    """The machine of the cancellation died: the payment's next run undoes it instead."""
    order_id, payment = waiting(shop) if way != "pay" else (placed(shop), {})
    working = shop.interceptor.functions["orders.steps"]
    shop.interceptor.functions["orders.steps"] = dies
    assert shop.cancel(order_id).status == 503
    shop.interceptor.functions["orders.steps"] = working
    if way != "pay":
        shop.psp.authenticate(payment["psp_reference"], success=True)
    shop.pass_time(seconds=61)

    acts: dict[str, Callable[[], Any]] = {
        "pay": lambda: shop.pay("pay", order_id),
        "confirm": lambda: shop.confirm(payment["payment_id"]),
        "webhook": lambda: shop.told(payment["psp_reference"]),
        "recovery": lambda: shop.work("payments.recover_payments"),
    }
    acts[way]()

    assert [book.captured for book in shop.psp.books.values()] == [0] * len(shop.psp.books)
    one_has_it(shop, order_id, shop.cancel(order_id))
