"""A customer is erased as it is deployed: machine, rights, mails, keys and all."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from tests.e2e.platform import Platform
from tests.support.operators import Operator
from tests.support.shop_client import ShopClient, eventually, new_key
from tools.local import inbox

PASSWORD = "quiet-harbour-42-lanterns"
Row = dict[str, Any]


def address() -> str:
    return f"{uuid.uuid4().hex}@example.com"


@pytest.fixture
def row(platform: Platform) -> Callable[[str, str, str], Row]:
    """A row of a table by its key; empty if there is none."""
    dynamodb = boto3.resource(
        "dynamodb", region_name=platform.region, endpoint_url=platform.endpoint_url
    )

    def read(table: str, pk: str, sk: str) -> Row:
        found = dynamodb.Table(f"cartwright-local-{table}").get_item(Key={"pk": pk, "sk": sk})
        return dict(found.get("Item", {}))

    return read


def erased(shop: ShopClient, erasure_id: str) -> Row:
    """Once it is."""
    shown: Row = eventually(
        lambda: shop.send("GET", f"/erasures/{erasure_id}").json,
        until=lambda found: found["status"] == "erased",
        timeout_s=90,
    )
    return shown


def test_who_asks_is_erased_and_gets_a_signed_receipt(
    platform: Platform, shop: ShopClient, skus: list[str], row: Callable[[str, str, str], Row]
) -> None:
    email = address()
    user_id = shop.join(email, PASSWORD)
    ada = shop.sign_in(email, PASSWORD)
    order_id = ada.order({skus[-1]: 1}).json["order_id"]
    payment = ada.pay(order_id)
    assert payment.status == 201, payment.json
    asked = ada.send("POST", "/users/me/erasure", {"password": PASSWORD})
    assert asked.status == 202, asked.json
    shown = erased(shop, asked.json["erasure_id"])

    keys = KeySet.import_key_set(shop.send("GET", "/.well-known/jwks.json").json)
    said = json.loads(jws.deserialize_compact(shown["receipt"], keys).payload)
    assert (said["sub"], said["kept"]) == (user_id, {"orders": 1, "payments": 1})
    assert row("identity", f"USER#{user_id}", "USER") == {}
    assert "wrapped_key" not in row("user-keys", f"USER#{user_id}", "KEY")
    paid = row("payments", f"PAYMENT#{payment.json['payment_id']}", "PAYMENT")
    assert paid["status"] == "captured"
    assert "payment_method" not in paid
    assert row("orders", f"ORDER#{order_id}", "ORDER")["status"] == "paid"

    body = {"email": email, "password": PASSWORD}
    assert shop.send("POST", "/sessions", body).status == 401
    mails = inbox.read(platform.endpoint_url, platform.region, platform.key, to=email)
    assert any(asked.json["erasure_id"] in mail.text for mail in mails)
    assert joined_again(platform, shop, email) != user_id


def joined_again(platform: Platform, shop: ShopClient, email: str) -> str:
    """By the address that is free again; the first link is still in the inbox."""
    where = platform.endpoint_url, platform.region, platform.key

    def tokens() -> list[str]:
        return [mail.token for mail in inbox.read(*where, to=email) if mail.token]

    before = tokens()
    body = {"email": email, "password": PASSWORD, "consents": {"terms": True}}
    elsewhere = {"X-Forwarded-For": f"2001:db8:{uuid.uuid4().hex[:4]}::1"}
    assert shop.send("POST", "/users", body, headers=elsewhere).status == 202
    new = eventually(tokens, until=lambda found: len(found) > len(before))[-1]
    proof = {"token": new, "password": PASSWORD}
    return str(shop.send("POST", "/users/verify", proof).json["user_id"])


def test_an_operator_asks_for_who_writes(
    platform: Platform, shop: ShopClient, row: Callable[[str, str, str], Row]
) -> None:
    email = address()
    user_id = shop.join(email, PASSWORD)
    operator = Operator(platform.settings.platform_file)
    done = operator.run("users", "erase", email, "--json")
    wish = json.loads(done.stdout)
    assert wish["user_id"] == user_id
    assert email not in done.stdout + done.stderr
    assert erased(shop, wish["erasure_id"])["receipt"]
    assert row("identity", f"USER#{user_id}", "USER") == {}
    operator.run("users", "erase", email, code=1)


def test_a_thief_with_a_token_alone_erases_nobody(shop: ShopClient) -> None:
    email = address()
    shop.join(email, PASSWORD)
    thief = shop.sign_in(email, PASSWORD)
    refused = thief.send("POST", "/users/me/erasure", {"password": "not the password"})
    assert (refused.status, refused.json["code"]) == (422, "wrong_password")
    assert thief.send("DELETE", "/users/me/erasure").status == 404
    assert shop.send("GET", f"/erasures/{new_key()}").status == 404
