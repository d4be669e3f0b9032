"""A user is who read the mail: registrations, their proof, and what strangers cannot learn."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from identity.consumers import on_mail_requested
from identity.domain.profile import UserProfile
from shop import aws
from tests.integration.identity.conftest import EMAIL, PASSWORD, Api
from tests.support import dynamodb, inbox
from tests.support.gateway import Reply

OTHER = "another long sentence"


def rows(kind: str) -> list[dict[str, Any]]:
    return [r for r in dynamodb.rows("identity") if str(r["pk"]).startswith(kind)]


def subjects(email: str = EMAIL) -> list[str]:
    return [mail.subject.split(" ")[0] for mail in inbox.mails_to(email)]


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
def test_a_taken_address_is_told_to_its_owner_by_mail(api: Api) -> None:
    api.register()
    api.ask()
    api.post_office()
    assert subjects() == ["Confirm", "You"]
    mail = inbox.mails_to(EMAIL)[-1]
    assert inbox.TOKEN.findall(mail.body) == []
    assert "https://shop.test/account/forgot" in mail.body


def test_an_event_that_comes_twice_sends_one_mail(api: Api) -> None:
    api.ask()
    [event] = dynamodb.outbox("identity")
    assert [api.deliver(event) for _ in range(2)] == [{"batchItemFailures": []}] * 2
    assert subjects() == ["Confirm"]


def test_a_mail_whose_answer_was_lost_is_sent_again_with_the_same_link(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.ask()
    client = aws.client("sesv2")
    send = client.send_email

    def lost(**given: Any) -> None:
        send(**given)
        raise ConnectionError

    [event] = dynamodb.outbox("identity")
    with monkeypatch.context() as patch:
        patch.setattr(client, "send_email", lost)
        assert api.deliver(event)["batchItemFailures"]
    assert not api.deliver(event)["batchItemFailures"]
    first, second = inbox.mails_to(EMAIL)
    assert first.body == second.body


def test_a_link_comes_again_for_who_asks(api: Api) -> None:
    api.ask()
    token = api.mailed_token()
    api.resend()
    assert api.mailed_token() == token
    assert subjects() == ["Confirm", "Confirm"]


def test_nobody_is_mailed_whose_address_nobody_gave(api: Api) -> None:
    api.resend()
    api.forgot()
    api.post_office()
    assert subjects() == []


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


def test_three_mails_an_hour_and_ten_a_day_go_to_an_address_whoever_asks(api: Api) -> None:
    for hour in range(6):
        for ask in range(5):
            assert api.forgot("ada@example.com", source_ip=f"192.0.2.{hour}").status == 202
            assert api.ask(source_ip=f"198.51.100.{ask}").status == 202
            api.post_office()
        assert len(subjects()) == min(3 * (hour + 1), 10)
        api.clock.advance(hours=1)


def test_who_registers_an_address_again_and_again_keeps_its_owner_from_no_way_back(
    api: Api,
) -> None:
    api.register()
    for stranger in range(6):
        api.ask(source_ip=f"198.51.100.{stranger}")
    api.post_office()
    api.clock.advance(seconds=1)
    api.forgot()
    assert api.reset(api.mailed_token(), OTHER).status == 204


def test_twenty_requests_an_hour_come_from_a_network_whatever_they_ask_for(api: Api) -> None:
    asks = (api.ask, api.resend, api.forgot)
    for number in range(20):
        address = f"{number}@example.com"
        assert asks[number % 3](address, source_ip=f"2001:db8::{number:x}").status == 202
    before = dynamodb.rows("identity")
    for ask in asks:
        reply = ask("one-more@example.com", source_ip="2001:db8::ffff")
        assert (reply.status, reply.json["code"]) == (429, "rate_limited")
        assert reply.headers["Retry-After"] == "2670"
    assert dynamodb.rows("identity") == before
    assert api.ask("one-more@example.com", source_ip="2001:db8:0:1::1").status == 202
    api.clock.advance(seconds=2670)
    assert api.ask("one-more@example.com", source_ip="2001:db8::1").status == 202


def test_no_row_tells_a_network_or_a_token(api: Api) -> None:
    api.ask(source_ip="203.0.113.77")
    stored = json.dumps(dynamodb.rows("identity"), default=str)
    assert "203.0.113.77" not in stored
    for part in api.mailed_token().split(".")[2:]:
        assert part not in stored


def test_a_stage_that_sends_no_mail_says_so_and_parks_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_FROM", "")
    on_mail_requested.ports.cache_clear()  # type: ignore[attr-defined]
    api.ask()
    assert api.post_office() == [{"batchItemFailures": []}]
    on_mail_requested.ports.cache_clear()  # type: ignore[attr-defined]


def test_what_ses_does_not_take_for_an_address_is_given_up_and_all_else_repeated(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, parked in {"BadRequestException": 0, "TooManyRequestsException": 1}.items():
        error = ClientError({"Error": {"Code": code, "Message": "x"}}, "SendEmail")

        def refuse(error: ClientError = error, **_: Any) -> None:
            raise error

        monkeypatch.setattr(aws.client("sesv2"), "send_email", refuse)
        api.ask()
        [answer] = api.post_office()
        assert len(answer["batchItemFailures"]) == parked


# A password that was forgotten.
def test_a_password_is_set_anew_by_mail_and_ends_all_sessions(api: Api) -> None:
    api.register()
    session = api.sign_in().json
    api.clock.advance(seconds=1)
    api.forgot()
    assert api.reset(api.mailed_token(), OTHER).status == 204
    assert (api.sign_in().status, api.sign_in(password=OTHER).status) == (401, 201)
    assert api.refresh(session["refresh_token"]).status == 401
    changed = [e for e in dynamodb.outbox("identity") if e["type"] == "user.password_changed"]
    assert [event["sequence"] for event in changed] == [2]


def test_a_reset_counts_once_and_its_repeat_is_told_so(api: Api) -> None:
    api.register()
    api.forgot()
    token = api.mailed_token()
    assert [api.reset(token, OTHER).status for _ in range(2)] == [204, 204]
    assert api.reset(token, "a third long sentence").status == 410
    assert api.sign_in(password=OTHER).status == 201


def test_a_reset_is_taken_for_15_minutes(api: Api) -> None:
    api.register()
    api.forgot()
    token = api.mailed_token()
    api.clock.advance(minutes=15)
    assert api.reset(token, OTHER).status == 410
    api.clock.advance(seconds=-1)
    assert api.reset(token, OTHER).status == 204


def test_a_reset_that_was_asked_for_before_the_password_changed_is_void(api: Api) -> None:
    api.register()
    api.forgot()
    first = api.mailed_token()
    api.forgot()
    api.clock.advance(seconds=1)
    assert api.reset(api.mailed_token(), OTHER).status == 204
    assert api.reset(first, "a third long sentence").status == 410


# A password that is changed.
def test_a_password_is_changed_by_who_knows_it_and_only_this_session_goes_on(api: Api) -> None:
    user_id = api.register().json["user_id"]
    mine, other = api.sign_in().json, api.sign_in().json
    api.clock.advance(seconds=1)
    here = {"user_id": user_id, "session_id": mine["session_id"]}
    assert api.change_password(PASSWORD, OTHER, **here).status == 204
    assert api.change_password(PASSWORD, OTHER, **here).status == 204  # A repeat.
    assert api.refresh(mine["refresh_token"]).status == 200
    assert api.refresh(other["refresh_token"]).status == 401
    assert (api.sign_in().status, api.sign_in(password=OTHER).status) == (401, 201)


def test_guesses_of_the_current_password_count_as_sign_ins(api: Api) -> None:
    user_id = api.register().json["user_id"]
    here = {"user_id": user_id, "session_id": api.sign_in().json["session_id"]}
    replies = [api.change_password("wrong", OTHER, **here) for _ in range(6)]
    assert [reply.status for reply in replies] == [422] * 5 + [429]
    assert {reply.json["code"] for reply in replies[:5]} == {"wrong_password"}
    assert api.sign_in().status == 429


def test_a_password_that_is_changed_leaves_no_failures_behind(api: Api) -> None:
    user_id = api.register().json["user_id"]
    here = {"user_id": user_id, "session_id": api.sign_in().json["session_id"]}
    for current, new in ((PASSWORD, OTHER), (OTHER, PASSWORD)) * 3:
        assert api.change_password(current, new, **here).status == 204
    assert {row["times"] for row in rows("FAIL#")} == {0}
