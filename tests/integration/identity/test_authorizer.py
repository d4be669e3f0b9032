"""The authorizer and the key set, with tokens that KMS signed."""

import io
import json
from typing import Any

import pytest
from joserfc import jwk, jwt

from identity.api import (
    create_session,
    deactivate_user,
    delete_current_session,
    delete_sessions,
)
from identity.clients import key_ring, kms
from identity.repository.session_statuses import NotRead
from identity.settings import at_cold_start
from shop import aws
from shop.http import Response, Route, entrypoint
from tests.integration.identity.conftest import EMAIL, PASSWORD, Api
from tests.support.gateway import call, event


def access_token(api: Api) -> str:
    api.register()
    token: str = api.sign_in().json["access_token"]
    return token


def test_a_token_of_a_session_opens_the_customers_routes(api: Api) -> None:
    api.register()
    session = api.sign_in().json
    answer = api.authorize(f"Bearer {session['access_token']}")
    assert answer["principalId"] == session["user_id"]
    assert answer["context"] == {
        "sub": session["user_id"],
        "sid": session["session_id"],
        "scope": "shop:buy",
        "role": "customer",
        "exp": str(int(api.clock().timestamp()) + 600),
        "client_id": "cartwright",
        "first_party": "true",
        "acr": "aal1",
        "auth_time": str(int(api.clock().timestamp())),
        "factors": "0",
    }
    allowed = answer["policyDocument"]["Statement"][0]
    assert allowed["Effect"] == "Allow"
    stage = "arn:aws:execute-api:us-east-1:000000000000:cartwright/local"
    assert f"{stage}/POST/orders" in allowed["Resource"]
    assert not [r for r in allowed["Resource"] if "ledger" in r or not r.startswith(stage)]


def test_a_request_costs_one_read(api: Api) -> None:
    token = access_token(api)
    api.authorize(f"Bearer {token}")
    assert api.calls_of(lambda: api.authorize(f"bearer {token}")) == ["BatchGetItem"]


@pytest.mark.parametrize("end", ["this session", "all sessions", "the account", "the user"])
def test_a_token_whose_session_is_over_is_unauthorized_at_once(api: Api, end: str) -> None:
    api.register()
    other, session = api.sign_in().json, api.sign_in().json
    api.clock.advance(seconds=1)
    if end == "this session":
        api.own(delete_current_session, session, "DELETE", "/sessions/current")
        api.authorize(f"Bearer {other['access_token']}")
    elif end == "all sessions":
        api.own(delete_sessions, session, "DELETE", "/sessions")
    elif end == "the account":
        api.own(deactivate_user, session, "POST", "/users/me/deactivate")
    else:
        key = {"pk": {"S": f"USER#{session['user_id']}"}, "sk": {"S": "USER"}}
        aws.client("dynamodb").delete_item(TableName="identity", Key=key)
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        api.authorize(f"Bearer {session['access_token']}")


