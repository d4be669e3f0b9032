"""The race for one key: many clients send one request, again and again, some never wait.

Here: the handlers of POST /orders and POST /checkout and the real machine definition, on the
emulator's DynamoDB. Some executions die on the way, before their first step or after their last.
Over HTTP: test_races.py.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from orders.api import place_order
from shop.checkout import CheckoutResult, ExecutionFailed, ExecutionInput
from shop.checkout_execution import StepFunctionsCheckout
from tests.e2e.platform import Platform
from tests.support import gateway
from tests.support.gateway import Reply
from tests.support.psp import DECLINED, GOOD
from tests.support.races import OPERATIONS, race
from tests.support.storefront import ADDRESS, Storefront, opened

pytestmark = pytest.mark.soak
SKU = "KEY-1"
UNITS = OPERATIONS // 10  # fewer than are asked for, so that some keys end in 409 out_of_stock
AT_WORK = 4  # keys that several clients use at a time
DIES = 0.1


class Clients:
    """All of them, and every final answer that any of them got."""

    def __init__(self, shop: Storefront) -> None:
        self.shop = shop
        self.keys: deque[str] = deque(maxlen=AT_WORK)
        self.answers: dict[str, set[str]] = defaultdict(set)
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()

    def act(self, random: Random) -> None:
        """One request; under a key that was answered now and then another body."""
        with self._lock:
            if not self.keys or random.random() < 0.12:
                self.keys.append(f"key-{next(self._numbers)}")
            key = random.choice(self.keys)
            answered = bool(self.answers[key])
        if answered and random.random() < 0.1:
            path, body = request_of(key, quantity=5)
            reply = self.shop.post(path, body, key)
            assert (reply.status, reply.json.get("code")) == (422, "idempotency_key_reused")
            return
        self.ask(key)

    def ask(self, key: str) -> bool:
        """Send the request of this key; True if the answer is final."""
        path, body = request_of(key)
        reply = self.shop.post(path, body, key)
        if not is_final(reply):
            return False
        with self._lock:
            self.answers[key].add(f"{reply.status} {reply.text}")
        return True


def request_of(key: str, quantity: int = 1) -> tuple[str, dict[str, Any]]:
    """A third of the keys are checkouts, some of which are declined."""
    number = int(key.removeprefix("key-"))
    lines = [{"sku": SKU, "quantity": quantity}]
    if number % 3:
        return "/orders", {"lines": lines, "shipping_address": ADDRESS}
    method = GOOD if number % 9 else DECLINED
    return "/checkout", {"lines": lines, "address": ADDRESS, "payment_method": method}


def is_final(reply: Reply) -> bool:
    if reply.status < 400:
        return True
    assert reply.status in {402, 409, 503}, reply.text
    return not reply.json["retryable"]


@pytest.fixture
def clients(platform: Platform) -> Iterator[Clients]:
    with opened(platform.endpoint_url) as shop, pytest.MonkeyPatch.context() as patch:
        shop.sell(SKU, units=UNITS)
        sound, random = shop.machine.run, Random("deaths")  # noqa: S311

        def mortal(_: object, data: ExecutionInput, *, timeout_s: float) -> CheckoutResult:
            if random.random() < DIES:
                raise ExecutionFailed("before its first step")
            output = sound(data, timeout_s=timeout_s)
            if random.random() < DIES:
                raise ExecutionFailed("after its last step")
            return output

        patch.setattr(StepFunctionsCheckout, "run", mortal)
        yield Clients(shop)


def test_one_key_of_many_clients_is_one_order_and_one_answer(clients: Clients) -> None:
    race(clients.act)

    for key in list(clients.answers):
        assert any(clients.ask(key) for _ in range(20)), "never answered"
    assert {key: len(texts) for key, texts in clients.answers.items() if len(texts) != 1} == {}
    orders = {str(row["order_id"]): str(row["status"]) for row in clients.shop.orders()}
    made = {place_order.request_ids.of("ord", gateway.CUSTOMER, key) for key in clients.answers}
    assert set(orders) == made
    # Who was first for the last units, and so whether one is rejected, is for the threads to say.
    assert {"placed", "paid"} <= set(orders.values()) <= {"placed", "paid", "rejected", "cancelled"}
    clients.shop.stock_is_conserved({i for i, s in orders.items() if s in ("placed", "paid")})
    clients.shop.money_is_conserved()
