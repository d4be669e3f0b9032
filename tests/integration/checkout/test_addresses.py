"""Where goods may go and what tax they bear, through the real routes, machine and catalogue."""

from typing import Any

import pytest

from tests.support.checkout_scenario import CheckoutScenario
from tests.support.checks import at_rest
from tests.support.gateway import Reply
from tests.support.psp import GOOD

Where = tuple[str, str | None, str | None]


def address(where: Where) -> dict[str, Any]:
    country, region, postal_code = where
    parts = {"country": country, "region": region, "postal_code": postal_code}
    told = {name: value for name, value in parts.items() if value is not None}
    return {"name": "Ada Example", "line1": "1 Test Street", "city": "Somewhere", **told}


def place(shop: CheckoutScenario, where: Where, quantity: int = 1) -> Reply:
    lines = [{"sku": "TEA-1", "quantity": quantity}]
    body = {"lines": lines, "shipping_address": address(where)}
    return shop.post("/orders", body, "order")


def buy(shop: CheckoutScenario, where: Where) -> Reply:
    lines = [{"sku": "TEA-1", "quantity": 1}]
    body = {"lines": lines, "address": address(where), "payment_method": GOOD}
    return shop.post("/checkout", body, "checkout")


@pytest.fixture(autouse=True)
def stocked(shop: CheckoutScenario) -> None:
    shop.stock("TEA-1", units=999, price=10_000)  # shipped free


TAXES: dict[Where, int] = {
    ("US", "California", "94105"): 725,
    ("US", "us-ca", "94105-1234"): 725,
    ("US", "CA", "94105"): 725,
    ("US", "Oregon", "97201"): 0,
    ("US", "GU", "96910"): 0,
    ("CA", "Ontario", "M5V 2T6"): 1300,
    ("CA", "QC", "h3z2y7"): 500,
    ("DE", "Bayern", "80331"): 1900,
    ("DE", None, "27498"): 0,
    ("DE", None, "78266"): 810,
    ("ES", None, "28001"): 2100,
    ("ES", None, "35001"): 0,
    ("FR", None, "75001"): 2000,
    ("FR", None, "97400"): 0,
    ("FR", None, "98000"): 2000,
    ("MC", None, "98000"): 2000,
    ("GB", None, "SW1A 1AA"): 2000,
    ("GB", None, "JE2 3AB"): 0,
    ("IM", None, "IM1 1AA"): 2000,
    ("PT", None, "9500-150"): 1600,
    ("HK", None, None): 0,
    ("BR", "SP", "01310-100"): 0,
}


@pytest.mark.parametrize("where", TAXES, ids=str)
def test_an_order_bears_the_tax_of_its_place_and_that_is_what_is_charged(
    shop: CheckoutScenario, where: Where
) -> None:
    reply = place(shop, where)
    assert (reply.status, reply.json["tax"]["amount"]) == (201, TAXES[where])
    assert reply.json["total"]["amount"] == 10_000 + TAXES[where]
    body = {"order_id": reply.json["order_id"], "payment_method": GOOD}
    assert shop.post("/payments", body, "pay").json["amount"] == reply.json["total"]
    assert buy(shop, where).json["order"]["total"] == reply.json["total"]


def test_half_a_cent_of_tax_is_a_cent(shop: CheckoutScenario) -> None:
    shop.stock("TEA-2", units=30, price=499)
    body = {
        "lines": [{"sku": "TEA-2", "quantity": 30}],
        "shipping_address": address(("US", "North Dakota", "58102")),
    }
    reply = shop.post("/orders", body, "key")
    assert (reply.json["subtotal"]["amount"], reply.json["tax"]["amount"]) == (14_970, 749)


@pytest.mark.parametrize(
    ("where", "field"),
    [
        (("UK", None, "SW1A 1AA"), "country"),
        (("XX", None, "1"), "country"),
        (("us", "CA", "94105"), "country"),
        (("US", None, "94105"), "region"),
        (("US", "", "94105"), "region"),
        (("US", "Californa", "94105"), "region"),
        (("US", "XX", "94105"), "region"),
        (("CA", "CA", "M5V 2T6"), "region"),
        (("US", "OR", "94105"), "postal_code"),
        (("US", "CA", None), "postal_code"),
        (("CA", "AB", "M5V 2T6"), "postal_code"),
        (("ES", None, None), "postal_code"),
        (("ES", "Canarias", "28001"), "postal_code"),
        (("ES", None, "99999"), "postal_code"),
        (("FR", None, "97000"), "postal_code"),
        (("DE", None, "Berlin"), "postal_code"),
    ],
    ids=str,
)
def test_an_address_that_cannot_be_decided_is_refused_by_its_field(
    shop: CheckoutScenario, where: Where, field: str
) -> None:
    for reply, name in ((place(shop, where), "shipping_address"), (buy(shop, where), "address")):
        assert (reply.status, reply.json["code"]) == (400, "invalid_request")
        assert [error["pointer"] for error in reply.json["errors"]] == [f"/{name}/{field}"]
    assert shop.available("TEA-1") == 999
    assert shop.events("order.placed") == []


@pytest.mark.parametrize(
    "where",
    [("KP", None, None), ("AQ", None, None), ("PR", None, "00901"), ("US", "PR", "00901"),
     ("US", "AE", "09012"), ("AT", None, "6991"), ("UA", None, "95000"), ("GB", None, "BF1 2AB")],
    ids=str,
)  # fmt: skip
def test_where_nothing_is_delivered_is_told_once_and_for_all(
    shop: CheckoutScenario, where: Where
) -> None:
    for send, pointer in ((place, "/shipping_address"), (buy, "/address")):
        reply = send(shop, where)
        assert (reply.status, reply.json["code"]) == (422, "destination_not_served")
        assert [error["pointer"] for error in reply.json["errors"]] == [pointer]
        assert send(shop, where).text == reply.text
    assert shop.available("TEA-1") == 999
    shop.settle(minutes=2)
    at_rest(shop)


def test_a_region_is_kept_by_its_code(shop: CheckoutScenario) -> None:
    order_id = place(shop, ("US", "new york", "10001")).json["order_id"]
    kept = shop.get(order_id).json["shipping_address"]
    assert (kept["region"], kept["postal_code"]) == ("NY", "10001")
