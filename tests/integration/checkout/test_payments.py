"""POST /payments and POST /checkout through the real machine, with a simulated provider."""

import pytest

from orders.service.build_inputs import checkout_payment_id
from payments.api import get_payment
from tests.support import dynamodb, gateway
from tests.support.checkout_scenario import CheckoutScenario
from tests.support.checks import at_rest
from tests.support.psp import DECLINED, GOOD, NEEDS_ACTION


def _placed(shop: CheckoutScenario, *, units: int = 5) -> str:
    shop.stock("TEA-1", units=units)
    order_id = shop.order("order", {"TEA-1": 1}).json["order_id"]
    shop.deliver()
    shop.interceptor.reset()
    return str(order_id)


def test_a_paid_order_is_paid_everywhere(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)

    reply = shop.pay("pay", order_id)

    assert (reply.status, reply.json["status"]) == (201, "captured")
    assert shop.get(order_id).json["status"] == "paid"
    shop.settle(minutes=1)
    at_rest(shop)


def test_a_payment_costs_six_invocations_and_eight_requests(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)

    shop.pay("pay", order_id)

    assert shop.interceptor.invoked() == [
        "payments.create_payment",
        "orders.steps.attach_payment",
        "payments.steps.authorize",
        "inventory.steps.commit",
        "payments.steps.capture",
        "orders.steps.finalize",
    ]
    count = shop.interceptor.count()
    assert (count["orders.steps.attach_payment"], count["orders.steps.finalize"]) == (1, 1)
    assert sum(count.values()) <= 8


def test_a_declined_card_gives_the_stock_back(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)

    reply = shop.pay("pay", order_id, DECLINED)

    assert (reply.status, reply.json["code"]) == (402, "payment_declined")
    assert shop.get(order_id).json["status"] == "cancelled"
    assert shop.available("TEA-1") == 5
    shop.settle(minutes=1)
    at_rest(shop)


