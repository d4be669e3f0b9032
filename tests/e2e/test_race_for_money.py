"""The race to pay: payments of one order, each sent by several clients, and the recovery jobs.

Here: the handlers of POST /payments and its confirmation and the real machine definition, on the
emulator's DynamoDB; once with a provider that honours its keys, once with one that forgets them.
Over HTTP: test_races.py.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from payments.domain.payment import PspState
from payments.repository.payments import PaymentRepository
from tests.e2e.platform import Platform
from tests.support.psp import DECLINED, GOOD, NEEDS_ACTION
from tests.support.races import OPERATIONS, race
from tests.support.storefront import ADDRESS, Storefront, opened, payment_of

pytestmark = pytest.mark.soak
SKU = "PAY-1"
AT_WORK = 2  # orders that are paid at a time
KEYS = 4  # payments of one order
METHODS = (GOOD, GOOD, DECLINED, NEEDS_ACTION)


class Payers:
    """All clients of all orders, and every final answer that any of them got."""

    def __init__(self, shop: Storefront) -> None:
        self.shop = shop
        self.payments = PaymentRepository()  # where recovery jobs find what stands still
        self.orders: list[str] = []
        self.open: deque[str] = deque(maxlen=AT_WORK)
        self.answers: dict[str, set[str]] = defaultdict(set)
        self._lock = threading.Lock()

    def act(self, random: Random) -> None:
        """One request or one run of a recovery job, about one of the newest orders."""
        with self._lock:
            if not self.open or random.random() < 0.06:
                self._place()
            order_id = random.choice(self.open)
        key = f"{order_id}-{random.randrange(KEYS)}"
        kind = random.choices(["pay", "confirm", "resume", "abandon"], weights=[60, 15, 22, 3])[0]
        if kind == "pay":
            self.pay(order_id, key)
        elif kind == "confirm":
            self.confirm(payment_of(key))
        elif self.payments.get(payment_of(key)) is not None:
            mode = "payment" if kind == "resume" else "abandon"
            self.shop.drive(mode, order_id, payment_of(key))

    def pay(self, order_id: str, key: str) -> bool:
        """POST /payments; True if the answer is final."""
        method = METHODS[(len(order_id) + ord(order_id[-1]) + int(key[-1])) % len(METHODS)]
        body = {"order_id": order_id, "payment_method": method}
        reply = self.shop.post("/payments", body, key)
        assert reply.status in {201, 202, 402, 409, 503}, reply.text
        if reply.status >= 400 and reply.json["retryable"]:
            return False
        with self._lock:
            self.answers[key].add(f"{reply.status} {reply.text}")
        return True

    def confirm(self, payment_id: str) -> None:
        """The customer authenticates, if the provider waits for that, and comes back."""
        for book in self.shop.psp.of(payment_id):
            if book.state is PspState.REQUIRES_ACTION:
                self.shop.psp.settle_action(book.reference)
        reply = self.shop.confirm(payment_id)
        assert reply.status in {200, 202, 402, 404, 409, 503}, reply.text

    def finish(self, row: dict[str, Any]) -> None:
        """What the recovery job does at last with an order that nobody comes back for."""
        order_id, payment_id = str(row["order_id"]), row.get("payment_id")
        self.shop.drive("abandon", order_id, str(payment_id or payment_of(f"{order_id}-0")))

    def _place(self) -> None:
        lines = [{"sku": SKU, "quantity": 1}, {"sku": SKU, "quantity": 1}]
        body = {"lines": lines, "shipping_address": ADDRESS}
        reply = self.shop.post("/orders", body, f"order-{len(self.orders)}")
        assert reply.status == 201, reply.text
        self.orders.append(reply.json["order_id"])
        self.open.append(reply.json["order_id"])


@pytest.fixture(params=[True, False], ids=["keys honoured", "keys forgotten"])
def payers(request: pytest.FixtureRequest, platform: Platform) -> Iterator[Payers]:
    with opened(platform.endpoint_url, honours_keys=request.param) as shop:
        shop.sell(SKU, units=4 * OPERATIONS)
        yield Payers(shop)


def test_an_order_is_paid_once_or_not_at_all(payers: Payers) -> None:
    race(payers.act, operations=OPERATIONS // 2)

    for row in payers.shop.orders():
        if row["status"] == "placed":
            payers.finish(row)
    for key in list(payers.answers):
        assert any(payers.pay(key[:-2], key) for _ in range(20)), "never answered"
    assert {key: texts for key, texts in payers.answers.items() if len(texts) != 1} == {}
    rows = payers.shop.orders()
    assert {str(row["status"]) for row in rows} == {"paid", "cancelled"}
    assert not any("refund_due" in row for row in rows)
    assert {str(row["status"]) for row in payers.shop.payments()} <= {
        "captured",
        "failed",
        "voided",
    }
    payers.shop.money_is_conserved()
    payers.shop.stock_is_conserved({r["order_id"] for r in rows if r["status"] == "paid"})
