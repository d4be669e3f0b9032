"""POST /orders through the real machine, catalog and inventory."""

import threading

import pytest

from orders.schemas import PlaceOrderIn
from shop import idempotency, user_keys
from tests.support.checkout_scenario import ADDRESS, CheckoutScenario
from tests.support.checks import at_rest
from tests.support.gateway import Reply
from tests.support.purchases import dies


def test_an_order_is_placed_and_its_stock_is_held(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5, price=700)

    reply = shop.order("k1", {"TEA-1": 2})

    assert (reply.status, reply.json["status"]) == (201, "placed")
    assert reply.json["subtotal"] == {"amount": 1400, "currency": "USD"}
    assert shop.available("TEA-1") == 3
    [event] = shop.events("order.placed")
    assert event["data"]["reservation_id"] == reply.json["reservation"]["reservation_id"]


def test_an_order_costs_four_invocations_and_four_requests(shop: CheckoutScenario) -> None:
    """When its process has the customer's key; to read that is one more."""
    shop.stock("TEA-1", units=5)
    shop.stock("TEA-2", units=5)
    shop.order("k0", {"TEA-1": 1})
    shop.interceptor.reset()

    shop.order("k1", {"TEA-1": 2, "TEA-2": 1})

    steps = [
        "orders.place_order",
        "catalog.steps.price",
        "inventory.steps.reserve",
        "orders.steps.place",
    ]
    assert shop.interceptor.invoked() == steps
    assert shop.interceptor.count() == dict.fromkeys(steps, 1)

    user_keys.forget()
    shop.interceptor.reset()
    shop.order("k2", {"TEA-1": 1})
    assert shop.interceptor.count() == dict.fromkeys(steps, 1) | {"orders.place_order": 2}


def test_a_fingerprint_is_no_digest_that_a_guessed_address_would_match(
    shop: CheckoutScenario,
) -> None:
    shop.stock("TEA-1", units=5)
    order_id = shop.order("k1", {"TEA-1": 1}).json["order_id"]
    body = {"lines": [{"sku": "TEA-1", "quantity": 1}], "shipping_address": ADDRESS}
    asked = PlaceOrderIn.model_validate(body).model_dump(mode="json")
    guessed = idempotency.fingerprint(["/orders", asked])
    stored = shop.row("orders", order_id)["fingerprint"]
    assert (len(stored), stored != guessed) == (len(guessed), True)


