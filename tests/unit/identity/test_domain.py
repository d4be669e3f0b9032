"""Users, the limit on guessing, and what a refresh token is to its family."""

from datetime import datetime, timedelta

import pytest

from identity.domain import rate_limit, session, sign_in_attempts
from identity.domain.session import IDLE, LIFETIME, TokenState
from identity.domain.user import (
    SCOPES,
    Role,
    Status,
    User,
)
from shop import ids
from tests.unit.identity.fakes import NOW, REGION

FAMILY_ID = ids.derive("fam", "a test", region=REGION)
USER_ID = ids.derive("usr", "a test", region=REGION)
TOKEN = session.refresh_token(USER_ID, FAMILY_ID, "f" * 43)
FAMILY = session.begin(USER_ID, TOKEN, family_id=FAMILY_ID, device=None, now=NOW)


def rotated() -> session.TokenFamily:
    """The family after one rotation at NOW."""
    return session.TokenFamily(
        session_id=session.session_id_of(FAMILY_ID),
        user_id=USER_ID,
        current=session.digest(session.successor(TOKEN, "salt")),
        previous=session.digest(TOKEN),
        salt="salt",
        client="phone",
        created=NOW,
        rotated=NOW,
        ends=NOW + LIFETIME,
    )


def test_every_role_has_scopes_and_none_is_shared() -> None:
    scopes = [scope for role in Role for scope in SCOPES[role].split()]
    assert len(scopes) == len(set(scopes))


def counters(now: datetime) -> tuple[rate_limit.Counter, ...]:
    return sign_in_attempts.counters(address="mac", from_network="other mac", now=now)


@pytest.mark.parametrize("which", [0, 1])
def test_failures_are_forgotten_with_their_window(which: int) -> None:
    counter = counters(NOW)[which]
    left = timedelta(seconds=counter.seconds_left(NOW))
    assert counters(NOW + left - timedelta(seconds=1))[which] == counter
    assert counters(NOW + left)[which] != counter


@pytest.mark.parametrize(
    ("source_ip", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("test-invoke-source-ip", "test-invoke-source-ip"),
        ("", ""),
    ],
)
def test_a_network_is_what_one_caller_has(source_ip: str, network: str) -> None:
    assert rate_limit.network_of(source_ip) == network


def test_the_first_token_is_current() -> None:
    assert FAMILY.token_state(session.digest(TOKEN), client="phone", now=NOW) is TokenState.CURRENT


def test_a_replaced_token_may_be_repeated_by_who_replaced_it() -> None:
    old, late = session.digest(TOKEN), NOW + IDLE - timedelta(seconds=1)
    assert rotated().token_state(old, client="phone", now=late) is TokenState.REPLACED
    assert rotated().token_state(old, client="thief", now=NOW) is TokenState.REPLAYED


def test_any_other_token_of_the_family_is_a_replay() -> None:
    other = session.digest(f"{TOKEN}x")
    assert rotated().token_state(other, client="phone", now=NOW) is TokenState.REPLAYED


@pytest.mark.parametrize("after", [IDLE, LIFETIME])
def test_a_family_dies_of_age(after: timedelta) -> None:
    assert (
        FAMILY.token_state(session.digest(TOKEN), client="phone", now=NOW + after)
        is TokenState.DEAD
    )


def test_use_does_not_prolong_a_session_beyond_its_lifetime() -> None:
    late = NOW + LIFETIME - timedelta(days=1)
    family = session.TokenFamily(
        FAMILY.session_id, USER_ID, "d", created=NOW, rotated=late, ends=NOW + LIFETIME
    )
    assert family.expires_in(late) == 86_400


def test_a_successor_is_always_the_same_and_needs_token_and_salt() -> None:
    assert session.successor(TOKEN, "a") == session.successor(TOKEN, "a")
    assert session.successor(TOKEN, "a") != session.successor(TOKEN, "b")
    assert session.successor(TOKEN, "a") != session.successor(TOKEN[:-1] + "x", "a")


def test_tokens_of_a_family_name_it_and_the_session_id_does_not() -> None:
    named = session.name_of(session.successor(TOKEN, "a"))
    assert named == session.TokenName(USER_ID, FAMILY.session_id)
    assert FAMILY.session_id.startswith("ses_use1_")
    assert FAMILY_ID[4:] not in FAMILY.session_id


@pytest.mark.parametrize("text", ["", ".", "x", FAMILY_ID, f"{FAMILY_ID}.", "ses_use1_1.x", "é.x"])
def test_what_has_not_the_form_of_a_refresh_token_names_no_family(text: str) -> None:
    assert session.name_of(text) is None


def test_no_secret_shows_in_a_repr() -> None:
    user = User("usr_1", Role.CUSTOMER, Status.ACTIVE, "a" * 64, b"sealed", "$argon2", NOW)
    shown = f"{user!r}{rotated()!r}"
    assert not [s for s in ("ada@x.org", "argon2", "Ada", FAMILY_ID, "salt=") if s in shown]
