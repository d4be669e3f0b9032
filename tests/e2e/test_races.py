"""Real threads against the running platform: one winner, nothing lost, nothing made twice.

A share of each race, through gateway, authorizer, functions and machine. The mass of operations
runs in test_race_for_*.py, where one costs a twentieth.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.shop_client import ADDRESS, Reply, ShopClient, eventually, new_key


def at_once(count: int, work: Any) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_60_buyers_of_10_units_make_10_orders(shop: ShopClient, limited: list[str]) -> None:
    buyer = shop.register()
    sku = limited[0]
    assert buyer.stock(sku) == 10
    replies: list[Reply] = at_once(60, lambda _: buyer.order({sku: 1}))
    assert Counter(r.status for r in replies) == {201: 10, 409: 50}
    assert {r.json["code"] for r in replies if r.status == 409} == {"out_of_stock"}
    assert buyer.stock(sku) == 0


def test_a_sku_that_stands_twice_in_an_order_is_summed(
    shop: ShopClient, limited: list[str]
) -> None:
    buyer = shop.register()
    sku = limited[1]
    body = {
        "lines": [{"sku": sku, "quantity": 6}, {"sku": sku, "quantity": 6}],
        "shipping_address": ADDRESS,
    }
    reply = buyer.final("POST", "/orders", body, key=new_key())
    assert (reply.status, reply.json["code"]) == (409, "out_of_stock")
    assert buyer.stock(sku) == 10


def test_20_buyers_of_10_units_who_name_the_sku_twice_get_5_orders(
    shop: ShopClient, limited: list[str]
) -> None:
    buyer = shop.register()
    sku = limited[2]
    line = {"sku": sku, "quantity": 1}
    body = {"lines": [line, line], "shipping_address": ADDRESS}
    replies = at_once(20, lambda _: buyer.final("POST", "/orders", body, key=new_key()))
    assert Counter(r.status for r in replies) == {201: 5, 409: 15}
    assert buyer.stock(sku) == 0


def test_20_refreshes_with_one_token_get_one_successor(shop: ShopClient) -> None:
    email, password = f"buyer-{new_key()}@example.com", f"pw-{new_key()}"
    shop.join(email, password)
    signed_in = shop.send("POST", "/sessions", {"email": email, "password": password})
    token = {"refresh_token": signed_in.json["refresh_token"]}
    replies = at_once(20, lambda _: shop.send("POST", "/sessions/refresh", token))
    assert {r.status for r in replies} == {200}
    [successor] = {r.json["refresh_token"] for r in replies}
    following = {"refresh_token": successor}
    assert shop.send("POST", "/sessions/refresh", following).status == 200
    assert shop.send("POST", "/sessions/refresh", token).status == 401  # Replaced twice.
    assert shop.send("POST", "/sessions/refresh", following).status == 401


@pytest.mark.parametrize("route", ["/orders", "/checkout"])
def test_20_copies_of_one_request_make_one_order(
    shop: ShopClient, skus: list[str], route: str
) -> None:
    buyer = shop.register()
    lines = [{"sku": skus[7], "quantity": 1}]
    body: dict[str, Any] = {"lines": lines, "shipping_address": ADDRESS}
    if route == "/checkout":
        body = {"lines": lines, "address": ADDRESS, "payment_method": "pm_card_visa"}
    key = new_key()
    before = buyer.stock(skus[7])
    first = at_once(20, lambda _: buyer.send("POST", route, body, key=key))
    assert {r.status for r in first} <= {201, 409}
    final = at_once(20, lambda _: buyer.final("POST", route, body, key=key))
    assert len({r.text for r in final}) == 1
    assert {r.text for r in first if r.status == 201} <= {r.text for r in final}
    assert {r.status for r in final} == {201}
    assert all(r.headers.get("idempotency-replayed") == "true" for r in final)
    assert len(buyer.send("GET", "/orders").json["data"]) == 1
    assert buyer.stock(skus[7]) == before - 1


def test_20_copies_of_one_payment_charge_once(
    shop: ShopClient, skus: list[str], charges: Any
) -> None:
    buyer = shop.register()
    order = buyer.order({skus[8]: 1}).json
    body = {"order_id": order["order_id"], "payment_method": "pm_card_visa"}
    key = new_key()
    final = at_once(20, lambda _: buyer.final("POST", "/payments", body, key=key))
    assert {r.status for r in final} == {201}
    assert len({r.text for r in final}) == 1
    assert charges(order["order_id"]) == [order["total"]["amount"]]


def test_10_payments_of_one_order_charge_once(
    shop: ShopClient, skus: list[str], charges: Any
) -> None:
    buyer = shop.register()
    order = buyer.order({skus[9]: 1}).json
    replies: list[Reply] = at_once(10, lambda _: buyer.pay(order["order_id"]))
    assert Counter(r.status for r in replies)[201] == 1
    assert {r.status for r in replies} == {201, 409}
    assert charges(order["order_id"]) == [order["total"]["amount"]]
    eventually(lambda: buyer.order_status(order["order_id"]), until=lambda s: s == "paid")


def test_another_body_under_the_same_key_is_refused(shop: ShopClient, skus: list[str]) -> None:
    buyer = shop.register()
    key = new_key()
    assert buyer.order({skus[10]: 1}, key=key).status == 201
    reply = buyer.order({skus[10]: 2}, key=key)
    assert (reply.status, reply.json["code"]) == (422, "idempotency_key_reused")


def test_one_key_of_two_customers_makes_two_orders(shop: ShopClient, skus: list[str]) -> None:
    key = new_key()
    made = {shop.register().order({skus[11]: 1}, key=key).json["order_id"] for _ in range(2)}
    assert len(made) == 2
