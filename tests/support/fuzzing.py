"""Sends what schemathesis makes up to the running API and compares every answer with its document.

Cases come from docs/openapi.json alone, so a new route is fuzzed as soon as it is described. What
the fuzzer adds to a valid case is what a real client has and a document cannot say: a token of the
right role, a fresh key, SKUs that are sold, ids and cursors that earlier answers named.

Nothing is sent through the fuzzer's own idea of the API: where an answer differs from the document,
the platform or the document is wrong. Violations are collected, each kind once, with a command
that repeats the request.
"""

import base64
import json
import time
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, get_args

import requests
import schemathesis
from pydantic_core.core_schema import ErrorType
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup

from tests.support.shop_client import ADDRESS, ShopClient

METHODS = ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired")
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
# What a JSON schema says as well as pydantic does. Other codes are rules that only code can say.
IN_SCHEMA = frozenset(get_args(ErrorType)) - {"value_error"}
CURRENCIES = ("USD", "EUR")
REMEMBERED = (
    "account_id",
    "order_id",
    "payment_id",
    "product_id",
    "refresh_token",
    "transaction_id",
)
TOKEN_SPARE_S = 60
NO_ROUTE = {"responses": {"404": {"x-cartwright-codes": ["not_found"]}}}


@dataclass
class Tally:
    """What was sent to one operation and what came back."""

    cases: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class User:
    """Somebody who signs in again shortly before the token ends."""

    def __init__(self, shop: ShopClient, email: str, password: str) -> None:
        self._shop, self.credentials = shop, {"email": email, "password": password}
        self._token, self._until = "", 0.0

    @property
    def token(self) -> str:
        if time.monotonic() > self._until:
            reply = self._shop.send("POST", "/sessions", self.credentials)
            assert reply.status == 201, reply.text
            self._token = reply.json["access_token"]
            self._until = time.monotonic() + reply.json["expires_in"] - TOKEN_SPARE_S
        return self._token

    @property
    def scopes(self) -> frozenset[str]:
        payload = self.token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return frozenset(claims["scope"].split())


