"""What each route uses of AWS. These are budgets: one more call anywhere fails here, by name."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import boto3
import pytest

from benchmarks.cost import COUNTS, Counts, RouteCounts
from catalog.domain import listing
from shop import ids
from tests.support import gateway
from tests.support.estate import FOLD, RELAY
from tests.support.journey import Journey
from tests.support.meter import Meter, metered
from tests.support.specs import consumers
from tests.unit.catalog.builders import make_product

SKUS = {"TEA-1": 1, "TEA-2": 2}  # an order of two lines
METHOD = "pm_1MtwBwLkdIwHu7ix28a3tqPa"  # as long as real ones
PURCHASES = ("POST /orders", "POST /payments", "POST /checkout")
PER_ORDER = ("orders", "payments", "inventory", "ledger", "balances")
AN_ID = re.compile(r"\b(ord|pay|rsv|evt|txn|att)_use1_\w{26}")

# Requests to DynamoDB, each made once, with their read or write units.
ORDER = {
    "orders.place_order PutItem": 2,
    "catalog.steps.price BatchGetItem": 1,
    "inventory.steps.reserve TransactWriteItems": 9,
    "orders.steps.place TransactWriteItems": 15,
}
PAYMENT = {
    "payments.create_payment PutItem": 2,
    "orders.steps.claim UpdateItem": 12,
    "payments.steps.authorize UpdateItem": 3,
    "payments.steps.authorize TransactWriteItems": 5,
    "inventory.steps.commit GetItem": 1,
    "inventory.steps.commit TransactWriteItems": 13,
    "payments.steps.capture TransactWriteItems": 7,
    "orders.steps.settle TransactWriteItems": 14,
}
# Its rows are smaller: the payment has no answer of its own, and the order none until the end.
CHECKOUT = {
    "orders.checkout PutItem": 4,
    "catalog.steps.price BatchGetItem": 1,
    "inventory.steps.reserve TransactWriteItems": 9,
    "orders.steps.place TransactWriteItems": 12,
    "orders.steps.claim UpdateItem": 8,
    "payments.steps.authorize UpdateItem": 2,
    "payments.steps.authorize TransactWriteItems": 5,
    "inventory.steps.commit GetItem": 1,
    "inventory.steps.commit TransactWriteItems": 13,
    "payments.steps.capture TransactWriteItems": 5,
    "orders.steps.settle GetItem": 1,  # what was placed is a part of the answer
    "orders.steps.settle TransactWriteItems": 13,
}
READS = {
    "GET /products": {"catalog.list_products Query": 1},
    "GET /orders/{order_id}": {"orders.get_order GetItem": 1},
    "POST /inventory/check": {"inventory.check_stock BatchGetItem": 3},
}
# After the answer: invocations, and units of requests that are each made once per invocation.
TIMELINE = "orders.record_timeline"
LEDGER = {
    "ledger.on_payment_captured TransactWriteItems": 8,
    "orders.on_payment_captured GetItem": 1,
    "ledger.fold_balances TransactWriteItems": 10,
}
PAID = {"ledger.on_payment_captured": 1, "orders.on_payment_captured": 1, FOLD: 3}


@pytest.fixture(scope="module")
def counted() -> dict[str, RouteCounts]:
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
    shop.buy("first", SKUS, METHOD)
    meter.settle()
    _crowd(shop, crowd)
    order: dict[str, Any] = {}

    def place() -> None:
        order.update(_ok(201, shop.order("order", SKUS)))

    acts: dict[str, Callable[[], Any]] = {
        "POST /orders": place,
        "POST /payments": lambda: _ok(201, shop.pay("pay", order["order_id"], METHOD)),
        "POST /checkout": lambda: _ok(201, shop.buy("buy", SKUS, METHOD)),
        "GET /products": lambda: _get_products(shop),
        "GET /orders/{order_id}": lambda: _ok(200, shop.get(order["order_id"])),
        "POST /inventory/check": lambda: _check_stock(shop),
    }
    return {route: meter.measure(act) for route, act in acts.items()}


@pytest.mark.parametrize(
    ("route", "functions", "requests"),
    [("POST /orders", 4, ORDER), ("POST /payments", 6, PAYMENT), ("POST /checkout", 9, CHECKOUT)],
)
def test_a_purchase_takes_what_is_budgeted(
    counted: dict[str, RouteCounts], route: str, functions: int, requests: dict[str, float]
) -> None:
    now = counted[route].now
    assert now.requests == dict.fromkeys(requests, 1)
    assert now.invocations == dict.fromkeys((name.split()[0] for name in requests), 1)
    assert len(now.invocations) == functions
    assert {**now.read_units, **now.write_units} == requests


def test_an_order_and_a_payment_stay_in_the_limits(counted: dict[str, RouteCounts]) -> None:
    assert {name: len(counted[name].now.requests) for name in PURCHASES[:2]} == {
        "POST /orders": 4,
        "POST /payments": 8,
    }
    transitions = {name: counted[name].now.transitions for name in PURCHASES}
    assert transitions == {"POST /orders": 9, "POST /payments": 13, "POST /checkout": 19}
    assert [counted[name].now.executions for name in PURCHASES] == [1, 1, 1]
    assert [counted[name].now.psp_calls for name in PURCHASES] == [0, 3, 3]


def test_a_read_takes_one_invocation_and_one_request(counted: dict[str, RouteCounts]) -> None:
    for route, requests in READS.items():
        now = counted[route].now
        assert now.requests == dict.fromkeys(requests, 1)
        assert now.read_units == requests
        assert sum(now.invocations.values()) == 1
        assert counted[route].later == Counts()


@pytest.mark.parametrize(
    ("route", "events", "rows", "units"),
    [
        ("POST /orders", 2, 6, {}),
        ("POST /payments", 5, 14, LEDGER),
        ("POST /checkout", 7, 20, LEDGER),
    ],
)
def test_what_follows_the_answer_takes_what_is_budgeted(
    counted: dict[str, RouteCounts], route: str, events: int, rows: int, units: dict[str, float]
) -> None:
    """Every event of an order is a row of its timeline; the ledger's own event is not."""
    later = counted[route].later
    listed = events - 1 if units else events
    assert later.events == events
    assert later.invocations == {RELAY: rows, TIMELINE: listed, **(PAID if units else {})}
    assert later.requests == {f"{TIMELINE} PutItem": listed, **dict.fromkeys(units, 1)}
    assert {**later.read_units, **later.write_units} == {f"{TIMELINE} PutItem": listed, **units}
    assert later.queue_requests == 3 * sum(later.invocations.get(name, 0) for name in consumers())


