"""The service on moto: its table, its two KMS keys, and a record of every AWS call."""

import io
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber

from identity import authorizer
from identity.api import create_session, jwks, refresh_session, register_user
from identity.clients import kms as keys
from shop import aws, telemetry
from tests.support import dynamodb
from tests.support.gateway import Reply, call, event
from tests.support.lambda_context import FakeContext

METHOD_ARN = "arn:aws:execute-api:us-east-1:000000000000:cartwright/local/GET/orders"
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"


@dataclass
class Clock:
    """What time it is for the functions."""

    at: datetime = datetime(2026, 11, 22, 10, 15, 30, 123000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@dataclass
class Api:
    """The routes of identity as a client and the gateway call them."""

    clock: Clock
    calls: list[str] = field(default_factory=list)

    def post(self, module: ModuleType, path: str, body: Any) -> Reply:
        return call(module.handler, event("POST", path, body=body, sub=None))

    def register(self, email: str = EMAIL, password: str = PASSWORD) -> Reply:
        consents = {"terms": True, "marketing": False}
        body = {
            "email": email,
            "password": password,
            "profile": {"name": "Ada"},
            "consents": consents,
        }
        return self.post(register_user, "/users", body)

    def sign_in(
        self, email: str = EMAIL, password: str = PASSWORD, *, source_ip: str = "192.0.2.1"
    ) -> Reply:
        body = {"email": email, "password": password, "device": {"name": "Laptop of Ada"}}
        sent = event("POST", "/sessions", body=body, sub=None)
        sent["requestContext"]["identity"]["sourceIp"] = source_ip
        return call(create_session.handler, sent)

    def refresh(self, token: str) -> Reply:
        return self.post(refresh_session, "/sessions/refresh", {"refresh_token": token})

    def jwks(self, **headers: str) -> Reply:
        return call(jwks.handler, event("GET", "/.well-known/jwks.json", sub=None, headers=headers))

    def authorize(self, authorization: str | None) -> dict[str, Any]:
        asked = {"type": "TOKEN", "methodArn": METHOD_ARN}
        if authorization is not None:
            asked["authorizationToken"] = authorization
        return authorizer.handler(asked, FakeContext())

    def calls_of(self, action: Any) -> list[str]:
        """The AWS calls that `action` makes."""
        self.calls.clear()
        action()
        return list(self.calls)


@pytest.fixture
def api(moto_aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """Identity with an empty table."""
    dynamodb.create("identity", "user_keys")
    kms = aws.client("kms")
    token_key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    mac_key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    monkeypatch.setenv("TOKEN_KEY_ARN", token_key["KeyMetadata"]["Arn"])
    monkeypatch.setenv("EMAIL_MAC_KEY_ARN", mac_key["KeyMetadata"]["Arn"])
    roots: tuple[Any, ...] = (
        register_user.ports,
        create_session.ports,
        refresh_session.ports,
        jwks.settings,
        authorizer.gate,
    )
    for root in roots:
        root.cache_clear()
    keys.forget()
    api = Api(Clock())
    monkeypatch.setattr("shop.clock.now", api.clock)
    for service in ("dynamodb", "kms"):
        aws.client(service).meta.events.register(
            "before-call", lambda model, **_: api.calls.append(model.name)
        )
    yield api
    keys.forget()


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each AWS request is atomic, as it is in DynamoDB; moto alone does not lock."""
    lock, run = threading.Lock(), BotocoreStubber.__call__

    def locked(self: BotocoreStubber, *args: Any, **kwargs: Any) -> Any:
        with lock:
            return run(self, *args, **kwargs)

    monkeypatch.setattr(BotocoreStubber, "__call__", locked)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that the functions log, at the most talkative level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger: Any = telemetry.logger
    handler.setFormatter(logger.registered_formatter)
    level = logger.log_level
    logger.addHandler(handler)
    logger.setLevel("DEBUG")
    yield stream
    logger.setLevel(level)
    logger.removeHandler(handler)
