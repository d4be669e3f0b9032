"""The whole platform in one process: real handlers, the real state machine, moto, a simulated PSP.

Requests go in by `post` and `get`; `deliver` carries events from the outboxes to the consumers,
as the relay and the queues do; `tick` runs what is scheduled; `pass_time` moves the clock.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.config import DefaultConfig
from moto.dynamodb.models import dynamodb_backends

from catalog import steps as catalog_steps
from inventory import steps as inventory_steps
from inventory.jobs import sweep_expired
from ledger.consumers import on_payment_captured as ledger_on_payment_captured
from orders import steps as orders_steps
from orders.api import checkout, get_order, get_timeline, list_orders, place_order
from orders.consumers import on_inventory_expired, on_payment_captured, record_timeline
from orders.jobs import janitor as orders_janitor
from payments import steps as payments_steps
from payments.api import confirm_payment, create_payment, get_payment
from payments.jobs import janitor as payments_janitor
from payments.steps import _till
from shop import clock, machine
from tests.support import dynamodb, gateway
from tests.support.machines import Machine, quick
from tests.support.psp import GOOD, SimulatedPsp
from tests.support.wire import Function, Wire, tapped

TABLES = ("catalog", "inventory", "orders", "payments", "ledger")
ADDRESS = {
    "name": "Ada Example",
    "line1": "1 Test Street",
    "city": "Newark",
    "region": "NJ",
    "postal_code": "07102",
    "country": "US",
}
LOCATION = "use1-ewr"
FUNCTIONS: dict[str, Function] = {
    "catalog.steps": catalog_steps.handler,
    "inventory.steps": inventory_steps.handler,
    "orders.steps": orders_steps.handler,
    "payments.steps": payments_steps.handler,
    "orders.place_order": place_order.handler,
    "orders.checkout": checkout.handler,
    "orders.get_order": get_order.handler,
    "orders.list_orders": list_orders.handler,
    "orders.get_timeline": get_timeline.handler,
    "payments.create_payment": create_payment.handler,
    "payments.confirm_payment": confirm_payment.handler,
    "payments.get_payment": get_payment.handler,
    "orders.on_payment_captured": on_payment_captured.handler,
    "orders.on_inventory_expired": on_inventory_expired.handler,
    "orders.record_timeline": record_timeline.handler,
    "ledger.on_payment_captured": ledger_on_payment_captured.handler,
    "inventory.sweep_expired": sweep_expired.handler,
    "orders.janitor": orders_janitor.handler,
    "payments.janitor": payments_janitor.handler,
}
ROUTES = {
    "/orders": "orders.place_order",
    "/checkout": "orders.checkout",
    "/payments": "payments.create_payment",
}
CONSUMERS = {
    "payment.captured": ("ledger.on_payment_captured", "orders.on_payment_captured"),
    "inventory.expired": ("orders.on_inventory_expired",),
}
SCHEDULED = ("inventory.sweep_expired", "orders.janitor", "payments.janitor")


class Journey:
    """One shop with its customers."""

    def __init__(self, wire: Wire, psp: SimulatedPsp) -> None:
        self.wire, self.psp = wire, psp
        self.machine = Machine("checkout")
        self.offset = timedelta()
        self.delivered: set[str] = set()
        self.undelivered: list[str] = []  # consumer and event type of each failed message
        self._requests = 0
        # Read often, so not by scans through the whole stack.
        self._tables = dynamodb_backends["123456789012"]["us-east-1"].tables

    # What is sold.
    def stock(self, sku: str, *, units: int, price: int = 1000) -> str:
        """Sell a SKU: its price in USD and EUR, its units in one place."""
        resource = boto3.resource("dynamodb", region_name="us-east-1")
        resource.Table("catalog").put_item(
            Item={
                "pk": f"SKU#{sku}",
                "sk": "PRICE",
                "product_id": "prd_use1_0000000000000000000000000p",
                "title": f"Title of {sku}",
                "prices": json.dumps({"USD": price, "EUR": price}),
                "status": "active",
            }
        )
        with resource.Table("inventory").batch_writer() as batch:
            batch.put_item(
                {
                    "pk": f"SKU#{sku}",
                    "sk": f"LOC#{LOCATION}",
                    "available": units,
                    "reserved": 0,
                    "on_hand": units,
                }
            )
            batch.put_item(
                {
                    "pk": f"MOV#{sku}#{LOCATION}",
                    "sk": "mov_use1_00000000000000000000000000",
                    "quantity": units,
                    "reason": "initial",
                    "at": clock.rfc3339(clock.now()),
                }
            )
        return sku

    # What customers do.
    def order(self, key: str, lines: dict[str, int], **options: Any) -> gateway.Reply:
        """POST /orders."""
        body = {"lines": _lines(lines), "shipping_address": ADDRESS}
        return self.post("/orders", body, key, **options)

    def pay(self, key: str, order_id: str, method: str = GOOD, **body: Any) -> gateway.Reply:
        """POST /payments."""
        wanted = {"order_id": order_id, "payment_method": method, "capture": "auto", **body}
        return self.post("/payments", wanted, key)

    def buy(self, key: str, lines: dict[str, int], method: str = GOOD) -> gateway.Reply:
        """POST /checkout."""
        body = {"lines": _lines(lines), "address": ADDRESS, "payment_method": method}
        return self.post("/checkout", body, key)

    def confirm(self, payment_id: str) -> gateway.Reply:
        """POST /payments/{payment_id}/confirm."""
        path = f"/payments/{payment_id}/confirm"
        return self._call(
            "payments.confirm_payment", "POST", path, path_parameters={"payment_id": payment_id}
        )

    def get(self, order_id: str, **options: Any) -> gateway.Reply:
        """GET /orders/{order_id}."""
        parameters = {"order_id": order_id}
        return self._call(
            "orders.get_order", "GET", f"/orders/{order_id}", path_parameters=parameters, **options
        )

    def timeline(self, order_id: str) -> gateway.Reply:
        """GET /orders/{order_id}/timeline."""
        path = f"/orders/{order_id}/timeline"
        return self._call(
            "orders.get_timeline", "GET", path, path_parameters={"order_id": order_id}
        )

    def post(self, path: str, body: dict[str, Any], key: str, **options: Any) -> gateway.Reply:
        """A request with an idempotency key."""
        return self._call(ROUTES[path], "POST", path, body=body, key=key, **options)

    def _call(self, function: str, method: str, path: str, **options: Any) -> gateway.Reply:
        self._requests += 1
        options.setdefault("request_id", f"request-{self._requests}")
        event = gateway.event(method, path, **options)
        result = self.wire.call(function, event)
        return gateway.Reply(result["statusCode"], result["headers"], result["body"])

    # What happens by itself.
    def pass_time(self, **parts: float) -> None:
        """Move the clock of everything that reads it."""
        self.offset += timedelta(**parts)

    def tick(self) -> None:
        """What runs every minute, then the events of it."""
        for name in SCHEDULED:
            self.wire.call(name, {})
        self.deliver()

    def settle(self, *, minutes: int = 40) -> None:
        """Let everything come to its end."""
        self.deliver()
        for _ in range(minutes):
            self.pass_time(minutes=1)
            self.tick()

    def deliver(self) -> None:
        """Carry new events to their consumers until there are none left."""
        while fresh := [e for e in self.events() if e["id"] not in self.delivered]:
            for event in fresh:
                self.delivered.add(event["id"])
                self.hand_over(event)

    def hand_over(self, event: dict[str, Any]) -> None:
        """Deliver one event to all its consumers; what fails is retried and then parked."""
        names = [*CONSUMERS.get(event["type"], ())]
        if event["type"].startswith(("order.", "payment.", "inventory.")):
            names.append("orders.record_timeline")
        record = {"messageId": event["id"], "body": json.dumps({"detail": event})}
        for name in names:
            for _ in range(3):
                failed = self.wire.call(name, {"Records": [record]})["batchItemFailures"]
                if not failed:
                    break
            else:
                self.undelivered.append(f"{name} {event['type']}")

    # What the tables say.
    def events(self, type_: str = "") -> list[dict[str, Any]]:
        """All stored events, oldest first, or those of a type."""
        found: list[dict[str, Any]] = [
            json.loads(item.attrs["outbox"].value)
            for table in ("inventory", "orders", "payments", "ledger")
            for item in self._tables[table].all_items()
            if "outbox" in item.attrs
        ]
        found.sort(key=lambda event: (event["occurred_at"], event["subject"], event["sequence"]))
        return [event for event in found if event["type"].startswith(type_)]

    def row(self, table: str, id_: str) -> dict[str, Any]:
        """An order's, payment's or reservation's row."""
        prefix = {"orders": "ORDER", "payments": "PAYMENT", "inventory": "RSV"}[table]
        rows = dynamodb.rows(table)
        return next(row for row in rows if row["pk"] == f"{prefix}#{id_}" and row["sk"] == prefix)

    def available(self, sku: str) -> int:
        """Units that can be sold."""
        rows = dynamodb.rows("inventory")
        return sum(int(str(row["available"])) for row in rows if row["pk"] == f"SKU#{sku}")


def _lines(lines: dict[str, int]) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]


@contextmanager
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    """A shop that sells nothing yet."""
    psp = SimulatedPsp()
    real_now = clock.now
    quick(monkeypatch)
    config: DefaultConfig = {"stepfunctions": {"execute_state_machine": True}}
    with tapped() as wire, mock_aws(config=config):
        dynamodb.create(*TABLES)
        wire.functions.update(FUNCTIONS)
        journey = Journey(wire, psp)

        def now() -> datetime:
            return real_now() + journey.offset

        monkeypatch.setattr(clock, "now", now)
        monkeypatch.setattr(machine, "run", journey.machine.run)
        monkeypatch.setattr(machine, "start", journey.machine.start)
        monkeypatch.setattr(_till, "open_psp", lambda: psp)
        wire.reset()
        yield journey
