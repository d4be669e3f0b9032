"""Money that was taken for an order which is closed goes back by itself, and the books show it."""

import pytest

from operations.domain import invariants
from operations.repository.registry import declared
from tests.support import dynamodb
from tests.support.checkout_scenario import CheckoutScenario
from tests.support.psp import Book

TOTAL = 1000


@pytest.fixture
def closed(shop: CheckoutScenario) -> str:
    shop.stock("TEA-1", units=5, price=TOTAL)
    order_id = str(shop.order("k1", {"TEA-1": 1}).json["order_id"])
    assert shop.cancel(order_id).status == 202
    shop.deliver()
    return order_id


def test_it_goes_back_once_and_is_accounted_for(shop: CheckoutScenario, closed: str) -> None:
    payment_id = shop.take_money(closed)
    shop.deliver()
    _has_gone_back(shop, closed, payment_id)
    for event in shop.events():
        shop.hand_over(event)
    shop.settle(minutes=2)
    _has_gone_back(shop, closed, payment_id)


@pytest.mark.parametrize("fault", ["before", "after", "refuse"])
@pytest.mark.parametrize("honours_keys", [True, False])
def test_it_goes_back_however_the_provider_fails(
    shop: CheckoutScenario, closed: str, fault: str, honours_keys: bool
) -> None:
    shop.psp.honours_keys = honours_keys
    shop.psp.fail("refund", fault, fault)  # type: ignore[arg-type]
    payment_id = shop.take_money(closed)
    shop.deliver()
    shop.settle(minutes=20)
    _has_gone_back(shop, closed, payment_id)


def test_a_second_payment_goes_back_and_the_first_one_stays(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=5, price=TOTAL)
    order_id = str(shop.order("k1", {"TEA-1": 1}).json["order_id"])
    paid = shop.pay("p1", order_id).json["payment_id"]
    shop.deliver()
    second = shop.take_money(order_id)
    shop.deliver()
    assert shop.row("orders", order_id)["status"] == "paid"
    assert [(book.captured, book.refunded) for book in _books(shop, paid)] == [
        (_total(shop, order_id), 0)
    ]
    _has_gone_back(shop, order_id, second)


def test_an_order_that_is_only_slow_gives_nothing_back(shop: CheckoutScenario, closed: str) -> None:
    """Its event is the same: only the reason tells."""
    payment_id = shop.take_money(closed)
    shop.deliver()
    [stuck] = shop.events("checkout.stuck")
    shop.psp.calls.clear()
    shop.hand_over({**stuck, "id": "evt_1", "data": {**stuck["data"], "reason": "slow"}})
    assert shop.psp.calls == []
    _has_gone_back(shop, closed, payment_id)


def _books(shop: CheckoutScenario, payment_id: str) -> list[Book]:
    return shop.psp.of(payment_id)


def _total(shop: CheckoutScenario, order_id: str) -> int:
    return int(shop.row("orders", order_id)["total"])


def _has_gone_back(shop: CheckoutScenario, order_id: str, payment_id: str) -> None:
    total = _total(shop, order_id)
    assert [(book.captured, book.refunded) for book in _books(shop, payment_id)] == [(total, total)]
    order, payment = shop.row("orders", order_id), shop.row("payments", payment_id)
    assert "refund_due" not in order
    assert "next_attempt_at" not in order, "nobody has to look after it"
    assert order["refunded"] == f'["{payment_id}"]'
    assert (payment["status"], "refunded_at" in payment) == ("captured", True)
    posted = [
        event["data"]["template"]
        for event in shop.events("ledger.transaction_posted")
        if event["data"]["template"] == "payment_refunded"
    ]
    assert posted == ["payment_refunded"]
    assert [event["data"]["amount"]["amount"] for event in shop.events("payment.refunded")] == [
        total
    ]
    assert shop.undelivered == []
    tables = {name: dynamodb.rows(name) for name in declared().tables}
    assert {
        name: found for name, found in invariants.check(declared(), tables).items() if found
    } == {}
