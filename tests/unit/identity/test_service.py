"""Use cases: registration that tells nothing, guesses that are counted, tokens that rotate."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from identity import problems
from identity.domain import session
from identity.domain.access_token import AccessToken
from identity.domain.mailed_token import Applicant
from identity.domain.session import IDLE, LIFETIME, MOST
from identity.domain.sign_in_attempts import FROM_ALL, FROM_NETWORK
from identity.domain.user import SCOPES, Role
from identity.service import create_session, create_staff, refresh_session
from identity.service.create_session import SignInPorts
from identity.service.create_staff import AccountPorts
from identity.service.issue_token_pair import TokenPair
from identity.service.ports import Tokens
from identity.service.prove_password import Credentials
from identity.service.refresh_session import Client, RefreshPorts
from shop.problems import Problem
from tests.unit.identity.fakes import (
    ISSUES,
    NOW,
    REGION,
    TRACE,
    FakeAccounts,
    FakeMac,
    FakeNetworks,
    FakePasswords,
    FakePersonalData,
    FakeSessions,
)

HOME = "192.0.2.1"
MAX_FAILURES = FROM_NETWORK.times
NEXT_QUARTER_S, NEXT_HOUR_S = 870, 2670  # from NOW, which is half a minute past a quarter past ten
PHONE, THIEF = Client("192.0.2.1", "app"), Client("198.51.100.66", "curl")
PERSONAL = FakePersonalData()
ADA, PASSWORD = Applicant(email="Ada@Example.com"), "correct horse battery"


class Shop:
    """All ports in memory, and the use cases on them."""

    def __init__(self) -> None:
        self.accounts, self.sessions = FakeAccounts(), FakeSessions()
        self.passwords = FakePasswords()
        self.registrar = AccountPorts(self.accounts, FakeMac(), self.passwords, PERSONAL, REGION)
        self.renewal = RefreshPorts(self.accounts, self.sessions, FakeNetworks(), ISSUES)

    def register(self) -> str:
        made, _ = create_staff.create_staff(
            ADA, PASSWORD, self.registrar, role=Role.CUSTOMER, operator="", now=NOW, trace=TRACE
        )
        return made.user_id

    def sign_in(
        self,
        email: str = ADA.email,
        password: str = PASSWORD,
        *,
        source_ip: str = HOME,
        later: float = 0,
    ) -> TokenPair | Problem:
        credentials, by = Credentials(email, password, source_ip), self.entrance(ISSUES)
        now = NOW + timedelta(seconds=later)
        return create_session.sign_in(credentials, by, now=now, trace=TRACE)

    def entrance(self, tokens: Tokens) -> SignInPorts:
        return SignInPorts(
            accounts=self.accounts,
            attempts=self.sessions.attempts,
            sessions=self.sessions,
            mac=FakeMac(),
            networks=FakeNetworks(),
            passwords=self.passwords,
            tokens=tokens,
            personal=FakePersonalData,
            region=REGION,
        )

    def signed_in(self) -> TokenPair:
        self.register()
        pair = self.sign_in()
        assert isinstance(pair, TokenPair)
        return pair

    def refresh(
        self, token: str, *, later: timedelta = timedelta(), client: Client = PHONE
    ) -> TokenPair | Problem:
        return refresh_session.refresh(token, client, self.renewal, now=NOW + later, trace=TRACE)

    def refreshed(
        self, token: str, *, later: timedelta = timedelta(), client: Client = PHONE
    ) -> TokenPair:
        pair = self.refresh(token, later=later, client=client)
        assert isinstance(pair, TokenPair)
        return pair


@pytest.fixture
def shop() -> Shop:
    return Shop()


def code(result: TokenPair | Problem) -> str:
    assert isinstance(result, Problem)
    return result.type.code


@pytest.mark.parametrize("role", list(Role))
def test_tools_make_users_of_any_role_and_change_none(shop: Shop, role: Role) -> None:
    by = shop.registrar
    made, is_new = create_staff.create_staff(
        ADA, PASSWORD, by, role=role, operator="olu", now=NOW, trace=TRACE
    )
    user_id = made.user_id
    assert is_new
    again, is_new = create_staff.create_staff(
        ADA, PASSWORD, by, role=Role.CUSTOMER, operator="eve", now=NOW, trace=TRACE
    )
    assert not is_new
    assert again == made
    assert shop.accounts.users[user_id].role is role
    pair = shop.sign_in()
    assert isinstance(pair, TokenPair)
    assert pair.access.scope == SCOPES[role]


def test_signing_in_opens_a_session_and_tells_of_it(shop: Shop) -> None:
    pair = shop.signed_in()
    (event,) = shop.sessions.events
    assert event.body["type"] == "session.created"
    assert event.body["subject"] == pair.session_id
    assert event.body["data"] == {"user_id": pair.user_id, "session_id": pair.session_id}


def test_unknown_addresses_and_wrong_passwords_cannot_be_told_apart(shop: Shop) -> None:
    shop.register()
    before = shop.accounts.calls.copy()
    wrong = shop.sign_in(password="wrong")
    known = shop.accounts.calls - before
    unknown = shop.sign_in(email="nobody@example.com")
    assert wrong == unknown
    assert shop.accounts.calls - before - known == known
    assert shop.passwords.work["verify"] == 2


def test_after_five_failures_not_even_the_right_password_helps(shop: Shop) -> None:
    shop.register()
    results = [code(shop.sign_in(password="wrong")) for _ in range(MAX_FAILURES)]
    assert results == ["invalid_credentials"] * MAX_FAILURES
    limited = shop.sign_in()
    assert isinstance(limited, Problem)
    assert limited.type is problems.RATE_LIMITED
    assert limited.headers["Retry-After"] == f"{NEXT_QUARTER_S}"
    assert shop.passwords.work["verify"] == MAX_FAILURES


def test_unknown_addresses_are_limited_in_the_same_way(shop: Shop) -> None:
    results = [code(shop.sign_in(email="nobody@example.com")) for _ in range(MAX_FAILURES + 1)]
    assert results == ["invalid_credentials"] * MAX_FAILURES + ["rate_limited"]


def test_failures_of_one_address_do_not_touch_another(shop: Shop) -> None:
    shop.register()
    for _ in range(MAX_FAILURES + 1):
        shop.sign_in(email="nobody@example.com")
    assert isinstance(shop.sign_in(), TokenPair)


def test_success_is_never_limited_and_forgives_no_failure(shop: Shop) -> None:
    shop.register()
    for _ in range(MAX_FAILURES - 1):
        shop.sign_in(password="wrong")
    assert all(isinstance(shop.sign_in(), TokenPair) for _ in range(2 * MAX_FAILURES))
    shop.sign_in(password="wrong")
    assert code(shop.sign_in()) == "rate_limited"


def test_the_limit_ends_with_its_window(shop: Shop) -> None:
    shop.register()
    for _ in range(MAX_FAILURES):
        shop.sign_in(password="wrong")
    assert code(shop.sign_in(later=NEXT_QUARTER_S - 1)) == "rate_limited"
    assert isinstance(shop.sign_in(later=NEXT_QUARTER_S), TokenPair)


def test_a_stranger_who_guesses_keeps_nobody_out_but_their_own_network(shop: Shop) -> None:
    shop.register()
    for _ in range(10 * MAX_FAILURES):
        shop.sign_in(password="wrong", source_ip="198.51.100.7")
    assert code(shop.sign_in(source_ip="198.51.100.7")) == "rate_limited"
    assert isinstance(shop.sign_in(), TokenPair)


def test_who_guesses_from_all_addresses_of_one_network_gets_no_more_guesses(shop: Shop) -> None:
    shop.register()
    for n in range(2 * MAX_FAILURES):
        shop.sign_in(password="wrong", source_ip=f"2001:db8:0:7::{n:x}")
    assert shop.passwords.work["verify"] == MAX_FAILURES


def test_who_guesses_from_many_networks_gets_a_hundred_guesses_an_hour(shop: Shop) -> None:
    shop.register()
    results = [
        code(shop.sign_in(password="wrong", source_ip=f"198.51.100.{n}"))
        for n in range(FROM_ALL.times)
    ]
    assert results == ["invalid_credentials"] * 100
    limited = shop.sign_in()
    assert isinstance(limited, Problem)
    assert limited.headers["Retry-After"] == f"{NEXT_HOUR_S}"
    assert isinstance(shop.sign_in(later=NEXT_HOUR_S), TokenPair)


def test_an_outdated_hash_is_replaced_when_the_password_is_at_hand(shop: Shop) -> None:
    user_id = shop.register()
    user = shop.accounts.users[user_id]
    shop.accounts.users[user_id] = replace(user, password_hash="old:" + PASSWORD[::-1])
    shop.sign_in()
    assert shop.accounts.users[user_id].password_hash == "new:" + PASSWORD[::-1]
    shop.sign_in()
    assert shop.accounts.calls["rehash"] == 1


def test_no_session_is_stored_if_no_token_can_be_signed(shop: Shop) -> None:
    class Broken:
        def issue(self, *args: object, **kwargs: object) -> AccessToken:
            raise TimeoutError

    shop.register()
    credentials, by = Credentials(ADA.email, PASSWORD, HOME), shop.entrance(Broken())
    with pytest.raises(TimeoutError):
        create_session.sign_in(credentials, by, now=NOW, trace=TRACE)
    assert shop.sessions.families == {}


def test_a_refresh_gives_a_new_pair_of_the_same_session(shop: Shop) -> None:
    first = shop.signed_in()
    second = shop.refreshed(first.refresh_token)
    assert second.session_id == first.session_id
    assert second.refresh_token != first.refresh_token
    assert second.access.text != first.access.text
    assert isinstance(shop.refresh(second.refresh_token), TokenPair)


@pytest.mark.parametrize("later", [timedelta(), timedelta(seconds=31), timedelta(days=29)])
def test_a_repeat_after_a_lost_answer_gets_the_very_same_successor_however_late(
    shop: Shop, later: timedelta
) -> None:
    first = shop.signed_in()
    lost = shop.refreshed(first.refresh_token)
    repeat = shop.refreshed(first.refresh_token, later=later)
    assert repeat.refresh_token == lost.refresh_token
    assert shop.sessions.rotations == 1
    assert isinstance(shop.refresh(repeat.refresh_token, later=later), TokenPair)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (PHONE, replace(PHONE, user_agent="other"), False),
        (PHONE, replace(PHONE, source_ip="198.51.100.9"), False),
        (Client("2001:db8::1", "app"), Client("2001:db8::2", "app"), True),
        (PHONE, replace(PHONE, key="k"), False),
        (replace(PHONE, key="k"), replace(PHONE, key="l"), False),
        (replace(PHONE, key="k"), PHONE, False),
        (replace(PHONE, key="k"), Client("198.51.100.9", "other", "k"), True),
    ],
)
def test_the_same_client_is_who_sends_the_same_key_or_comes_from_the_same_network_with_the_same(
    shop: Shop, first: Client, second: Client, same: bool
) -> None:
    token = shop.signed_in().refresh_token
    successor = shop.refreshed(token, client=first).refresh_token
    result = shop.refresh(token, client=second)
    if same:
        assert isinstance(result, TokenPair)
        assert result.refresh_token == successor
    else:
        assert code(result) == "invalid_refresh_token"
    assert isinstance(shop.refresh(successor, client=first), TokenPair) is same


def test_a_token_whose_successor_was_used_ends_the_session_whoever_sends_it(shop: Shop) -> None:
    first = shop.signed_in()
    second = shop.refreshed(first.refresh_token)
    third = shop.refreshed(second.refresh_token)
    assert code(shop.refresh(first.refresh_token)) == "invalid_refresh_token"
    assert code(shop.refresh(third.refresh_token)) == "invalid_refresh_token"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.replace(".", "", 1),
        lambda token: token[: token.rindex(".") + 1],
        lambda token: token[:-1] + "\u00e9",
        lambda token: token.rpartition(".")[0] + "." + "=" * 43,
    ],
)
def test_what_has_not_the_form_of_a_token_ends_no_session(
    shop: Shop, spoil: Callable[[str], str]
) -> None:
    first = shop.signed_in()
    second = shop.refreshed(first.refresh_token)
    for token in (first.refresh_token, second.refresh_token):
        assert code(shop.refresh(spoil(token))) == "invalid_refresh_token"
    assert isinstance(shop.refresh(second.refresh_token), TokenPair)


def test_a_session_more_than_twenty_ends_the_oldest(shop: Shop) -> None:
    shop.register()
    pairs = [shop.sign_in(later=n) for n in range(MOST + 2)]
    assert all(isinstance(pair, TokenPair) for pair in pairs)
    live = [f.session_id for f in shop.sessions.families.values() if f.revoked is None]
    assert live == [pair.session_id for pair in pairs[2:] if isinstance(pair, TokenPair)]
    ended = [e.body["subject"] for e in shop.sessions.events if e.body["type"] == "session.ended"]
    assert ended == [pair.session_id for pair in pairs[:2] if isinstance(pair, TokenPair)]


def test_reuse_is_told_once_and_names_no_token(shop: Shop) -> None:
    first = shop.signed_in()
    shop.refresh(first.refresh_token)
    for _ in range(3):
        shop.refresh(first.refresh_token, client=THIEF)
    told = [e for e in shop.sessions.events if e.body["type"] == "session.refresh_reuse_detected"]
    assert [event.body["sequence"] for event in told] == [2]
    assert told[0].body["data"] == {"user_id": first.user_id, "session_id": first.session_id}
    family_id = first.refresh_token.split(".")[1]
    assert all(family_id not in event.to_json() for event in shop.sessions.events)


@pytest.mark.parametrize("after", [IDLE, LIFETIME])
def test_an_old_session_ends_without_an_alarm(shop: Shop, after: timedelta) -> None:
    first = shop.signed_in()
    assert code(shop.refresh(first.refresh_token, later=after)) == "invalid_refresh_token"
    assert len(shop.sessions.events) == 1


def test_noise_and_unknown_families_are_refused_and_change_nothing(shop: Shop) -> None:
    first = shop.signed_in()
    stranger = session.refresh_token(first.user_id, "fam_use1_" + "0" * 26, "s" * 43)
    for token in ("", "noise", stranger, first.access.text):
        assert code(shop.refresh(token)) == "invalid_refresh_token"
    assert isinstance(shop.refresh(first.refresh_token), TokenPair)


def test_a_new_role_counts_from_the_next_refresh(shop: Shop) -> None:
    first = shop.signed_in()
    user = shop.accounts.users[first.user_id]
    shop.accounts.users[first.user_id] = replace(user, role=Role.FINANCE)
    assert shop.refreshed(first.refresh_token).access.scope == "finance:read"


def test_a_user_who_is_gone_cannot_refresh(shop: Shop) -> None:
    first = shop.signed_in()
    del shop.accounts.users[first.user_id]
    assert code(shop.refresh(first.refresh_token)) == "invalid_refresh_token"
