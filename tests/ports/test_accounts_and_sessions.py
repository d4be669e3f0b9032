"""`identity.service.ports.Accounts` and `Sessions`, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from identity.domain import session, sign_in_attempts, user
from identity.domain.session import TokenFamily
from identity.domain.sign_in_attempts import FROM_ALL, FROM_NETWORK, Counter
from identity.domain.user import Role, Status, User
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service.ports import Accounts, Sessions
from shop import events, ids
from shop.events import Event, EventData
from tests.support.ports import opened, told
from tests.unit.identity.fakes import NOW, TRACE, FakeAccounts, FakeSessions

PORTS = (Accounts, Sessions)
MAC, OTHER_MAC = "mac(ada)", "mac(eve)"
USER_ID = user.user_id_of(MAC, region="use1")
USER = User(
    user_id=USER_ID,
    role=Role.CUSTOMER,
    status=Status.PENDING_VERIFICATION,
    email="ada@example.com",
    password_hash="hash",
    created=NOW,
    marketing=True,
    name="Ada",
    locale="en-GB",
)
FAMILY_ID = ids.derive("fam", "one", region="use1")
FIRST, SECOND, THIRD = (session.digest(text) for text in ("first", "second", "third"))


class Happened(EventData):
    """Something."""

    TYPE = "test.happened"


def event(subject: str = USER_ID, sequence: int = 1) -> Event:
    return events.event(
        Happened(), producer="test", subject=subject, sequence=sequence, now=NOW, trace=TRACE
    )


def family(**changes: object) -> TokenFamily:
    begun = session.begin(USER_ID, "first", family_id=FAMILY_ID, device="phone", now=NOW)
    return replace(begun, **changes)  # type: ignore[arg-type]


def counters(
    address: str = MAC, network: str = "home", *, now: datetime = NOW
) -> tuple[Counter, ...]:
    return sign_in_attempts.counters(address=address, from_network=f"{address} {network}", now=now)


@pytest.fixture(params=[FakeAccounts, AccountRepository])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    made: Accounts = opened(request, "identity")
    return made


@pytest.fixture(params=[FakeSessions, SessionRepository])
def sessions(request: pytest.FixtureRequest) -> Sessions:
    made: Sessions = opened(request, "identity")
    return made


def open_session(sessions: Sessions, begun: TokenFamily) -> None:
    sessions.count_attempt(counters())
    sessions.open(begun, event(begun.session_id), counters=counters())


def test_a_user_is_found_by_id_and_by_address(accounts: Accounts) -> None:
    assert accounts.create(USER, MAC, event())
    assert accounts.get(USER_ID) == USER
    assert accounts.user_id_of(MAC) == USER_ID
    assert (accounts.get("usr_nobody"), accounts.user_id_of(OTHER_MAC)) == (None, None)
    assert [each["subject"] for each in told(accounts, "identity")] == [USER_ID]


@pytest.mark.parametrize(
    ("user_id", "mac"),
    [(USER_ID, MAC), (USER_ID, OTHER_MAC), (user.user_id_of(OTHER_MAC, region="use1"), MAC)],
    ids=["both", "user", "address"],
)
def test_user_and_address_are_taken_together_or_not_at_all(
    accounts: Accounts, user_id: str, mac: str
) -> None:
    assert accounts.create(USER, MAC, event())
    assert not accounts.create(replace(USER, user_id=user_id, name="Eve"), mac, event(user_id, 2))
    assert accounts.get(USER_ID) == USER
    assert accounts.user_id_of(OTHER_MAC) is None
    assert accounts.get(user.user_id_of(OTHER_MAC, region="use1")) is None
    assert len(told(accounts, "identity")) == 1


def test_a_hash_is_replaced_unless_somebody_has_replaced_it_since(accounts: Accounts) -> None:
    accounts.create(USER, MAC, event())
    accounts.rehash(USER, "better")
    accounts.rehash(USER, "late")
    assert accounts.get(USER_ID) == replace(USER, password_hash="better")


def test_attempts_are_counted_by_address_and_network_up_to_a_limit(sessions: Sessions) -> None:
    full = [sessions.count_attempt(counters()) for _ in range(FROM_NETWORK.failures + 1)]
    assert [[*each] for each in full] == [[]] * FROM_NETWORK.failures + [[counters()[0]]]
    for others in (
        counters(network="office"),
        counters(OTHER_MAC),
        counters(now=NOW + FROM_NETWORK.window),
    ):
        assert not sessions.count_attempt(others)


def test_attempts_from_all_networks_are_counted_together_up_to_a_limit(sessions: Sessions) -> None:
    """What one of the counters refuses is in none."""
    for _ in range(2 * FROM_NETWORK.failures):
        sessions.count_attempt(counters())
    for n in range(FROM_ALL.failures - FROM_NETWORK.failures):
        assert not sessions.count_attempt(counters(network=f"{n}"))
    refused = counters(network="another")
    assert [*sessions.count_attempt(refused)] == [refused[1]]
    assert not sessions.count_attempt(refused[:1]), "no attempt from there was counted"
    assert not sessions.count_attempt(counters(OTHER_MAC))
    assert not sessions.count_attempt(counters(now=NOW + FROM_ALL.window))


def test_a_session_takes_its_attempt_back_once(sessions: Sessions) -> None:
    for _ in range(FROM_NETWORK.failures):
        assert not sessions.count_attempt(counters())
    for n in range(FROM_ALL.failures - FROM_NETWORK.failures):
        assert not sessions.count_attempt(counters(network=f"{n}"))
    for _ in range(2):  # The second is the first, whose answer was lost.
        sessions.open(family(), event(FAMILY_ID), counters=counters())
    full = [[*sessions.count_attempt(counters())] for _ in range(2)]
    assert full == [[], [*counters()]]


def test_a_session_comes_back_as_it_was_opened_with_its_event(sessions: Sessions) -> None:
    open_session(sessions, family())
    assert sessions.get(FAMILY_ID) == family()
    assert sessions.get("fam_nobody") is None
    assert [each["subject"] for each in told(sessions, "identity")] == [family().session_id]


def rotate(
    sessions: Sessions, presented: str, successor: str, *, now: datetime = NOW
) -> TokenFamily | None:
    return sessions.rotate(
        FAMILY_ID, presented=presented, successor=successor, salt="salt", now=now
    )


def test_a_token_is_replaced_once_and_by_what_is_current(sessions: Sessions) -> None:
    assert rotate(sessions, FIRST, SECOND) is None
    open_session(sessions, family())
    later = NOW + timedelta(hours=1)
    rotated = family(current=SECOND, previous=FIRST, salt="salt", rotated=later)
    assert rotate(sessions, FIRST, SECOND, now=later) == rotated
    assert rotate(sessions, FIRST, THIRD, now=later) is None
    assert sessions.get(FAMILY_ID) == rotated


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
    found = sessions.get(FAMILY_ID)
    assert found == family(revoked=NOW + timedelta(seconds=1))
    assert rotate(sessions, FIRST, SECOND) is None
    assert len(told(sessions, "identity")) == 2


def test_what_never_was_a_session_is_not_ended(sessions: Sessions) -> None:
    sessions.revoke(family(), event(FAMILY_ID), now=NOW)
    assert sessions.get(FAMILY_ID) is None
    assert told(sessions, "identity") == []


def test_an_account_is_changed_by_who_has_read_it_last(accounts: Accounts) -> None:
    accounts.create(USER, MAC, event())
    closed = user.disable(USER, by="olu", now=NOW)
    assert accounts.change(USER, closed, event(sequence=2), now=NOW)
    assert accounts.get(USER_ID) == closed
    assert not accounts.change(USER, closed, event(sequence=2), now=NOW)
    opened_again = user.enable(closed, "other", by="eve", now=NOW + timedelta(hours=1))
    assert accounts.change(closed, opened_again, event(sequence=3), now=NOW)
    assert accounts.get(USER_ID) == opened_again
    assert told(accounts, "identity")[-1]["sequence"] == 3
