"""What registered clients get, and what it opens: by secret, by signed assertion, by code."""

import json
from functools import partial
from typing import Any

import jwt
import pytest
from authlib.oauth2.rfc7523 import private_key_jwt_sign

from identity.api import (
    create_token,
    get_userinfo,
    oauth_metadata,
    openid_configuration,
)
from identity.domain.oauth_client import AuthMethod, GrantType
from identity.repository.oauth_clients import OAuthClientRepository
from identity.service.register_client import disable_client, rotate_secret
from tests.integration.identity.conftest import EMAIL, Api, rows
from tests.support import oauth_clients as oauth
from tests.support.gateway import Reply, call, event
from tests.support.oauth_clients import (
    ISSUER,
    TOKEN_ENDPOINT,
    agreed,
    ask,
    asserted,
    assertion,
    credentials,
    exchange,
    introspect,
    public_client,
    refresh,
    registered,
    revoke,
    with_key,
)

ASK = {"grant_type": "client_credentials"}


def keys_of(api: Api) -> jwt.PyJWKSet:
    return jwt.PyJWKSet.from_dict(api.jwks().json)


def claims_of(api: Api, token: str, audience: str = "cartwright-api") -> dict[str, Any]:
    """As PyJWT reads them, by the published keys."""
    key = keys_of(api)[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False}
    found: dict[str, Any] = jwt.decode(
        token, key, algorithms=["ES256"], audience=audience, issuer=ISSUER, options=options
    )
    return found


def user(api: Api) -> str:
    user_id: str = api.register().json["user_id"]
    return user_id


def tokens(api: Api, partner: oauth.Partner) -> Any:
    """Those of a user who has just agreed."""
    return exchange(partner, agreed(api.clock(), partner, user(api))).json


def opened(api: Api, token: str) -> list[str]:
    """The methods that the gateway's policy for a token allows."""
    policy = api.authorize(f"Bearer {token}")["policyDocument"]
    [allowed] = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    return [resource.split("/", 2)[2] for resource in allowed["Resource"]]


def test_a_client_gets_a_token_for_itself_for_three_calls(api: Api) -> None:
    partner = registered(api.clock())
    reply = credentials(partner)
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    assert reply.headers["Pragma"] == "no-cache"
    assert set(reply.json) == {"access_token", "token_type", "expires_in", "scope"}
    claims = claims_of(api, reply.json["access_token"])
    assert (claims["sub"], claims["client_id"]) == (partner.id, partner.id)
    assert claims["scope"] == reply.json["scope"] == "orders:read"
    assert not {"sid", "role", "acr", "amr", "auth_time"} & claims.keys()
    assert api.calls_of(lambda: credentials(partner)) == ["GetItem", "GetItem", "Sign"]


def test_a_client_opens_the_routes_of_its_scopes_and_no_others(api: Api) -> None:
    token = credentials(registered(api.clock())).json["access_token"]
    found = opened(api, token)
    assert any(each.startswith("GET/orders") for each in found)
    assert not [each for each in found if "ledger" in each or "sessions" in each or "users" in each]


def test_the_authorizer_asks_once_for_a_client_and_once_for_a_user_of_one(api: Api) -> None:
    partner = registered(api.clock())
    own, users = credentials(partner).json, tokens(api, partner)
    for token in (own["access_token"], users["access_token"]):
        api.authorize(f"Bearer {token}")
        asked = api.calls_of(partial(api.authorize, f"Bearer {token}"))
        assert asked == ["BatchGetItem"]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256"])
@pytest.mark.parametrize("audience", [ISSUER, TOKEN_ENDPOINT, [ISSUER]])
def test_a_signed_assertion_proves_a_client(api: Api, algorithm: str, audience: Any) -> None:
    partner = with_key(api.clock(), algorithm)
    signed = assertion(partner, api.clock(), algorithm=algorithm, aud=audience)
    assert ask(ASK | asserted(signed)).status == 200


def test_one_of_several_keys_is_named_by_its_kid(api: Api) -> None:
    partner = with_key(api.clock(), "ES256", "RS256")
    for algorithm in ("ES256", "RS256"):
        signed = assertion(partner, api.clock(), algorithm=algorithm)
        assert ask(ASK | asserted(signed)).status == 200


