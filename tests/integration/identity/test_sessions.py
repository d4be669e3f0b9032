"""Where a user is signed in, and how that ends."""

from typing import Any

import pytest

from identity.api import (
    change_password,
    delete_current_session,
    delete_session,
    delete_sessions,
    get_profile,
    list_sessions,
)
from identity.domain.session import MOST
from identity.domain.user import SCOPES
from tests.integration.identity.conftest import Api
from tests.support import dynamodb
from tests.support.gateway import Reply


def listed(api: Api, session: dict[str, str]) -> list[dict[str, object]]:
    reply = api.own(list_sessions, session, "GET", "/sessions")
    assert reply.status == 200
    return list(reply.json["data"])


def end(api: Api, session: dict[str, str], session_id: str) -> Reply:
    path = {"session_id": session_id}
    return api.own(
        delete_session, session, "DELETE", f"/sessions/{session_id}", path_parameters=path
    )


def test_a_user_sees_where_they_are_signed_in_and_which_session_asks(api: Api) -> None:
    api.register()
    old = api.sign_in().json
    api.clock.advance(hours=1)
    new = api.sign_in().json
    api.clock.advance(hours=1)
    api.refresh(old["refresh_token"])
    assert listed(api, new) == [
        {
            "session_id": new["session_id"],
            "device": "Laptop of Ada",
            "created_at": "2026-11-22T11:15:30.123Z",
            "last_used_at": "2026-11-22T11:15:30.123Z",
            "current": True,
        },
        {
            "session_id": old["session_id"],
            "device": "Laptop of Ada",
            "created_at": "2026-11-22T10:15:30.123Z",
            "last_used_at": "2026-11-22T12:15:30.123Z",
            "current": False,
        },
    ]
    assert api.calls_of(lambda: listed(api, new)) == ["GetItem", "Query"]


def test_a_session_is_ended_by_its_user_once_and_its_token_is_dead(api: Api) -> None:
    api.register()
    mine, lost = api.sign_in().json, api.sign_in().json
    assert [end(api, mine, lost["session_id"]).status for _ in range(2)] == [204, 204]
    assert api.refresh(lost["refresh_token"]).status == 401
    assert api.refresh(mine["refresh_token"]).status == 200
    assert [each["session_id"] for each in listed(api, mine)] == [mine["session_id"]]
    told = [e["data"] for e in dynamodb.outbox("identity") if e["type"] == "session.ended"]
    assert told == [{"user_id": mine["user_id"], "session_id": lost["session_id"]}]


def test_nobody_sees_or_ends_a_session_of_somebody_else(api: Api) -> None:
    api.register()
    ada = api.sign_in().json
    api.register("eve@example.com")
    eve = api.sign_in("eve@example.com").json
    assert end(api, eve, ada["session_id"]).status == 404
    assert [each["session_id"] for each in listed(api, eve)] == [eve["session_id"]]
    assert api.refresh(ada["refresh_token"]).status == 200


@pytest.mark.parametrize("session_id", ["x" * 1017, "é" * 600, "", "ses_use1_", "%2F"])
def test_what_is_no_sessions_id_is_nobodys_session(api: Api, session_id: str) -> None:
    api.register()
    assert end(api, api.sign_in().json, session_id).status == 404


def test_a_path_that_ends_where_the_session_is_expected_ends_none(api: Api) -> None:
    """Of a client whose variable is empty; a gateway may take it for all sessions."""
    api.register()
    mine = api.sign_in().json
    for path in ("/sessions/", "/sessions/%2F"):
        assert api.own(delete_sessions, mine, "DELETE", path).status == 404
    assert api.refresh(mine["refresh_token"]).status == 200


@pytest.mark.parametrize(
    "route",
    [
        change_password, delete_current_session, delete_session, delete_sessions, get_profile,
        list_sessions,
    ],
)  # fmt: skip
def test_staff_see_and_end_their_sessions_as_customers_do(route: Any) -> None:
    scopes = {scope for given in SCOPES.values() for scope in given.split()}
    assert set(route.ROUTE.scopes) == scopes


def test_who_signs_out_ends_the_session_that_asks(api: Api) -> None:
    api.register()
    mine, other = api.sign_in().json, api.sign_in().json
    reply = api.own(delete_current_session, mine, "DELETE", "/sessions/current")
    assert (reply.status, reply.text) == (204, "")
    assert api.refresh(mine["refresh_token"]).status == 401
    assert api.refresh(other["refresh_token"]).status == 200


def test_all_sessions_end_by_one_write_whatever_their_number(api: Api) -> None:
    api.register()
    sessions = [api.sign_in().json for _ in range(3)]
    api.clock.advance(seconds=1)
    calls = api.calls_of(lambda: api.own(delete_sessions, sessions[0], "DELETE", "/sessions"))
    assert calls == ["GetItem", "UpdateItem"]
    assert {api.refresh(each["refresh_token"]).status for each in sessions} == {401}
    assert listed(api, sessions[0]) == []
    api.clock.advance(seconds=1)
    assert api.refresh(api.sign_in().json["refresh_token"]).status == 200


def test_a_user_is_signed_in_twenty_times_at_most_and_the_oldest_goes(api: Api) -> None:
    api.register()
    sessions = []
    for _ in range(MOST + 1):
        sessions.append(api.sign_in().json)
        api.clock.advance(seconds=1)
    shown = [each["session_id"] for each in listed(api, sessions[-1])]
    assert shown == [each["session_id"] for each in reversed(sessions[1:])]
    assert api.refresh(sessions[0]["refresh_token"]).status == 401
