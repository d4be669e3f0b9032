"""A user is who read the mail: registrations, their proof, and what strangers cannot learn."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from identity.domain.profile import UserProfile
from shop import aws
from tests.integration.identity.conftest import EMAIL, OTHER, PASSWORD, Api, rows
from tests.support import dynamodb
from tests.support.gateway import Reply

# What strangers can ask, and what must not tell them anything.
ROUTES: dict[str, Callable[[Api], Reply]] = {
    "register": lambda api: api.ask(password="yet another sentence"),
    "resend": Api.resend,
    "sign in": lambda api: api.sign_in(password="not the password"),
    "forgot": Api.forgot,
}
STATES: dict[str, Callable[[Api], object]] = {
    "free": lambda api: api.register("somebody@example.com"),
    "pending": lambda api: (api.register("somebody@example.com"), api.ask(), api.post_office()),
    "taken": lambda api: (api.register("somebody@example.com"), api.register()),
}


def told(reply: Reply) -> tuple[int, Any]:
    """What a stranger sees, but for the id of a user that is another one each time."""
    body = json.loads(reply.text) if reply.text else None
    if isinstance(body, dict) and "user_id" in body:
        body |= {"user_id": len(body["user_id"])}
    return reply.status, body


@pytest.mark.parametrize("sequence", [*itertools.product(ROUTES, repeat=2)], ids="-".join)
def test_no_sequence_of_requests_tells_whether_an_address_has_an_account(
    api: Api, sequence: tuple[str, ...]
) -> None:
    seen: dict[str, list[Any]] = {}
    for state, prepare in STATES.items():
        for row in dynamodb.rows("identity"):
            key = {name: {"S": row[name]} for name in ("pk", "sk")}
            aws.client("dynamodb").delete_item(TableName="identity", Key=key)
        prepare(api)
        seen[state] = []
        for name in sequence:
            api.calls.clear()
            reply = ROUTES[name](api)
            seen[state].append((told(reply), reply.headers.keys(), [*api.calls]))
            api.post_office()
    assert seen["free"] == seen["pending"] == seen["taken"]


@pytest.mark.parametrize("name", ["register", "resend", "forgot"])
def test_to_ask_for_a_mail_takes_a_mac_and_one_conditional_write(api: Api, name: str) -> None:
    ROUTES[name](api)  # Asks for the secrets of the process.
    assert api.calls_of(lambda: ROUTES[name](api)) == ["GenerateMac", "TransactWriteItems"]


def test_a_registration_is_no_user(api: Api) -> None:
    reply = api.ask()
    assert (reply.status, reply.json["status"]) == (202, "pending_verification")
    assert rows("USER#") == rows("EMAIL#") == []
    [event] = dynamodb.outbox("identity")
    assert (event["type"], event["producer"]) == ("mail.requested", "shop.identity")
    assert EMAIL not in json.dumps(event)
    assert api.sign_in().status == 401


def test_who_reads_the_mail_gets_the_account_that_was_promised(api: Api) -> None:
    promised = api.ask().json["user_id"]
    reply = api.verify(api.mailed_token(), OTHER)
    assert (reply.status, reply.json) == (200, {"user_id": promised, "status": "active"})
    [user] = rows("USER#")
    assert (api.profile(promised).email, user["role"]) == (EMAIL, "customer")
    assert rows("EMAIL#")[0]["user_id"] == promised
    assert (api.sign_in().status, api.sign_in(password=OTHER).status) == (401, 201)
    told = [e for e in dynamodb.outbox("identity") if e["type"] == "user.registered"]
    assert [event["data"] for event in told] == [{"user_id": promised}]


def test_a_squatters_password_and_registration_count_for_nothing(api: Api) -> None:
    api.ask(password="the password of a squatter")
    token = api.mailed_token()
    assert api.verify(token, PASSWORD).status == 200
    assert api.sign_in(password="the password of a squatter").status == 401


def test_a_proof_that_is_repeated_changes_nothing(api: Api) -> None:
    api.ask()
    token = api.mailed_token()
    first = api.verify(f" {token}\n")
    before = dynamodb.rows("identity")
    again = api.verify(token, OTHER)
    assert (again.status, again.text) == (first.status, first.text)
    assert dynamodb.rows("identity") == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: "x",
        lambda token: token[:-1],
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.upper(),
        lambda token: token.replace("mai_use1_", "mai_use2_"),
    ],
)
def test_what_is_no_token_proves_nothing(api: Api, spoil: Callable[[str], str]) -> None:
    api.ask()
    reply = api.verify(spoil(api.mailed_token()) or ".")
    assert (reply.status, reply.json["code"]) == (410, "mailed_token_void")
    assert rows("USER#") == []


def test_a_proof_is_taken_for_24_hours(api: Api) -> None:
    api.ask()
    token = api.mailed_token()
    api.clock.advance(hours=24)
    assert api.verify(token).status == 410
    api.clock.advance(seconds=-1)
    assert api.verify(token).status == 200


def test_a_token_for_one_thing_opens_no_other(api: Api) -> None:
    api.register()
    api.forgot()
    token = api.mailed_token()
    assert api.verify(token, OTHER).status == 410
    api.ask("eve@example.com")
    assert api.reset(api.mailed_token("eve@example.com"), OTHER).status == 410


def test_of_two_registrations_of_one_address_the_first_that_is_proved_counts(api: Api) -> None:
    api.ask()
    first = api.mailed_token()
    api.ask()
    second = api.mailed_token()
    assert first != second
    assert [api.verify(second).status, api.verify(first).status] == [200, 410]
    assert api.verify(second).status == 200


def test_who_comes_again_after_an_erasure_is_somebody_else(api: Api) -> None:
    before = api.register().json["user_id"]
    for row in (*rows("USER#"), *rows("EMAIL#")):
        key = {name: {"S": row[name]} for name in ("pk", "sk")}
        aws.client("dynamodb").delete_item(TableName="identity", Key=key)
    assert api.register().json["user_id"] != before


def test_a_password_that_is_little_more_than_the_users_name_is_refused_at_the_proof(
    api: Api,
) -> None:
    api.ask()
    token = api.mailed_token()
    reply = api.verify(token, "ada-2026")
    assert (reply.status, reply.json["errors"][0]["code"]) == (400, "password_guessable")
    assert api.verify(token).status == 200


def test_what_is_known_of_an_applicant_goes_with_the_proof(api: Api) -> None:
    api.register()
    [pending] = rows("PENDING#")
    assert "applicant" not in pending
    assert EMAIL not in json.dumps(dynamodb.rows("identity"), default=str)


# Mail.
def test_what_was_said_of_a_user_counts_if_they_type_the_same_password_again(api: Api) -> None:
    """Full-width or not: it is the one form that is compared."""
    api.ask(password="quiet-harbour-42", marketing=True)
    api.post_office()
    reply = api.verify(api.mailed_token(), "\uff51uiet-harbour-42")
    assert reply.status == 200
    (user,) = (row for row in rows("USER#") if row["sk"] == "USER")
    assert (api.profile(reply.json["user_id"]).name, user["marketing"]) == ("Ada", True)


def test_words_of_a_stranger_never_become_those_of_who_reads_the_mail(api: Api) -> None:
    api.ask(password="of a stranger 42", marketing=True)
    api.post_office()
    reply = api.verify(api.mailed_token(), PASSWORD)
    assert reply.status == 200
    (user,) = (row for row in rows("USER#") if row["sk"] == "USER")
    assert user["marketing"] is False
    assert api.profile(reply.json["user_id"]) == UserProfile(EMAIL)
    (request,) = (row for row in rows("PENDING#") if row["sk"].startswith("REGISTRATION#"))
    assert "applicant" not in request
