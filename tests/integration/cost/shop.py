"""A shop that is metered, and the requests of its customers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
from pyotp import TOTP

from catalog.domain import listing, product
from shop import clock
from tests.integration.cost.client import Client
from tests.support import dynamodb, inbox
from tests.support.checkout_scenario import ADDRESS
from tests.support.concurrency import gather
from tests.support.meter import Meter
from tests.support.oauth_clients import (
    BROWSER,
    REDIRECT,
    VERIFIER,
    Partner,
    agreed,
    authorization_query,
    form_of,
    registered,
)
from tests.support.psp import NEEDS_ACTION
from tests.unit.catalog.builders import make_product

SKUS = {"TEA-1": 1, "TEA-2": 2}  # an order of two lines
METHOD = "pm_1MtwBwLkdIwHu7ix28a3tqPa"  # as long as real ones
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
DEPOSITS = "2100:USD"
PRODUCTS = [make_product(n, usd=1000 + n, variants=2) for n in range(90)]


@dataclass
class Shop:
    """A shop that has sold before, so that what is made once is there."""

    meter: Meter
    crowd: int
    client: Client = field(init=False)
    order_id: str = ""
    payment_id: str = ""
    transaction_id: str = ""
    email: str = EMAIL
    address_id: str = ""
    erasure_id: str = ""
    export_id: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)
    factor: dict[str, Any] = field(default_factory=dict)
    challenge_id: str = ""
    partner: Partner = field(init=False)
    partners: dict[str, Any] = field(default_factory=dict)  # the tokens of a client
    _form: dict[str, str] = field(default_factory=dict)  # of the page that was seen last
    _keys: int = 0

    def __post_init__(self) -> None:
        self.client = Client(self.meter)
        for sku in SKUS:
            self.meter.shop.stock(sku, units=1000)
        table = boto3.resource("dynamodb", region_name="us-east-1").Table("catalog")
        with table.batch_writer() as batch:
            for row in listing.rows(PRODUCTS) + product.rows(PRODUCTS[0]):
                batch.put_item(row)
        bought = self.buy()
        self.meter.settle()
        self.payment_id = bought["payment"]["payment_id"]
        [self.transaction_id] = {
            str(row["pk"]).removeprefix("TXN#")
            for row in dynamodb.rows("ledger")
            if str(row["pk"]).startswith("TXN#")
        }
        gather(self.crowd)
        self.join()
        self.tokens = self.sign_in()
        self.partner = registered(clock.now())
        self.client.session_id = self.tokens["session_id"]
        self.client.authorize(self.tokens["access_token"])
        self.list_products()

    def key(self) -> str:
        """A new idempotency key, as long as each other."""
        self._keys += 1
        return self.last_key

    @property
    def last_key(self) -> str:
        """The key that was made last."""
        return f"key-{self._keys:032}"

    # Requests.
    def join(self) -> None:
        """A customer of their own, who keeps an address."""
        self.client.subject = inbox.join(self.meter.shop, EMAIL, PASSWORD, name="Ada")
        self.address_id = self.add_address()["address_id"]

    def join_as_another(self) -> None:
        """Somebody else, who is asked about themselves from here on."""
        self._keys += 1
        self.email = f"eve-{self._keys:03}@example.com"
        self.client.subject = inbox.join(self.meter.shop, self.email, PASSWORD, name="Eve")
        self.client.session_id = self.sign_in(email=self.email)["session_id"]

    def ask_to_be_erased(self) -> Any:
        """POST /users/me/erasure, by the password."""
        body = {"password": PASSWORD}
        answer = self.client.call("POST /users/me/erasure", 202, body=body)
        self.erasure_id = answer["erasure_id"]

    def ask_for_all(self) -> Any:
        """POST /users/me/export, by the password."""
        answer = self.client.call("POST /users/me/export", 202, body={"password": PASSWORD})
        self.export_id = answer["export_id"]

    def think_again(self) -> None:
        """Somebody else, who has asked to be erased; what carries it out waits for a week."""
        self.join_as_another()
        self.meter.settle()
        self.ask_to_be_erased()
        self.meter.shop.stack.deliver("stream", "queue")
        self.meter.shop.stack.drop_executions()

    def add_address(self) -> Any:
        """POST /users/me/addresses: one of ten lines."""
        return self.client.call("POST /users/me/addresses", 201, body=ADDRESS)

    def own_address(self, method: str, status: int = 200, body: Any = None) -> Any:
        """A request about the address that is kept."""
        route = f"{method} /users/me/addresses/{{address_id}}"
        return self.client.call(route, status, body=body, address_id=self.address_id)

    def ask(self, route: str) -> Any:
        """For a mail."""
        return self.client.call(route, 202, body={"email": self.email})

    def prove(self, email: str = "bob@example.com") -> Any:
        """POST /users/verify, by who has just registered."""
        body = {"token": inbox.token_to(email), "password": PASSWORD}
        return self.client.call("POST /users/verify", 200, body=body)

    def reset(self) -> Any:
        """POST /password/reset, by who has just asked for it."""
        body = {"token": inbox.token_to(self.email), "password": PASSWORD}
        return self.client.call("POST /password/reset", 204, body=body)

    def open_page(self) -> Any:
        """GET /oauth2/authorize."""
        query, headers = authorization_query(self.partner), {"Cookie": f"__Host-browser={BROWSER}"}
        return self._page(self.client.call("GET /oauth2/authorize", query=query, headers=headers))

    def sign_in_on_page(self) -> Any:
        """POST /oauth2/login."""
        form = {**self._form, "email": EMAIL, "password": PASSWORD}
        return self._page(self._submit("POST /oauth2/login", 200, form))

    def agree_on_page(self) -> Any:
        """POST /oauth2/consent."""
        return self._submit("POST /oauth2/consent", 303, self._form)

    def _submit(self, route: str, status: int, form: dict[str, str]) -> Any:
        headers = {"Cookie": f"__Host-browser={BROWSER}"}
        return self.client.call(route, status, form=form, headers=headers)

    def _page(self, text: str) -> str:
        self._form = {"form": form_of(text), "decision": "allow"}
        return text

    def client_token(self) -> Any:
        """POST /oauth2/token, by a code: the dearest of its ways."""
        subject = self.client.subject
        form = {
            "grant_type": "authorization_code",
            "code": agreed(clock.now(), self.partner, subject),
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        self.partners = self.client.call(
            "POST /oauth2/token", form=form, headers=self.partner.basic
        )

    def of_client(self, route: str) -> Any:
        """POST /oauth2/introspect and /oauth2/revoke, of what a client was given for a user."""
        form = {"token": self.partners["access_token"]}
        return self.client.call(route, form=form, headers=self.partner.basic)

    def sign_in(self, password: str = PASSWORD, status: int = 201, email: str = EMAIL) -> Any:
        """POST /sessions."""
        body = {"email": email, "password": password, "device": {"name": "Laptop of Ada"}}
        return self.client.call("POST /sessions", status, body=body)

    def refresh(self) -> Any:
        """POST /sessions/refresh, each time with the newest token."""
        body = {"refresh_token": self.tokens["refresh_token"]}
        self.tokens |= self.client.call("POST /sessions/refresh", body=body)

    def enrol(self) -> None:
        """POST /mfa/factors."""
        self.factor = self.client.call("POST /mfa/factors", 201, body={"type": "totp"})

    def code(self, *, seconds_ago: int = 0) -> str:
        """What an app shows, or showed then."""
        return TOTP(self.factor["secret"]).at(clock.now() - timedelta(seconds=seconds_ago))

    def confirm_factor(self) -> None:
        """POST /mfa/factors/{factor_id}/confirm, by a code of a step ago."""
        route = "POST /mfa/factors/{factor_id}/confirm"
        body = {"code": self.code(seconds_ago=30)}
        self.client.call(route, body=body, factor_id=self.factor["factor_id"])

    def challenge(self) -> None:
        """POST /mfa/challenge."""
        self.challenge_id = self.client.call("POST /mfa/challenge", 202, body={})["challenge_id"]

    def verify(self) -> None:
        """POST /mfa/verify, by the code of now."""
        body = {"challenge_id": self.challenge_id, "code": self.code()}
        self.client.call("POST /mfa/verify", body=body)

    def list_products(self) -> Any:
        """GET /products: a page of 20."""
        page = self.client.call("GET /products", query={"limit": "20"})
        assert len(page["data"]) == 20

    def check_stock(self) -> Any:
        """POST /inventory/check."""
        return self.client.call("POST /inventory/check", body={"lines": lines_of(SKUS)})

    def place(self, lines: Mapping[str, int] = SKUS, status: int = 201) -> Any:
        """POST /orders."""
        self.key()
        return self.place_again(lines, status)

    def place_again(self, lines: Mapping[str, int] = SKUS, status: int = 201) -> Any:
        """POST /orders with the key that was used last."""
        body = {"lines": lines_of(lines), "shipping_address": ADDRESS}
        answer = self.client.call("POST /orders", status, body=body, key=self.last_key)
        self.order_id = answer.get("order_id", self.order_id)
        return answer

    def pay(self, method: str = METHOD, status: int = 201) -> Any:
        """POST /payments, for the order that was placed last."""
        body = {"order_id": self.order_id, "payment_method": method, "capture_method": "automatic"}
        return self.client.call("POST /payments", status, body=body, key=self.key())

    def buy(self) -> Any:
        """POST /checkout."""
        body = {"lines": lines_of(SKUS), "address": ADDRESS, "payment_method": METHOD}
        return self.client.call("POST /checkout", 201, body=body, key=self.key())

    def confirm(self) -> Any:
        """POST /payments/{payment_id}/confirm, after the customer's 3-D Secure step."""
        reference = list(self.meter.shop.psp.books)[-1]
        self.meter.shop.psp.authenticate(reference, success=True)
        return self.client.call("POST /payments/{payment_id}/confirm", payment_id=self.payment_id)

    def cancel(self) -> Any:
        """POST /orders/{order_id}/cancel, of the order that was placed last."""
        route = "POST /orders/{order_id}/cancel"
        return self.client.call(route, 202, key=self.key(), order_id=self.order_id)

    def hear(self) -> Any:
        """POST /webhooks/psp/{psp}: the provider tells of the payment that was made last."""
        psp = self.meter.shop.psp
        self._keys += 1
        signed = psp.webhook(
            list(psp.books)[-1],
            "payment_intent.amount_capturable_updated",
            event_id=f"evt_{self._keys:024}",
        )
        return self.client.call("POST /webhooks/psp/{psp}", signed=signed, psp="stripe")

    def begin_3ds(self) -> None:
        """An order whose payment waits for the customer."""
        self.place()
        self.payment_id = self.pay(NEEDS_ACTION, 202)["payment_id"]

    def begin_told_3ds(self) -> None:
        """The same, and the customer has done their part; another webhook was there before."""
        self.hear()
        self.begin_3ds()
        psp = self.meter.shop.psp
        psp.authenticate(list(psp.books)[-1], success=True)

    def authorize(self) -> Any:
        """The authorizer, with the newest token."""
        return self.client.authorize(self.tokens["access_token"])

    def run(self, job: str) -> Any:
        """What a schedule starts."""
        return self.meter.shop.interceptor.call(job, {})

    def pass_minutes(self, minutes: int) -> None:
        """Time goes by, with nothing under way."""
        self.meter.settle()
        self.meter.shop.pass_time(minutes=minutes)


def lines_of(lines: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
