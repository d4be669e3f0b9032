"""Registration and sign-in, end to end on moto."""

import json
from typing import Any

import pytest
from argon2 import PasswordHasher
from botocore.exceptions import ClientError

from identity.api import (
    add_address,
    change_profile,
    create_session,
    get_profile,
    list_addresses,
    list_sessions,
    verify_user,
)
from identity.domain.mailed_token import Applicant
from identity.domain.user import Role
from identity.service.create_staff import create_staff
from shop import aws, tables, trace, user_keys
from tests.integration.identity.conftest import EMAIL, PASSWORD, Api
from tests.support import dynamodb


def row(pk: str) -> dict[str, object]:
    rows = [r for r in dynamodb.rows("identity") if r["sk"] == "USER"]
    (found,) = (r for r in rows if str(r["pk"]).startswith(pk))
    return found


def test_a_weak_password_is_named_and_never_quoted(api: Api) -> None:
    reply = api.ask(password="password123")
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert reply.json["errors"] == [
        {
            "pointer": "/password",
            "code": "password_too_common",
            "detail": "is one of the commonest passwords",
        }
    ]


def test_an_address_that_grows_too_long_is_named_before_anything_is_asked(api: Api) -> None:
    email = f"{chr(0xFDFA) * 64}@example.org"
    for ask in (api.ask, api.sign_in, api.resend, api.forgot):
        reply = ask(email)
        assert (reply.status, reply.json["code"]) == (400, "invalid_request")
        assert [error["pointer"] for error in reply.json["errors"]] == ["/email"]
    assert api.calls == []


def test_an_address_is_one_account_however_it_is_spelt(api: Api) -> None:
    spellings = ("b@b\u00fccher.example", "B@BU\u0308CHER.example", "b@xn--bcher-kva.example")
    user_id = api.register(spellings[0]).json["user_id"]
    assert {api.sign_in(email).json["user_id"] for email in spellings} == {user_id}
    assert api.profile(user_id).email == "b@xn--bcher-kva.example"


@pytest.mark.parametrize("email", [".m@example.com", "m@example.com,x", "m@foo_bar.com"])
def test_an_account_whose_address_would_be_refused_today_is_still_found(
    api: Api, email: str
) -> None:
    assert api.ask(email).status == 400
    applicant, by = Applicant(email), api.accounts()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("identity.domain.email_address.canonical", lambda text: text)
        create_staff(
            applicant,
            PASSWORD,
            by,
            role=Role.OPS,
            now=api.clock(),
            operator="olu",
            trace=trace.from_header(None),
        )
    assert api.sign_in(email).status == 201


def test_who_has_proved_the_address_can_sign_in(api: Api) -> None:
    user_id = api.register().json["user_id"]
    reply = api.sign_in()
    assert reply.status == 201
    assert reply.headers["Cache-Control"] == "no-store"
    answer = reply.json
    assert answer | {"access_token": "", "refresh_token": "", "session_id": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 600,
        "refresh_token": "",
        "refresh_expires_in": 30 * 86_400,
        "session_id": "",
        "user_id": user_id,
        "scope": "shop:buy",
    }
    (created,) = (e for e in dynamodb.outbox("identity") if e["type"] == "session.created")
    assert created["data"] == {"user_id": user_id, "session_id": answer["session_id"]}


def test_a_sign_in_costs_seven_calls_whether_or_not_it_is_the_first(api: Api) -> None:
    api.register()
    api.sign_in()  # Fetches the public key, once per process.
    assert api.calls_of(api.sign_in) == [
        "GenerateMac",
        "TransactWriteItems",
        "GetItem",
        "GetItem",
        "Sign",
        "Query",
        "TransactWriteItems",
    ]


def test_an_unknown_address_gets_the_answer_of_a_wrong_password(api: Api) -> None:
    api.register()
    wrong, unknown = api.sign_in(password="wrong"), api.sign_in("nobody@example.com")
    assert (wrong.status, wrong.json["code"]) == (401, "invalid_credentials")
    assert (unknown.status, unknown.text) == (wrong.status, wrong.text)
    assert api.calls_of(lambda: api.sign_in(password="wrong")) == api.calls_of(
        lambda: api.sign_in("nobody@example.com")
    )


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_the_sixth_attempt_is_told_when_to_come_back(api: Api, email: str) -> None:
    api.register()
    statuses = [api.sign_in(email, "wrong").status for _ in range(5)]
    assert statuses == [401] * 5
    limited = api.sign_in(email)
    assert (limited.status, limited.json["code"]) == (429, "rate_limited")
    assert limited.headers["Retry-After"] == "870"
    assert limited.headers["RateLimit"] == '"network";r=0;t=870'
    assert limited.headers["RateLimit-Policy"] == '"network";q=5;w=900, "address";q=100;w=3600'
    assert limited.json["retryable"] is True
    assert api.calls_of(lambda: api.sign_in(email)) == ["GenerateMac", "TransactWriteItems"]


def test_after_the_window_the_right_password_helps_again(api: Api) -> None:
    api.register()
    for _ in range(6):
        api.sign_in(password="wrong")
    api.clock.advance(seconds=870)
    assert api.sign_in().status == 201


