"""What a client may be registered as, where its answers go, and which scopes it gets."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from identity.domain import client_assertion, oauth_client
from identity.domain.client_assertion import LONGEST_S
from identity.domain.oauth_client import (
    AuthMethod,
    GrantType,
    Kind,
    OAuthClient,
    is_redirect_uri,
    objections,
)
from identity.service.register_client import Registered, disable_client, register, rotate_secret
from tests.unit.identity.fakes import NOW, FakeOAuthClients

ID = "cli_use1_" + "0" * 26
EC = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "1"}
RSA = {"kty": "RSA", "n": "n" * 342, "e": "AQAB", "kid": "2"}


def client(**parts: Any) -> OAuthClient:
    made = OAuthClient(
        client_id=ID,
        name="Partner",
        kind=Kind.CONFIDENTIAL,
        auth_method=AuthMethod.CLIENT_SECRET_BASIC,
        grant_types=tuple(GrantType),
        scopes=("openid", "shop:buy", "orders:read"),
        redirect_uris=("https://partner.test/back",),
        created=NOW,
    )
    return replace(made, **parts)


PUBLIC = {
    "kind": Kind.PUBLIC,
    "auth_method": AuthMethod.NONE,
    "grant_types": (GrantType.AUTHORIZATION_CODE,),
}
SIGNS = {"auth_method": AuthMethod.PRIVATE_KEY_JWT}


@pytest.mark.parametrize(
    "parts", [{}, PUBLIC, {**SIGNS, "keys": (EC,)}, {**SIGNS, "keys": (EC, RSA)}]
)
def test_a_good_client_can_be_registered(parts: Any) -> None:
    assert objections(client(**parts)) == []


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": Kind.PUBLIC},
        {"auth_method": AuthMethod.NONE},
        {**PUBLIC, "grant_types": tuple(GrantType)},
        {"grant_types": ()},
        {"grant_types": (GrantType.REFRESH_TOKEN,), "redirect_uris": ()},
        {"redirect_uris": ()},
        {"grant_types": (GrantType.CLIENT_CREDENTIALS,)},
        {"redirect_uris": ("http://partner.test/",)},
        {"scopes": ()},
        {"scopes": ("orders:read", "everything")},
        {"scopes": ("openid", "shop:buy")},
        {"keys": (EC,)},
        SIGNS,
        {**SIGNS, "keys": (EC, EC)},
        {**SIGNS, "keys": ({**EC, "d": "private"},)},
        {**SIGNS, "keys": ({"kty": "oct", "k": "secret"},)},
        {**SIGNS, "keys": ({**EC, "crv": "P-521"},)},
        {**SIGNS, "keys": ({**EC, "use": "enc"},)},
        {**SIGNS, "keys": ({**EC, "alg": "none"},)},
        {**SIGNS, "keys": ({**RSA, "n": "n" * 171},)},
        {**SIGNS, "keys": ({**RSA, "alg": "RS1"},)},
    ],
)
def test_a_client_that_is_not_safe_cannot(parts: Any) -> None:
    assert objections(client(**parts)) != []
    clients = FakeOAuthClients()
    assert register(client(**parts), clients) == objections(client(**parts))
    assert clients.clients == {}


@pytest.mark.parametrize(
    ("uri", "good"),
    [
        ("https://partner.test/back?x=1", True),
        ("http://127.0.0.1/back", True),
        ("http://[::1]:8080/back", True),
        ("http://localhost/back", False),
        ("http://127.0.0.1.evil.test/", False),
        ("https://partner.test/back#x", False),
        ("https://user@partner.test/", False),
        ("https://*.partner.test/", False),
        ("https://partner.test:x/", False),
        ("https:///back", False),
        ("https://partner.test\\@evil.test/", False),
        ("https://partner.test/ back", False),
        ("https://pärtner.test/", False),
        ("javascript:alert(1)", False),
        ("com.partner.app:/back", False),
        ("", False),
    ],
)
def test_a_redirect_goes_where_nobody_reads_it(uri: str, good: bool) -> None:
    assert is_redirect_uri(uri) is good


def test_a_redirect_is_compared_by_character_but_for_the_port_of_this_machine() -> None:
    app = client(redirect_uris=("http://127.0.0.1:80/back", "https://partner.test/back"))
    assert app.redirects_to("http://127.0.0.1:49152/back")
    assert app.redirects_to("https://partner.test/back")
    for other in (
        "http://127.0.0.1/other",
        "http://[::1]/back",
        "http://127.0.0.1/back?x=1",
        "http://127.0.0.1/back#x",
        "http://user@127.0.0.1/back",
        "https://127.0.0.1/back",
        "https://partner.test:443/back",
        "https://partner.test/back/",
        "https://PARTNER.test/back",
    ):
        assert not app.redirects_to(other), other


def test_a_client_holds_for_itself_nothing_of_users() -> None:
    assert client().scope_by_itself(None) == "orders:read"
    assert client().scope_by_itself("orders:read openid") is None
    assert client(scopes=("openid",)).scope_by_itself(None) is None


def test_for_a_user_it_holds_what_both_hold() -> None:
    assert client().scope_for("shop:buy", None) == "openid shop:buy"
    assert client().scope_for("shop:buy", "shop:buy") == "shop:buy"
    assert client().scope_for("shop:buy", "shop:buy orders:read") == "shop:buy"
    assert client().scope_for("shop:buy", "catalog:write") is None
    assert client().scope_for("finance:read", "orders:read") is None


def test_a_secret_is_made_once_and_the_one_before_is_over() -> None:
    clients = FakeOAuthClients()
    made = register(client(), clients)
    assert isinstance(made, Registered)
    assert made.secret is not None
    assert made.secret not in repr((made, clients))
    assert clients.clients[ID].has_secret(made.secret)
    again = rotate_secret(ID, clients)
    assert again is not None
    assert again.secret is not None
    assert not clients.clients[ID].has_secret(made.secret)
    assert clients.clients[ID].has_secret(again.secret)
    assert not clients.clients[ID].has_secret("")


def test_who_signs_has_no_secret_to_rotate() -> None:
    clients = FakeOAuthClients()
    made = register(client(**SIGNS, keys=(EC,)), clients)
    assert isinstance(made, Registered)
    assert made.secret is None
    assert not made.client.has_secret("")
    assert rotate_secret(ID, clients) is None


def test_a_client_is_disabled_once() -> None:
    clients = FakeOAuthClients()
    register(client(), clients)
    first = disable_client(ID, clients, now=NOW)
    assert first is not None
    assert not first.is_active
    assert disable_client(ID, clients, now=datetime(2027, 1, 1, tzinfo=UTC)) == first
    assert disable_client("cli_use1_" + "1" * 26, clients, now=NOW) is None


def test_an_assertion_lives_five_minutes_at_most() -> None:
    at = int(NOW.timestamp())
    claims = {"iss": ID, "sub": ID, "aud": "us", "jti": "j"}

    def taken(exp: Any) -> bool:
        said = {**claims, "exp": exp}
        found = client_assertion.read(said, client_id=ID, audiences=("us",), now=NOW)
        return found is not None

    assert taken(at + LONGEST_S)
    for exp in (at + LONGEST_S + 60, at - 60, str(at), None, float(at)):
        assert not taken(exp)
    assert oauth_client.WRONG_SECRETS.times == 20
