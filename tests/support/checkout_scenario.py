"""The whole platform in one process: real handlers, the real state machine, moto, a simulated PSP.

Requests go in by `post` and `get`; `deliver` carries rows from the streams to the relay, events
from the bus to queues and consumers, and runs executions that nobody waits for; `tick` runs what is
scheduled; `pass_time` moves the clock.
"""

import functools
import importlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models import table as moto_table

from catalog.api import list_products
from catalog.repository.listings import ListingRepository
from identity.clients import key_ring
from identity.clients import kms as keys
from ledger.consumers import on_transaction_posted
from ledger.repository import BalanceRepository
from orders.api import checkout, get_order, place_order
from orders.schedules import recover_orders
from payments import wiring
from payments.api import create_payment, receive_webhook
from shop import clock, ids, payer_details, request_ids, user_keys
from shop.deploy import discover
from shop.payer_details import PayerDetails, seal_payer
from shop.personal_data import PersonalData
from shop.request_ids import RequestIds
from shop.trace import from_header
from shop.user_keys import Erased, UserKeys
from tests.support import dynamodb, gateway, inbox, moto_tables
from tests.support.fast_moto import quick
from tests.support.interceptor import Function, Interceptor, tapped
from tests.support.machines import ACCOUNT, REGION, Machine
from tests.support.psp import GOOD, WEBHOOK_SECRET, SimulatedPsp
from tests.support.stack import BUS, PARKING, Stack

# Tests look for its parts where none may stand: five digits alone stand in some digest by chance.
ADDRESS = {
    "name": "Ada Example",
    "line1": "1 Test Street",
    "city": "Newark",
    "region": "NJ",
    "postal_code": "07102-4410",
    "country": "US",
}
LOCATION = "use1-ewr"
AUDITOR = "operations.check_invariants"
ROTATION = "identity.rotate_token_keys"
ROUTES = {
    "/orders": "orders.place_order",
    "/checkout": "orders.checkout",
    "/payments": "payments.create_payment",
}


@functools.cache
def functions() -> dict[str, Function]:
    """All functions of the platform, by `<service>.<name>`."""
    return {id_: spec.load() for id_, spec in discover().functions.items()}


@functools.cache
def scheduled() -> tuple[str, ...]:
    """What runs every minute, but for what changes nothing of a customer's: its tests run it."""
    jobs = {id_ for id_, spec in discover().functions.items() if spec.kind == "job"}
    return tuple(sorted(jobs - {AUDITOR, ROTATION}))


@functools.cache
def looked_after() -> tuple[str, ...]:
    """The tables whose rows wait for one of these."""
    jobs = [discover().functions[name] for name in scheduled()]
    places = sorted({place for each in jobs for place in each.tables if place.endswith("/due")})
    return tuple(place.removesuffix("/due") for place in places)