def failures() -> list[object]:
    """Of each counter: those of the network, then those of all, where both have some."""
    return sorted(
        row["times"] for row in dynamodb.rows("identity") if row["pk"].startswith("FAIL#")
    )


def test_good_sign_ins_leave_no_failures_behind(api: Api) -> None:
    api.register()
    assert [api.sign_in().status for _ in range(7)] == [201] * 7
    assert failures() == [0, 0]


def test_a_stranger_elsewhere_keeps_nobody_out(api: Api) -> None:
    api.register()
    statuses = [api.sign_in(password="wrong", source_ip="198.51.100.7").status for _ in range(9)]
    assert statuses == [401] * 5 + [429] * 4
    assert api.sign_in().status == 201
    assert failures() == [0, 5, 5]


def test_no_row_tells_who_tried_from_where(api: Api) -> None:
    """Nor does a hash: an address of a network is the same in no two accounts' rows."""
    api.register("eve@example.com")
    api.register()
    for email in (EMAIL, "eve@example.com", "nobody@example.com"):
        api.sign_in(email, "wrong", source_ip="198.51.100.7")
    rows = dynamodb.rows("identity")
    assert not [r for r in rows if "198.51.100" in json.dumps(r, default=str)]
    counted = [str(r["pk"]) for r in rows if str(r["pk"]).startswith("FAIL#")]
    assert len({pk.split("#")[1] for pk in counted}) == len(counted) == 6


def test_a_sign_in_whose_answer_was_lost_takes_one_attempt_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulated table knows no tokens: the condition alone has to hold."""
    api.register()
    api.sign_in(password="wrong")
    client = aws.client("dynamodb")
    lost: list[str] = []
    real = client._make_api_call

    def lose(name: str, kwargs: dict[str, Any]) -> Any:
        answer = real(name, kwargs)
        if name == "TransactWriteItems" and "SESSION#" in str(kwargs) and not lost:
            lost.append(name)
            error: Any = {"Code": tables.IN_PROGRESS, "Message": "x"}
            raise ClientError({"Error": error}, name)
        return answer

    monkeypatch.setattr(client, "_make_api_call", lose)
    assert api.sign_in().status == 201
    assert lost
    assert failures() == [1, 1]
    told = [event["type"] for event in dynamodb.outbox("identity")]
    assert told.count("session.created") == 1


def test_an_old_hash_is_replaced_at_the_next_sign_in(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
    monkeypatch.setattr(verify_user.ports().passwords, "_hasher", weaker)
    api.register()
    old = row("USER#")["password_hash"]
    assert "UpdateItem" in api.calls_of(api.sign_in)
    assert row("USER#")["password_hash"] != old
    assert "UpdateItem" not in api.calls_of(api.sign_in)
    assert api.sign_in().status == 201


def test_neither_address_nor_device_nor_secrets_stand_in_any_row(api: Api) -> None:
    api.register()
    tokens = api.sign_in().json
    rows = [json.dumps(r, default=str) for r in dynamodb.rows("identity")]
    for secret in (EMAIL, "Laptop", PASSWORD, tokens["access_token"], tokens["refresh_token"]):
        assert not [r for r in rows if secret in r]


def test_tools_make_staff_and_a_repeat_changes_nothing(api: Api) -> None:
    by, fin = api.accounts(), Applicant("fin@example.com")
    for role in (Role.FINANCE, Role.ADMIN):
        create_staff(
            fin,
            PASSWORD,
            by,
            role=role,
            operator="olu",
            now=api.clock(),
            trace=trace.from_header(None),
        )
    assert api.sign_in("fin@example.com").json["scope"] == "finance:read"
    assert row("USER#")["status"] == "active"


def test_signing_in_opens_nothing_and_asks_for_a_key_only_to_seal_a_device(api: Api) -> None:
    api.register()
    user_keys.forget()
    named = api.calls_of(api.sign_in)
    assert (named.count("Decrypt"), named.count("GenerateDataKey")) == (1, 0)
    user_keys.forget()
    body = {"email": EMAIL, "password": PASSWORD}
    assert "Decrypt" not in api.calls_of(lambda: api.post(create_session, "/sessions", body))
    token = api.sign_in().json["refresh_token"]
    user_keys.forget()
    assert "Decrypt" not in api.calls_of(lambda: api.refresh(token))


def test_of_who_is_erased_nothing_is_shown_and_nothing_taken(api: Api) -> None:
    api.register()
    session = api.sign_in().json
    address = {"name": "Ada", "line1": "1 Quay", "city": "Bath", "country": "GB"}
    added = api.own(add_address, session, "POST", "/users/me/addresses", body=address)
    assert added.status == 201
    user_keys.erase(session["user_id"], now=api.clock())
    for module, method, path, body in (
        (get_profile, "GET", "/users/me", None),
        (change_profile, "PATCH", "/users/me", {"name": "Eve"}),
        (list_addresses, "GET", "/users/me/addresses", None),
        (add_address, "POST", "/users/me/addresses", {**address, "line1": "2 Quay"}),
    ):
        assert api.own(module, session, method, path, body=body).status == 404, path
    [shown] = api.own(list_sessions, session, "GET", "/sessions").json["data"]
    assert shown["device"] is None
