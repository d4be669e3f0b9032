"""An erasure has its time, goes one way, and nobody opens the account of who is being erased."""

from dataclasses import replace
from datetime import timedelta

import pytest

from identity.domain import erasure as rules
from identity.domain import user as users
from identity.domain.erasure import ErasureStatus, TooEarly
from identity.domain.user import Status
from tests.support.identities import USER, USER_ID
from tests.unit.identity.fakes import NOW

WEEK = timedelta(days=7)
WISH = rules.request("era_use1_00000000000000000000000001", USER_ID, grace=WEEK, now=NOW)


def test_it_begins_when_its_time_has_come_and_not_before() -> None:
    with pytest.raises(TooEarly):
        rules.begin(WISH, now=NOW + WEEK - timedelta(milliseconds=1))
    begun = rules.begin(WISH, now=NOW + WEEK)
    assert (begun.status, begun.version) == (ErasureStatus.BEGUN, 2)


def test_each_state_is_another_version() -> None:
    done = rules.finish(rules.begin(WISH, now=NOW + WEEK), "signed", now=NOW + WEEK)
    assert [WISH.version, rules.withdraw(WISH).version, done.version] == [1, 2, 3]
    assert (done.status, done.receipt) == (ErasureStatus.ERASED, "signed")


def test_what_is_signed_names_ids_and_numbers_only() -> None:
    said = rules.statement(WISH, {"orders": 2, "payments": 3}, issuer="https://shop", now=NOW)
    assert said == {
        "iss": "https://shop",
        "sub": USER_ID,
        "jti": WISH.erasure_id,
        "iat": int(NOW.timestamp()),
        "requested_at": int(NOW.timestamp()),
        "key_destroyed": True,
        "kept": {"orders": 2, "payments": 3},
    }


def test_the_wish_ends_all_sessions_and_lets_the_user_in_again() -> None:
    waits = users.request_erasure(USER, WISH.erasure_id, now=NOW)
    assert waits.is_active
    assert not waits.keeps_session("ses_1", begun=NOW)
    assert waits.keeps_session("ses_1", begun=NOW + timedelta(seconds=1))


def test_who_thinks_again_goes_on_in_the_session_in_which_they_say_so() -> None:
    waits = users.request_erasure(USER, WISH.erasure_id, now=NOW)
    stays = users.withdraw_erasure(waits, now=NOW + timedelta(hours=1))
    assert (stays.erasure_id, stays.is_active) == (None, True)
    assert stays.keeps_session("ses_1", begun=NOW + timedelta(minutes=30))


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.DISABLED, Status.DEACTIVATED])
def test_nobody_opens_the_account_of_who_is_being_erased(status: Status) -> None:
    before = replace(USER, status=status)
    erasing = users.begin_erasure(before, now=NOW)
    assert erasing.status is Status.ERASING
    assert not erasing.keeps_session("ses_1", begun=NOW + timedelta(days=1))
    assert users.enable(erasing, "hash", b"by olu", now=NOW) == erasing
    assert users.disable(erasing, b"by olu", now=NOW) == erasing
    assert users.deactivate(erasing, now=NOW) == erasing
