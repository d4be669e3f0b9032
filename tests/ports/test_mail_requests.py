"""`identity.service.ports.MailRequests`, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import timedelta

import pytest

from identity.domain import mail_limits, user
from identity.domain.mailed_token import MailRequest, Purpose
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.users import AccountRepository
from identity.service.ports import Accounts, MailRequests
from shop import ids
from tests.support.identities import MAC, OTHER_MAC, USER, USER_ID, event
from tests.support.ports import opened, told
from tests.unit.identity.fakes import NOW, FakeAccounts, FakeMailRequests

PORTS = (MailRequests,)

ASKED_BY = mail_limits.request_counter("home", NOW)

REGISTRATION = MailRequest(
    mail_id=ids.derive("mai", "one", region="use1"),
    purpose=Purpose.REGISTRATION,
    address=MAC,
    created=NOW,
    digest="digest",
    applicant=b"sealed",
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
    assert owners.create(USER, event(), proof=REGISTRATION)
    assert found(requests, REGISTRATION) == replace(REGISTRATION, used=NOW, applicant=None)
    other = replace(USER, user_id=user.nobody(OTHER_MAC, region="use1"), address=OTHER_MAC)
    assert not owners.create(other, event(other.user_id), proof=REGISTRATION)
    assert owners.get(other.user_id) is None


def test_a_password_is_set_once_by_one_mailed_token(
    requests: MailRequests, owners: Accounts
) -> None:
    ask(requests, RESET)
    owners.create(USER, event())
    after = user.reset_password(USER, "other", now=NOW + timedelta(minutes=1))
    assert owners.change_password(USER, after, event(sequence=2), proof=RESET)
    assert owners.get(USER_ID) == after
    third = user.reset_password(after, "third", now=NOW)
    assert not owners.change_password(after, third, event(sequence=3), proof=RESET)
    assert owners.get(USER_ID) == after