class Fuzzer:
    """One run: who sends, what was learnt, what was found."""

    def __init__(
        self, document: dict[str, Any], api_url: str, users: list[User], skus: list[str], seed: int
    ) -> None:
        self.document, self.api_url, self.users, self.skus = document, api_url, users, skus
        self.schema = schemathesis.openapi.from_dict(document)
        self.schema.config.generation.update(with_security_parameters=False)
        self.random = Random(seed)  # noqa: S311
        self.session = requests.Session()
        self.tally: dict[str, Tally] = defaultdict(Tally)
        self.violations: dict[tuple[str, ...], dict[str, Any]] = {}
        self.seen: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=50))
        self.placed: deque[str] = deque(maxlen=50)  # orders that can be paid
        self._scopes = {user: user.scopes for user in users}
        self._sold = frozenset(skus)

    def operations(self) -> dict[str, Any]:
        """All operations of the document by their id."""
        found = [result.ok() for result in self.schema.get_all_operations()]  # type: ignore[union-attr]
        return {operation.definition.raw["operationId"]: operation for operation in found}

    def send(self, case: Any, kind: str) -> Any:
        """Complete the case, send it, check and count the answer."""
        raw = case.operation.definition.raw
        if case.method.upper() != case.operation.method.upper():
            return self._probe(case)
        if kind != "negative":
            self._complete(case, raw)
        authorization, expected = self._authorization(raw)
        started = time.perf_counter()
        response = self._call(case, authorization)
        tally = self.tally[raw["operationId"]]
        tally.seconds += time.perf_counter() - started
        tally.cases += 1
        tally.kinds[kind] += 1
        tally.statuses[str(response.status_code)] += 1
        self._check(case, response, raw, kind, expected)
        if response.status_code < 300:
            self.learn(response.json() if _is_json(response) else None)
        return response

    def _probe(self, case: Any) -> Any:
        """A method that the path does not have: no route, except the preflight of browsers."""
        response = self._call(case, None)
        tally = self.tally["(no route)"]
        tally.cases += 1
        tally.kinds["method"] += 1
        tally.statuses[str(response.status_code)] += 1
        preflight = case.method.upper() == "OPTIONS"
        wrong = list(_mismatches(response, NO_ROUTE, "method", 204 if preflight else 404))
        self._note("(no route)", "method", case, response, wrong)
        return response

    def _call(self, case: Any, authorization: str | None) -> Any:
        headers = {} if authorization is None else {"Authorization": authorization}
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
                place[name] = ADDRESS
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

    def _authorization(self, raw: dict[str, Any]) -> tuple[str | None, int | None]:
        """The header, and the status that it must get whatever else is sent."""
        if raw["x-cartwright-auth"] == "public":
            return None, None
        wanted = frozenset(raw["x-cartwright-scopes"])
        able = [user for user in self.users if self._scopes[user] & wanted]
        unable = [user for user in self.users if not self._scopes[user] & wanted]
        chance = self.random.random()
        if chance < 0.04:
            return None, 401
        if chance < 0.06:
            return f"Bearer {self.users[0].token[:-9]}", 401
        if chance < 0.1 and unable:
            return f"Bearer {self.random.choice(unable).token}", 403
        return f"Bearer {self.random.choice(able).token}", None

    def learn(self, answer: Any) -> None:
        """Remember the ids and cursors that an answer names."""
        if isinstance(answer, dict) and answer.get("status") == "placed":
            self.placed.append(answer["order_id"])
        for name, value in _members(answer):
            if name in REMEMBERED and isinstance(value, str):
                self.seen[name].append(value)
            elif name == "next_cursor" and value:
                self.seen["cursor"].append(value)

    # What must be true of an answer.
    def _check(
        self, case: Any, response: Any, raw: dict[str, Any], kind: str, expected: int | None
    ) -> None:
        wrong = list(_mismatches(response, raw, kind, expected))
        skipped = {"negative_data_rejection"} if expected else set()
        checks = [CHECKS.get_one(name) for name in CHECKED if name not in skipped]
        try:
            case.validate_response(response, checks=checks)
        except FailureGroup as group:
            wrong += [(type(f).__name__, f"{f.title}: {f.message}") for f in group.exceptions]
        self._note(raw["operationId"], kind, case, response, wrong)

    def _note(
        self, operation: str, kind: str, case: Any, response: Any, wrong: list[tuple[str, str]]
    ) -> None:
        for name, detail in wrong:
            found = self.violations.setdefault(
                (operation, name, str(response.status_code)),
                {
                    "operation": operation,
                    "check": name,
                    "status": response.status_code,
                    "kind": kind,
                    "detail": detail[:600],
                    "answer": response.text[:400],
                    "repeat": case.as_curl_command()[:1500],
                    "times": 0,
                },
            )
            found["times"] += 1

    def report(self) -> dict[str, Any]:
        """For build/fuzz/report.json."""
        return {
            "cases": sum(tally.cases for tally in self.tally.values()),
            "seconds": round(sum(tally.seconds for tally in self.tally.values()), 1),
            "operations": {
                name: {
                    "cases": tally.cases,
                    "kinds": dict(sorted(tally.kinds.items())),
                    "statuses": dict(sorted(tally.statuses.items())),
                    "seconds": round(tally.seconds, 1),
                }
                for name, tally in sorted(self.tally.items())
            },
            "violations": list(self.violations.values()),
        }


def _mismatches(
    response: Any, raw: dict[str, Any], kind: str, expected: int | None
) -> Iterator[tuple[str, str]]:
    """What schemathesis does not know of our answers."""
    status = response.status_code
    if expected is not None and status != expected:
        yield "OtherStatus", f"{status} instead of {expected}"
    if status < 400:
        return
    try:
        problem = response.json()
        code, named = problem["code"], (problem["status"], problem["request_id"])
    except (ValueError, KeyError, TypeError):
        yield "NoProblemDocument", "an error that is no problem document"
        return
    if code not in raw["responses"].get(str(status), {}).get("x-cartwright-codes", []):
        yield f"UndocumentedCode {code}", f"{code} is not documented for {status}"
    if named != (status, response.headers.get("x-request-id", [""])[0]):
        yield "ProblemContradictsAnswer", "status or request id differ"
    if kind == "positive" and code == "invalid_request":
        inside = {error.get("code") for error in problem["errors"]} & IN_SCHEMA
        if inside or not problem["errors"]:
            yield "RejectedPositiveData", f"valid by the schema, refused for {sorted(inside)}"


def _emulator_is_full(response: Any) -> bool:
    """The emulator's own 429, of a function whose reserved concurrency others use up.

    On AWS the gateway answers this with a problem document of its own.
    """
    return response.status_code == 429 and "ReservedFunctionConcurrent" in response.text


def _is_json(response: Any) -> bool:
    return bool(response.headers.get("content-type", [""])[0].startswith("application/json"))


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from _members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner)
