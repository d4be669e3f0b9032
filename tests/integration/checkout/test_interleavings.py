"""Undoing an order races its customer, who comes back at every point of it.

Whoever moves the order's row first has it: a sale is never undone by a run that does not own it.
"""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.support.checkout_scenario import CheckoutScenario
from tests.support.checks import at_rest
from tests.support.gateway import Reply
from tests.support.interceptor import Request
from tests.support.purchases import dies

LINES = {"TEA-1": 1}
# The requests of a run that gives up an order without a payment, in their order.
GIVING_UP = [
    ("orders.steps.finalize", "GetItem"),
    ("orders.steps.finalize", "UpdateItem"),
    ("inventory.steps.release", "GetItem"),
    ("inventory.steps.release", "TransactWriteItems"),
]
# The requests of a run that finds that a SKU is not sold any more.
NOT_PRICING = [
    ("catalog.steps.price", "BatchGetItem"),
    ("orders.steps.reject", "UpdateItem"),
    ("inventory.steps.release", "GetItem"),
    ("inventory.steps.release", "TransactWriteItems"),
]


def at(shop: CheckoutScenario, point: tuple[str, str], act: Callable[[], Any]) -> list[Any]:
    """Let the customer act just before the next request of this kind, once."""
    replies: list[Any] = []
    reached: list[Request] = []

    def intercept(request: Request, when: str) -> None:
        here = (f"{request.function}.{request.step}", request.operation)
        if when == "before" and here == point and not reached:
            reached.append(request)
            replies.append(act())

    shop.interceptor.intercept = intercept
    return replies


def kept_its_word(shop: CheckoutScenario, reply: Reply) -> None:
    """The one unit is sold to whom was told so, and else to nobody; and nothing is left open."""
    shop.settle(minutes=2)
    at_rest(shop)
    assert shop.available("TEA-1") == (0 if reply.status == 201 else 1)


@pytest.mark.parametrize("point", GIVING_UP)
def test_a_payment_that_comes_while_its_order_is_given_up_has_it_or_not(
    shop: CheckoutScenario, point: tuple[str, str]
) -> None:
    """The expiry of the hold was not heard, so the recovery job ends the order."""
    shop.stock("TEA-1", units=1)
    order_id = shop.order("order", LINES).json["order_id"]
    shop.deliver()
    shop.pass_time(minutes=19)
    replies = at(shop, point, lambda: shop.pay("pay", order_id))

    shop.work("orders.recover_orders")

    [reply] = replies
    first_to_the_row = point[0] == "orders.steps.finalize"
    assert reply.status == (201 if first_to_the_row else 409)
    assert shop.get(order_id).json["status"] == ("paid" if first_to_the_row else "cancelled")
    assert shop.pay("pay", order_id).text == reply.text
    kept_its_word(shop, reply)


@pytest.mark.parametrize("point", GIVING_UP)
@pytest.mark.parametrize("route", ["/orders", "/checkout"])
def test_a_request_repeated_while_its_order_is_given_up_has_it_or_not(
    shop: CheckoutScenario, route: str, point: tuple[str, str]
) -> None:
    """It crashed before its prices, and comes again after 16 minutes."""
    shop.stock("TEA-1", units=1)
    send = shop.buy if route == "/checkout" else shop.order
    working, shop.interceptor.functions["catalog.steps"] = (
        shop.interceptor.functions["catalog.steps"],
        dies,
    )
    assert send("key", LINES).status == 503
    shop.interceptor.functions["catalog.steps"] = working
    shop.pass_time(minutes=16)
    replies = at(shop, point, lambda: send("key", LINES))

    shop.work("orders.recover_orders")

    [reply] = replies
    assert reply.status == (201 if point[0] == "orders.steps.finalize" else 409)
    assert send("key", LINES).text == reply.text
    if reply.status == 201 and route == "/orders":
        assert shop.pay("pay", reply.json["order_id"]).status == 201
    kept_its_word(shop, reply)


@pytest.mark.parametrize(
    "point",
    [
        ("inventory.steps.reserve", "TransactWriteItems"),
        ("orders.steps.place", "UpdateItem"),
    ],
)
def test_an_order_that_is_given_up_while_its_request_is_repeated_keeps_no_stock(
    shop: CheckoutScenario, point: tuple[str, str]
) -> None:
    shop.stock("TEA-1", units=1)
    working, shop.interceptor.functions["catalog.steps"] = (
        shop.interceptor.functions["catalog.steps"],
        dies,
    )
    assert shop.buy("key", LINES).status == 503
    shop.interceptor.functions["catalog.steps"] = working
    shop.pass_time(minutes=16)
    at(shop, point, lambda: shop.work("orders.recover_orders"))

    reply = shop.buy("key", LINES)

    assert (reply.status, reply.json["code"]) == (409, "order_closed")
    assert shop.buy("key", LINES).text == reply.text
    kept_its_word(shop, reply)


@pytest.mark.parametrize("point", NOT_PRICING)
def test_a_checkout_repeated_while_its_sku_is_withdrawn_has_it_or_not(
    shop: CheckoutScenario, point: tuple[str, str]
) -> None:
    """The recovery job's run finds the SKU withdrawn; that of the customer found it on sale."""
    shop.stock("TEA-1", units=1)
    working, shop.interceptor.functions["orders.steps"] = (
        shop.interceptor.functions["orders.steps"],
        dies,
    )
    assert shop.buy("key", LINES).status == 503
    shop.interceptor.functions["orders.steps"] = working
    _sell("archived")

    def customer() -> Reply:
        _sell("active")
        reply = shop.buy("key", LINES)
        _sell("archived")
        return reply

    shop.pass_time(seconds=61)
    replies = at(shop, point, customer)

    shop.work("orders.recover_orders")

    [reply] = replies
    assert reply.status == (422 if point[0] == "inventory.steps.release" else 201)
    assert shop.buy("key", LINES).text == reply.text
    kept_its_word(shop, reply)


def test_a_run_that_dies_between_order_and_stock_leaves_a_hold_that_ends(
    shop: CheckoutScenario,
) -> None:
    shop.stock("TEA-1", units=1)
    working = dict(shop.interceptor.functions)
    shop.interceptor.functions["orders.steps"] = dies
    assert shop.buy("key", LINES).status == 503
    shop.interceptor.functions["orders.steps"] = working["orders.steps"]
    _sell("archived")
    shop.interceptor.functions["inventory.steps"] = dies
    assert shop.buy("key", LINES).status == 503
    shop.interceptor.functions["inventory.steps"] = working["inventory.steps"]

    assert shop.buy("key", LINES).json["code"] == "unknown_sku"
    shop.pass_time(minutes=15)
    shop.settle(minutes=1)

    at_rest(shop)
    assert shop.available("TEA-1") == 1


def _sell(status: str) -> None:
    boto3.resource("dynamodb", region_name="us-east-1").Table("catalog").update_item(
        Key={"pk": "SKU#TEA-1", "sk": "PRICE"},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": status},
    )
