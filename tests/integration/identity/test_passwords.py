"""A password that is set anew by mail, or changed by who knows it."""

from tests.integration.identity.conftest import OTHER, PASSWORD, Api, rows
from tests.support import dynamodb


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
