"""Sends what schemathesis makes up to the running API and compares every answer with its document.

Cases come from docs/openapi.json alone, so a new route is fuzzed as soon as it is described. What
the fuzzer adds to a valid case is what a real client has and a document cannot say: a token of the
right role, a fresh key, SKUs that are sold, ids and cursors that earlier answers named.

Nothing is sent through the fuzzer's own idea of the API: where an answer differs from the document,
the platform or the document is wrong (assertions.py).
"""

import base64
import copy
import json
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import requests
import schemathesis

from tests.support.assertions import Verdicts
from tests.support.shop_client import ADDRESS, ShopClient

METHODS = ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired")
CURRENCIES = ("USD", "EUR")
# Taxed, untaxed, and not served.
PLACES: tuple[dict[str, str | None], ...] = (
    {},
    {"country": "CA", "region": "Ontario", "postal_code": "M5V 2T6"},
    {"country": "ES", "region": None, "postal_code": "35001"},
    {"country": "HK", "region": None, "postal_code": None},
    {"country": "KP", "region": None, "postal_code": None},
)
# What ends the session by which it is asked for; and what nobody comes back from.
ENDING = ("delete_current_session", "delete_session", "delete_sessions", "change_password")
LEAVING = ("deactivate_user", "request_erasure", "withdraw_erasure")
OF_CLIENTS = ("create_token", "introspect_token", "revoke_token")
REMEMBERED = (
    "account_id",
    "address_id",
    "erasure_id",
    "export_id",
    "order_id",
    "payment_id",
    "product_id",
    "refresh_token",
    "session_id",
    "transaction_id",
)
TOKEN_SPARE_S = 60


class User:
    """Somebody who signs in again shortly before the token ends."""

    def __init__(self, shop: ShopClient, email: str, password: str, totp_secret: str = "") -> None:
        self._shop, self.credentials = shop, {"email": email, "password": password}
        self._totp_secret = totp_secret
        self._token, self._until = "", 0.0

    @property
    def token(self) -> str:
        if time.monotonic() > self._until:
            reply = self._shop.send("POST", "/sessions", self.credentials)
            assert reply.status == 201, reply.text
            self._token = reply.json["access_token"]
            if self._totp_secret:
                signed_in = ShopClient(self._shop.api_url, self._token)
                self._token = signed_in.raised(self._totp_secret).token
            self._until = time.monotonic() + reply.json["expires_in"] - TOKEN_SPARE_S
        return self._token

    def forget(self) -> None:
        """Sign in again before the next request."""
        self._until = 0.0

    @property
    def scopes(self) -> frozenset[str]:
        payload = self.token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return frozenset(claims["scope"].split())


