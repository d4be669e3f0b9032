"""Payments whose machine died on the way: events and recovery jobs go on."""

from payments.api import get_payment
from tests.support import dynamodb, gateway
from tests.support.checkout_scenario import CheckoutScenario
from tests.support.checks import at_rest
from tests.support.purchases import dies, placed_order


def test_an_order_is_marked_paid_by_the_event_if_the_machine_died(shop: CheckoutScenario) -> None:
    order_id = placed_order(shop)
    working = shop.interceptor.functions["orders.steps"]
    shop.interceptor.functions["orders.steps"] = lambda event, context: (
        dies() if event["step"] == "finalize" else working(event, context)
    )
    first = shop.pay("pay", order_id)
    shop.interceptor.functions["orders.steps"] = working
    assert first.status == 503
    assert shop.get(order_id).json["status"] == "placed"

    shop.deliver()

    assert shop.get(order_id).json["status"] == "paid"
    assert shop.pay("pay", order_id).json["status"] == "captured"
    shop.settle(minutes=2)
    at_rest(shop)


def test_the_recovery_job_marks_it_paid_if_the_event_is_late(shop: CheckoutScenario) -> None:
    order_id = placed_order(shop)
    working = shop.interceptor.functions["orders.steps"]
    shop.interceptor.functions["orders.steps"] = lambda event, context: (
        dies() if event["step"] == "finalize" else working(event, context)
    )
    shop.pay("pay", order_id)
    shop.interceptor.functions["orders.steps"] = working
    shop.interceptor.functions["orders.on_payment"] = lambda *_: {"batchItemFailures": []}

    shop.pass_time(seconds=61)
    shop.tick()

    assert shop.get(order_id).json["status"] == "paid"
    at_rest(shop)


def test_a_slow_payment_is_reported_once(shop: CheckoutScenario) -> None:
    order_id = placed_order(shop)
    shop.interceptor.functions["payments.steps"] = dies
    shop.pay("pay", order_id)

    for _ in range(4):
        shop.pass_time(minutes=2)
        shop.settle(minutes=1)

    [stuck] = shop.events("checkout.stuck")
    assert stuck["data"] == {
        "order_id": order_id,
        "payment_id": shop.row("orders", order_id)["payment_id"],
        "reason": "slow",
    }


def test_a_payment_without_end_is_abandoned(shop: CheckoutScenario) -> None:
    order_id = placed_order(shop)
    working = shop.interceptor.functions["payments.steps"]
    shop.interceptor.functions["payments.steps"] = lambda event, context: (
        dies() if event["step"] == "capture" else working(event, context)
    )
    shop.pay("pay", order_id)

    shop.settle(minutes=4)
    shop.pass_time(minutes=12)
    shop.settle(minutes=2)

    assert shop.get(order_id).json["status"] == "cancelled"
    at_rest(shop)


def test_a_payment_that_was_given_up_before_it_began_has_its_owner(shop: CheckoutScenario) -> None:
    """POST /checkout claimed the order, and the provider's step did not run before the end."""
    shop.stock("TEA-1", units=5)
    working = shop.interceptor.functions["payments.steps"]
    shop.interceptor.functions["payments.steps"] = dies
    assert shop.buy("k1", {"TEA-1": 1}).status == 503
    shop.pass_time(minutes=17)
    shop.interceptor.functions["payments.steps"] = working
    shop.settle(minutes=1)

    [order] = [row for row in dynamodb.rows("orders") if row["sk"] == "ORDER"]
    path = {"payment_id": order["payment_id"]}
    staff = "usr_use1_0000000000000000000000000s"
    for sub, scope in ((gateway.CUSTOMER, "shop:buy"), (staff, "orders:read")):
        event = gateway.event("GET", "/", path_parameters=path, sub=sub, scope=scope)
        reply = gateway.call(get_payment.handler, event)
        assert reply.status == 200, reply.text
        assert (reply.json["status"], reply.json["order_id"]) == ("voided", order["order_id"])
    at_rest(shop)
