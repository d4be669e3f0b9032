"""What an attacker tries at the token endpoint: it is refused, and nothing changed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from identity.api import create_token, introspect_token, revoke_token
from identity.domain.authorization_code import LIFETIME
from identity.domain.oauth_client import WRONG_SECRETS, GrantType
from tests.integration.identity.conftest import Api, rows
from tests.support import dynamodb
from tests.support import oauth_clients as oauth
from tests.support.gateway import Reply
from tests.support.oauth_clients import (
    ISSUER,
    OTHER_VERIFIER,
    VERIFIER,
    Partner,
    agreed,
    ask,
    asserted,
    assertion,
    basic,
    credentials,
    exchange,
    introspect,
    post,
    public_client,
    refresh,
    registered,
    revoke,
    with_key,
)

ASK = {"grant_type": "client_credentials"}
REFUSED = (401, "invalid_client")


def said(reply: Reply) -> tuple[int, str]:
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert set(reply.json) == {"error", "error_description"}
    return reply.status, reply.json["error"]


def kept() -> list[dict[str, Any]]:
    """All rows but counters of failures, which every attempt may raise."""
    found = [row for row in dynamodb.rows("identity") if not str(row["pk"]).startswith("FAIL#")]
    return sorted(found, key=lambda row: (row["pk"], row["sk"]))


def unchanged(attack: Callable[[], Reply]) -> tuple[int, str]:
    """What the attack is answered; it must leave every row as it was."""
    before = kept()
    answer = said(attack())
    assert kept() == before
    return answer


def user(api: Api) -> str:
    user_id: str = api.register().json["user_id"]
    return user_id


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(partner: Partner, api: Api, header: dict[str, Any], key: bytes | None) -> str:
    """An assertion with the claims of a good one; signed by HS256, or by nothing."""
    good = assertion(partner, api.clock())
    message = f"{segment(header)}.{good.split('.')[1]}"
    signature = hmac.digest(key, message.encode(), "sha256") if key else b""
    return f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


# Clients that are not proved.


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", ""])
def test_an_assertion_that_nobody_signed_is_refused(api: Api, alg: str) -> None:
    partner = with_key(api.clock(), "ES256")
    text = forged(partner, api, {"alg": alg, "kid": "ES256-1"}, None)
    assert unchanged(lambda: ask(ASK | asserted(text))) == REFUSED


def test_a_public_key_is_no_secret_to_sign_by(api: Api) -> None:
    for algorithm in ("ES256", "RS256"):
        partner = with_key(api.clock(), algorithm)
        public = oauth.private_key(algorithm).public_key()
        for key in oauth.public_forms(public), [json.dumps(partner.client.keys[0]).encode()]:
            for each in key:
                header = {"alg": "HS256", "kid": f"{algorithm}-1"}
                text = forged(partner, api, header, each)
                assert unchanged(partial(ask, ASK | asserted(text))) == REFUSED


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://another.test"},
        {"aud": [ISSUER, "https://another.test"]},
        {"aud": None},
        {"aud": []},
        {"iss": "cli_use1_" + "0" * 26},
        {"iss": None},
        {"jti": None},
        {"jti": ""},
        {"jti": "j" * 256},
        {"jti": 7},
        {"exp": None},
        {"exp": 1e300},
        {"exp": "soon"},
        {"exp": True},
    ],
)
def test_an_assertion_that_says_something_else_is_refused(api: Api, claims: Any) -> None:
    partner = with_key(api.clock(), "ES256")
    text = assertion(partner, api.clock(), **claims)
    assert unchanged(lambda: ask(ASK | asserted(text))) == REFUSED


@pytest.mark.parametrize(("claim", "after"), [("exp", -6), ("exp", 400), ("iat", 60), ("nbf", 60)])
def test_an_assertion_for_another_time_is_refused(api: Api, claim: str, after: int) -> None:
    partner = with_key(api.clock(), "ES256")
    at = int(api.clock().timestamp()) + after
    claims: dict[str, Any] = {claim: at}
    text = assertion(partner, api.clock(), **claims)
    assert unchanged(lambda: ask(ASK | asserted(text))) == REFUSED


def test_an_assertion_counts_once(api: Api) -> None:
    partner = with_key(api.clock(), "ES256")
    text = assertion(partner, api.clock())
    assert ask(ASK | asserted(text)).status == 200
    assert unchanged(lambda: ask(ASK | asserted(text))) == REFUSED


def test_a_jti_counts_once_whatever_else_the_assertion_says(api: Api) -> None:
    partner, other = with_key(api.clock(), "ES256"), with_key(api.clock(), "ES256")
    assert ask(ASK | asserted(assertion(partner, api.clock(), jti="one"))).status == 200
    again = assertion(partner, api.clock(), jti="one", exp=int(api.clock().timestamp()) + 120)
    assert unchanged(lambda: ask(ASK | asserted(again))) == REFUSED
    theirs = assertion(other, api.clock(), jti="one")
    assert ask(ASK | asserted(theirs)).status == 200, "it is another client's own"


def test_keys_that_an_assertion_brings_along_are_not_looked_at(api: Api) -> None:
    partner = with_key(api.clock(), "ES256")
    mine = oauth.private_key("ES256", 2)
    for header in (
        {"jwk": oauth.public_jwk("ES256", 2)},
        {"jku": "https://evil.test/keys"},
        {"kid": "ES256-2"},
        {"kid": "../../etc"},
        {},
    ):
        text = assertion(partner, api.clock(), key=mine, headers=header)
        assert unchanged(partial(ask, ASK | asserted(text))) == REFUSED


def test_an_assertion_of_another_client_or_method_is_refused(api: Api) -> None:
    partner, by_secret = with_key(api.clock(), "ES256"), registered(api.clock())
    stolen = assertion(partner, api.clock(), iss=by_secret.id, sub=by_secret.id)
    assert unchanged(lambda: ask(ASK | asserted(stolen))) == REFUSED
    wrong_type = asserted(assertion(partner, api.clock())) | {"client_assertion_type": "saml"}
    assert unchanged(lambda: ask(ASK | wrong_type)) == REFUSED
    named = asserted(assertion(partner, api.clock())) | {"client_id": by_secret.id}
    assert unchanged(lambda: ask(ASK | named)) == (400, "invalid_request")


def test_a_client_proves_itself_in_one_way(api: Api) -> None:
    partner = registered(api.clock())
    both = ASK | {"client_id": partner.id, "client_secret": partner.secret or ""}
    twice = unchanged(lambda: ask(both, headers=partner.basic))
    assert twice == (400, "invalid_request")


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !",
        "Basic Y2xp",
        "Bearer x",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        basic("cli_use1_" + "0" * 26, "secret")["Authorization"],
        basic("CLIENTS", "secret")["Authorization"],
        basic("x#y", "")["Authorization"],
    ],
)
def test_nonsense_in_the_header_is_no_client(api: Api, header: str) -> None:
    reply = ask(ASK, headers={"Authorization": header})
    assert said(reply) == REFUSED
    assert reply.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_name_alone_proves_no_confidential_client(api: Api) -> None:
    partner, key_client = registered(api.clock()), with_key(api.clock(), "ES256")
    for client_id in (partner.id, key_client.id):
        assert unchanged(partial(ask, ASK | {"client_id": client_id})) == REFUSED
        secret = {"client_id": client_id, "client_secret": ""}
        assert unchanged(partial(ask, ASK | secret)) == REFUSED


def test_a_public_client_is_nothing_by_itself_and_has_no_secret(api: Api) -> None:
    partner = public_client(api.clock())
    mine = {"client_id": partner.id}
    assert unchanged(lambda: ask(ASK | mine)) == (400, "unauthorized_client")
    assert unchanged(lambda: ask(ASK, headers=basic(partner.id, ""))) == REFUSED
    looked = post(introspect_token, {"token": "x"} | mine)
    assert said(looked) == REFUSED


def test_wrong_secrets_shut_out_the_network_that_sends_them_and_nobody_else(api: Api) -> None:
    partner = registered(api.clock())
    wrong = basic(partner.id, "wrong")
    guessed = [said(ask(ASK, headers=wrong)) for _ in range(WRONG_SECRETS.times + 1)]
    assert guessed[:-1] == [REFUSED] * WRONG_SECRETS.times
    assert guessed[-1] == (429, "temporarily_unavailable")
    refused = ask(ASK, headers=partner.basic)
    assert refused.status == 429, "a right guess tells nothing"
    assert int(refused.headers["Retry-After"]) > 0
    assert ask(ASK, headers=partner.basic, source_ip="203.0.113.5").status == 200
    other = registered(api.clock())
    assert ask(ASK, headers=other.basic).status == 200
    api.clock.at += WRONG_SECRETS.window
    assert ask(ASK, headers=partner.basic).status == 200


def test_a_disabled_client_is_told_no_more_than_a_stranger(api: Api) -> None:
    partner = registered(api.clock(), disabled=api.clock())
    stranger = ask(ASK, headers=basic("cli_use1_" + "0" * 26, "x"))
    mine = credentials(partner)
    assert (said(mine), mine.text) == (REFUSED, stranger.text)


# What is asked for.


@pytest.mark.parametrize("scope", ["catalog:write", "shop:buy", "openid", "nonsense", "ops"])
def test_no_client_gets_for_itself_what_it_does_not_hold(api: Api, scope: str) -> None:
    """Nor what only a user holds, though it is registered for it."""
    partner = registered(api.clock())
    answer = unchanged(lambda: credentials(partner, scope=f"orders:read {scope}"))
    assert answer == (400, "invalid_scope")


@pytest.mark.parametrize("grant_type", ["password", "implicit", "urn:x", "CLIENT_CREDENTIALS"])
def test_there_are_no_other_grants(api: Api, grant_type: str) -> None:
    partner = registered(api.clock())
    form = {"grant_type": grant_type, "username": "a", "password": "b"}
    assert unchanged(lambda: ask(form, headers=partner.basic)) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("grant", GrantType)
def test_a_grant_that_is_not_registered_is_refused(api: Api, grant: GrantType) -> None:
    code_only = registered(api.clock(), grant_types=(GrantType.AUTHORIZATION_CODE,))
    own_only = registered(
        api.clock(), grant_types=(GrantType.CLIENT_CREDENTIALS,), redirect_uris=()
    )
    partner = own_only if grant is GrantType.AUTHORIZATION_CODE else code_only
    form = {
        "grant_type": grant.value,
        "code": "c",
        "redirect_uri": oauth.REDIRECT,
        "code_verifier": VERIFIER,
        "refresh_token": "r",
    }
    assert unchanged(lambda: ask(form, headers=partner.basic)) == (400, "unauthorized_client")


# Codes.


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": OTHER_VERIFIER},
        {"redirect_uri": f"{oauth.REDIRECT}/"},
        {"redirect_uri": f"{oauth.REDIRECT}?x=1"},
        {"redirect_uri": oauth.REDIRECT.upper()},
        {"redirect_uri": "https://evil.test/"},
        {"code": "another"},
        # The challenge itself, as who reads the request has it.
        {
            "code_verifier": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
            .rstrip(b"=")
            .decode()
        },
    ],
)
@pytest.mark.parametrize("make", [registered, public_client])
def test_a_code_is_for_who_asked_for_it(api: Api, make: Any, changed: dict[str, str]) -> None:
    partner = make(api.clock())
    code = agreed(api.clock(), partner, user(api))
    assert unchanged(lambda: exchange(partner, code, **changed)) == (400, "invalid_grant")
    assert exchange(partner, code).status == 200, "and stays theirs"


@pytest.mark.parametrize("missing", ["code", "redirect_uri", "code_verifier"])
def test_a_code_comes_with_its_verifier_and_redirect(api: Api, missing: str) -> None:
    partner = registered(api.clock())
    code = agreed(api.clock(), partner, user(api))
    assert unchanged(lambda: exchange(partner, code, **{missing: ""})) == (400, "invalid_request")


def test_a_challenge_in_clear_is_none(api: Api) -> None:
    """`plain` (RFC 7636, 4.2): the verifier is the challenge."""
    partner = registered(api.clock())
    code = agreed(api.clock(), partner, user(api), challenge=VERIFIER)
    assert unchanged(lambda: exchange(partner, code)) == (400, "invalid_grant")


def test_a_code_is_over_after_a_minute(api: Api) -> None:
    partner = registered(api.clock())
    code, other = (agreed(api.clock(), partner, each) for each in [user(api)] * 2)
    api.clock.at += LIFETIME - timedelta(seconds=1)
    assert exchange(partner, other).status == 200
    api.clock.advance(seconds=1)
    assert unchanged(lambda: exchange(partner, code)) == (400, "invalid_grant")


def test_a_code_of_another_client_is_none_used_or_not(api: Api) -> None:
    partner, thief = registered(api.clock()), registered(api.clock())
    code = agreed(api.clock(), partner, user(api))
    assert unchanged(lambda: exchange(thief, code)) == (400, "invalid_grant")
    given = exchange(partner, code).json
    assert unchanged(lambda: exchange(thief, code)) == (400, "invalid_grant")
    assert refresh(partner, given["refresh_token"]).status == 200


def test_a_code_that_comes_again_ends_what_it_began(api: Api) -> None:
    partner = registered(api.clock())
    code = agreed(api.clock(), partner, user(api))
    given = exchange(partner, code).json
    other = exchange(partner, agreed(api.clock(), partner, rows("EMAIL#")[0]["user_id"])).json
    assert said(exchange(partner, code)) == (400, "invalid_grant")
    assert said(refresh(partner, given["refresh_token"])) == (400, "invalid_grant")
    with pytest.raises(Exception, match="Unauthorized"):
        api.authorize(f"Bearer {given['access_token']}")
    assert unchanged(lambda: exchange(partner, code)) == (400, "invalid_grant")
    assert refresh(partner, other["refresh_token"]).status == 200, "and nothing else"


def test_a_code_dies_with_the_sessions_of_its_user(api: Api) -> None:
    partner, user_id = registered(api.clock()), user(api)
    code = agreed(api.clock(), partner, user_id)
    api.clock.advance(seconds=1)
    session = api.sign_in().json
    changed = api.change_password(
        "correct horse battery",
        "another long sentence",
        user_id=user_id,
        session_id=session["session_id"],
    )
    assert changed.status == 204
    assert unchanged(lambda: exchange(partner, code)) == (400, "invalid_grant")


# Refresh tokens.


def test_a_refresh_token_of_another_client_is_none(api: Api) -> None:
    """Not for a stranger with a secret of their own, not for one without, not for the shop."""
    partner, user_id = registered(api.clock()), user(api)
    token = exchange(partner, agreed(api.clock(), partner, user_id)).json["refresh_token"]
    for thief in (registered(api.clock()), public_client(api.clock())):
        assert unchanged(partial(refresh, thief, token)) == (400, "invalid_grant")
        assert unchanged(partial(revoke, thief, token)) == (400, "invalid_grant")
    before = kept()
    assert api.refresh(token).json["code"] == "invalid_refresh_token"
    assert kept() == before
    own = api.sign_in().json["refresh_token"]
    assert unchanged(lambda: refresh(partner, own)) == (400, "invalid_grant")
    assert unchanged(lambda: revoke(partner, own)) == (400, "invalid_grant")
    assert [refresh(partner, token).status, api.refresh(own).status] == [200, 200]


def test_a_refresh_does_not_widen_what_was_agreed_to(api: Api) -> None:
    partner = registered(api.clock())
    code = agreed(api.clock(), partner, user(api), scope="openid")
    token = exchange(partner, code).json["refresh_token"]
    for scope in ("openid shop:buy", "orders:read"):
        answer = unchanged(partial(refresh, partner, token, scope=scope))
        assert answer == (400, "invalid_scope")


def test_a_replaced_refresh_token_in_other_hands_ends_the_session(api: Api) -> None:
    partner = public_client(api.clock())
    first = exchange(partner, agreed(api.clock(), partner, user(api))).json["refresh_token"]
    second = refresh(partner, first).json["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": first, "client_id": partner.id}
    assert said(ask(form, source_ip="203.0.113.66")) == (400, "invalid_grant")
    assert said(refresh(partner, second)) == (400, "invalid_grant")


def test_of_the_tokens_of_others_a_client_learns_nothing(api: Api) -> None:
    partner, other = registered(api.clock()), registered(api.clock())
    given = exchange(partner, agreed(api.clock(), partner, user(api))).json
    session = api.sign_in().json
    foreign = [given["access_token"], given["refresh_token"]]
    for token in (*foreign, session["access_token"], session["refresh_token"], "nonsense"):
        assert introspect(other, token).json == {"active": False}
    for token in foreign:
        assert unchanged(partial(revoke, other, token)) == (400, "invalid_grant")


def test_an_id_alone_ends_no_session(api: Api) -> None:
    """A refresh token is its user, its family and a secret: who knows the first two has none."""
    partner = registered(api.clock())
    token = exchange(partner, agreed(api.clock(), partner, user(api))).json["refresh_token"]
    made_up = f"{token.rpartition('.')[0]}.{'x' * 43}"
    before = kept()
    assert revoke(partner, made_up).status == 200
    assert kept() == before
    assert introspect(partner, made_up).json == {"active": False}


# Forms.


@pytest.mark.parametrize("module", [create_token, revoke_token, introspect_token])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ([("grant_type", "x"), ("grant_type", "x"), ("token", "t")], 400),
        ([("client_id", "a"), ("client_id", "b"), ("grant_type", "x"), ("token", "t")], 400),
        ({}, 400),
        ({"grant_type": "x" * 20_000, "token": "t"}, 413),
    ],
)
def test_a_form_that_two_would_read_in_two_ways_is_refused(
    api: Api, module: Any, sent: Any, status: int
) -> None:
    assert said(post(module, sent)) == (status, "invalid_request")
