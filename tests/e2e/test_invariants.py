"""The auditor as deployed: a row that is broken by hand is reported to everyone who asks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from tests.e2e.platform import Platform
from tests.e2e.topics import Mailbox, subscribed
from tests.support.shop_client import ShopClient, eventually
from tools.shopctl import cli, status
from tools.shopctl.target import find

FUNCTION = "cartwright-local-operations-check-invariants"


@dataclass
class Operator:
    """Who watches: asks the API, gets the alarms' mail, and can break a row by hand."""

    api: ShopClient
    platform: Platform
    mailbox: Mailbox

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(
            service, endpoint_url=self.platform.endpoint_url, region_name=self.platform.region
        )

    def charge(self, payment_id: str, amount: int) -> None:
        """Another amount in the payment's row."""
        self.client("dynamodb").update_item(
            TableName=self.platform.tables["payments"],
            Key={"pk": {"S": f"PAYMENT#{payment_id}"}, "sk": {"S": "PAYMENT"}},
            UpdateExpression="SET amount = :amount",
            ExpressionAttributeValues={":amount": {"N": str(amount)}},
        )

    def violations(self) -> list[str]:
        """After a run, what violates I3. The streams are read up to two seconds ago."""
        answer = self.client("lambda").invoke(FunctionName=FUNCTION, Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()
        reply = self.api.send("GET", "/ops/invariants")
        assert reply.status == 200, reply.text
        return [each["subject"] for each in reply.json["invariants"]["I3"]["violations"]]


@pytest.fixture(scope="module")
def operator(
    platform: Platform, shop: ShopClient, users: dict[str, dict[str, str]]
) -> Iterator[Operator]:
    """The seeded operator, who hears the pages."""
    api = shop.sign_in(**users["ops"])
    with subscribed(platform, "pages", name="people") as mailbox:
        yield Operator(api, platform, mailbox)


def test_a_row_that_is_broken_by_hand_is_reported_and_its_healing_too(
    shop: ShopClient,
    operator: Operator,
    skus: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buyer = shop.register()
    order = buyer.order({skus[17]: 1}).json
    payment_id = buyer.pay(order["order_id"]).json["payment_id"]
    amount = order["total"]["amount"]
    operator.charge(payment_id, amount + 1)
    try:
        eventually(operator.violations, until=lambda found: payment_id in found)
        assert payment_id in _shown(operator, capsys, monkeypatch)
        words = ("invariant.violated I3", payment_id)
        eventually(lambda: operator.mailbox.has(*words), until=bool)
    finally:
        operator.charge(payment_id, amount)
    eventually(operator.violations, until=lambda found: payment_id not in found)
    eventually(lambda: operator.mailbox.has("invariant.resolved I3", payment_id), until=bool)


def test_only_operators_read_the_report(shop: ShopClient, operator: Operator) -> None:
    assert shop.send("GET", "/ops/invariants").status == 401
    assert shop.register().send("GET", "/ops/invariants").status == 403
    assert operator.api.send("GET", "/ops/invariants").status in (200, 503)


def _shown(
    operator: Operator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """What `shopctl status` shows of the auditor's report on I3."""
    file = operator.platform.settings.platform_file
    monkeypatch.setattr(cli, "find", lambda **given: find(**given, file=file))
    monkeypatch.setenv(
        "AWS_ENDPOINT_URL", operator.platform.endpoint_url
    )  # `find` sets it for good
    monkeypatch.setattr(status, "PAUSE_S", 0.0)  # of its own looks at whole tables
    assert cli.main(["status", "--json", "--stage", "local"]) == 1
    live = json.loads(capsys.readouterr().out)["live"]
    return [each["subject"] for each in live["invariants"]["I3"]["violations"]]
