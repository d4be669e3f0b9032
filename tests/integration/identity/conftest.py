"""The service on moto: its table, its two KMS keys, and a record of every AWS call."""

import importlib
import io
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber
from pyotp import TOTP

from identity import authorizer
from identity.api import (
    challenge_factor,
    change_password,
    confirm_factor,
    create_session,
    enrol_factor,
    forgot_password,
    get_profile,
    jwks,
    refresh_session,
    register_user,
    resend_verification,
    reset_password,
    verify_factor,
    verify_user,
)
from identity.clients import key_ring
from identity.clients import kms as keys
from identity.clients.argon2_passwords import Argon2Passwords
from identity.consumers import on_mail_requested
from identity.domain import email_address
from identity.domain.profile import UserProfile
from identity.repository.users import AccountRepository
from identity.service.create_staff import AccountPorts
from identity.service.seal_details import open_profile
from shop import aws, telemetry, user_keys
from shop.deploy import discover
from tests.support import dynamodb, inbox
from tests.support.gateway import Reply, call, event
from tests.support.lambda_context import FakeContext

METHOD_ARN = "arn:aws:execute-api:us-east-1:000000000000:cartwright/local/GET/orders"
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
OTHER = "another long sentence"  # another password


@dataclass
class Clock:
    """What time it is for the functions."""

    at: datetime = datetime(2026, 11, 22, 10, 15, 30, 123000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **parts: float) -> None:
        self.at += timedelta(**parts)


def rows(kind: str) -> list[dict[str, Any]]:
    """The rows of identity whose partition key begins so."""
    return [row for row in dynamodb.rows("identity") if str(row["pk"]).startswith(kind)]


@dataclass(frozen=True)
class Enrolled:
    """A second factor, as its user knows it."""

    factor_id: str
    secret: str
    recovery_codes: list[str]


