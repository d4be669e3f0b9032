"""A running shop, and a customer of it who has proved their address."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import inbox
from tests.support.checkout_scenario import ADDRESS, CheckoutScenario, started
from tests.support.gateway import Reply

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
SKU = "CHAIR-1"
OWN = "/users/me/erasure"


@dataclass
class Customer:
    """Somebody with an account; `session` are the tokens of the newest sign-in."""

    shop: CheckoutScenario
    email: str = EMAIL
    user_id: str = ""
    session: Any = None

    def join(self) -> "Customer":
        """Register, read the mail, sign in."""
        consents = {"terms": True, "marketing": False}
        body = {"email": self.email, "password": PASSWORD, "consents": consents}
        self.public("identity.register_user", "POST", "/users", body=body)
        self.shop.deliver()
        proof = {"token": inbox.token_to(self.email), "password": PASSWORD}
        answer = self.public("identity.verify_user", "POST", "/users/verify", body=proof)
        self.user_id = answer.json["user_id"]
        self.shop.deliver()
        assert self.sign_in().status == 201
        return self

    def sign_in(self) -> Reply:
        body = {"email": self.email, "password": PASSWORD, "device": {"name": "Phone of Ada"}}
        answer = self.public("identity.create_session", "POST", "/sessions", body=body)
        if answer.status == 201:
            self.session = answer.json
        return answer

    def own(self, function: str, method: str, path: str, **options: Any) -> Reply:
        """A request with their token, if the gateway lets it pass."""
        given = {
            "sub": self.user_id,
            "sid": self.session["session_id"],
            "proved": self.proved(),
            **options,
        }
        return self.shop._call(function, method, path, **given)

    def proved(self, *, factors: int = 0) -> dict[str, str]:
        """What the authorizer says of how and when they were, by the newest token."""
        claims = self.session["access_token"].split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(claims + "=="))
        told = {name: str(said[name]) for name in ("acr", "auth_time")}
        return told | {"factors": str(factors)}

    def refresh(self) -> None:
        """A new token of the same session."""
        body = {"refresh_token": self.session["refresh_token"]}
        answer = self.public("identity.refresh_session", "POST", "/sessions/refresh", body=body)
        assert answer.status == 200, answer.text
        self.session = {**self.session, **answer.json}

    def public(self, function: str, method: str, path: str, **options: Any) -> Reply:
        return self.shop._call(function, method, path, sub=None, **options)

    def is_let_in(self) -> bool:
        """Whether the gateway takes the token of the newest session."""
        asked = {
            "methodArn": "arn:aws:execute-api:us-east-1:000000000000:cartwright/local/GET/orders",
            "authorizationToken": f"Bearer {self.session['access_token']}",
        }
        try:
            self.shop.interceptor.call("identity.authorizer", asked)
        except Exception as error:
            assert str(error) == "Unauthorized"  # noqa: PT017 (the gateway knows this text alone)
            return False
        return True

    def ask(self, password: str | None = PASSWORD, **options: Any) -> Reply:
        """POST /users/me/erasure."""
        body = {} if password is None else {"password": password}
        return self.own("identity.request_erasure", "POST", OWN, body=body, **options)

    def ask_for_all(self, password: str | None = PASSWORD, **options: Any) -> Reply:
        """POST /users/me/export."""
        body = {} if password is None else {"password": password}
        return self.own("identity.request_export", "POST", "/users/me/export", body=body, **options)

    def export(self, export_id: str, **options: Any) -> Reply:
        """GET /users/me/exports/{export_id}."""
        path = {"export_id": export_id}
        where = f"/users/me/exports/{export_id}"
        return self.own("identity.get_export", "GET", where, path_parameters=path, **options)

    def withdraw(self) -> Reply:
        """DELETE /users/me/erasure."""
        return self.own("identity.withdraw_erasure", "DELETE", OWN)

    def erasure(self, erasure_id: str) -> Reply:
        """GET /erasures/{erasure_id}, as anybody asks."""
        path = {"erasure_id": erasure_id}
        return self.public(
            "identity.get_erasure", "GET", f"/erasures/{erasure_id}", path_parameters=path
        )

    def order(self, key: str = "order") -> Reply:
        """POST /orders."""
        return self.shop.order(key, {SKU: 1}, sub=self.user_id)

    def buy(self, key: str = "buy") -> Reply:
        """POST /checkout."""
        body = {
            "lines": [{"sku": SKU, "quantity": 1}],
            "address": ADDRESS,
            "payment_method": "pm_card_visa",
            "return_url": "https://shop.test/thanks-ada",
        }
        return self.own("orders.checkout", "POST", "/checkout", body=body, key=key)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckoutScenario]:
    """It sells chairs."""
    with started(monkeypatch) as journey:
        journey.stock(SKU, units=20)
        yield journey


@pytest.fixture
def ada(shop: CheckoutScenario) -> Customer:
    """A customer who is signed in."""
    return Customer(shop).join()
