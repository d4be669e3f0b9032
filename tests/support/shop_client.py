"""A stranger's client: the public API over HTTP with the standard library, and bounded waits."""

import http.client
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tools import second_factor

ADDRESS = {
    "name": "Ada Buyer",
    "line1": "1 Main Street",
    "city": "Newark",
    "region": "NJ",
    "postal_code": "07102",
    "country": "US",
}
T = TypeVar("T")


def new_key() -> str:
    """A fresh idempotency key."""
    return uuid.uuid4().hex


def eventually(read: Callable[[], T], *, until: Callable[[T], bool], timeout_s: float = 30) -> T:
    """Read until it is as expected; fail with the last value."""
    end = time.monotonic() + timeout_s
    while True:
        value = read()
        if until(value):
            return value
        assert time.monotonic() < end, f"still {value!r} after {timeout_s} s"
        time.sleep(0.1)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class ShopClient:
    """The API as one user sees it."""

    api_url: str
    token: str = ""
    mailed: Callable[[str], str] | None = None  # waits for the code in a mail to an address

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = 60,
    ) -> Reply:
        """One request on a connection of its own."""
        base = urlsplit(self.api_url)
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        if data is not None:
            sent["Content-Type"] = "application/json"
        if key is not None:
            sent["Idempotency-Key"] = key
        connection = http.client.HTTPConnection(base.netloc, timeout=timeout_s)
        try:
            connection.request(method, base.path + path, data, sent | (headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def final(self, method: str, path: str, body: Any, *, key: str, timeout_s: float = 90) -> Reply:
        """Repeat with the same key, as a client should, until the answer is not retryable."""

        def retryable(reply: Reply) -> bool:
            if reply.status == 409:
                return bool(reply.json["retryable"])
            return reply.status == 429 or reply.status >= 500

        return eventually(
            lambda: self.send(method, path, body, key=key),
            until=lambda reply: not retryable(reply),
            timeout_s=timeout_s,
        )

    def sign_in(self, email: str, password: str, totp_secret: str = "") -> "ShopClient":
        """The same API with this user's token: by both factors, where there is a second one."""
        reply = self.send("POST", "/sessions", {"email": email, "password": password})
        assert reply.status == 201, reply.text
        signed_in = replace(self, token=reply.json["access_token"])
        return signed_in.raised(totp_secret) if totp_secret else signed_in

    def raised(self, totp_secret: str) -> "ShopClient":
        """The same session, once it has proved its second factor."""

        def send(method: str, path: str, body: Any) -> tuple[int, Any]:
            reply = self.send(method, path, body)
            return reply.status, reply.json

        return replace(self, token=second_factor.prove(send, totp_secret))

    def protect(self) -> "ShopClient":
        """Enrol a second factor, as staff does that is new, and prove it."""
        begun = self.send("POST", "/mfa/factors", {"type": "totp"})
        assert begun.status == 201, begun.text
        path, secret = f"/mfa/factors/{begun.json['factor_id']}/confirm", begun.json["secret"]
        confirmed = self.send("POST", path, {"code": second_factor.code(secret)})
        assert confirmed.status == 200, confirmed.text
        return self.raised(secret)

    def join(self, email: str, password: str) -> str:
        """A new customer: registers from a network of their own, reads the mail, proves the
        address. The user's id."""
        assert self.mailed is not None, "who registers reads mail"
        body = {"email": email, "password": password, "consents": {"terms": True}}
        from_elsewhere = {"X-Forwarded-For": f"2001:db8:{uuid.uuid4().hex[:4]}::1"}
        reply = self.send("POST", "/users", body, headers=from_elsewhere)
        assert reply.status == 202, reply.text
        proof = {"token": self.mailed(email), "password": password}
        reply = self.send("POST", "/users/verify", proof)
        assert reply.status == 200, reply.text
        return str(reply.json["user_id"])

    def register(self) -> "ShopClient":
        """A new customer, signed in."""
        email, password = f"buyer-{uuid.uuid4().hex}@example.com", f"pw-{uuid.uuid4().hex}"
        self.join(email, password)
        return self.sign_in(email, password)

    def order(self, lines: dict[str, int], *, key: str | None = None) -> Reply:
        """POST /orders, repeated until final."""
        body = {
            "lines": [{"sku": sku, "quantity": n} for sku, n in lines.items()],
            "shipping_address": ADDRESS,
        }
        return self.final("POST", "/orders", body, key=key or new_key())

    def pay(self, order_id: str, *, method: str = "pm_card_visa", key: str | None = None) -> Reply:
        """POST /payments, repeated until final."""
        body = {"order_id": order_id, "payment_method": method}
        return self.final("POST", "/payments", body, key=key or new_key())

    def stock(self, sku: str) -> int:
        """What can be bought of a SKU now."""
        reply = self.send("POST", "/inventory/check", {"lines": [{"sku": sku, "quantity": 1}]})
        assert reply.status == 200, reply.text
        return int(reply.json["lines"][0]["available_quantity"])

    def order_status(self, order_id: str) -> str:
        """The status that the customer sees."""
        return str(self.send("GET", f"/orders/{order_id}").json["status"])
