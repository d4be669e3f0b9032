"""What bad input gets: the 4xx of the API as a problem document, and nothing changes."""

import base64
import json
from typing import Any

import pytest

from tests.support.shop_client import ADDRESS, Reply, ShopClient, new_key

MEMBERS = {
    "type", "title", "status", "code", "detail", "instance", "request_id", "retryable", "errors",
}  # fmt: skip


def check(reply: Reply, status: int, code: str | None = None) -> None:
    """A problem document with all members, whoever made it."""
    assert reply.status == status, reply.text
    assert reply.headers["content-type"].startswith("application/problem+json"), reply.headers
    assert set(reply.json) >= MEMBERS, reply.text
    assert reply.json["status"] == status
    if code:
        assert reply.json["code"] == code
    assert reply.headers["x-request-id"]


@pytest.fixture(scope="module")
def buyer(shop: ShopClient) -> ShopClient:
    return shop.register()


def order(lines: Any, **more: Any) -> dict[str, Any]:
    return {"lines": lines, "shipping_address": ADDRESS} | more


def one(sku: str, quantity: Any = 1) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity}]


BAD_ORDERS: dict[str, tuple[Any, int]] = {
    "empty": (lambda _: {}, 400),
    "wrong type": (lambda s: order("lines"), 400),
    "unknown field": (lambda s: order(one(s), gift=True), 400),
    "unknown sku": (lambda s: order(one("NO-SUCH-SKU")), 422),
    "quantity 0": (lambda s: order(one(s, 0)), 400),
    "quantity -1": (lambda s: order(one(s, -1)), 400),
    "quantity 1.5": (lambda s: order(one(s, 1.5)), 400),
    "quantity 10^9": (lambda s: order(one(s, 10**9)), 400),
    "quantity as text": (lambda s: order(one(s, "1")), 400),
    "no lines": (lambda s: order([]), 400),
    "101 lines": (lambda s: order(one(s) * 101), 400),
    "no such currency": (lambda s: order(one(s), currency="XXX"), 400),
    "currency not offered": (lambda s: order(one(s), currency="JPY"), 422),
    **{
        name: (lambda s, at=at: order(one(s), shipping_address=ADDRESS | at), status)
        for name, at, status in (
            ("country in words", {"country": "Utopia"}, 400),
            ("no such country", {"country": "UK"}, 400),
            ("no such state", {"region": "Californa"}, 400),
            ("no state", {"region": None}, 400),
            ("no ZIP code", {"postal_code": None}, 400),
            ("ZIP code of another state", {"region": "OR"}, 400),
            ("not delivered to", {"country": "KP", "region": None}, 422),
            ("no post there", {"region": "PR", "postal_code": "00901"}, 422),
        )
    },
    "over 256 KB": (lambda s: order(one(s), pad="x" * 300_000), 413),
}


@pytest.mark.parametrize("name", BAD_ORDERS)
def test_a_bad_order_is_refused_and_changes_nothing(
    buyer: ShopClient, skus: list[str], name: str
) -> None:
    build, status = BAD_ORDERS[name]
    before = buyer.stock(skus[12])
    check(buyer.send("POST", "/orders", build(skus[12]), key=new_key()), status)
    assert buyer.stock(skus[12]) == before
    assert [o for o in buyer.send("GET", "/orders").json["data"] if o["status"] == "placed"] == []


@pytest.mark.parametrize("raw", [b"{", b"", b"\xff\xfe", b"null", b"[" * 10_000])
def test_what_is_not_json_is_refused(buyer: ShopClient, raw: bytes) -> None:
    check(buyer.send("POST", "/orders", raw=raw, key=new_key()), 400, "invalid_request")


def test_text_of_another_charset_is_refused_before_it_is_somebody_elses(shop: ShopClient) -> None:
    """Bytes that are no UTF-8 reach the function as U+FFFD, whichever they were."""
    accents = "\u00e9\u00e8\u00ea\u00eb\u00e0\u00e2\u00e4\u00e7"
    email = f"{new_key()}@example.com"
    body = f'{{"email": "{email}", "password": "{accents}"'
    raw = f'{body}, "consents": {{"terms": true}}}}'
    check(shop.send("POST", "/users", raw=raw.encode("latin-1")), 400, "invalid_request")
    said = {"Content-Type": "application/json; charset=iso-8859-1"}
    check(shop.send("POST", "/users", raw=raw.encode("latin-1"), headers=said), 415)
    shop.join(email, accents)
    check(shop.send("POST", "/sessions", raw=f"{body}}}".encode("latin-1")), 400)
    assert shop.send("POST", "/sessions", raw=f"{body}}}".encode()).status == 201


