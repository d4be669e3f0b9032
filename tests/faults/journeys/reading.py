"""What is only looked at."""

from datetime import timedelta

import boto3

from catalog.domain import listing, product
from shop import clock
from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.buying import LINES, shelves
from tests.faults.journeys.registry import journey
from tests.unit.catalog.builders import make_product


def _listed(world: FaultEnvironment) -> None:
    products = [make_product(n, usd=1000 + n, variants=2) for n in range(30)]
    with boto3.resource("dynamodb", region_name="us-east-1").Table("catalog").batch_writer() as to:
        details = [row for each in products for row in product.rows(each)]
        for row in details + listing.rows(products):
            to.put_item(row)
    world.seen["product"] = products[0].product_id
    shelves(world)


def _sold(world: FaultEnvironment) -> None:
    shelves(world)
    world.seen["order"] = actions.buy(world, "buy", LINES).json["order"]["order_id"]
    world.shop.deliver()


@journey(firm=True, given=_listed, answers=[200, 200, 200])
def browse(world: FaultEnvironment) -> None:
    """Products, one of them, its stock."""
    actions.public(world, "catalog.list_products", "GET", "/products", query={"limit": "20"})
    product = world.seen["product"]
    path = {"product_id": product}
    actions.public(
        world, "catalog.get_product", "GET", f"/products/{product}", path_parameters=path
    )
    body = {"lines": [{"sku": "TEA-1", "quantity": 1}]}
    actions.public(world, "inventory.check_stock", "POST", "/inventory/check", body=body)


@journey(firm=True, given=_sold, orders=["paid"], payments=["captured"], answers=[200, 200, 200])
def own_orders(world: FaultEnvironment) -> None:
    """All of them, one, its timeline."""
    order_id = world.seen["order"]
    actions.get(world, "orders.list_orders", "/orders")
    actions.get(world, "orders.get_order", f"/orders/{order_id}", order_id=order_id)
    actions.get(world, "orders.get_timeline", f"/orders/{order_id}/timeline", order_id=order_id)


@journey(
    firm=True,
    given=_sold,
    orders=["paid"],
    payments=["captured"],
    answers=[200, 200, 200, 200, 200],
)
def the_books(world: FaultEnvironment) -> None:
    """Accounts, a balance now and then, entries, a transaction."""
    accounts = actions.read(world, "ledger.list_accounts", "/ledger/accounts", "finance:read")
    account = accounts.json["data"][0]["account_id"]
    path = {"account_id": account}
    url = f"/ledger/accounts/{account}"
    actions.read(
        world, "ledger.get_balance", f"{url}/balance", "finance:read", path_parameters=path
    )
    actions.read(
        world,
        "ledger.get_balance",
        f"{url}/balance",
        "finance:read",
        path_parameters=path,
        query={"at": clock.rfc3339(clock.now() - timedelta(days=1))},
    )
    entries = actions.read(
        world, "ledger.list_entries", f"{url}/entries", "finance:read", path_parameters=path
    )
    transaction = entries.json["data"][0]["transaction_id"]
    actions.read(
        world,
        "ledger.get_transaction",
        f"/ledger/transactions/{transaction}",
        "finance:read",
        path_parameters={"transaction_id": transaction},
    )


@journey(firm=True, answers=[200, 200, 200, 200])
def the_platform(world: FaultEnvironment) -> None:
    """Its health, its description, its reference, its errors."""
    actions.public(world, "operations.health", "GET", "/health")
    actions.public(world, "operations.openapi", "GET", "/openapi.json")
    actions.public(world, "operations.docs", "GET", "/docs")
    actions.public(world, "operations.errors", "GET", "/errors")