@pytest.mark.parametrize("answer", ["none", "half"])
def test_a_failure_of_dynamodb_is_a_fault_and_not_a_401(
    api: Api, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    token = access_token(api)

    def fails(**asked: object) -> dict[str, object]:
        if answer == "none":
            raise ConnectionError
        return {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

    monkeypatch.setattr(aws.client("dynamodb"), "batch_get_item", fails)
    with pytest.raises((ConnectionError, NotRead)):
        api.authorize(f"Bearer {token}")


def test_what_dynamodb_kept_unread_is_asked_for_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = access_token(api)
    client, asked = aws.client("dynamodb"), list[Any]()
    real = client.batch_get_item

    def half(**given: Any) -> Any:
        asked.append(given["RequestItems"])
        wanted = given["RequestItems"]["identity"]
        keys = wanted["Keys"]
        first = real(RequestItems={"identity": wanted | {"Keys": keys[:1]}})
        left = {"identity": {"Keys": keys[1:]}} if keys[1:] else {}
        return first | {"UnprocessedKeys": left}

    monkeypatch.setattr(client, "batch_get_item", half)
    assert api.authorize(f"Bearer {token}")["principalId"]
    assert [len(each["identity"]["Keys"]) for each in asked] == [2, 1]


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic eDp5", "Bearer a.b.c", "Bearer a b", "é"]
)
def test_a_missing_or_bad_token_is_unauthorized_without_a_call_per_request(
    api: Api, header: str | None
) -> None:
    access_token(api)

    def attempt() -> None:
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            api.authorize(header)

    assert api.calls_of(attempt) == []


def test_a_refresh_token_is_no_access_token(api: Api) -> None:
    api.register()
    token = api.sign_in().json["refresh_token"]
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        api.authorize(f"Bearer {token}")


def test_an_expired_token_is_unauthorized(api: Api) -> None:
    token = access_token(api)
    api.clock.advance(seconds=606)
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        api.authorize(f"Bearer {token}")


def test_each_refusal_is_counted_as_one_and_no_other_answer_is(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lambda counts each as an error: the alarm on the authorizer's errors takes these off."""
    token = access_token(api)
    capsys.readouterr()
    api.authorize(f"Bearer {token}")
    assert refusals(capsys) == []
    for header in ("Bearer a.b.c", None, f"Bearer {token[:-9]}"):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            api.authorize(header)
    assert refusals(capsys) == [1, 1, 1]


def refusals(capsys: pytest.CaptureFixture[str]) -> list[float]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    return [value for line in lines for value in line.get("TokenRefused", ())]


def test_an_answer_that_the_gateway_kept_does_not_outlive_its_token(api: Api) -> None:
    route = Route("GET", "/orders", "Any", responses={200: None})
    handler = entrypoint(route, lambda _: Response(200, {}))
    asked = event("GET", "/orders")
    context = api.authorize(f"Bearer {access_token(api)}")["context"]
    asked["requestContext"]["authorizer"] = context
    assert call(handler, asked).status == 200
    api.clock.advance(seconds=606)
    late = call(handler, asked)
    assert (late.status, late.json["code"]) == (401, "unauthenticated")


def test_a_failure_to_read_the_keys_is_a_fault_and_not_a_401(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = access_token(api)
    for service, call_ in (("kms", "get_public_key"), ("dynamodb", "get_item")):
        key_ring.forget()

        def fails(**_: object) -> None:
            raise ConnectionError

        with monkeypatch.context() as broken:
            broken.setattr(aws.client(service), call_, fails)
            with pytest.raises(ConnectionError):
                api.authorize(f"Bearer {token}")


def test_which_keys_are_trusted_is_read_once_a_minute(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = access_token(api)
    key_ring.forget()
    now = [1000.0]
    monkeypatch.setattr("identity.clients.key_ring.time.monotonic", lambda: now[0])
    read = ["BatchGetItem"]
    expected = {
        1000.0: ["GetItem", "GetPublicKey", *read],
        1060.0: read,
        1061.0: ["GetItem", *read],
        1062.0: read,
    }
    for at, calls in expected.items():
        now[0] = at
        assert api.calls_of(lambda: api.authorize(f"Bearer {token}")) == calls


def test_anyone_can_verify_a_token_with_the_published_keys(api: Api) -> None:
    token = access_token(api)
    reply = api.jwks()
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/jwk-set+json"
    assert reply.headers["Cache-Control"] == "public, max-age=300"
    verified = jwt.decode(token, jwk.KeySet.import_key_set(reply.json), algorithms=["ES256"])
    assert verified.header["kid"] == reply.json["keys"][0]["kid"]
    assert "d" not in reply.json["keys"][0]


def test_an_unchanged_key_set_is_not_sent_again(api: Api) -> None:
    etag = api.jwks().headers["ETag"]
    assert api.jwks(**{"If-None-Match": etag}).status == 304


def test_a_key_of_another_curve_is_refused_at_once(api: Api) -> None:
    key = aws.client("kms").create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")
    with pytest.raises(TypeError):
        kms.public_key(key["KeyMetadata"]["Arn"])


def test_a_missing_setting_stops_the_function_at_cold_start(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMAIL_MAC_KEY_ARN")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "create_session")
    with pytest.raises(ValueError, match="email_mac_key_arn"):
        at_cold_start(create_session.ports.__wrapped__)  # type: ignore[attr-defined]


def test_no_address_password_or_token_is_ever_logged(
    api: Api, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    api.register()
    api.ask(password="password123")
    api.forgot()
    token = api.mailed_token()
    api.reset(token, PASSWORD)
    api.clock.advance(seconds=1)
    api.sign_in(password="a wrong password")
    first = api.sign_in().json
    second = api.refresh(first["refresh_token"]).json
    api.authorize(f"Bearer {second['access_token']}")
    with pytest.raises(Exception, match="Unauthorized"):
        api.authorize(f"Bearer {first['access_token'][:-9]}")
    api.refresh(first["refresh_token"], source_ip="198.51.100.66")
    written = log.getvalue() + capsys.readouterr().out
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert len([line for line in lines if line["message"] in ("request", "authorizer")]) == 11
    secrets = [EMAIL, PASSWORD, "password123", "a wrong password", "Laptop of Ada"]
    secrets += token.split(".")[2:]
    for tokens in (first, second):
        secrets += tokens["access_token"].split(".")[1:]
        secrets += tokens["refresh_token"].split(".")[1:]
    assert not [secret for secret in secrets if secret in written]
    for metric in ("SignInRefused", "RefreshReuseDetected"):
        assert metric in written
