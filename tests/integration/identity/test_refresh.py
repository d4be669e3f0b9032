"""Refresh tokens end to end: rotation, lost answers, replays."""

from datetime import timedelta

import pytest

from identity.domain.session import IDLE, LIFETIME
from tests.integration.identity.conftest import Api
from tests.support import dynamodb


def signed_in(api: Api) -> str:
    api.register()
    token: str = api.sign_in().json["refresh_token"]
    return token


def types() -> list[str]:
    told = {str(event["type"]) for event in dynamodb.outbox("identity")}
    return sorted(told - {"mail.requested"})


def test_a_refresh_replaces_both_tokens_for_three_calls(api: Api) -> None:
    api.register()
    first = api.sign_in().json
    reply = api.refresh(first["refresh_token"])
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    assert set(reply.json) == set(first)
    assert reply.json["session_id"] == first["session_id"]
    for name in ("access_token", "refresh_token"):
        assert reply.json[name] != first[name]
    token = reply.json["refresh_token"]
    assert api.calls_of(lambda: api.refresh(token)) == ["UpdateItem", "GetItem", "Sign"]


@pytest.mark.parametrize("later", [0, 31, 86_400])
def test_a_lost_answer_does_not_cost_the_session_however_late_it_is_asked_for_again(
    api: Api, later: float
) -> None:
    token = signed_in(api)
    lost = api.refresh(token).json
    api.clock.advance(seconds=later)
    repeat = api.refresh(f" {token} ")
    assert (repeat.status, repeat.json["refresh_token"]) == (200, lost["refresh_token"])
    assert api.refresh(repeat.json["refresh_token"]).status == 200


def test_who_has_a_key_may_repeat_from_anywhere(api: Api) -> None:
    token = signed_in(api)
    first = api.refresh(token, **{"Idempotency-Key": "k"})
    again = api.refresh(token, source_ip="198.51.100.7", **{"idempotency-key": "k"})
    assert again.json["refresh_token"] == first.json["refresh_token"]


def test_a_token_in_other_hands_ends_the_session_at_once_and_is_told_once(api: Api) -> None:
    token = signed_in(api)
    current = api.refresh(token).json["refresh_token"]
    thief = {"source_ip": "198.51.100.66"}
    replies = [api.refresh(token, **thief), api.refresh(token, **thief), api.refresh(current)]
    assert [(r.status, r.json["code"]) for r in replies] == [(401, "invalid_refresh_token")] * 3
    assert types() == ["session.created", "session.refresh_reuse_detected", "user.registered"]
    told = dynamodb.outbox("identity")[-1]
    assert set(told["data"]) == {"user_id", "session_id"}


def test_no_row_tells_which_token_or_from_where(api: Api) -> None:
    token = signed_in(api)
    api.refresh(token, source_ip="203.0.113.77", **{"User-Agent": "Shop of Ada"})
    stored = str(dynamodb.rows("identity"))
    for secret in (token, *token.split(".")[1:], "203.0.113.77", "Shop of Ada"):
        assert secret not in stored


def test_a_token_two_generations_old_ends_the_session_at_once(api: Api) -> None:
    token = signed_in(api)
    third = api.refresh(api.refresh(token).json["refresh_token"]).json["refresh_token"]
    assert api.refresh(token).status == 401
    assert api.refresh(third).status == 401


def test_the_end_of_one_session_is_not_the_end_of_another(api: Api) -> None:
    token = signed_in(api)
    other = api.sign_in().json["refresh_token"]
    api.refresh(api.refresh(token).json["refresh_token"])
    api.refresh(token)
    assert api.refresh(other).status == 200


@pytest.mark.parametrize("age", [IDLE, LIFETIME])
def test_an_old_session_is_over_even_before_its_row_is_deleted(api: Api, age: timedelta) -> None:
    token = signed_in(api)
    api.clock.at += age
    assert api.refresh(token).status == 401
    assert types() == ["session.created", "user.registered"]


def test_use_keeps_a_session_alive_until_its_lifetime_and_no_longer(api: Api) -> None:
    token = signed_in(api)
    for _ in range(3):
        api.clock.advance(days=29)
        reply = api.refresh(token)
        assert reply.status == 200
        token = reply.json["refresh_token"]
    # Less the part of a second that DynamoDB's whole seconds do not hold.
    assert reply.json["refresh_expires_in"] == 3 * 86_400 - 1
    api.clock.advance(days=3)
    assert api.refresh(token).status == 401


NOBODY = "usr_use1_00000000000000000000000000.fam_use1_00000000000000000000000000"


@pytest.mark.parametrize("token", ["x", ".", f"{NOBODY}.x", f"{NOBODY}.{'x' * 43}", "é"])
def test_noise_is_refused_like_any_bad_token(api: Api, token: str) -> None:
    reply = api.refresh(token)
    assert (reply.status, reply.json["code"]) == (401, "invalid_refresh_token")
