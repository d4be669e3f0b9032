"""The ports of identity that are kept in its table, in memory and on DynamoDB."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from identity.domain import mail_limits, session, sign_in_attempts, user
from identity.domain.address_book import AddressBook, SavedAddress
from identity.domain.mailed_token import Applicant, MailRequest, Purpose
from identity.domain.rate_limit import Counter
from identity.domain.session import TokenFamily
from identity.domain.sign_in_attempts import FROM_ALL, FROM_NETWORK
from identity.domain.user import Role, Status, User
from identity.repository.counters import AttemptRepository
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.session_statuses import SessionStatusRepository
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service.ports import Accounts, Attempts, MailRequests, Sessions
from shop import events, ids
from shop.events import Event, EventData
from tests.support import dynamodb
from tests.support.ports import opened, told
from tests.unit.identity.fakes import NOW, TRACE, FakeAccounts, FakeMailRequests, FakeSessions

PORTS = (Accounts, Attempts, MailRequests, Sessions)
MAC, OTHER_MAC = "a" * 64, "e" * 64
USER_ID = user.nobody(MAC, region="use1")
USER = User(
    user_id=USER_ID,
    role=Role.CUSTOMER,
    status=Status.ACTIVE,
    email="ada@example.com",
    password_hash="hash",
    created=NOW,
    marketing=True,
    name="Ada",
    locale="en-GB",
)
FAMILY_ID = ids.derive("fam", "one", region="use1")
SESSION_ID = session.session_id_of(FAMILY_ID)
OTHER_FAMILY_ID = ids.derive("fam", "two", region="use1")
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


def ended_at(now: datetime, *, seconds: int) -> datetime:
    """How long it is kept: by whole seconds, as DynamoDB ends rows."""
    return (now + timedelta(seconds=seconds) + session.KEPT).replace(microsecond=0)


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


@pytest.fixture
def attempts(sessions: Sessions) -> Attempts:
    """Those of the same table."""
    return sessions.attempts if isinstance(sessions, FakeSessions) else AttemptRepository()


def open_session(sessions: Sessions, begun: TokenFamily) -> None:
    sessions.open(begun, event(begun.session_id), counters=counters())


def test_a_user_is_found_by_id_and_by_address(accounts: Accounts) -> None:
    assert accounts.create(USER, MAC, event())
    assert accounts.get(USER_ID) == USER
    assert accounts.user_id_of(MAC) == USER_ID
    assert (accounts.get("usr_nobody"), accounts.user_id_of(OTHER_MAC)) == (None, None)
    assert [each["subject"] for each in told(accounts, "identity")] == [USER_ID]


@pytest.mark.parametrize(
    ("user_id", "mac"),
    [(USER_ID, MAC), (USER_ID, OTHER_MAC), (user.nobody(OTHER_MAC, region="use1"), MAC)],
    ids=["both", "user", "address"],
)
def test_user_and_address_are_taken_together_or_not_at_all(
    accounts: Accounts, user_id: str, mac: str
) -> None:
    assert accounts.create(USER, MAC, event())
    assert not accounts.create(replace(USER, user_id=user_id, name="Eve"), mac, event(user_id, 2))
    assert accounts.get(USER_ID) == USER
    assert accounts.user_id_of(OTHER_MAC) is None
    assert accounts.get(user.nobody(OTHER_MAC, region="use1")) is None
    assert len(told(accounts, "identity")) == 1


def test_a_hash_is_replaced_unless_somebody_has_replaced_it_since(accounts: Accounts) -> None:
    accounts.create(USER, MAC, event())
    accounts.rehash(USER, "better")
    accounts.rehash(USER, "late")
    assert accounts.get(USER_ID) == replace(USER, password_hash="better")


def test_attempts_are_counted_by_address_and_network_up_to_a_limit(attempts: Attempts) -> None:
    full = [attempts.count(counters()) for _ in range(FROM_NETWORK.times + 1)]
    assert [[*each] for each in full] == [[]] * FROM_NETWORK.times + [[counters()[0]]]
    for others in (
        counters(network="office"),
        counters(OTHER_MAC),
        counters(now=NOW + FROM_NETWORK.window),
    ):
        assert not attempts.count(others)


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
    sessions: Sessions, presented: str, successor: str, *, now: datetime = NOW
) -> TokenFamily | None:
    return sessions.rotate(
        USER_ID,
        SESSION_ID,
        presented=presented,
        successor=successor,
        salt="salt",
        client="phone",
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


def test_an_account_is_changed_by_who_has_read_it_last(accounts: Accounts) -> None:
    accounts.create(USER, MAC, event())
    closed = user.disable(USER, by="olu", now=NOW + timedelta(minutes=1))
    assert accounts.change(USER, closed, event(sequence=2))
    assert accounts.get(USER_ID) == closed
    assert not accounts.change(USER, closed, event(sequence=2))
    opened_again = user.enable(closed, "other", by="eve", now=NOW + timedelta(hours=1))
    assert accounts.change(closed, opened_again, event(sequence=3))
    assert accounts.get(USER_ID) == opened_again
    assert told(accounts, "identity")[-1]["sequence"] == 3


BOOK = AddressBook(USER_ID).add(SavedAddress("adr_1", {"line1": "1 Quay", "line2": None}))


def test_an_address_book_is_kept_by_who_has_read_it_last(accounts: Accounts) -> None:
    assert accounts.address_book(USER_ID) == AddressBook(USER_ID)
    assert accounts.keep_addresses(BOOK)
    assert not accounts.keep_addresses(BOOK)
    assert accounts.address_book(USER_ID) == BOOK
    assert accounts.keep_addresses(BOOK.remove("adr_1"))
    assert not accounts.keep_addresses(BOOK.remove("adr_1"))
    assert accounts.address_book(USER_ID).addresses == ()


ASKED_BY = mail_limits.request_counter("home", NOW)
REGISTRATION = MailRequest(
    mail_id=ids.derive("mai", "one", region="use1"),
    purpose=Purpose.REGISTRATION,
    address=MAC,
    created=NOW,
    digest="digest",
    applicant=Applicant("ada@example.com", "Ada", "en-GB", marketing=True),
    user_id=USER_ID,
)
RESET = replace(
    REGISTRATION,
    mail_id=ids.derive("mai", "two", region="use1"),
    purpose=Purpose.RESET,
    applicant=None,
    user_id=None,
)


@pytest.fixture(params=[FakeMailRequests, MailRequestRepository])
def requests(request: pytest.FixtureRequest) -> MailRequests:
    made: MailRequests = opened(request, "identity")
    return made


@pytest.fixture
def owners(requests: MailRequests) -> Accounts:
    """The accounts of the same table."""
    if isinstance(requests, FakeMailRequests):
        return FakeAccounts(requests=requests)
    return AccountRepository()


def mail_id(minute: int) -> str:
    """One that was made then: they sort by time."""
    return ids.generate("mai", region="use1", now=NOW + timedelta(minutes=minute))


def found(requests: MailRequests, request: MailRequest) -> MailRequest | None:
    return requests.get(request.purpose, request.address, request.mail_id)


def ask(requests: MailRequests, request: MailRequest = REGISTRATION) -> bool:
    return requests.ask(request, event(request.mail_id), ASKED_BY)


@pytest.mark.parametrize("request_", [REGISTRATION, RESET])
def test_a_request_comes_back_as_it_was_with_its_event(
    requests: MailRequests, request_: MailRequest
) -> None:
    assert ask(requests, request_)
    assert found(requests, request_) == request_
    assert requests.get(Purpose.RESEND, MAC, request_.mail_id) is None
    assert [each["subject"] for each in told(requests, "identity")] == [request_.mail_id]


def test_no_more_requests_are_stored_than_a_network_may_make(requests: MailRequests) -> None:
    for n in range(ASKED_BY.limit.times):
        assert ask(requests, replace(RESET, mail_id=mail_id(n)))
    assert not ask(requests)
    assert found(requests, REGISTRATION) is None
    assert requests.ask(REGISTRATION, event(), mail_limits.request_counter("office", NOW))


def test_the_newest_registration_whose_link_works_is_found(requests: MailRequests) -> None:
    first, second = (replace(REGISTRATION, mail_id=mail_id(n)) for n in (1, 2))
    for request in (first, RESET, second):
        ask(requests, request)
    assert requests.open_registration(MAC, now=NOW) == second
    assert requests.open_registration(OTHER_MAC, now=NOW) is None
    assert requests.open_registration(MAC, now=REGISTRATION.ends) is None


def test_mails_are_counted_once_up_to_the_limits_of_their_address(requests: MailRequests) -> None:
    limits = mail_limits.mail_counters(Purpose.REGISTRATION, MAC, NOW)
    asked = [replace(RESET, mail_id=mail_id(n)) for n in range(4)]
    for request in asked:
        ask(requests, request)
    granted = [requests.claim(each, limits, now=NOW) for each in (asked[0], *asked)]
    assert granted == [True, True, True, True, False]


def test_a_request_remembers_that_its_mail_is_on_its_way(requests: MailRequests) -> None:
    ask(requests)
    requests.mark_mailed(REGISTRATION, now=NOW)
    assert found(requests, REGISTRATION) == replace(REGISTRATION, mailed=NOW)


def test_a_proof_is_used_once_together_with_what_it_proves(
    requests: MailRequests, owners: Accounts
) -> None:
    ask(requests)
    assert owners.create(USER, MAC, event(), proof=REGISTRATION)
    assert found(requests, REGISTRATION) == replace(REGISTRATION, used=NOW, applicant=None)
    other = replace(USER, user_id=user.nobody(OTHER_MAC, region="use1"))
    assert not owners.create(other, OTHER_MAC, event(other.user_id), proof=REGISTRATION)
    assert owners.get(other.user_id) is None


def test_a_password_is_set_once_by_one_mailed_token(
    requests: MailRequests, owners: Accounts
) -> None:
    ask(requests, RESET)
    owners.create(USER, MAC, event())
    after = user.reset_password(USER, "other", now=NOW + timedelta(minutes=1))
    assert owners.change_password(USER, after, event(sequence=2), proof=RESET)
    assert owners.get(USER_ID) == after
    third = user.reset_password(after, "third", now=NOW)
    assert not owners.change_password(after, third, event(sequence=3), proof=RESET)
    assert owners.get(USER_ID) == after


@pytest.mark.parametrize(
    "change",
    [
        lambda before: user.change_profile(before, {"name": None, "locale": "de"}, now=NOW),
        lambda before: user.consent(before, marketing=False, now=NOW + timedelta(hours=1)),
        lambda before: user.deactivate(before, now=NOW + timedelta(hours=1)),
        lambda before: user.change_password(before, "x", session_id="ses_1", now=NOW),
    ],
)
def test_whatever_changes_in_a_user_is_kept(
    accounts: Accounts, change: Callable[[User], User]
) -> None:
    accounts.create(USER, MAC, event())
    after = change(USER)
    assert accounts.change(USER, after, event(sequence=2))
    stored = accounts.get(USER_ID)
    assert stored is not None
    assert replace(stored, updated=None) == replace(after, updated=None)


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
    accounts.create(USER, MAC, event())
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