def test_no_order_calls_kms(counted: dict[str, RouteCounts]) -> None:
    """Tokens are verified by the authorizer, apart, with a key that it keeps."""
    for route in counted.values():
        assert (route.now.kms_requests, route.later.kms_requests) == (0, 0)


def test_counts_do_not_grow_with_the_orders_that_are_there(
    counted: dict[str, RouteCounts], monkeypatch: pytest.MonkeyPatch
) -> None:
    with metered(monkeypatch) as meter:
        assert everything(meter, crowd=200) == counted


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
    assert len(json.loads(shop.wire.call("catalog.list_products", event)["body"])["data"]) == 20


def _check_stock(shop: Journey) -> None:
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in SKUS.items()]
    event = gateway.event("POST", "/inventory/check", body={"lines": lines}, sub=None)
    assert shop.wire.call("inventory.check_stock", event)["statusCode"] == 200


def _crowd(shop: Journey, orders: int) -> None:
    """Copies of everything that an order leaves, under other ids."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    for name in PER_ORDER:
        texts = [json.dumps(item) for item in client.scan(TableName=name)["Items"]]
        texts = [text for text in texts if AN_ID.search(text)]
        copies = [_copied(text, n) for n in range(orders) for text in texts]
        for start in range(0, len(copies), 25):
            puts: list[Any] = [{"PutRequest": {"Item": i}} for i in copies[start : start + 25]]
            client.batch_write_item(RequestItems={name: puts})
    shop.estate.forget()


def _copied(text: str, number: int) -> Any:
    def other(found: re.Match[str]) -> str:
        return ids.derive(found[1], found[0], str(number), region="use1")

    return json.loads(AN_ID.sub(other, text))
