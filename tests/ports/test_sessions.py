"""`identity.service.ports.Sessions` and `Attempts`, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from identity.domain import session, user
from identity.domain.session import TokenFamily
from identity.domain.sign_in_attempts import FROM_ALL, FROM_NETWORK
from identity.domain.user import Status
from identity.repository.counters import AttemptRepository
from identity.repository.session_statuses import SessionStatusRepository
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service.ports import Attempts, Sessions
from tests.support import dynamodb
from tests.support.identities import (
    FAMILY_ID,
    FIRST,
    OTHER_FAMILY_ID,
    OTHER_MAC,
    SECOND,
    SESSION_ID,
    THIRD,
    USER,
    USER_ID,
    counters,
    event,
    family,
)
from tests.support.ports import opened, told
from tests.unit.identity.fakes import NOW, FakeSessions

PORTS = (Attempts, Sessions)


def ended_at(now: datetime, *, seconds: int) -> datetime:
    """How long it is kept: by whole seconds, as DynamoDB ends rows."""
    return (now + timedelta(seconds=seconds) + session.KEPT).replace(microsecond=0)


@pytest.fixture(params=[FakeSessions, SessionRepository])
def sessions(request: pytest.FixtureRequest) -> Sessions:
    made: Sessions = opened(request, "identity")
    return made


@pytest.fixture
def attempts(sessions: Sessions) -> Attempts:
    """Those of the same table."""
    return sessions.attempts if isinstance(sessions, FakeSessions) else AttemptRepository()


def open_session(sessions: Sessions, begun: TokenFamily) -> None:
    sessions.open(begun, event(begun.session_id), counters=counters())


def test_attempts_are_counted_by_address_and_network_up_to_a_limit(attempts: Attempts) -> None:
    full = [attempts.count(counters()) for _ in range(FROM_NETWORK.times + 1)]
    assert [[*each] for each in full] == [[]] * FROM_NETWORK.times + [[counters()[0]]]
    for others in (
        counters(network="office"),
        counters(OTHER_MAC),
        counters(now=NOW + FROM_NETWORK.window),
    ):
        assert not attempts.count(others)


def test_a_counter_is_full_at_its_limit_and_not_before(attempts: Attempts) -> None:
    counter = counters()[0]
    for _ in range(FROM_NETWORK.times):
        assert not attempts.is_full(counter)
        attempts.count([counter])
    assert attempts.is_full(counter)
    attempts.take_back([counter])
    assert not attempts.is_full(counter)
    attempts.count([counter])
    assert attempts.is_full(counter)
    assert not attempts.is_full(counters(network="office")[0])


def test_attempts_from_all_networks_are_counted_together_up_to_a_limit(attempts: Attempts) -> None:
    """What one of the counters refuses is in none."""
    for _ in range(2 * FROM_NETWORK.times):
        attempts.count(counters())
    for n in range(FROM_ALL.times - FROM_NETWORK.times):
        assert not attempts.count(counters(network=f"{n}"))
    refused = counters(network="another")
    assert [*attempts.count(refused)] == [refused[1]]
    assert not attempts.count(refused[:1]), "no attempt from there was counted"
    assert not attempts.count(counters(OTHER_MAC))
    assert not attempts.count(counters(now=NOW + FROM_ALL.window))


def test_a_session_takes_its_attempt_back_once(sessions: Sessions, attempts: Attempts) -> None:
    for _ in range(FROM_NETWORK.times):
        assert not attempts.count(counters())
    for n in range(FROM_ALL.times - FROM_NETWORK.times):
        assert not attempts.count(counters(network=f"{n}"))
    for _ in range(2):  # The second is the first, whose answer was lost.
        sessions.open(family(), event(FAMILY_ID), counters=counters())
    full = [[*attempts.count(counters())] for _ in range(2)]
    assert full == [[], [*counters()]]


def test_a_session_comes_back_as_it_was_opened_with_its_event(sessions: Sessions) -> None:
    open_session(sessions, family())
    assert sessions.get(USER_ID, SESSION_ID) == family()
    assert sessions.get("usr_nobody", SESSION_ID) is None
    assert [each["subject"] for each in told(sessions, "identity")] == [family().session_id]


def rotate(
    sessions: Sessions,
    presented: str,
    successor: str,
    *,
    now: datetime = NOW,
    client_id: str = session.OWN_CLIENT,
) -> TokenFamily | None:
    return sessions.rotate(
        USER_ID,
        SESSION_ID,
        presented=presented,
        successor=successor,
        salt="salt",
        client="phone",
        client_id=client_id,
        now=now,
    )


def test_a_token_is_replaced_once_and_by_what_is_current(sessions: Sessions) -> None:
    assert rotate(sessions, FIRST, SECOND) is None
    open_session(sessions, family())
    later = NOW + timedelta(hours=1)
    rotated = family(current=SECOND, previous=FIRST, salt="salt", client="phone", rotated=later)
    assert rotate(sessions, FIRST, SECOND, now=later) == rotated
    assert rotate(sessions, FIRST, THIRD, now=later) is None
    assert sessions.get(USER_ID, SESSION_ID) == rotated


@pytest.mark.parametrize("owner", [session.OWN_CLIENT, "cli_a"])
def test_a_token_is_replaced_for_the_software_alone_that_it_was_issued_to(
    sessions: Sessions, owner: str
) -> None:
    open_session(sessions, family(client_id=owner))
    for other in {session.OWN_CLIENT, "cli_a", "cli_b"} - {owner}:
        assert rotate(sessions, FIRST, SECOND, client_id=other) is None
    assert rotate(sessions, FIRST, SECOND, client_id=owner) is not None


@pytest.mark.parametrize(
    ("after", "alive"),
    [
        (session.IDLE - timedelta(seconds=1), True),
        (session.IDLE, False),
        (session.LIFETIME, False),
    ],
)
def test_a_session_that_was_idle_too_long_is_not_gone_on_with(
    sessions: Sessions, after: timedelta, alive: bool
) -> None:
    open_session(sessions, family())
    assert (rotate(sessions, FIRST, SECOND, now=NOW + after) is not None) is alive


def test_a_session_that_is_used_ends_with_its_lifetime(sessions: Sessions) -> None:
    ends = family().ends
    open_session(sessions, family(rotated=ends - timedelta(hours=1)))
    assert rotate(sessions, FIRST, SECOND, now=ends) is None
    assert rotate(sessions, FIRST, SECOND, now=ends - timedelta(seconds=1)) is not None


def test_a_session_is_ended_once_and_then_dead(sessions: Sessions) -> None:
    open_session(sessions, family())
    for second in (1, 2):
        at = NOW + timedelta(seconds=second)
        sessions.revoke(family(), event(family().session_id, 1 + second), now=at)
    found = sessions.get(USER_ID, SESSION_ID)
    assert found == family(revoked=NOW + timedelta(seconds=1), ends=ended_at(NOW, seconds=1))
    assert rotate(sessions, FIRST, SECOND) is None
    assert len(told(sessions, "identity")) == 2


def test_what_never_was_a_session_is_not_ended(sessions: Sessions) -> None:
    sessions.revoke(family(), event(FAMILY_ID), now=NOW)
    assert sessions.get(USER_ID, SESSION_ID) is None
    assert told(sessions, "identity") == []


def test_the_sessions_of_a_user_are_theirs_alone_and_ended_ones_say_so(sessions: Sessions) -> None:
    open_session(sessions, family())
    other = replace(family(), user_id="usr_other")
    open_session(sessions, other)
    assert sessions.of(USER_ID) == [family()]
    assert sessions.of("usr_nobody") == []


def test_a_session_makes_room_by_ending_others_together_with_its_beginning(
    sessions: Sessions,
) -> None:
    open_session(sessions, family())
    new = session.begin(USER_ID, "x", family_id=OTHER_FAMILY_ID, device=None, now=NOW)
    ended = (family(), event(SESSION_ID, 2))
    sessions.open(new, event(new.session_id), counters=(), instead_of=[ended])
    found = {each.session_id: each.revoked for each in sessions.of(USER_ID)}
    assert found == {SESSION_ID: NOW, new.session_id: None}
    assert len(told(sessions, "identity")) == 3


def test_what_the_authorizer_reads_is_what_is_stored(moto_aws: None) -> None:
    """By itself, without what the other repositories need to be imported."""
    dynamodb.create("identity")
    accounts, sessions = AccountRepository(), SessionRepository()
    statuses = SessionStatusRepository("identity")
    assert statuses.of(USER_ID, SESSION_ID) is None
    accounts.create(USER, event())
    assert statuses.of(USER_ID, SESSION_ID) is None
    open_session(sessions, family())
    at = NOW + timedelta(minutes=1)

    def is_active() -> bool:
        found = statuses.of(USER_ID, SESSION_ID)
        return found is not None and found.is_active(SESSION_ID, now=at)

    assert is_active()
    for after in (
        user.deactivate(USER, now=NOW - timedelta(days=1)),
        user.end_sessions(USER, now=NOW),
    ):
        assert accounts.change(USER, after, event(sequence=2))
        assert not is_active()
        back = replace(after, status=Status.ACTIVE, sessions_from=None, sequence=3)
        assert accounts.change(after, back, event(sequence=3))
        assert is_active()
        assert accounts.change(back, replace(USER, sequence=1), event(sequence=4))
    kept = user.change_password(USER, "hash", session_id=SESSION_ID, now=NOW)
    assert accounts.change(USER, kept, event(sequence=2))
    assert is_active()
    sessions.revoke(family(), event(SESSION_ID, 2), now=NOW)
    assert not is_active()
