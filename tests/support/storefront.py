"""A shop without gateway and Lambda: its handlers and the real ASL, called by many threads.

Tables are the emulator's, so every condition is a real one. The payment provider is simulated, with
books of its own.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from orders.api import checkout, place_order
from payments import wiring
from payments.api import confirm_payment, create_payment
from shop import user_keys
from shop.checkout import AbandonInput, OrderRef, PayInput, PaymentRequest
from shop.checkout_execution import StepFunctionsCheckout
from shop.deploy import discover
from shop.personal_data import PersonalData
from shop.trace import from_header
from shop.user_keys import UserKeys
from tests.support import gateway
from tests.support.interpreter import Interpreter
from tests.support.psp import SimulatedPsp
from tests.support.races import own_tables, rows

STEPS = discover().of_kind("steps")
TASKS = {each.id: each.load() for each in STEPS}
TABLES = {place.partition("/")[0] for each in STEPS for place in each.tables} | {"user_keys"}
LOCATION = "use1-ewr"
PRICE = 1000
ADDRESS = {
    "name": "Ada Example",
    "line1": "1 Test Street",
    "city": "Newark",
    "region": "NJ",
    "postal_code": "07102",
    "country": "US",
}
HANDLERS = {
    "/orders": place_order.handler,
    "/checkout": checkout.handler,
    "/payments": create_payment.handler,
}


@dataclass
class Storefront:
    """What clients of one shop can do; safe to share between threads."""

    psp: SimulatedPsp
    machine: Interpreter
    units: Counter[str] = field(default_factory=Counter)

    def sell(self, sku: str, *, units: int) -> str:
        """Put a SKU into catalogue and stock."""
        resource = boto3.resource("dynamodb", region_name="us-east-1")
        resource.Table("catalog").put_item(
            Item={
                "pk": f"SKU#{sku}",
                "sk": "PRICE",
                "product_id": "prd_use1_0000000000000000000000000p",
                "title": sku,
                "prices": json.dumps({"USD": PRICE}),
                "status": "active",
            }
        )
        levels = {"available": units, "reserved": 0, "on_hand": units}
        resource.Table("inventory").put_item(
            Item={"pk": f"SKU#{sku}", "sk": f"LOC#{LOCATION}", **levels}
        )
        self.units[sku] = units
        return sku

    def post(self, path: str, body: dict[str, Any], key: str) -> gateway.Reply:
        """One request, as its Lambda gets it."""
        return gateway.call(HANDLERS[path], gateway.event("POST", path, body=body, key=key))

    def confirm(self, payment_id: str) -> gateway.Reply:
        """POST /payments/{payment_id}/confirm."""
        path, named = f"/payments/{payment_id}/confirm", {"payment_id": payment_id}
        event = gateway.event("POST", path, path_parameters=named)
        return gateway.call(confirm_payment.handler, event)

    def drive(self, mode: str, order_id: str, payment_id: str | None) -> None:
        """What the recovery jobs start for an order that stands still: `payment` or `abandon`."""
        order = OrderRef(order_id=order_id, customer_id=gateway.CUSTOMER)
        payment = payment_id and PaymentRequest(payment_id=payment_id, details=None)
        kind: Any = PayInput if mode == "payment" else AbandonInput
        self.machine.start(kind(order=order, payment=payment or None, trace=from_header(None)))

    def orders(self) -> list[dict[str, Any]]:
        """The rows of all orders."""
        return [row for row in rows("orders") if row["sk"] == "ORDER"]

    def payments(self) -> list[dict[str, Any]]:
        """The rows of all payments."""
        return [row for row in rows("payments") if row["sk"] == "PAYMENT"]

    def stock_is_conserved(self, owners: set[str]) -> None:
        """Exactly these orders have units (held or sold), and all others are on the shelf."""
        stored = rows("inventory")
        taken: Counter[str] = Counter()
        holders = [row for row in stored if row.get("status") in ("held", "committed")]
        for row in holders:
            for line in json.loads(str(row["lines"])):
                taken[line["sku"]] += line["quantity"]
        assert {row["order_id"] for row in holders} == owners
        for row in stored:
            if str(row["sk"]).startswith("LOC#"):
                sku = str(row["pk"]).removeprefix("SKU#")
                assert row["available"] >= 0, "more was promised than there was"
                assert row["on_hand"] == row["available"] + row["reserved"]
                assert row["available"] + taken[sku] == self.units[sku]

    def money_is_conserved(self) -> None:
        """The provider took the total of each paid order once, and of no other anything."""
        owner = {str(row["payment_id"]): str(row["order_id"]) for row in self.payments()}
        captured: dict[str, list[int]] = defaultdict(list)
        for book in self.psp.books.values():
            assert book.held == 0, "an authorisation outlived its order"
            if book.captured:
                captured[owner[book.payment_id]].append(book.captured)
        paid = {
            str(row["order_id"]): [int(row["total"])]
            for row in self.orders()
            if row["status"] == "paid"
        }
        assert captured == paid


def payment_of(key: str) -> str:
    """The payment that POST /payments makes under this key."""
    return create_payment.request_ids.of("pay", gateway.CUSTOMER, key)


@contextmanager
def opened(endpoint_url: str, *, honours_keys: bool = True) -> Iterator[Storefront]:
    """A shop in tables of its own that sells nothing yet."""
    psp = SimulatedPsp(honours_keys=honours_keys)
    runs = Interpreter("checkout", TASKS)
    with own_tables(endpoint_url, *TABLES), pytest.MonkeyPatch.context() as patch:
        key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
        user_keys.forget()
        for route in (place_order, checkout):
            patch.setattr(route, "personal", PersonalData("orders", UserKeys(key)))
        of_payments = PersonalData("payments", UserKeys(key))
        patch.setattr(create_payment, "personal", of_payments)
        patch.setattr(wiring, "personal", lambda: of_payments)
        patch.setattr(StepFunctionsCheckout, "run", lambda _, data, **kw: runs.run(data, **kw))
        patch.setattr(StepFunctionsCheckout, "start", lambda _, data: runs.start(data))
        patch.setattr(wiring, "open_psp", lambda: psp)
        yield Storefront(psp, runs)