@pytest.mark.filterwarnings("ignore::authlib.deprecate.AuthlibDeprecationWarning")
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_an_assertion_that_authlib_makes_is_taken(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = with_key(api.clock(), "RS256")
    monkeypatch.setattr("time.time", lambda: api.clock().timestamp())
    signed = private_key_jwt_sign(
        oauth.pem("RS256"),
        partner.id,
        TOKEN_ENDPOINT,
        alg="RS256",
        header={"kid": "RS256-1"},
        expires_at=int(api.clock().timestamp()) + 300,  # by default it is an hour
    )
    assert ask(ASK | asserted(signed)).status == 200


def test_a_secret_in_the_form_is_for_clients_that_are_registered_so(api: Api) -> None:
    partner = registered(api.clock(), auth_method=AuthMethod.CLIENT_SECRET_POST)
    form = ASK | {"client_id": partner.id, "client_secret": partner.secret or ""}
    assert ask(form).status == 200
    assert ask(ASK, headers=partner.basic).status == 401


def test_what_is_asked_for_narrows_what_is_given(api: Api) -> None:
    partner = registered(api.clock(), scopes=("orders:read", "catalog:write"))
    assert credentials(partner).json["scope"] == "orders:read catalog:write"
    assert credentials(partner, scope="catalog:write").json["scope"] == "catalog:write"


def test_a_code_gives_tokens_of_its_user_for_the_scopes_that_were_agreed_to(api: Api) -> None:
    partner, user_id = registered(api.clock()), user(api)
    reply = exchange(partner, agreed(api.clock(), partner, user_id))
    assert set(reply.json) == {
        *("access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token")
    }
    claims = claims_of(api, reply.json["access_token"])
    assert (claims["sub"], claims["client_id"]) == (user_id, partner.id)
    assert claims["scope"] == "openid email profile shop:buy"
    said = claims_of(api, reply.json["id_token"], audience=partner.id)
    assert said["sub"] == user_id
    assert said["nonce"] == "nonce-1"
    assert (said["acr"], said["amr"]) == ("aal1", ["pwd"])
    assert said["auth_time"] == int(api.clock().timestamp())
    assert jwt.get_unverified_header(reply.json["id_token"])["typ"] == "JWT"
    assert api.authorize(f"Bearer {reply.json['access_token']}")["principalId"] == user_id


def test_an_id_token_is_no_access_token(api: Api) -> None:
    given = tokens(api, registered(api.clock()))
    with pytest.raises(Exception, match="Unauthorized"):
        api.authorize(f"Bearer {given['id_token']}")


def test_a_user_of_a_client_has_no_routes_of_the_account(api: Api) -> None:
    """What may buy must not change the password, end sessions or close the account."""
    found = opened(api, tokens(api, registered(api.clock()))["access_token"])
    assert any(each.startswith("POST/orders") for each in found)
    assert not [each for each in found if "users" in each or "sessions" in each]
    assert any("users" in each for each in opened(api, api.sign_in().json["access_token"]))


def test_a_scope_that_the_user_does_not_hold_is_not_given(api: Api) -> None:
    partner = registered(api.clock())
    code = agreed(api.clock(), partner, user(api), scope="openid shop:buy orders:read")
    assert exchange(partner, code).json["scope"] == "openid shop:buy"


def test_without_openid_there_is_no_id_token_and_without_the_grant_no_refresh_token(
    api: Api,
) -> None:
    partner = registered(api.clock(), grant_types=(GrantType.AUTHORIZATION_CODE,))
    reply = exchange(partner, agreed(api.clock(), partner, user(api), scope="shop:buy"))
    assert set(reply.json) == {"access_token", "token_type", "expires_in", "scope"}


@pytest.mark.parametrize("make", [registered, public_client])
def test_a_refresh_token_rotates_for_its_client(api: Api, make: Any) -> None:
    partner = make(api.clock())
    first = tokens(api, partner)
    second = refresh(partner, first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    assert refresh(partner, second["refresh_token"], scope="openid").json["scope"] == "openid"


def test_a_refresh_may_narrow_and_widens_again_to_what_was_agreed(api: Api) -> None:
    partner = registered(api.clock())
    narrow = refresh(partner, tokens(api, partner)["refresh_token"], scope="shop:buy").json
    assert narrow["scope"] == "shop:buy"
    assert "id_token" not in narrow
    again = refresh(partner, narrow["refresh_token"]).json
    assert again["scope"] == "openid email profile shop:buy"


def test_a_confidential_client_may_repeat_a_refresh_from_anywhere(api: Api) -> None:
    partner = registered(api.clock())
    form = {"grant_type": "refresh_token", "refresh_token": tokens(api, partner)["refresh_token"]}
    replies = [
        ask(form, headers=partner.basic, source_ip=ip) for ip in ("192.0.2.1", "198.51.100.9")
    ]
    assert replies[0].json["refresh_token"] == replies[1].json["refresh_token"]


def userinfo(user_id: str, scope: str) -> Reply:
    return call(get_userinfo.handler, event("GET", "/userinfo", sub=user_id, scope=scope))


def test_userinfo_says_what_the_scopes_open(api: Api) -> None:
    user_id = user(api)
    assert userinfo(user_id, "openid").json == {"sub": user_id}
    mail = {"email": EMAIL, "email_verified": True}
    assert userinfo(user_id, "openid email").json == {"sub": user_id, **mail}
    about = {"name": "Ada", "locale": "en"}
    assert userinfo(user_id, "openid profile").json == {"sub": user_id, **about}
    assert userinfo(user_id, "shop:buy").status == 403


@pytest.mark.parametrize("of", ["access_token", "refresh_token"])
def test_a_revoked_token_ends_its_session_once(api: Api, of: str) -> None:
    partner = registered(api.clock())
    given = tokens(api, partner)
    for _ in range(2):
        assert revoke(partner, given[of]).status == 200
    assert refresh(partner, given["refresh_token"]).json["error"] == "invalid_grant"
    with pytest.raises(Exception, match="Unauthorized"):
        api.authorize(f"Bearer {given['access_token']}")
    assert introspect(partner, given["access_token"]).json == {"active": False}


def test_what_is_no_token_is_revoked_without_an_error(api: Api) -> None:
    assert revoke(registered(api.clock()), "nonsense").status == 200


def test_a_clients_own_token_ends_by_itself(api: Api) -> None:
    partner = registered(api.clock())
    reply = revoke(partner, credentials(partner).json["access_token"])
    assert (reply.status, reply.json["error"]) == (400, "unsupported_token_type")


def test_a_client_learns_what_its_tokens_are_worth(api: Api) -> None:
    partner = registered(api.clock())
    own, given = credentials(partner).json, tokens(api, partner)
    mine = introspect(partner, own["access_token"]).json
    assert (mine["active"], mine["sub"], mine["scope"]) == (True, partner.id, "orders:read")
    users = introspect(partner, given["access_token"]).json
    assert users["client_id"] == partner.id
    assert (users["token_type"], users["exp"] - users["iat"]) == ("Bearer", 600)
    again = introspect(partner, given["refresh_token"]).json
    assert again["active"]
    assert "token_type" not in again
    api.clock.advance(seconds=700)
    assert introspect(partner, given["access_token"]).json == {"active": False}


@pytest.mark.parametrize("module", [openid_configuration, oauth_metadata])
def test_the_provider_describes_itself(api: Api, module: Any) -> None:
    reply = call(module.handler, event("GET", module.ROUTE.path, sub=None))
    assert reply.json["issuer"] == ISSUER
    assert reply.json["token_endpoint"] == TOKEN_ENDPOINT
    assert reply.json["token_endpoint"].removeprefix(ISSUER) == create_token.ROUTE.path
    assert reply.json["code_challenge_methods_supported"] == ["S256"]
    same = {"If-None-Match": reply.headers["ETag"]}
    assert call(module.handler, event("GET", "/", sub=None, headers=same)).status == 304


def test_another_secret_is_the_only_one_from_then_on(api: Api) -> None:
    partner = registered(api.clock())
    made = rotate_secret(partner.id, OAuthClientRepository())
    assert made is not None
    assert credentials(partner).json["error"] == "invalid_client"
    assert credentials(oauth.Partner(made.client, made.secret)).status == 200


def test_a_disabled_client_gets_nothing_and_its_tokens_count_no_more(api: Api) -> None:
    partner = registered(api.clock())
    own, given = credentials(partner).json, tokens(api, partner)
    disable_client(partner.id, OAuthClientRepository(), now=api.clock())
    for token in (own["access_token"], given["access_token"]):
        with pytest.raises(Exception, match="Unauthorized"):
            api.authorize(f"Bearer {token}")
    replies = [credentials(partner), refresh(partner, given["refresh_token"])]
    assert [reply.json["error"] for reply in replies] == ["invalid_client"] * 2
    assert api.sign_in().status == 201, "who is signed in to the shop itself stays so"


def test_no_row_and_no_line_holds_a_secret_a_code_or_a_token(api: Api, log: Any) -> None:
    partner, key_client = registered(api.clock()), with_key(api.clock(), "ES256")
    signed = assertion(key_client, api.clock())
    ask(ASK | asserted(signed))
    code = agreed(api.clock(), partner, user(api))
    given = exchange(partner, code).json
    refresh(partner, given["refresh_token"])
    introspect(partner, given["access_token"])
    exchange(partner, code)
    seen = f"{rows('')}{log.getvalue()}{json.dumps(rows('CLIENT#'), default=str)}"
    issued = [given[name] for name in ("access_token", "refresh_token", "id_token")]
    for secret in (partner.secret, signed, code, *issued):
        assert secret not in seen
