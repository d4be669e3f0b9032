"""What each route uses of AWS. These are budgets: one more call anywhere fails here, by name."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import boto3
import pytest

from benchmarks.cost import COUNTS, Counts, RouteCounts
from catalog.domain import listing, product
from shop import ids
from tests.support import dynamodb, gateway
from tests.support.journey import CONSUMERS, Journey
from tests.support.meter import Meter, consumers, metered
from tests.unit.catalog.builders import make_product

SKUS = {"TEA-1": 1, "TEA-2": 2}  # an order of two lines
PER_ORDER = ("orders", "payments", "inventory", "ledger", "balances")
AN_ID = re.compile(r"\b(ord|pay|rsv|evt|txn|att)_use1_\w{26}")

ORDER = ["place_order", "catalog-steps.price", "inventory-steps.reserve", "orders-steps.place"]
PAYMENT = [
    "create_payment",
    "orders-steps.claim",
    "payments-steps.authorize",
    "inventory-steps.commit",
    "payments-steps.capture",
    "orders-steps.settle",
]
ORDER_REQUESTS = {
    "place_order PutItem": 1,
    "catalog-steps.price BatchGetItem": 1,
    "inventory-steps.reserve TransactWriteItems": 1,
    "orders-steps.place TransactWriteItems": 1,
}
STEPS_OF_PAYMENT = {
    "orders-steps.claim UpdateItem": 1,
    "payments-steps.authorize UpdateItem": 1,
    "payments-steps.authorize TransactWriteItems": 1,
    "inventory-steps.commit GetItem": 1,
    "inventory-steps.commit TransactWriteItems": 1,
    "payments-steps.capture TransactWriteItems": 1,
    "orders-steps.settle TransactWriteItems": 1,
}


@pytest.fixture(scope="module")
def counted() -> Iterator[dict[str, RouteCounts]]:
    """The counts of all routes, written for `python -m benchmarks.cost`."""
    with pytest.MonkeyPatch.context() as patch, metered(patch) as meter:
        found = everything(meter)
    COUNTS.parent.mkdir(parents=True, exist_ok=True)
    COUNTS.write_text(json.dumps({k: asdict(v) for k, v in found.items()}, indent=1) + "\n")
    return found


def everything(meter: Meter, *, crowd: int = 0) -> dict[str, RouteCounts]:
    """Every route once, in a shop that has sold before (so that what is made once is there)."""
    shop = meter.shop
    for sku in SKUS:
        shop.stock(sku, units=1000)
    _list_products(shop)
    shop.buy("first", SKUS)
    meter.settle()
    _crowd(shop, crowd)
    order: dict[str, Any] = {}

    def place() -> None:
        order.update(_ok(201, shop.order("order", SKUS)))

    acts: dict[str, Callable[[], Any]] = {
        "POST /orders": place,
        "POST /payments": lambda: _ok(201, shop.pay("pay", order["order_id"])),
        "POST /checkout": lambda: _ok(201, shop.buy("buy", SKUS)),
        "GET /products": lambda: _get_products(shop),
        "GET /orders/{order_id}": lambda: _ok(200, shop.get(order["order_id"])),
        "POST /inventory/check": lambda: _check_stock(shop),
    }
    return {route: meter.measure(act) for route, act in acts.items()}


def test_an_order_takes_four_invocations_and_four_requests(counted: dict[str, RouteCounts]) -> None:
    now = counted["POST /orders"].now
    assert now.invocations == Counter(ORDER)
    assert now.requests == ORDER_REQUESTS
    assert (sum(now.invocations.values()), sum(now.requests.values())) == (4, 4)


def test_a_payment_takes_six_invocations_and_eight_requests(
    counted: dict[str, RouteCounts],
) -> None:
    now = counted["POST /payments"].now
    assert now.invocations == Counter(PAYMENT)
    assert now.requests == {"create_payment PutItem": 1, **STEPS_OF_PAYMENT}
    assert (sum(now.invocations.values()), sum(now.requests.values())) == (6, 8)
    assert now.psp_calls == 3


def test_a_checkout_takes_an_order_and_a_payment_without_its_route(
    counted: dict[str, RouteCounts],
) -> None:
    now = counted["POST /checkout"].now
    assert now.invocations == Counter(["checkout", *ORDER[1:], *PAYMENT[1:]])
    order = {k: n for k, n in ORDER_REQUESTS.items() if not k.startswith("place_order")}
    answer = {"orders-steps.settle GetItem": 1}  # what was placed is a part of the answer
    assert now.requests == {"checkout PutItem": 1, **order, **STEPS_OF_PAYMENT, **answer}


def test_a_read_takes_one_invocation_and_one_request(counted: dict[str, RouteCounts]) -> None:
    requests = {
        "GET /products": {"list_products Query": 1},
        "GET /orders/{order_id}": {"get_order GetItem": 1},
        "POST /inventory/check": {"check_stock BatchGetItem": 1},
    }
    for route, wanted in requests.items():
        assert counted[route].now.requests == wanted
        assert sum(counted[route].now.invocations.values()) == 1
        assert counted[route].later == Counts()


#LATER

def test_counts_do_not_grow_with_the_orders_that_are_there(
    counted: dict[str, RouteCounts], monkeypatch: pytest.MonkeyPatch
) -> None:
    with metered(monkeypatch) as meter:
        assert everything(meter, crowd=200) == counted


def test_the_journey_hears_what_the_rules_of_the_stacks_say() -> None:
    heard = {name: {t for t, names in CONSUMERS.items() if name in names} for name in consumers()}
    heard["orders.record_timeline"] = {"order.*", "payment.*", "inventory.*"}
    assert heard == {name: set(types) for name, types in consumers().items()}


def _ok(status: int, reply: gateway.Reply) -> Any:
    assert reply.status == status, reply.text
    return reply.json


def _list_products(shop: Journey) -> None:
    """A list of 90 products; the first page is asked for once, so that its bounds are known."""
    products = [make_product(n, usd=1000 + n, variants=2) for n in range(90)]
    table = boto3.resource("dynamodb", region_name="us-east-1").Table("catalog")
    with table.batch_writer() as batch:
        for row in listing.rows(products):
            batch.put_item(row)
    _get_products(shop)


def _get_products(shop: Journey) -> None:
    event = gateway.event("GET", "/products", query={"limit": "20"}, sub=None)
    assert len(json.loads(shop.wire.call("list_products", event)["body"])["data"]) == 20


def _check_stock(shop: Journey) -> None:
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in SKUS.items()]
    event = gateway.event("POST", "/inventory/check", body={"lines": lines}, sub=None)
    assert shop.wire.call("check_stock", event)["statusCode"] == 200


def _crowd(shop: Journey, orders: int) -> None:
    """Copies of everything that an order leaves, under other ids."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    for name in PER_ORDER:
        texts = [json.dumps(item) for item in client.scan(TableName=name)["Items"]]
        texts = [text for text in texts if AN_ID.search(text)]
        copies = [
            AN_ID.sub(lambda found, n=n: ids.derive(found[1], found[0], str(n), region="use1"), text)
            for n in range(orders)
            for text in texts
        ]
        for start in range(0, len(copies), 25):
            puts = [{"PutRequest": {"Item": json.loads(c)}} for c in copies[start : start + 25]]
            client.batch_write_item(RequestItems={name: puts})
    shop.delivered |= {event["id"] for event in shop.events()}