def test_only_the_customer_can_pay_an_order_and_only_once(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    body = {"order_id": order_id, "payment_method": "pm_card_visa", "capture_method": "automatic"}
    stranger = shop.post("/payments", body, "k", sub="usr_use1_0000000000000000000000000z")
    assert (stranger.status, stranger.json["code"]) == (404, "not_found")

    assert shop.pay("pay", order_id).status == 201
    assert shop.pay("other", order_id).json["code"] == "order_not_payable"
    shop.settle(minutes=2)
    at_rest(shop)


def test_an_order_waits_for_the_customer_and_is_paid_afterwards(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    reply = shop.pay("pay", order_id, NEEDS_ACTION)
    assert (reply.status, reply.json["status"]) == (202, "requires_action")
    assert shop.get(order_id).json["status"] == "placed"

    [book] = shop.psp.books.values()
    shop.psp.authenticate(book.reference, success=True)
    confirmed = shop.confirm(reply.json["payment_id"])

    assert (confirmed.status, confirmed.json["status"]) == (200, "captured")
    assert shop.get(order_id).json["status"] == "paid"
    shop.settle(minutes=1)
    at_rest(shop)


def test_an_order_that_waits_too_long_is_undone(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    shop.pay("pay", order_id, NEEDS_ACTION)

    shop.settle(minutes=2)
    shop.pass_time(minutes=13)
    shop.settle(minutes=2)

    assert shop.get(order_id).json["status"] == "cancelled"
    at_rest(shop)


def test_a_hold_that_ended_meanwhile_is_taken_again(shop: CheckoutScenario) -> None:
    """The customer took 14 minutes for 3-D Secure; the sweeper was faster, the stock is there."""
    order_id = _placed(shop)
    shop.pass_time(minutes=10)
    reply = shop.pay("pay", order_id, NEEDS_ACTION)
    shop.pass_time(minutes=6)
    shop.interceptor.call("inventory.sweep_expired", {})
    shop.deliver()
    assert shop.get(order_id).json["status"] == "placed", "a claimed order does not expire"

    [book] = shop.psp.books.values()
    shop.psp.authenticate(book.reference, success=True)
    assert shop.confirm(reply.json["payment_id"]).json["status"] == "captured"

    shop.settle(minutes=1)
    at_rest(shop)
    assert shop.available("TEA-1") == 4


def test_money_is_given_back_if_the_stock_is_gone(shop: CheckoutScenario) -> None:
    order_id = _placed(shop, units=1)
    reply = shop.pay("pay", order_id, NEEDS_ACTION)
    shop.pass_time(minutes=15, seconds=30)
    shop.interceptor.call("inventory.sweep_expired", {})
    shop.order("rival", {"TEA-1": 1})
    [book] = shop.psp.books.values()
    shop.psp.authenticate(book.reference, success=True)

    confirmed = shop.confirm(reply.json["payment_id"])

    assert confirmed.status == 409
    assert shop.get(order_id).json["status"] == "cancelled"
    assert (book.voided, book.captured) == (book.amount.amount, 0)
    shop.pass_time(minutes=14)
    shop.settle(minutes=5)
    at_rest(shop)


def test_a_refused_capture_undoes_everything(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    shop.psp.fail("capture", "refuse", "refuse", "refuse", "refuse")

    reply = shop.pay("pay", order_id)

    assert (reply.status, reply.json["code"]) == (402, "payment_declined")
    assert shop.get(order_id).json["status"] == "cancelled"
    shop.settle(minutes=1)
    at_rest(shop)
    assert shop.available("TEA-1") == 5


@pytest.mark.parametrize("call", ["create", "confirm", "capture"])
@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_lost_provider_answer_never_costs_twice(
    shop: CheckoutScenario, call: str, fault: str
) -> None:
    order_id = _placed(shop)
    shop.psp.fail(call, *[fault] * 8)  # type: ignore[arg-type]
    shop.pay("pay", order_id)
    shop.psp.forgive()

    shop.settle(minutes=3)

    assert shop.get(order_id).json["status"] == "paid"
    assert sum(book.captured for book in shop.psp.books.values()) == int(
        str(shop.row("orders", order_id)["total"])
    )
    at_rest(shop)


def test_an_order_is_marked_paid_by_the_event_if_the_machine_died(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    working = shop.interceptor.functions["orders.steps"]
    shop.interceptor.functions["orders.steps"] = lambda event, context: (
        _dead() if event["step"] == "finalize" else working(event, context)
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
    order_id = _placed(shop)
    working = shop.interceptor.functions["orders.steps"]
    shop.interceptor.functions["orders.steps"] = lambda event, context: (
        _dead() if event["step"] == "finalize" else working(event, context)
    )
    shop.pay("pay", order_id)
    shop.interceptor.functions["orders.steps"] = working
    shop.interceptor.functions["orders.on_payment"] = lambda *_: {"batchItemFailures": []}

    shop.pass_time(seconds=61)
    shop.tick()

    assert shop.get(order_id).json["status"] == "paid"
    at_rest(shop)


def test_a_slow_payment_is_reported_once(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    shop.interceptor.functions["payments.steps"] = _dead
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
    order_id = _placed(shop)
    working = shop.interceptor.functions["payments.steps"]
    shop.interceptor.functions["payments.steps"] = lambda event, context: (
        _dead() if event["step"] == "capture" else working(event, context)
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
    shop.interceptor.functions["payments.steps"] = _dead
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


def test_a_payment_with_manual_capture_waits_for_the_shop(shop: CheckoutScenario) -> None:
    """Money is held and the stock is sold; what nobody captures in six days is undone."""
    order_id = _placed(shop)
    reply = shop.pay("pay", order_id, capture_method="manual")
    assert (reply.status, reply.json["status"]) == (201, "authorized")

    for _ in range(3):
        shop.pass_time(minutes=9)
        shop.settle(minutes=1)
    assert shop.get(order_id).json["status"] == "placed"
    assert shop.available("TEA-1") == 4

    shop.pass_time(days=6)
    shop.settle(minutes=3)
    assert shop.get(order_id).json["status"] == "cancelled"
    at_rest(shop)


def test_two_payments_of_one_order_do_not_both_take_money(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    waiting = shop.pay("pay", order_id, NEEDS_ACTION)
    rival = shop.pay("other", order_id)
    assert (rival.status, rival.json["code"]) == (409, "payment_in_progress")
    [book] = shop.psp.books.values()
    shop.psp.authenticate(book.reference, success=True)
    assert shop.confirm(waiting.json["payment_id"]).json["status"] == "captured"
    shop.settle(minutes=2)
    shop.pass_time(minutes=13)
    shop.settle(minutes=2)
    assert sum(book.captured for book in shop.psp.books.values()) == book.amount.amount


def test_events_twice_and_backwards_change_nothing(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    shop.pay("pay", order_id)
    shop.settle(minutes=1)
    before = {table: len(dynamodb.rows(table)) for table in ("orders", "ledger", "inventory")}

    for event in reversed(shop.events()):
        shop.hand_over(event)

    assert before == {table: len(dynamodb.rows(table)) for table in before}
    at_rest(shop)


def test_the_timeline_tells_the_whole_story(shop: CheckoutScenario) -> None:
    order_id = _placed(shop)
    shop.pay("pay", order_id)
    shop.deliver()
    told = [entry["type"] for entry in shop.timeline(order_id).json["data"]]
    assert told[:2] == ["inventory.reserved", "order.placed"]
    assert told[-1] == "order.paid"
    assert {"payment.authorized", "inventory.committed", "payment.captured"} <= set(told)


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
        _dead() if event["step"] == step else working(event, context)
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
        _dead() if event["step"] == step else working(event, context)
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


def _dead(*_: object) -> None:
    raise RuntimeError("dead")


@pytest.mark.parametrize("exists", [True, False])
def test_a_stranger_leaves_nothing_in_the_timeline_of_an_order(
    shop: CheckoutScenario, exists: bool
) -> None:
    shop.stock("TEA-1", units=5)
    order_id = shop.order("k1", {"TEA-1": 1}).json["order_id"]
    wanted = order_id if exists else order_id[:-1] + ("0" if order_id[-1] != "0" else "1")
    shop.deliver()
    before = _timeline(wanted)
    for number in range(3):
        body = {"order_id": wanted, "payment_method": GOOD, "capture_method": "automatic"}
        reply = shop.post("/payments", body, f"p{number}", sub=STRANGER)
        assert (reply.status, reply.json["code"]) == (404, "not_found")
        assert shop.post("/payments", body, f"p{number}", sub=STRANGER).text == reply.text
    shop.deliver()
    assert _timeline(wanted) == before
    assert shop.events("payment.") == []
    assert shop.pay("pay", order_id).status == 201, "it can still be paid"
    shop.settle(minutes=1)
    at_rest(shop)


STRANGER = "usr_use1_0000000000000000000000000z"


def _timeline(order_id: str) -> list[str]:
    rows = [row for row in dynamodb.rows("orders") if row["pk"] == f"ORDER#{order_id}"]
    return sorted(str(row["sk"]) for row in rows)
