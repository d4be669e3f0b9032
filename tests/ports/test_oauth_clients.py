"""The registry of clients, their assertions and codes, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from identity.domain import authentication, oauth_client, session
from identity.domain.authorization_code import AuthorizationCode
from identity.domain.client_assertion import ClientAssertion
from identity.domain.oauth_client import AuthMethod, GrantType, Kind, OAuthClient
from identity.repository.authorization_codes import AuthorizationCodeRepository
from identity.repository.client_assertions import ClientAssertionRepository
from identity.repository.oauth_clients import OAuthClientRepository
from identity.repository.sessions import SessionRepository
from identity.service.ports import AuthorizationCodes, ClientAssertions, OAuthClients
from tests.support.identities import OTHER_FAMILY_ID, SESSION_ID, USER_ID, event, family
from tests.support.ports import opened
from tests.unit.identity.fakes import (
    NOW,
    FakeAuthorizationCodes,
    FakeClientAssertions,
    FakeOAuthClients,
)

PORTS = (AuthorizationCodes, ClientAssertions, OAuthClients)
ID, OTHER_ID = ("cli_use1_" + letter * 26 for letter in "ab")


def client(**parts: Any) -> OAuthClient:
    made = OAuthClient(
        client_id=ID,
        name="Warehouse",
        kind=Kind.CONFIDENTIAL,
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        grant_types=(GrantType.CLIENT_CREDENTIALS, GrantType.AUTHORIZATION_CODE),
        scopes=("orders:read", "openid"),
        redirect_uris=("https://warehouse.test/back",),
        keys=({"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "1"},),
        created=NOW,
    )
    return replace(made, **parts)


def code(**parts: Any) -> AuthorizationCode:
    made = AuthorizationCode(
        digest="d" * 64,
        client_id=ID,
        user_id=USER_ID,
        redirect_uri="https://warehouse.test/back",
        challenge="c" * 43,
        scope="openid",
        proof=authentication.by_password(NOW),
        issued=NOW,
        nonce="n",
    )
    return replace(made, **parts)


@pytest.fixture(params=[FakeOAuthClients, OAuthClientRepository])
def clients(request: pytest.FixtureRequest) -> OAuthClients:
    made: OAuthClients = opened(request, "identity")
    return made


@pytest.fixture(params=[FakeClientAssertions, ClientAssertionRepository])
def assertions(request: pytest.FixtureRequest) -> ClientAssertions:
    made: ClientAssertions = opened(request, "identity")
    return made


@pytest.fixture(params=[FakeAuthorizationCodes, AuthorizationCodeRepository])
def codes(request: pytest.FixtureRequest) -> AuthorizationCodes:
    made: AuthorizationCodes = opened(request, "identity")
    return made


def test_a_client_comes_back_as_it_was_registered_once(clients: OAuthClients) -> None:
    assert clients.get(ID) is None
    assert clients.add(client())
    assert not clients.add(client(name="Another"))
    assert clients.get(ID) == client()


def test_all_clients_are_listed_oldest_first(clients: OAuthClients) -> None:
    young = client(client_id=OTHER_ID, created=NOW + timedelta(seconds=1))
    assert clients.all() == []
    for each in (young, client()):
        assert clients.add(each)
    assert clients.all() == [client(), young]


def test_a_change_is_stored_unless_there_was_another(clients: OAuthClients) -> None:
    clients.add(client())
    disabled = oauth_client.disable(client(), now=NOW)
    assert clients.change(client(), disabled)
    assert clients.get(ID) == disabled
    assert not clients.change(client(), oauth_client.with_secret(client(), "s"))
    assert clients.get(ID) == disabled


def test_an_assertion_is_used_once_by_its_client_and_id(assertions: ClientAssertions) -> None:
    first = ClientAssertion(ID, "jti", 1)
    assert [assertions.use(first) for _ in range(2)] == [True, False]
    assert assertions.use(replace(first, jti="another"))
    assert assertions.use(replace(first, client_id=OTHER_ID))


def test_a_code_comes_back_as_it_was_issued_once(codes: AuthorizationCodes) -> None:
    assert codes.get(code().digest) is None
    codes.issue(code())
    codes.issue(code(scope="another"))
    assert codes.get(code().digest) == code()


def test_a_code_begins_one_session_and_names_it(codes: AuthorizationCodes) -> None:
    codes.issue(code())
    sessions = codes.sessions if isinstance(codes, FakeAuthorizationCodes) else SessionRepository()
    other = session.begin(USER_ID, "x", family_id=OTHER_FAMILY_ID, device=None, now=NOW)
    assert codes.redeem(code(), family(), event(SESSION_ID))
    assert not codes.redeem(code(), other, event(other.session_id))
    found = codes.get(code().digest)
    assert found == code(session_id=SESSION_ID)
    assert [each.session_id for each in sessions.of(USER_ID)] == [SESSION_ID]


def test_a_code_that_nobody_issued_begins_none(codes: AuthorizationCodes) -> None:
    assert not codes.redeem(code(), family(), event(SESSION_ID))
    assert codes.get(code().digest) is None
