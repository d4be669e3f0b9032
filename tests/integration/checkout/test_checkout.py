"""POST /checkout through the real machine, with a simulated provider."""

import pytest

from orders.service.build_inputs import checkout_payment_id
from tests.support.checkout_scenario import CheckoutScenario
from tests.support.checks import at_rest
from tests.support.psp import DECLINED, NEEDS_ACTION
from tests.support.purchases import dies


def test_a_checkout_orders_and_pays(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)

    reply = shop.buy("k1", {"TEA-1": 2})

    assert reply.status == 201
    assert reply.json["order"]["status"] == "paid"
    assert reply.json["payment"]["status"] == "captured"
    again = shop.buy("k1", {"TEA-1": 2})
    assert (again.text, again.headers["Idempotency-Replayed"]) == (reply.text, "true")
    shop.settle(minutes=1)
    at_rest(shop)


def test_a_declined_checkout_answers_402_again_and_again(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    reply = shop.buy("k1", {"TEA-1": 2}, DECLINED)
    assert (reply.status, reply.json["code"]) == (402, "payment_declined")
    assert shop.buy("k1", {"TEA-1": 2}, DECLINED).text == reply.text
    assert shop.available("TEA-1") == 5
    shop.settle(minutes=1)
    at_rest(shop)


def test_a_checkout_can_wait_for_the_customer(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    reply = shop.buy("k1", {"TEA-1": 2}, NEEDS_ACTION)
    assert (reply.status, reply.json["order"]["status"]) == (202, "placed")
    assert reply.json["payment"]["next_action"]
    [book] = shop.psp.books.values()
    shop.psp.authenticate(book.reference, success=True)
    assert shop.confirm(reply.json["payment"]["payment_id"]).json["status"] == "captured"
    assert shop.buy("k1", {"TEA-1": 2}, NEEDS_ACTION).text == reply.text
    shop.settle(minutes=1)
    at_rest(shop)


@pytest.mark.parametrize("step", ["place", "attach_payment", "finalize"])
def test_a_checkout_that_died_is_finished_by_the_repeat(shop: CheckoutScenario, step: str) -> None:
    shop.stock("TEA-1", units=5)
    working = shop.interceptor.functions["orders.steps"]
    shop.interceptor.functions["orders.steps"] = lambda event, context: (
        dies() if event["step"] == step else working(event, context)
    )
    assert shop.buy("k1", {"TEA-1": 1}).status == 503
    shop.interceptor.functions["orders.steps"] = working
    shop.deliver()

    reply = shop.buy("k1", {"TEA-1": 1})

    assert (reply.status, reply.json["order"]["status"]) == (201, "paid")
    assert reply.json["payment"]["payment_id"] == _checkout_payment(shop, reply.json)
    shop.settle(minutes=2)
    at_rest(shop)


@pytest.mark.parametrize("step", ["place", "attach_payment", "finalize"])
def test_a_checkout_that_nobody_repeats_is_finished_by_the_recovery_job(
    shop: CheckoutScenario, step: str
) -> None:
    shop.stock("TEA-1", units=5)
    working = shop.interceptor.functions["orders.steps"]
    shop.interceptor.functions["orders.steps"] = lambda event, context: (
        dies() if event["step"] == step else working(event, context)
    )
    shop.buy("k1", {"TEA-1": 1})
    shop.interceptor.functions["orders.steps"] = working

    shop.settle(minutes=3)

    assert shop.buy("k1", {"TEA-1": 1}).json["order"]["status"] == "paid"
    at_rest(shop)


def _checkout_payment(shop: CheckoutScenario, body: dict[str, dict[str, str]]) -> str:
    from orders.repository.orders import OrderRepository

    record = OrderRepository().get(body["order"]["order_id"])
    assert record is not None
    return checkout_payment_id(record.order)
