"""Faults while it runs: whoever dies, money and stock are right when the queues are empty."""

import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import psutil

from tests.support.shop_client import ADDRESS, ShopClient, eventually, new_key


def workers(function: str) -> list[psutil.Process]:
    """The emulator's processes that run this function, each in a folder of its own."""
    found = []
    for process in psutil.process_iter():
        try:
            if f"-{function}-" in process.cwd():
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_a_payment_step_that_is_killed_charges_once(
    shop: ShopClient, skus: list[str], charges: Any, platform: Any
) -> None:
    buyer = shop.register()
    order = buyer.order({skus[14]: 1}).json
    stop = threading.Event()
    killed: list[int] = []

    def kill() -> None:
        while not stop.is_set() and len(killed) < 2:
            for process in workers("cartwright-local-payments-steps"):
                if psutil.Process(process.pid).is_running():
                    process.kill()
                    killed.append(process.pid)
            stop.wait(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    key = new_key()
    body = {"order_id": order["order_id"], "payment_method": "pm_card_visa"}
    try:
        buyer.send("POST", "/payments", body, key=key)
    finally:
        stop.set()
        killer.join()
    assert killed
    reply = buyer.final("POST", "/payments", body, key=key)
    assert reply.status == 201, reply.text
    assert charges(order["order_id"]) == [order["total"]["amount"]]
    eventually(lambda: buyer.order_status(order["order_id"]), until=lambda s: s == "paid")


def test_a_client_that_hangs_up_finds_its_order(shop: ShopClient, skus: list[str]) -> None:
    import json

    buyer = shop.register()
    key = new_key()
    body = {"lines": [{"sku": skus[15], "quantity": 1}], "shipping_address": ADDRESS}
    base = urlsplit(buyer.api_url)
    data = json.dumps(body)
    with socket.create_connection((base.hostname or "", base.port or 80)) as connection:
        connection.sendall(
            f"POST {base.path}/orders HTTP/1.1\r\nHost: {base.netloc}\r\n"
            f"Authorization: Bearer {buyer.token}\r\nIdempotency-Key: {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n{data}".encode()
        )
    reply = buyer.final("POST", "/orders", body, key=key)
    assert reply.status == 201, reply.text
    assert len(buyer.send("GET", "/orders").json["data"]) == 1


def test_what_a_consumer_missed_is_posted_when_it_is_back(
    shop: ShopClient, finance: ShopClient, skus: list[str], consumer_down: Any
) -> None:
    buyer = shop.register()
    order = buyer.order({skus[16]: 1}).json
    with consumer_down("ledger-on-payment"):
        assert buyer.pay(order["order_id"]).status == 201
        assert buyer.order_status(order["order_id"]) == "paid"

    def entries() -> list[dict[str, Any]]:
        reply = finance.send("GET", "/ledger/accounts/2100:USD/entries?limit=100")
        assert reply.status in (200, 404), reply.text
        found = reply.json["data"] if reply.status == 200 else []
        return [each for each in found if each["order_id"] == order["order_id"]]

    [entry] = eventually(entries, until=bool, timeout_s=60)
    assert (entry["side"], entry["amount"]) == ("credit", order["total"])