@dataclass
class Api:
    """The routes of identity as a client and the gateway call them."""

    clock: Clock
    calls: list[str] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)

    def post(
        self, module: ModuleType, path: str, body: Any, *, source_ip: str = "192.0.2.1"
    ) -> Reply:
        sent = event("POST", path, body=body, sub=None, source_ip=source_ip)
        return call(module.handler, sent)

    def ask(
        self,
        email: str = EMAIL,
        password: str = PASSWORD,
        *,
        source_ip: str = "192.0.2.1",
        marketing: bool = False,
    ) -> Reply:
        """POST /users."""
        consents = {"terms": True, "marketing": marketing}
        body = {
            "email": email,
            "password": password,
            "profile": {"name": "Ada", "locale": "en"},
            "consents": consents,
        }
        return self.post(register_user, "/users", body, source_ip=source_ip)

    def resend(self, email: str = EMAIL, **options: Any) -> Reply:
        return self.post(resend_verification, "/users/verify/resend", {"email": email}, **options)

    def forgot(self, email: str = EMAIL, **options: Any) -> Reply:
        return self.post(forgot_password, "/password/forgot", {"email": email}, **options)

    def verify(self, token: str, password: str = PASSWORD) -> Reply:
        return self.post(verify_user, "/users/verify", {"token": token, "password": password})

    def reset(self, token: str, password: str) -> Reply:
        return self.post(reset_password, "/password/reset", {"token": token, "password": password})

    def change_password(
        self, current: str, new: str, *, user_id: str, session_id: str, **options: Any
    ) -> Reply:
        body = {"current_password": current, "new_password": new}
        path = "/users/me/password"
        sent = event("PUT", path, body=body, sub=user_id, sid=session_id, **options)
        return call(change_password.handler, sent)

    def post_office(self) -> list[Any]:
        """Bring what was asked for to its consumer, each once; its answers."""
        asked = [each for each in dynamodb.outbox("identity") if each["type"] == "mail.requested"]
        new = [each for each in asked if each["id"] not in self.delivered]
        self.delivered |= {each["id"] for each in new}
        return [self.deliver(each) for each in new]

    def deliver(self, detail: dict[str, Any]) -> Any:
        """An event as a queue brings it."""
        record = {"messageId": "m", "body": json.dumps({"detail": detail})}
        return on_mail_requested.handler({"Records": [record]}, FakeContext())

    def mailed_token(self, email: str = EMAIL) -> str:
        """What the newest mail says, once all are delivered."""
        self.post_office()
        return inbox.token_to(email)

    def register(self, email: str = EMAIL, password: str = PASSWORD) -> Reply:
        """Register, read the mail, prove the address."""
        self.ask(email, password)
        self.post_office()
        mailbox = email_address.canonical(email) or email
        return self.verify(inbox.token_to(mailbox), password)

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **options: Any) -> Reply:
        body = {"email": email, "password": password, "device": {"name": "Laptop of Ada"}}
        return self.post(create_session, "/sessions", body, **options)

    def profile(self, user_id: str) -> UserProfile:
        """Who a user is, opened by their key."""
        user = AccountRepository().get(user_id)
        assert user is not None
        opened = open_profile(user, get_profile.personal())
        assert isinstance(opened, UserProfile)
        return opened

    def accounts(self) -> AccountPorts:
        """What tools make and change accounts by."""
        mac = register_user.ports().mac
        return AccountPorts(
            AccountRepository(), mac, Argon2Passwords(), get_profile.personal(), "us-east-1"
        )

    def refresh(self, token: str, *, source_ip: str = "192.0.2.1", **headers: str) -> Reply:
        sent = event(
            "POST",
            "/sessions/refresh",
            body={"refresh_token": token},
            sub=None,
            headers=headers,
            source_ip=source_ip,
        )
        return call(refresh_session.handler, sent)

    def own(
        self, module: ModuleType, session: Any, method: str, path: str, **options: Any
    ) -> Reply:
        """A request of who is signed in, by the tokens of `session`."""
        caller = {"sub": session["user_id"], "sid": session["session_id"]}
        return call(module.handler, event(method, path, **caller, **options))

    def signed(
        self, module: ModuleType, session: Any, method: str, path: str, **options: Any
    ) -> Reply:
        """A request with the access token of `session`, as the authorizer reads that."""
        context = self.authorize(f"Bearer {session['access_token']}")["context"]
        caller = {"sub": context["sub"], "sid": context["sid"], "scope": context["scope"]}
        return call(module.handler, event(method, path, proved=context, **caller, **options))

    def enrol(self, session: Any, **body: Any) -> Reply:
        """POST /mfa/factors."""
        wanted = {"type": "totp", **body}
        return self.signed(enrol_factor, session, "POST", "/mfa/factors", body=wanted)

    def confirm(self, session: Any, factor_id: str, code: str) -> Reply:
        return self.signed(
            confirm_factor,
            session,
            "POST",
            f"/mfa/factors/{factor_id}/confirm",
            body={"code": code},
            path_parameters={"factor_id": factor_id},
        )

    def challenge(self, session: Any, **body: Any) -> Reply:
        return self.signed(challenge_factor, session, "POST", "/mfa/challenge", body=body)

    def prove(self, session: Any, challenge_id: str, **answer: Any) -> Reply:
        """POST /mfa/verify."""
        source_ip = answer.pop("source_ip", "192.0.2.1")
        body = {"challenge_id": challenge_id, **answer}
        return self.signed(
            verify_factor, session, "POST", "/mfa/verify", body=body, source_ip=source_ip
        )

    def code(self, secret: str) -> str:
        """What the user's app shows now."""
        return TOTP(secret).at(self.clock())

    def with_factor(self, session: Any) -> "Enrolled":
        """A factor that counts, whose newest code was taken a minute ago."""
        begun = self.enrol(session, label="Phone").json
        confirmed = self.confirm(session, begun["factor_id"], self.code(begun["secret"]))
        assert confirmed.status == 200, confirmed.text
        self.clock.advance(minutes=1)
        return Enrolled(begun["factor_id"], begun["secret"], confirmed.json["recovery_codes"])

    def raised(self, session: Any, enrolled: "Enrolled") -> Any:
        """The session with the token that says that both factors were proved."""
        asked = self.challenge(session).json["challenge_id"]
        proved = self.prove(session, asked, code=self.code(enrolled.secret))
        assert proved.status == 200, proved.text
        return {**session, **proved.json}

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
    token_key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", MultiRegion=True)
    mac_key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    monkeypatch.setenv("WRAPPING_KEY_ARN", kms.create_key()["KeyMetadata"]["Arn"])
    monkeypatch.setenv("TOKEN_KEY_ARN", token_key["KeyMetadata"]["Arn"])
    monkeypatch.setenv("EMAIL_MAC_KEY_ARN", mac_key["KeyMetadata"]["Arn"])
    monkeypatch.setenv("TOKEN_KEYS_PURPOSE", "identity-tokens")
    inbox.open_post_office()
    user_keys.forget()
    for spec in discover().services["identity"].functions:  # They read the variables once.
        for value in vars(importlib.import_module(spec.module)).values():
            if callable(getattr(value, "cache_clear", None)):
                value.cache_clear()
    keys.forget()
    key_ring.forget()
    api = Api(Clock())
    monkeypatch.setattr("shop.clock.now", api.clock)
    for service in ("dynamodb", "kms", "sesv2"):
        aws.client(service).meta.events.register(
            "before-call", lambda model, **_: api.calls.append(model.name)
        )
    yield api
    keys.forget()
    key_ring.forget()


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
