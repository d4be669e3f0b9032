"""The buying path over HTTP, as deployed: from registration to the ledger."""

from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest

from tests.e2e.platform import Platform
from tests.support.shop_client import ADDRESS, ShopClient, eventually, new_key
from tools.seed.catalogue import products


def clearing_entries(finance: ShopClient, limit: int = 100) -> list[dict[str, Any]]:
    path = f"/ledger/accounts/{quote('1210:stripe:USD', safe='')}/entries?limit={limit}"
    reply = finance.send("GET", path)
    assert reply.status in (200, 404), reply.text
    return list(reply.json["data"]) if reply.status == 200 else []


def test_a_new_customer_buys_and_the_ledger_shows_it(
    shop: ShopClient, finance: ShopClient, skus: list[str]
) -> None:
    buyer = shop.register()
    before = buyer.stock(skus[0])

    placed = buyer.order({skus[0]: 2, skus[1]: 1})
    assert placed.status == 201, placed.text
    order = placed.json
    assert order["status"] == "placed"
    assert buyer.stock(skus[0]) == before - 2

    paid = buyer.pay(order["order_id"])
    assert paid.status == 201, paid.text
    assert paid.json["status"] == "captured"
    assert paid.json["amount"] == order["total"]
    eventually(lambda: buyer.order_status(order["order_id"]), until=lambda s: s == "paid")
    assert buyer.stock(skus[0]) == before - 2

    transactions = eventually(
        lambda: [e for e in clearing_entries(finance) if order["order_id"] in str(e)],
        until=lambda found: len(found) == 1,
    )
    transaction = finance.send(
        "GET", f"/ledger/transactions/{transactions[0]['transaction_id']}"
    ).json
    sides = {"debit": 0, "credit": 0}
    for entry in transaction["entries"]:
        amount = entry["amount"]
        sides[entry["side"]] += amount["amount"] if isinstance(amount, dict) else amount
    assert sides["debit"] == sides["credit"] == order["total"]["amount"]


def test_the_timeline_shows_every_event_of_an_order(shop: ShopClient, skus: list[str]) -> None:
    """This platform was started from a saved state: its streams go on with the first new record."""
    buyer = shop.register()
    order_id = buyer.order({skus[17]: 1}).json["order_id"]
    assert buyer.pay(order_id).status == 201
    wanted = {
        "inventory.reserved",
        "order.placed",
        "payment.authorized",
        "inventory.committed",
        "payment.captured",
        "order.paid",
    }
    eventually(
        lambda: {e["type"] for e in buyer.send("GET", f"/orders/{order_id}/timeline").json["data"]},
        until=lambda found: found == wanted,
    )


def test_checkout_does_it_in_one_request(shop: ShopClient, skus: list[str]) -> None:
    buyer = shop.register()
    body = {
        "lines": [{"sku": skus[2], "quantity": 1}],
        "address": ADDRESS,
        "payment_method": "pm_card_visa",
    }
    reply = buyer.final("POST", "/checkout", body, key=new_key())
    assert reply.status == 201, reply.text
    assert reply.json["order"]["status"] == "paid"
    assert reply.json["payment"]["status"] == "captured"
    assert buyer.order_status(reply.json["order"]["order_id"]) == "paid"


@pytest.mark.parametrize("route", ["/payments", "/checkout"])
def test_a_declined_card_gives_the_stock_back_and_posts_nothing(
    shop: ShopClient, finance: ShopClient, skus: list[str], route: str
) -> None:
    buyer = shop.register()
    sku = skus[3]
    before = buyer.stock(sku)
    if route == "/payments":
        order_id = buyer.order({sku: 1}).json["order_id"]
        reply = buyer.pay(order_id, method="pm_card_chargeDeclined")
    else:
        body = {
            "lines": [{"sku": sku, "quantity": 1}],
            "address": ADDRESS,
            "payment_method": "pm_card_chargeDeclined",
        }
        reply = buyer.final("POST", "/checkout", body, key=new_key())
        order_id = buyer.send("GET", "/orders").json["data"][0]["order_id"]
    assert (reply.status, reply.json["code"]) == (402, "payment_declined")
    eventually(lambda: buyer.order_status(order_id), until=lambda s: s == "cancelled")
    eventually(lambda: buyer.stock(sku), until=lambda n: n == before)
    assert [e for e in clearing_entries(finance) if order_id in str(e)] == []


def test_a_card_that_needs_its_owner_waits_for_a_confirmation(
    shop: ShopClient, skus: list[str]
) -> None:
    buyer = shop.register()
    order_id = buyer.order({skus[4]: 1}).json["order_id"]
    reply = buyer.pay(order_id, method="pm_card_authenticationRequired")
    assert reply.status == 202, reply.text
    assert reply.json["status"] == "requires_action"
    assert reply.json["next_action"]
    assert buyer.order_status(order_id) == "placed"


