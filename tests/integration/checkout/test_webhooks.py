"""A provider's webhook comes before the answer, late, twice, out of order, or alone.

It only starts the same machine once more; so at every point of a payment it finds the money where
it is, and never takes it twice.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import dynamodb
from tests.support.checkout_scenario import CheckoutScenario
from tests.support.checks import at_rest
from tests.support.gateway import Reply
from tests.support.interceptor import Request
from tests.support.psp import DECLINED, GOOD, NEEDS_ACTION

LINES = {"TEA-1": 1}
# What POST /payments does once the provider knows the payment; before each of them.
BEFORE_THE_REFERENCE_IS_STORED = "payments.steps.authorize UpdateItem"
BEFORE_THE_CONFIRMATION = "confirm"
PAYING = [
    BEFORE_THE_REFERENCE_IS_STORED,
    BEFORE_THE_CONFIRMATION,
    "payments.steps.authorize UpdateItem 2",
    "inventory.steps.commit GetItem",
    "inventory.steps.commit TransactWriteItems",
    "capture",
    "payments.steps.capture UpdateItem",
    "orders.steps.finalize UpdateItem",
]


class Provider:
    """Sends an event about everything that it knows, once, just before a point of a request."""

    def __init__(self, shop: CheckoutScenario, point: str) -> None:
        self.shop, self.point = shop, point
        self.replies: list[Reply] = []
        self._reached = False
        self._seen: Counter[str] = Counter()
        shop.interceptor.intercept = self._on_request
        shop.psp.before_call = self._on_call

    def _on_request(self, request: Request, when: str) -> None:
        if when != "before":
            return
        self._seen[request.name] += 1
        number = f" {self._seen[request.name]}" if self._seen[request.name] > 1 else ""
        if request.name + number == self.point:
            self._tell()

    def _on_call(self, call: str) -> None:
        if call == self.point:
            self._tell()

    def _tell(self) -> None:
        if self._reached:
            return
        self._reached = True
        for number, reference in enumerate(list(self.shop.psp.books)):
            self.replies.append(self.shop.told(reference, event_id=f"evt_{number}"))


@pytest.fixture
def order_id(shop: CheckoutScenario) -> str:
    shop.stock("TEA-1", units=1)
    return str(shop.order("order", LINES).json["order_id"])


@pytest.mark.parametrize(
    ("point", "honours_keys"),
    [
        *((point, True) for point in PAYING),
        (BEFORE_THE_REFERENCE_IS_STORED, False),
        (BEFORE_THE_CONFIRMATION, False),
    ],
)
def test_a_webhook_that_comes_before_the_answer_takes_no_money_twice(
    shop: CheckoutScenario, order_id: str, point: str, honours_keys: bool
) -> None:
    shop.psp.honours_keys = honours_keys
    provider = Provider(shop, point)

    reply = shop.pay("pay", order_id, GOOD)

    assert [reply.status for reply in provider.replies] == [200]
    assert reply.status == 201, reply.text
    assert _started(shop) == 0, "the payment's own run goes on"
    assert shop.pay("pay", order_id).text == reply.text
    shop.settle(minutes=2)
    at_rest(shop)
    assert shop.get(order_id).json["status"] == "paid"


@pytest.mark.parametrize("route", ["/payments", "/checkout"])
@pytest.mark.parametrize("point", ["after create", "after confirm"])
def test_a_webhook_between_the_providers_act_and_its_lost_answer_is_enough(
    shop: CheckoutScenario, route: str, point: str
) -> None:
    """Our request dies there; nothing but the webhook and the clock goes on."""
    shop.stock("TEA-1", units=1)
    call: Any = point.split()[1]
    for _ in range(9):  # as often as the machine tries
        shop.psp.fail(call, "after")
        shop.psp.fail("retrieve", "before")
    if route == "/checkout":
        reply = shop.buy("key", LINES)
    else:
        reply = shop.pay("key", shop.order("order", LINES).json["order_id"])
    assert reply.status == 503
    shop.psp.forgive()
    shop.pass_time(seconds=31)  # until then it could be at work

    for number, reference in enumerate(list(shop.psp.books)):
        assert shop.told(reference, event_id=f"evt_{number}").status == 200

    shop.settle(minutes=2)
    at_rest(shop)


@pytest.mark.parametrize("route", ["/payments", "/checkout"])
def test_a_customer_who_agreed_and_never_came_back_has_paid(
    shop: CheckoutScenario, route: str
) -> None:
    reference, order_id = _waiting(shop, route)
    shop.psp.authenticate(reference, success=True)

    assert shop.told(reference).status == 200

    assert shop.get(order_id).json["status"] == "paid"
    shop.settle(minutes=1)
    at_rest(shop)


def test_a_customer_who_failed_to_authenticate_gives_the_stock_back(shop: CheckoutScenario) -> None:
    reference, order_id = _waiting(shop, "/payments")
    shop.psp.authenticate(reference, success=False)

    assert shop.told(reference, "payment_intent.payment_failed").status == 200

    assert shop.get(order_id).json["status"] == "cancelled"
    assert shop.available("TEA-1") == 1
    shop.settle(minutes=1)
    at_rest(shop)


def test_events_are_late_twice_and_out_of_order(shop: CheckoutScenario) -> None:
    reference, order_id = _waiting(shop, "/payments")
    early = shop.told(reference, "payment_intent.succeeded", event_id="evt_3")
    assert (early.status, shop.get(order_id).json["status"]) == (200, "placed")
    shop.psp.authenticate(reference, success=True)
    types = ["payment_intent.amount_capturable_updated", "payment_intent.requires_action"]
    for number, type_ in enumerate(types * 2):
        assert shop.told(reference, type_, event_id=f"evt_{number % 2}").status == 200
    shop.pass_time(hours=3)
    assert shop.told(reference, "payment_intent.created", event_id="evt_4").status == 200

    assert shop.get(order_id).json["status"] == "paid"
    assert len([row for row in dynamodb.rows("payments") if row["sk"] == "WEBHOOK"]) == 4
    shop.settle(minutes=1)
    at_rest(shop)


@pytest.mark.parametrize("act", ["confirm", "recovery"])
def test_a_webhook_and_whoever_else_goes_on_take_the_money_once(
    shop: CheckoutScenario, act: str
) -> None:
    reference, order_id = _waiting(shop, "/payments")
    shop.psp.authenticate(reference, success=True)
    payment_id = shop.psp.books[reference].payment_id
    shop.pass_time(seconds=61)
    acts: dict[str, Callable[[], Any]] = {
        "confirm": lambda: shop.confirm(payment_id),
        "recovery": lambda: shop.work("payments.recover_payments"),
    }
    provider = Provider(shop, "payments.steps.authorize UpdateItem")
    acts[act]()
    assert [reply.status for reply in provider.replies] == [200]
    shop.settle(minutes=2)
    at_rest(shop)
    assert shop.get(order_id).json["status"] == "paid"


def test_a_webhook_for_an_order_that_was_given_up_brings_nothing_back(
    shop: CheckoutScenario,
) -> None:
    reference, order_id = _waiting(shop, "/payments")
    shop.settle(minutes=17)
    assert shop.get(order_id).json["status"] == "cancelled"
    assert shop.told(reference, "payment_intent.canceled").status == 200
    at_rest(shop)


def test_a_refused_payment_stays_refused(shop: CheckoutScenario, order_id: str) -> None:
    provider = Provider(shop, "payments.steps.authorize UpdateItem 2")
    reply = shop.pay("pay", order_id, DECLINED)
    assert (reply.status, [reply.status for reply in provider.replies]) == (402, [200])
    shop.settle(minutes=2)
    at_rest(shop)


def _started(shop: CheckoutScenario) -> int:
    """Executions that nobody waited for."""
    return sum(each.operation == "StartExecution" for each in shop.interceptor.requests)


def _waiting(shop: CheckoutScenario, route: str) -> tuple[str, str]:
    """A payment that waits for its customer: its reference, and its order."""
    shop.stock("TEA-1", units=1)
    if route == "/checkout":
        reply = shop.buy("buy", LINES, NEEDS_ACTION)
        payment = reply.json["payment"]
    else:
        reply = shop.pay("pay", shop.order("order", LINES).json["order_id"], NEEDS_ACTION)
        payment = reply.json
    assert reply.status == 202, reply.text
    return str(payment["psp_reference"]), str(payment["order_id"])
