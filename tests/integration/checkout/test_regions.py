"""What a customer makes has the customer's home region, wherever the request arrived (ADR 0005)."""

from collections.abc import Iterator

import pytest

from orders.api import place_order
from tests.support.checkout_scenario import CheckoutScenario, started
from tests.support.psp import GOOD

EUROPEAN = "usr_euc1_0000000000000000000000000a"


@pytest.fixture
def journey(monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckoutScenario]:
    with started(monkeypatch) as running:
        yield running


def test_orders_and_payments_are_where_their_customer_is(journey: CheckoutScenario) -> None:
    assert place_order.SETTINGS.home_region == "us-east-1"
    sku = journey.stock("A-1", units=9)
    order_id = journey.order("one", {sku: 1}, sub=EUROPEAN).json["order_id"]
    assert order_id.startswith("ord_euc1_")
    body = {"order_id": order_id, "payment_method": GOOD}
    paid = journey.post("/payments", body, "two", sub=EUROPEAN)
    assert (paid.status, paid.json["payment_id"][:9]) == (201, "pay_euc1_")


def test_a_checkout_is_where_its_customer_is(journey: CheckoutScenario) -> None:
    sku = journey.stock("A-1", units=9)
    bought = journey.post(
        "/checkout",
        {
            "lines": [{"sku": sku, "quantity": 1}],
            "address": {
                "name": "Ada",
                "line1": "1 Weg",
                "city": "Ulm",
                "postal_code": "89073",
                "country": "DE",
            },
            "payment_method": GOOD,
        },
        "one",
        sub=EUROPEAN,
    )
    assert bought.status == 201, bought.text
    assert bought.json["order"]["order_id"].startswith("ord_euc1_")
    assert bought.json["payment"]["payment_id"].startswith("pay_euc1_")