BEGINNING = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class CheckoutScenario:
    """One shop with its customers."""

    def __init__(self, interceptor: Interceptor, psp: SimulatedPsp) -> None:
        self.interceptor, self.psp = interceptor, psp
        self.machine = Machine("checkout")
        self.erasure, self.export = Machine("erasure"), Machine("export")
        others = {machine.name: machine for machine in (self.erasure, self.export)}
        self.stack = Stack(interceptor, self.machine, machines=others)
        interceptor.wait = self._wait
        self.offset = timedelta()
        self._requests = 0
        # Read often, so not by scans through the whole stack.
        self.tables = dynamodb_backends[ACCOUNT][REGION].tables
        interceptor.functions.update(functions())
        interceptor.died = cold_start

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
        wanted = {"order_id": order_id, "payment_method": method, "capture_method": "automatic"}
        return self.post("/payments", {**wanted, **body}, key)

    def buy(
        self, key: str, lines: dict[str, int], method: str = GOOD, **body: Any
    ) -> gateway.Reply:
        """POST /checkout."""
        wanted = {"lines": _lines(lines), "address": ADDRESS, "payment_method": method}
        return self.post("/checkout", {**wanted, **body}, key)

    def confirm(self, payment_id: str) -> gateway.Reply:
        """POST /payments/{payment_id}/confirm."""
        path = f"/payments/{payment_id}/confirm"
        return self._call(
            "payments.confirm_payment", "POST", path, path_parameters={"payment_id": payment_id}
        )

    def cancel(self, order_id: str, key: str = "cancel", **options: Any) -> gateway.Reply:
        """POST /orders/{order_id}/cancel."""
        return self._call(
            "orders.cancel_order",
            "POST",
            f"/orders/{order_id}/cancel",
            key=key,
            path_parameters={"order_id": order_id},
            **options,
        )

    def webhook(
        self,
        reference: str,
        type_: str = "payment_intent.amount_capturable_updated",
        *,
        event_id: str = "evt_1",
        **options: Any,
    ) -> gateway.Reply:
        """POST /webhooks/psp/stripe: the provider tells of one of its payments.

        What it starts is run by `deliver`.
        """
        body, headers = self.psp.webhook(reference, type_, event_id=event_id)
        return self._call(
            "payments.receive_webhook",
            "POST",
            "/webhooks/psp/stripe",
            raw=body,
            sub=None,
            path_parameters={"psp": "stripe"},
            **{"headers": headers, **options},
        )

    def told(self, reference: str, *type_: str, **options: Any) -> gateway.Reply:
        """A webhook, and at once the execution that it starts."""
        reply = self.webhook(reference, *type_, **options)
        self.stack.execute()
        return reply

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
        result = self.interceptor.call(function, event)
        return gateway.Reply(result["statusCode"], result["headers"], result["body"])

    def take_money(self, order_id: str) -> str:
        """What no machine does: a payment takes the total of an order whatever its status is."""
        order = self.row("orders", order_id)
        payment_id = ids.derive("pay", order_id, "by mistake", region=ids.region_of(order_id))
        payer = wiring.personal().to_seal(order["customer_id"])
        assert not isinstance(payer, Erased)
        sealed = payer_details.to_text(seal_payer(PayerDetails(GOOD), payment_id, payer))
        details = {"sealed": sealed, "capture_method": "automatic"}
        task = {
            "payment": {"payment_id": payment_id, "details": details},
            "order_id": order_id,
            "customer_id": order["customer_id"],
            "amount": int(order["total"]),
            "currency": order["currency"],
        }
        held = self._step("authorize", **task)
        assert self._step("capture", payment=held["state"])["outcome"] == "captured"
        return payment_id

    def _step(self, name: str, **task: Any) -> dict[str, Any]:
        event = {"step": name, "trace": from_header(None).to_dict(), **task}
        result: dict[str, Any] = self.interceptor.call("payments.steps", event)
        return result

    # What happens by itself.
    def pass_time(self, **parts: float) -> None:
        """Move the clock of everything that reads it."""
        self.offset += timedelta(**parts)

    def _wait(self, given: dict[str, Any]) -> None:
        """A machine that waits moves the clock."""
        if "seconds" in given:
            self.pass_time(seconds=given["seconds"])
        else:
            self.offset = max(self.offset, clock.parse(given["until"]) - BEGINNING)

    def tick(self) -> None:
        """What runs every minute, then the events of it."""
        for name in scheduled():
            self.interceptor.call(name, {})
        self.deliver()

    def work(self, job: str) -> Any:
        """Run a job now, and the executions that it starts."""
        result = self.interceptor.call(job, {})
        self.stack.execute()
        return result

    def settle(self, *, minutes: int = 40) -> None:
        """Let everything come to its end."""
        self.deliver()
        for _ in range(minutes):
            self.pass_time(minutes=1)
            self.tick()

    def deliver(self) -> None:
        """Carry what is new to where it belongs until there is nothing left."""
        self.stack.deliver()

    def hand_over(self, event: dict[str, Any]) -> None:
        """Deliver one event to all its consumers once more."""
        body = json.dumps({"detail-type": event["type"], "detail": event})
        for id_, spec in discover().functions.items():
            if any(event["type"].startswith(heard.removesuffix("*")) for heard in spec.event_types):
                record = {"messageId": event["id"], "body": body}
                assert self.interceptor.call(id_, {"Records": [record]}) == {
                    "batchItemFailures": []
                }

    @property
    def undelivered(self) -> list[str]:
        """What was parked."""
        return list(self.stack.parked())

    # What the tables say.
    def events(self, type_: str = "") -> list[dict[str, Any]]:
        """All events that changes told, oldest first, or those of a type."""
        found = [event for table in discover().publishing for event in dynamodb.outbox(table)]
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


class KeysByFunction(dict[str, Any]):
    """The keys of users that processes keep: each function has processes of its own."""

    def __init__(self, interceptor: Interceptor) -> None:
        super().__init__()
        self._interceptor = interceptor

    def __getitem__(self, user_id: str) -> Any:
        return super().__getitem__(self._own(user_id))

    def __setitem__(self, user_id: str, kept: Any) -> None:
        super().__setitem__(self._own(user_id), kept)

    def get(self, user_id: str, default: Any = None) -> Any:
        return super().get(self._own(user_id), default)

    def pop(self, user_id: str, *default: Any) -> Any:
        return super().pop(self._own(user_id), *default)

    def _own(self, user_id: str) -> str:
        return f"{self._interceptor.here.function} {user_id}"