def test_out_of_stock_says_what_is_short_and_holds_nothing(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    shop.stock("TEA-2", units=1)

    reply = shop.order("k1", {"TEA-1": 1, "TEA-2": 2})

    assert (reply.status, reply.json["code"]) == (409, "out_of_stock")
    assert reply.json["lines"] == [{"sku": "TEA-2", "requested": 2, "available": 1}]
    assert (shop.available("TEA-1"), shop.available("TEA-2")) == (5, 1)
    shop.settle(minutes=2)
    at_rest(shop)


def test_an_unknown_sku_is_named(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    reply = shop.order("k1", {"TEA-1": 1, "NOT-SOLD": 1})
    assert (reply.status, reply.json["code"]) == (422, "unknown_sku")
    assert "NOT-SOLD" in reply.json["errors"][0]["detail"]
    shop.settle(minutes=2)
    at_rest(shop)


def test_a_currency_without_prices_is_refused(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    body = {"lines": [{"sku": "TEA-1", "quantity": 1}], "shipping_address": ADDRESS}
    reply = shop.post("/orders", body | {"currency": "JPY"}, "k1")
    assert (reply.status, reply.json["code"]) == (422, "currency_not_offered")


def test_a_total_that_no_payment_could_take_is_refused_for_good(shop: CheckoutScenario) -> None:
    shop.stock("GOLD-1", units=50, price=5_000_000)
    for send in (shop.order, shop.buy):
        reply = send(send.__name__, {"GOLD-1": 20})
        assert (reply.status, reply.json["code"]) == (422, "order_total_too_large")
        assert reply.json["max_total"] == {"amount": 99_999_999, "currency": "USD"}
        assert send(send.__name__, {"GOLD-1": 20}).text == reply.text
    assert shop.order("less", {"GOLD-1": 18}).status == 201
    assert shop.available("GOLD-1") == 32
    shop.settle(minutes=1)
    assert len(shop.events("order.rejected")) == 2


def test_a_repeat_gets_the_first_answer_byte_for_byte(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    shop.stock("TEA-2", units=0)
    for key, sku in (("k1", "TEA-1"), ("k2", "TEA-2")):
        first, again = shop.order(key, {sku: 1}), shop.order(key, {sku: 1})
        assert (again.status, again.text) == (first.status, first.text)
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert shop.available("TEA-1") == 4


def test_the_first_answer_stays_the_same_whatever_becomes_of_the_order(
    shop: CheckoutScenario,
) -> None:
    shop.stock("TEA-1", units=5)
    lines = {"TEA-1": 1}
    firsts = {key: shop.order(key, lines) for key in ("paid", "cancelled", "expired")}
    ids = {key: first.json["order_id"] for key, first in firsts.items()}
    assert shop.pay("p1", ids["paid"]).status == 201
    assert shop.cancel(ids["cancelled"]).status == 202
    shop.settle(minutes=20)
    for key, first in firsts.items():
        again = shop.order(key, lines)
        assert (again.status, again.text) == (201, first.text), key
        assert again.headers["Idempotency-Replayed"] == "true"
        now = shop.get(ids[key]).json
        assert now["status"] == ("paid" if key == "paid" else "cancelled")


def test_a_key_belongs_to_one_body_and_one_route(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    shop.order("k1", {"TEA-1": 1})
    assert shop.order("k1", {"TEA-1": 2}).json["code"] == "idempotency_key_reused"
    assert shop.buy("k1", {"TEA-1": 1}).json["code"] == "idempotency_key_reused"


def test_identical_requests_at_once_make_one_order(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=100)
    replies: list[Reply] = []
    start = threading.Barrier(8)

    def client() -> None:
        start.wait()
        replies.append(shop.order("k1", {"TEA-1": 1}))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    answers = {reply.text for reply in replies if reply.status == 201}
    others = {reply.json["code"] for reply in replies if reply.status != 201}
    assert len(answers) == 1
    assert others <= {"request_in_progress"}
    assert shop.available("TEA-1") == 99
    assert len(shop.events("order.placed")) == 1


@pytest.mark.parametrize("function", ["catalog.steps", "inventory.steps", "orders.steps"])
def test_adies_step_gives_503_and_the_repeat_finishes(
    shop: CheckoutScenario, function: str
) -> None:
    shop.stock("TEA-1", units=5)
    working, shop.interceptor.functions[function] = shop.interceptor.functions[function], dies

    reply = shop.order("k1", {"TEA-1": 1})
    assert (reply.status, reply.json["code"]) == (503, "checkout_incomplete")
    assert reply.headers["Retry-After"] == "1"

    shop.interceptor.functions[function] = working
    assert shop.order("k1", {"TEA-1": 1}).status == 201
    assert shop.available("TEA-1") == 4


def test_the_recovery_job_finishes_what_nobody_repeats(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    working, shop.interceptor.functions["orders.steps"] = (
        shop.interceptor.functions["orders.steps"],
        dies,
    )
    shop.order("k1", {"TEA-1": 1})
    shop.interceptor.functions["orders.steps"] = working

    shop.pass_time(seconds=61)
    shop.tick()

    assert len(shop.events("order.placed")) == 1
    assert shop.order("k1", {"TEA-1": 1}).headers["Idempotency-Replayed"] == "true"


def test_what_cannot_be_finished_in_time_is_undone(shop: CheckoutScenario) -> None:
    """Placing keeps failing; after 15 minutes order and stock are given up together."""
    shop.stock("TEA-1", units=5)
    working = shop.interceptor.functions["orders.steps"]
    shop.interceptor.functions["orders.steps"] = lambda event, context: (
        dies() if event["step"] == "place" else working(event, context)
    )
    shop.order("k1", {"TEA-1": 1})

    shop.settle(minutes=2)
    shop.pass_time(minutes=13)
    shop.settle(minutes=2)

    assert shop.order("k1", {"TEA-1": 1}).json["code"] == "order_closed"
    assert shop.available("TEA-1") == 5
    at_rest(shop)


def test_an_unpaid_order_ends_with_its_hold(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    order_id = shop.order("k1", {"TEA-1": 1}).json["order_id"]

    shop.pass_time(minutes=16)
    shop.tick()

    assert shop.get(order_id).json["status"] == "cancelled"
    assert shop.get(order_id).json["reason"] == "reservation_expired"
    assert shop.available("TEA-1") == 5
    at_rest(shop)


def test_an_unpaid_order_ends_even_if_the_event_is_lost(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5)
    order_id = shop.order("k1", {"TEA-1": 1}).json["order_id"]
    shop.interceptor.functions["orders.on_inventory_expired"] = lambda *_: {"batchItemFailures": []}

    shop.pass_time(minutes=17)
    shop.settle(minutes=2)

    assert shop.get(order_id).json["status"] == "cancelled"
    at_rest(shop)
