"""What is held of a customer is exported as it is deployed, and fetched by the link alone."""

import io
import json
import urllib.error
import urllib.request
import uuid
import zipfile

from tests.e2e.platform import Platform
from tests.support.operators import Operator
from tests.support.shop_client import ShopClient, eventually

PASSWORD = "quiet-harbour-42-lanterns"


def test_a_customer_fetches_all_that_is_held_of_them(shop: ShopClient, skus: list[str]) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    shop.join(email, PASSWORD)
    ada = shop.sign_in(email, PASSWORD)
    order_id = ada.order({skus[-2]: 1}).json["order_id"]
    assert ada.pay(order_id).status == 201
    asked = ada.send("POST", "/users/me/export", {"password": PASSWORD})
    assert asked.status == 202, asked.text
    path = f"/users/me/exports/{asked.json['export_id']}"
    shown = eventually(
        lambda: ada.send("GET", path).json,
        until=lambda found: found["status"] == "ready",
        timeout_s=90,
    )
    with urllib.request.urlopen(shown["link"], timeout=30) as answer:
        body = answer.read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert files["identity.json"]["profile"]["email"] == email
    assert [each["order_id"] for each in files["orders.json"]["orders"]] == [order_id]
    assert len(files["payments.json"]["payments"]) == 1
    assert refused(shown["link"].partition("?")[0])
    stranger = shop.register()
    assert stranger.send("GET", path).status == 404


def test_an_operator_asks_for_who_writes_and_sees_none_of_it(
    platform: Platform, shop: ShopClient
) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    user_id = shop.join(email, PASSWORD)
    operator = Operator(platform.settings.platform_file)
    done = operator.run("users", "export", email, "--json")
    wish = json.loads(done.stdout)
    assert wish["user_id"] == user_id
    assert email not in done.stdout + done.stderr
    assert "link" not in wish
    ada = shop.sign_in(email, PASSWORD)
    shown = eventually(
        lambda: ada.send("GET", f"/users/me/exports/{wish['export_id']}").json,
        until=lambda found: found["status"] == "ready",
        timeout_s=90,
    )
    assert shown["link"]
    operator.run("users", "export", f"nobody.{email}", code=1)


def refused(url: str) -> bool:
    """Without what signs it."""
    try:
        urllib.request.urlopen(url, timeout=30)
    except urllib.error.HTTPError as error:
        return error.code in {400, 401, 403}
    return False