def cold_start() -> None:
    """What a process keeps between invocations is gone."""
    keys.forget()
    key_ring.forget()
    request_ids.forget(os.environ["REQUEST_ID_KEY_ARN"])
    user_keys.forget()
    receive_webhook.providers.cache_clear()
    on_transaction_posted.balances = BalanceRepository()
    list_products.listings = ListingRepository()


@contextmanager
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckoutScenario]:
    """A shop that sells nothing yet."""
    psp = SimulatedPsp()
    quick(monkeypatch)
    moto_tables.install()
    with tapped() as interceptor, mock_aws():
        dynamodb.create(*dynamodb.TABLES)
        _configure(monkeypatch)
        journey = CheckoutScenario(interceptor, psp)

        def now() -> datetime:
            """The journey's own time: a millisecond for each look, and what is passed."""
            journey.offset += timedelta(milliseconds=1)
            return BEGINNING + journey.offset

        monkeypatch.setattr(clock, "now", now)
        monkeypatch.setattr(moto_table, "utcnow", lambda: now().replace(tzinfo=None))
        monkeypatch.setattr(wiring, "open_psp", lambda: psp)
        monkeypatch.setattr(user_keys, "_kept", KeysByFunction(interceptor))
        cold_start()
        interceptor.reset()
        yield journey
    cold_start()


def _configure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, and the variables by which functions find what they use."""
    kms = boto3.client("kms", region_name=REGION)
    token_key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    mac_key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    monkeypatch.setenv("TOKEN_KEY_ARN", token_key["Arn"])
    monkeypatch.setenv("EMAIL_MAC_KEY_ARN", mac_key["Arn"])
    monkeypatch.setenv("TOKEN_KEYS_PURPOSE", "identity-tokens")
    id_key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    monkeypatch.setenv("REQUEST_ID_KEY_ARN", id_key["Arn"])
    monkeypatch.setenv("MAIL_FROM", inbox.SENDER)
    monkeypatch.setenv("ACCOUNT_URL", "https://shop.test/account")
    inbox.open_post_office()
    for route in (place_order, checkout, create_payment):  # They read the variable once.
        monkeypatch.setattr(route, "request_ids", RequestIds(id_key["Arn"]))
    wrapping_key = kms.create_key()["KeyMetadata"]
    monkeypatch.setenv("WRAPPING_KEY_ARN", wrapping_key["Arn"])
    of_orders = PersonalData("orders", UserKeys(wrapping_key["Arn"]))
    for route in (place_order, checkout, get_order):
        monkeypatch.setattr(route, "personal", of_orders)
    monkeypatch.setattr(recover_orders, "personal", lambda: of_orders)
    of_payments = PersonalData("payments", UserKeys(wrapping_key["Arn"]))
    monkeypatch.setattr(create_payment, "personal", of_payments)
    monkeypatch.setattr(wiring, "personal", lambda: of_payments)
    value = json.dumps({"api_key": "sk_simulated", "webhook_secrets": [WEBHOOK_SECRET]})
    boto3.client("s3", region_name=REGION).create_bucket(Bucket=os.environ["BUCKET_EXPORTS"])
    secret = boto3.client("secretsmanager", region_name=REGION)
    made = secret.create_secret(Name="psp", SecretString=value)
    monkeypatch.setenv("PSP_SECRET_ARN", made["ARN"])
    monkeypatch.setenv("BUS_NAME", BUS)
    sqs = boto3.client("sqs", region_name=REGION)
    for name in PARKING:
        monkeypatch.setenv(f"{name}_URL", sqs.create_queue(QueueName=name)["QueueUrl"])
    monkeypatch.setenv("TABLE_ORDERS", "orders")
    for name in dynamodb.TABLES:
        table: Any = dynamodb_backends[ACCOUNT][REGION].tables[name]
        stream = f"{table.table_arn}/stream/{table.latest_stream_label}"
        monkeypatch.setenv(f"STREAM_{name.upper()}", stream)
    for spec in discover().functions.values():  # Composition roots read the variables once.
        module = importlib.import_module(spec.handler.rpartition(".")[0])
        for value in vars(module).values():
            if callable(getattr(value, "cache_clear", None)):
                value.cache_clear()
