"""POST /payments through the real machine, with a simulated provider."""

import pytest

from tests.support import dynamodb
from tests.support.checkout_scenario import CheckoutScenario
from tests.support.checks import at_rest
from tests.support.psp import DECLINED, GOOD, NEEDS_ACTION
from tests.support.purchases import placed_order


def test_a_paid_order_is_paid_everywhere(shop: CheckoutScenario) -> None:
    order_id = placed_order(shop)

    reply = shop.pay("pay", order_id)

    assert (reply.status, reply.json["status"]) == (201, "captured")
    assert shop.get(order_id).json["status"] == "paid"
    shop.settle(minutes=1)
    at_rest(shop)


def test_a_payment_costs_six_invocations_and_eight_requests(shop: CheckoutScenario) -> None:
    """When its processes have the customer's key; to read that is one more in the route, and one
    in `authorize`."""
    shop.pay("another", placed_order(shop))
    order_id = str(shop.order("next", {"TEA-1": 1}).json["order_id"])
    shop.deliver()
    shop.interceptor.reset()

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
    order_id = placed_order(shop)

    reply = shop.pay("pay", order_id, DECLINED)

    assert (reply.status, reply.json["code"]) == (402, "payment_declined")
    assert shop.get(order_id).json["status"] == "cancelled"
    assert shop.available("TEA-1") == 5
    shop.settle(minutes=1)
    at_rest(shop)


def test_only_the_customer_can_pay_an_order_and_only_once(shop: CheckoutScenario) -> None:
    order_id = placed_order(shop)
    body = {"order_id": order_id, "payment_method": "pm_card_visa", "capture_method": "automatic"}
    stranger = shop.post("/payments", body, "k", sub="usr_use1_0000000000000000000000000z")
    assert (stranger.status, stranger.json["code"]) == (404, "not_found")

    assert shop.pay("pay", order_id).status == 201
    assert shop.pay("other", order_id).json["code"] == "order_not_payable"
    shop.settle(minutes=2)
    at_rest(shop)


def test_an_order_waits_for_the_customer_and_is_paid_afterwards(shop: CheckoutScenario) -> None:
    order_id = placed_order(shop)
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
    order_id = placed_order(shop)
    shop.pay("pay", order_id, NEEDS_ACTION)

    shop.settle(minutes=2)
    shop.pass_time(minutes=13)
    shop.settle(minutes=2)

    assert shop.get(order_id).json["status"] == "cancelled"
    at_rest(shop)


def test_a_hold_that_ended_meanwhile_is_taken_again(shop: CheckoutScenario) -> None:
    """The customer took 14 minutes for 3-D Secure; the sweeper was faster, the stock is there."""
    order_id = placed_order(shop)
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
    order_id = placed_order(shop, units=1)
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
    order_id = placed_order(shop)
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
    order_id = placed_order(shop)
    shop.psp.fail(call, *[fault] * 8)  # type: ignore[arg-type]
    shop.pay("pay", order_id)
    shop.psp.forgive()

    shop.settle(minutes=3)

    assert shop.get(order_id).json["status"] == "paid"
    assert sum(book.captured for book in shop.psp.books.values()) == int(
        str(shop.row("orders", order_id)["total"])
    )
    at_rest(shop)


def test_a_payment_with_manual_capture_waits_for_the_shop(shop: CheckoutScenario) -> None:
    """Money is held and the stock is sold; what nobody captures in six days is undone."""
    order_id = placed_order(shop)
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
    order_id = placed_order(shop)
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
    order_id = placed_order(shop)
    shop.pay("pay", order_id)
    shop.settle(minutes=1)
    before = {table: len(dynamodb.rows(table)) for table in ("orders", "ledger", "inventory")}

    for event in reversed(shop.events()):
        shop.hand_over(event)

    assert before == {table: len(dynamodb.rows(table)) for table in before}
    at_rest(shop)


def test_the_timeline_tells_the_whole_story(shop: CheckoutScenario) -> None:
    order_id = placed_order(shop)
    shop.pay("pay", order_id)
    shop.deliver()
    told = [entry["type"] for entry in shop.timeline(order_id).json["data"]]
    assert told[:2] == ["inventory.reserved", "order.placed"]
    assert told[-1] == "order.paid"
    assert {"payment.authorized", "inventory.committed", "payment.captured"} <= set(told)


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