@pytest.mark.parametrize(
    "path", ["/health", "/health?ts=1", "/products?limit=1", "/orders", "/nope", "/products/nope"]
)
def test_a_head_is_its_get_without_the_body(buyer: ShopClient, path: str) -> None:
    got, asked = buyer.send("GET", path), buyer.send("HEAD", path)
    assert (asked.status, asked.text) == (got.status, "")
    for name in ("content-type", "content-length", "cache-control", "etag"):
        assert asked.headers.get(name) == got.headers.get(name), name


def test_a_head_opens_nothing_that_a_get_does_not(buyer: ShopClient, shop: ShopClient) -> None:
    assert shop.send("HEAD", "/orders").status == 401
    assert buyer.send("HEAD", "/ledger/accounts").status == 403
    assert buyer.send("HEAD", "/payments").status == 404


def test_a_missing_key_is_refused(buyer: ShopClient, skus: list[str]) -> None:
    check(buyer.send("POST", "/orders", order(one(skus[12]))), 400)


@pytest.mark.parametrize(
    ("key", "more", "code"),
    [
        ("k" * 300, {}, "too_long"),
        ("caf\u00e9", {}, "characters"),
        ("one-key", {"idempotency-key": "another-key"}, "repeated"),  # a second line
    ],
)
def test_what_is_wrong_with_a_key_is_said(
    buyer: ShopClient, skus: list[str], key: str, more: dict[str, str], code: str
) -> None:
    reply = buyer.send("POST", "/orders", order(one(skus[12])), key=key, headers=more)
    check(reply, 400, "idempotency_key_invalid")
    assert [error["code"] for error in reply.json["errors"]] == [code]


def test_a_body_that_nobody_expects_is_refused_and_nothing_is_cancelled(
    buyer: ShopClient, skus: list[str]
) -> None:
    customer = buyer.register()
    order_id = customer.order({skus[13]: 1}).json["order_id"]
    path, key = f"/orders/{order_id}/cancel", new_key()
    check(customer.send("POST", path, {"4242424242424242": 1}, key=key), 400, "invalid_request")
    check(customer.send("POST", path, raw=b"{", key=key), 400, "invalid_request")
    check(customer.send("POST", path, {}, key=key, headers={"Content-Type": "text/csv"}), 415)
    check(customer.send("POST", path, {}, key=key, headers={"Content-Encoding": "gzip"}), 415)
    assert customer.order_status(order_id) == "placed"
    assert customer.send("POST", path, {}, key=key).status == 202


def test_an_address_typed_on_a_japanese_keyboard_is_an_address(shop: ShopClient) -> None:
    name = new_key()
    plain = {"email": f"{name}@example.com", "password": "ffi" * 3}
    person = {"email": f"{name}\uff20example.com", "password": "\ufb03" * 3}
    elsewhere = {"X-Forwarded-For": "2001:db8:7::1"}
    asked = shop.send("POST", "/users", person | {"consents": {"terms": True}}, headers=elsewhere)
    assert asked.status == 202
    assert shop.mailed is not None
    proof = {"token": shop.mailed(plain["email"]), "password": person["password"]}
    assert shop.send("POST", "/users/verify", proof).status == 200
    assert shop.send("POST", "/sessions", plain).status == 201


def test_a_body_of_another_media_type_is_refused(buyer: ShopClient, skus: list[str]) -> None:
    reply = buyer.send(
        "POST", "/orders", order(one(skus[12])), key=new_key(), headers={"Content-Type": "text/csv"}
    )
    check(reply, 415)