def test_a_card_whose_owner_agreed_is_charged_by_the_confirmation(
    shop: ShopClient, skus: list[str], platform: Platform
) -> None:
    buyer = shop.register()
    order_id = buyer.order({skus[18]: 1}).json["order_id"]
    waiting = buyer.pay(order_id, method="pm_card_authenticationRequired").json
    assert waiting["next_action"] == {"type": "use_stripe_sdk"}
    asked = buyer.send("GET", f"/payments/{waiting['payment_id']}").json["next_action"]
    form = {"success": "true", "key": "pk_test_1", "client_secret": asked["client_secret"]}
    intent = f"{platform.psp_url}/v1/payment_intents/{waiting['psp_reference']}"
    agreed = Request(f"{intent}/_authenticate", data=urlencode(form).encode())
    with urlopen(agreed, timeout=10) as answer:
        assert answer.status == 200
    reply = buyer.send("POST", f"/payments/{waiting['payment_id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "captured"), reply.text
    assert buyer.order_status(order_id) == "paid"


@pytest.mark.parametrize("method", [None, "pm_card_authenticationRequired"])
def test_a_cancelled_order_gives_its_stock_and_its_money_back(
    shop: ShopClient, skus: list[str], method: str | None
) -> None:
    buyer, sku = shop.register(), skus[20]
    before = buyer.stock(sku)
    order_id = buyer.order({sku: 2}).json["order_id"]
    payment = buyer.pay(order_id, method=method).json if method else {}
    assert buyer.stock(sku) == before - 2
    path, key = f"/orders/{order_id}/cancel", new_key()
    assert shop.register().send("POST", path, key=key).status == 404

    reply = buyer.final("POST", path, None, key=key)

    assert (reply.status, reply.json["status"]) == (202, "cancelled"), reply.text
    assert reply.json["reason"] == "customer"
    assert buyer.stock(sku) == before
    assert buyer.send("POST", path, key=key).text == reply.text
    assert buyer.pay(order_id).json["code"] == "order_not_payable"
    if payment:
        voided = buyer.send("GET", f"/payments/{payment['payment_id']}").json
        assert voided["status"] == "voided"


def test_a_paid_order_cannot_be_cancelled(shop: ShopClient, skus: list[str]) -> None:
    buyer = shop.register()
    order_id = buyer.order({skus[20]: 1}).json["order_id"]
    assert buyer.pay(order_id).status == 201
    reply = buyer.send("POST", f"/orders/{order_id}/cancel", key=new_key())
    assert (reply.status, reply.json["code"]) == (409, "order_not_cancellable")
    assert buyer.order_status(order_id) == "paid"


def test_lists_show_own_orders_newest_first(shop: ShopClient, skus: list[str]) -> None:
    buyer = shop.register()
    made = [buyer.order({skus[5]: 1}).json["order_id"] for _ in range(3)]
    first = buyer.send("GET", "/orders?limit=2").json
    rest = buyer.send("GET", f"/orders?limit=2&cursor={quote(first['next_cursor'])}").json
    assert [o["order_id"] for o in first["data"] + rest["data"]] == made[::-1]


def test_another_customers_order_is_not_there(shop: ShopClient, skus: list[str]) -> None:
    owner, other = shop.register(), shop.register()
    order_id = owner.order({skus[6]: 1}).json["order_id"]
    assert other.send("GET", f"/orders/{order_id}").status == 404
    assert other.pay(order_id).status == 404
    assert owner.order_status(order_id) == "placed"


def test_an_unchanged_page_is_not_sent_again(shop: ShopClient) -> None:
    page = shop.send("GET", "/products?category=tea&currency=EUR")
    again = shop.send(
        "GET",
        "/products?category=tea&currency=EUR",
        headers={"If-None-Match": page.headers["etag"]},
    )
    assert (page.status, again.status, again.text) == (200, 304, "")


def test_every_product_is_on_exactly_one_page(platform: Platform, shop: ShopClient) -> None:
    """Of the seed: other tests may have brought some."""
    seen: list[str] = []
    cursor = ""
    while True:
        page = shop.send("GET", f"/products?limit=100{cursor}").json
        seen += [product["product_id"] for product in page["data"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={quote(page['next_cursor'])}"
    seeded = {product.product_id for product in products(platform.region)}
    assert len(seeded) == 500
    assert seeded <= set(seen)
    assert len(seen) == len(set(seen))


def test_documents_are_served(shop: ShopClient) -> None:
    assert shop.send("GET", "/health").json["status"] == "ok"
    assert shop.send("GET", "/openapi.json").json["openapi"].startswith("3.1")
    assert "swagger" in shop.send("GET", "/docs").text.lower()
    assert shop.send("GET", "/.well-known/jwks.json").json["keys"][0]["alg"] == "ES256"
    assert shop.send("GET", "/errors").status == 200