class Fuzzer:
    """One run: who sends, what was learnt, and what to think of the answers."""

    def __init__(
        self,
        document: dict[str, Any],
        api_url: str,
        users: list[User],
        skus: list[str],
        seed: int,
        *,
        newcomer: Callable[[], User],
        client: dict[str, str],
    ) -> None:
        """`newcomer` makes a customer who may leave; `client` is how software of others proves
        itself in a form."""
        self.document, self.api_url, self.users, self.skus = document, api_url, users, skus
        self.newcomer, self.client = newcomer, client
        self.schema = schemathesis.openapi.from_dict(document)
        self.schema.config.generation.update(with_security_parameters=False)
        self.random = Random(seed)  # noqa: S311
        self.session = requests.Session()
        self.verdicts = Verdicts()
        self.seen: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=50))
        self.placed: deque[str] = deque(maxlen=50)  # orders that can be paid
        self._scopes = {user: user.scopes for user in users}
        self._sold = frozenset(skus)

    def operations(self) -> dict[str, Any]:
        """All operations of the document by their id."""
        found = [result.ok() for result in self.schema.get_all_operations()]  # type: ignore[union-attr]
        return {operation.definition.raw["operationId"]: operation for operation in found}

    def send(self, case: Any, kind: str) -> Any:
        """Complete the case, send it, judge the answer and learn from it."""
        raw = case.operation.definition.raw
        known = case.method.upper() == case.operation.method.upper()
        if known and not case.meta.generation.mode.is_negative:  # A link's target may be either.
            self._complete(case, raw)
        authorization, expected = self._authorization(raw) if known else (None, None)
        started = time.perf_counter()
        response = self._call(case, authorization)
        seconds = time.perf_counter() - started
        if not known:
            self.verdicts.judge_no_route(case, response, seconds=seconds)
            return response
        self.verdicts.judge(case, response, kind, expected=expected, seconds=seconds)
        if raw["operationId"] in ENDING:
            self.users[0].forget()
        if response.status_code < 300:
            self.learn(response.json() if _is_json(response) else None)
        return response

    def _call(self, case: Any, authorization: str | None) -> Any:
        # From many networks: what one of them may ask for is counted.
        headers = {"X-Forwarded-For": f"2001:db8:{self.random.randrange(1, 9999)}::1"}
        if authorization is not None:
            headers["Authorization"] = authorization
        for _ in range(50):
            response = case.call(
                base_url=self.api_url, session=self.session, headers=headers, timeout=60
            )
            if not _emulator_is_full(response):
                break
            time.sleep(0.1)
        return response

    # What a real client has.
    def _complete(self, case: Any, raw: dict[str, Any]) -> None:
        pick = self.random.random
        if raw["x-cartwright-idempotent"] and pick() < 0.75:
            case.headers["Idempotency-Key"] = uuid.uuid4().hex
        # Cases share what they are made of: what one was completed with is not the next one's.
        if isinstance(case.body, dict):
            case.body = copy.deepcopy(case.body)
        for place in (case.path_parameters, case.query, case.body):
            if isinstance(place, dict):
                self._complete_values(place)
        if isinstance(case.body, dict):
            self._complete_body(case.body, raw["operationId"])

    def _complete_values(self, place: dict[str, Any]) -> None:
        for name in place:
            if self.seen.get(name) and self.random.random() < 0.6:
                place[name] = self.random.choice(list(self.seen[name])[-5:])
            elif name == "currency" and self.random.random() < 0.8:
                place[name] = self.random.choice(CURRENCIES)
            elif name.endswith("address") and self.random.random() < 0.8:
                place[name] = ADDRESS | self.random.choice(PLACES)
            elif name == "payment_method" and self.random.random() < 0.8:
                place[name] = self.random.choice(METHODS)

    def _complete_body(self, body: dict[str, Any], operation: str) -> None:
        for line in body.get("lines", []):
            if line["sku"] not in self._sold and self.random.random() < 0.9:
                line["sku"] = self.random.choice(self.skus)
                line["quantity"] = min(line["quantity"], 3)
        if operation == "create_payment" and self.placed and self.random.random() < 0.6:
            body["order_id"] = self.placed.pop()
        if operation == "create_session" and self.random.random() < 0.5:
            body |= self.random.choice(self.users).credentials
        if operation == "change_password" and self.random.random() < 0.5:
            password = self.users[0].credentials["password"]
            body |= {"current_password": password, "new_password": password}

        if operation in OF_CLIENTS and self.random.random() < 0.7:
            for name in ("client_assertion", "client_assertion_type", "scope"):
                body.pop(name, None)
            body |= self.client | {"grant_type": "client_credentials"}

    def _authorization(self, raw: dict[str, Any]) -> tuple[str | None, int | None]:
        """The header, and the status that it must get whatever else is sent."""
        if raw["x-cartwright-auth"] not in {"customer", "staff"}:
            return None, None
        wanted = frozenset(raw["x-cartwright-scopes"])
        able = [user for user in self.users if self._scopes[user] & wanted]
        unable = [user for user in self.users if not self._scopes[user] & wanted]
        chance = self.random.random()
        if chance < 0.04:
            return None, 401
        if chance < 0.06:
            return f"Bearer {self.users[0].token[:-9]}", 401
        if (chance < 0.1 or not able) and unable:
            return f"Bearer {self.random.choice(unable).token}", 403
        return f"Bearer {self._one_of(able, raw['operationId']).token}", None

    def _one_of(self, able: list[User], operation: str) -> User:
        """Sessions of staff are those of other tests, too; the customer's own are to be known."""
        if operation in LEAVING:
            return self.newcomer()
        own = operation in (*ENDING, "list_sessions") or operation.endswith(
            ("_factor", "_codes", "_export")
        )
        return self.users[0] if own else self.random.choice(able)

    def learn(self, answer: Any) -> None:
        """Remember the ids and cursors that an answer names."""
        if isinstance(answer, dict) and answer.get("status") == "placed":
            self.placed.append(answer["order_id"])
        for name, value in _members(answer):
            if name in REMEMBERED and isinstance(value, str):
                self.seen[name].append(value)
            elif name == "next_cursor" and value:
                self.seen["cursor"].append(value)


def _emulator_is_full(response: Any) -> bool:
    """The emulator's own 429, of a function whose reserved concurrency others use up.

    On AWS the gateway makes a problem document of it.
    """
    return response.status_code == 429 and "ReservedFunctionConcurrent" in response.text


def _is_json(response: Any) -> bool:
    kind = response.headers.get("content-type", [""])[0]
    return bool(response.text and kind.startswith("application/json"))


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from _members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner)
