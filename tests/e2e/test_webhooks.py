"""Webhooks of the payment provider over HTTP, as deployed."""

import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import boto3
import pytest
from stripe import WebhookSignature

from shop import clock
from tests.e2e.platform import Platform
from tests.support.shop_client import Reply, ShopClient, eventually, new_key
from tools.local.psp import WEBHOOK_SECRET

PATH = "/webhooks/psp/stripe"


def deliver(shop: ShopClient, intent: dict[str, Any], type_: str, secret: str) -> Reply:
    """As the provider does; the local one sends no event about held money."""
    event = {"id": f"evt_{new_key()}", "object": "event", "type": type_, "data": {"object": intent}}
    body = json.dumps(event, indent=2, ensure_ascii=False)
    at = int(clock.now().timestamp())
    signature = WebhookSignature.generate_signature_header(body, secret, at)
    return shop.send("POST", PATH, raw=body.encode(), headers={"Stripe-Signature": signature})


@pytest.fixture
def agreed(shop: ShopClient, skus: list[str], platform: Platform) -> tuple[ShopClient, str, Any]:
    """A customer who authenticated and did not come back: client, order, the provider's payment."""
    buyer = shop.register()
    order_id = buyer.order({skus[19]: 1}).json["order_id"]
    waiting = buyer.pay(order_id, method="pm_card_authenticationRequired").json
    asked = buyer.send("GET", f"/payments/{waiting['payment_id']}").json["next_action"]
    secret = asked["client_secret"]
    form = {"success": "true", "key": "pk_test_1", "client_secret": secret}
    intent = f"{platform.psp_url}/v1/payment_intents/{waiting['psp_reference']}"
    with urlopen(
        Request(f"{intent}/_authenticate", urlencode(form).encode()), timeout=10
    ) as answer:
        return buyer, order_id, json.load(answer)


def test_a_webhook_alone_completes_a_payment(
    shop: ShopClient, agreed: tuple[ShopClient, str, Any]
) -> None:
    buyer, order_id, intent = agreed
    intent["description"] = "Bücher"  # arrives as it was sent, else the signature would not fit
    forged = deliver(shop, intent, "payment_intent.amount_capturable_updated", "whsec_forged")
    assert (forged.status, forged.json["code"]) == (400, "webhook_not_signed")
    assert buyer.order_status(order_id) == "placed"

    reply = deliver(shop, intent, "payment_intent.amount_capturable_updated", WEBHOOK_SECRET)

    assert (reply.status, reply.json) == (200, {"received": True})
    eventually(lambda: buyer.order_status(order_id), until=lambda status: status == "paid")


def test_the_local_provider_sends_its_webhooks_to_the_platform(
    shop: ShopClient, skus: list[str], platform: Platform
) -> None:
    buyer = shop.register()
    paid = buyer.pay(buyer.order({skus[19]: 1}).json["order_id"]).json
    table = boto3.resource(
        "dynamodb", endpoint_url=platform.endpoint_url, region_name=platform.region
    ).Table(platform.tables["payments"])

    def heard() -> list[Any]:
        rows = table.scan(ConsistentRead=True)["Items"]
        ours = [row for row in rows if row["sk"] == "WEBHOOK"]
        return [row for row in ours if row.get("payment_id") == paid["payment_id"]]

    (row,) = eventually(heard, until=lambda rows: bool(rows) and "outcome" in rows[0])
    assert (row["type"], row["outcome"]) == ("payment_intent.succeeded", "ignored")