def b64(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def forged(token: str, name: str) -> str:
    """A token that only looks right."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed: dict[str, Any] = {
        "other issuer": claims | {"iss": "https://evil.example"},
        "expired": claims | {"exp": 1},
        "more rights": claims | {"scope": "finance:read"},
    }
    if name == "alg none":
        return f"{b64({'alg': 'none', 'typ': 'at+jwt'})}.{payload}."
    if name == "truncated":
        return token[:-10]
    return f"{header}.{b64(changed[name])}.{signature}"


@pytest.mark.parametrize(
    "name", ["alg none", "truncated", "other issuer", "expired", "more rights"]
)
def test_a_forged_token_is_not_let_in(buyer: ShopClient, name: str) -> None:
    client = ShopClient(buyer.api_url, forged(buyer.token, name))
    check(client.send("GET", "/orders"), 401, "unauthenticated")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic dXNlcjpwdw==", "x.y.z"])
def test_no_token_no_entry(shop: ShopClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    check(shop.send("GET", "/orders", headers=headers), 401, "unauthenticated")


@pytest.mark.parametrize("scheme", ["bearer ", "BEARER  ", "bEaReR "])
def test_the_name_of_the_scheme_is_taken_in_any_case(buyer: ShopClient, scheme: str) -> None:
    """RFC 9110, 11.1."""
    headers = {"authorization": scheme + buyer.token}
    assert ShopClient(buyer.api_url).send("GET", "/orders", headers=headers).status == 200


def test_a_customer_cannot_read_the_ledger(buyer: ShopClient) -> None:
    check(buyer.send("GET", "/ledger/accounts"), 403, "forbidden")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/products?limit=0", 400),
        ("/products?limit=101", 400),
        ("/products?limit=x", 400),
        ("/products?cursor=garbage", 400),
        ("/products?currency=XXX", 400),
        ("/products?currency=JPY", 422),
        ("/products?price_min=5&price_max=1", 400),
        ("/products?price_min=-1", 400),
        ("/products?nonsense=1", 400),
        ("/products/prd_use1_0000000000000000000000000z", 404),
        ("/products/nonsense", 404),
        ("/no/such/route", 404),
    ],
)
def test_a_bad_question_gets_a_clear_answer(shop: ShopClient, path: str, status: int) -> None:
    check(shop.send("GET", path), status)


BAD_PAYMENTS: dict[str, tuple[dict[str, Any], int]] = {
    "order id": ({"order_id": "nonsense"}, 400),
    "no such order": ({"order_id": "ord_use1_0000000000000000000000000a"}, 404),
    "method": ({"payment_method": "4242424242424242"}, 400),
    "capture": ({"capture_method": "later"}, 400),
    "field": ({"amount": 1}, 400),
}


@pytest.mark.parametrize("name", BAD_PAYMENTS)
def test_a_bad_payment_is_refused_and_the_order_stays_placed(
    buyer: ShopClient, skus: list[str], name: str
) -> None:
    customer = buyer.register()
    order_id = customer.order({skus[13]: 1}).json["order_id"]
    changes, status = BAD_PAYMENTS[name]
    body = {"order_id": order_id, "payment_method": "pm_card_visa"} | changes
    check(customer.send("POST", "/payments", body, key=new_key()), status)
    assert customer.order_status(order_id) == "placed"


def test_an_order_is_paid_once(buyer: ShopClient, skus: list[str]) -> None:
    customer = buyer.register()
    order_id = customer.order({skus[13]: 1}).json["order_id"]
    assert customer.pay(order_id).status == 201
    reply = customer.pay(order_id)
    check(reply, 409)


@pytest.mark.parametrize(
    "body",
    [
        {"email": "no-address", "password": "long enough password", "consents": {"terms": True}},
        {"email": "a@example.com", "password": "short", "consents": {"terms": True}},
        {"email": "a@example.com", "password": "long enough password"},
    ],
)
def test_a_bad_registration_is_refused(shop: ShopClient, body: dict[str, Any]) -> None:
    check(shop.send("POST", "/users", body), 400)


def test_a_wrong_password_says_nothing_about_the_address(
    shop: ShopClient, users: dict[str, dict[str, str]]
) -> None:
    known = shop.send(
        "POST", "/sessions", {"email": users["ops"]["email"], "password": "wrong password"}
    )
    unknown = shop.send(
        "POST", "/sessions", {"email": "nobody@example.com", "password": "wrong password"}
    )
    check(known, 401, "invalid_credentials")
    check(unknown, 401, "invalid_credentials")
    drop = {"request_id", "instance"}
    assert {k: v for k, v in known.json.items() if k not in drop} == {
        k: v for k, v in unknown.json.items() if k not in drop
    }
