"""An account that is closed lets nobody in, and no session of before comes back with it."""

import json
from datetime import timedelta

import pytest

from identity.repository.users import AccountRepository
from identity.service import change_access
from identity.service.change_access import disable_user, enable_user
from shop import trace
from tests.integration.identity.conftest import EMAIL, PASSWORD, Api
from tests.support import dynamodb

OPERATOR = "arn:aws:sts::000000000000:assumed-role/operators/olu@example.com"
OTHER = "another-long-sentence"


def disable(api: Api, email: str = EMAIL) -> bool | None:
    by = api.accounts()
    now, traced = api.clock(), trace.from_header(None)
    found = disable_user(email, by, operator=OPERATOR, now=now, trace=traced)
    return None if found is None else found[1]


def enable(api: Api) -> bool | None:
    by = api.accounts()
    now, traced = api.clock(), trace.from_header(None)
    found = enable_user(EMAIL, OTHER, by, operator=OPERATOR, now=now, trace=traced)
    return None if found is None else found[1]


def told() -> list[tuple[str, int]]:
    return [
        (str(each["type"]), int(each["sequence"]))
        for each in dynamodb.outbox("identity")
        if str(each["type"]).startswith("user.")
    ]


def test_who_is_disabled_cannot_sign_in_and_hears_what_a_stranger_hears(api: Api) -> None:
    api.register()
    disable(api)
    refused, stranger = api.sign_in(), api.sign_in("nobody@example.com")
    assert (refused.status, refused.json["code"]) == (401, "invalid_credentials")
    assert refused.json["detail"] == stranger.json["detail"]


def test_every_session_of_before_is_over_and_stays_so(api: Api) -> None:
    api.register()
    tokens = [api.sign_in().json["refresh_token"] for _ in range(3)]
    api.clock.advance(seconds=5)
    disable(api)
    assert [api.refresh(token).status for token in tokens[:2]] == [401, 401]
    api.clock.advance(seconds=5)
    enable(api)
    assert api.refresh(tokens[2]).status == 401
    assert (api.sign_in().status, api.sign_in(EMAIL, OTHER).status) == (401, 201)


def test_a_session_opened_after_it_was_enabled_goes_on(api: Api) -> None:
    api.register()
    disable(api)
    enable(api)
    api.clock.advance(seconds=1)
    token = api.sign_in(EMAIL, OTHER).json["refresh_token"]
    assert api.refresh(token).status == 200


def test_each_is_told_once_and_says_who_did_it_in_the_row_only(api: Api) -> None:
    user_id = api.register().json["user_id"]
    assert (disable(api), disable(api)) == (True, False)
    assert told() == [("user.registered", 1), ("user.disabled", 2)]
    assert (enable(api), enable(api)) == (True, False)
    assert told()[2:] == [("user.enabled", 3)]
    assert OPERATOR not in json.dumps(dynamodb.outbox("identity"))
    (row,) = [each for each in dynamodb.rows("identity") if each["sk"] == "USER" and "role" in each]
    assert (api.profile(user_id).changed_by, row["status"]) == (OPERATOR, "active")
    assert OPERATOR not in str(dynamodb.rows("identity")), "an operator is a person, too"


def test_an_address_of_nobody_changes_nothing(api: Api) -> None:
    api.register()
    before = dynamodb.rows("identity")
    assert disable(api, "nobody@example.com") is None
    assert dynamodb.rows("identity") == before


def test_a_sign_in_at_the_same_moment_neither_stops_it_nor_is_undone(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its new hash makes the first write fail: the account is read again."""
    api.register()
    find = change_access.find
    looks: list[object] = []

    def find_and_rehash(*args: object, **options: object) -> object:
        found = find(*args, **options)  # type: ignore[arg-type]
        if not looks and found is not None:
            AccountRepository().rehash(found, "$argon2id$another")
        looks.append(found)
        return found

    monkeypatch.setattr(change_access, "find", find_and_rehash)
    assert disable(api) is True
    assert len(looks) == 2
    assert api.sign_in(EMAIL, PASSWORD).status == 401
    (row,) = [each for each in dynamodb.rows("identity") if each["sk"] == "USER" and "role" in each]
    assert row["password_hash"] == "$argon2id$another"


def test_a_session_that_began_at_that_moment_is_over_as_well(api: Api) -> None:
    """Who signs in reads the account before: its session is as old as its request."""
    api.register()
    token = api.sign_in().json["refresh_token"]  # at the very time
    disable(api)
    api.clock.advance(seconds=timedelta(minutes=1).total_seconds())
    enable(api)
    assert api.refresh(token).status == 401
