"""What is an access token of ours, and what is not."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwk

from identity.domain.access_token import ACCESS_TTL_S
from identity.domain.authentication import Authentication, Level, Method
from identity.domain.session import LIFETIME, TokenFamily
from identity.domain.token_keys import PublicKey
from identity.domain.user import Role, Status, User
from identity.service.verify_access_token import LEEWAY_S, InvalidToken, Verified, Verifier
from shop.text import base64url
from tests.unit.identity.fakes import AUDIENCE, ISSUER, ISSUES, NOW, SIGNER, LocalSigner

VERIFIER = Verifier(ISSUER, AUDIENCE, key_of={SIGNER.kid: SIGNER.public}.get)
ADMIN = User("usr_1", Role.ADMIN, Status.ACTIVE, "a" * 64, b"sealed", "hash", NOW)
SESSION = TokenFamily("ses_1", "usr_1", "digest", created=NOW, rotated=NOW, ends=NOW + LIFETIME)
TOKEN = ISSUES.issue(ADMIN, SESSION, now=NOW).text
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": SIGNER.kid}


def part(data: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(data + "=="))


CLAIMS: dict[str, Any] = part(TOKEN.split(".")[1])


def encoded(value: Any) -> str:
    return base64url(json.dumps(value).encode())


def signed(header: dict[str, Any], claims: Any, signer: LocalSigner = SIGNER) -> str:
    """A token with any header and claims, rightly signed."""
    message = f"{encoded(header)}.{encoded(claims)}"
    return f"{message}.{base64url(signer.sign(message.encode()))}"


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


def test_our_token_is_verified() -> None:
    found = VERIFIER.verify(TOKEN, now=NOW)
    assert found == Verified(
        sub="usr_1",
        sid="ses_1",
        scope="catalog:write inventory:write orders:read orders:write payments:write",
        role="admin",
        exp=int(NOW.timestamp()) + 600,
        client_id="cartwright",
        acr="aal1",
        auth_time=int(NOW.timestamp()),
        jti=CLAIMS["jti"],
        iat=CLAIMS["iat"],
    )
    assert not found.is_of_client


CLIENT = "cli_use1_" + "0" * 26
OF_CLIENT = {name: CLAIMS[name] for name in ("iss", "aud", "iat", "exp", "jti", "scope")}


def test_a_clients_own_token_has_no_session() -> None:
    issued = ISSUES.issue_to_client(CLIENT, "orders:read", now=NOW).text
    found = VERIFIER.verify(issued, now=NOW)
    assert isinstance(found, Verified)
    assert found.is_of_client
    assert (found.sub, found.sid, found.role, found.acr) == (CLIENT, "", "", "")


@pytest.mark.parametrize("subject", ["usr_1", "cartwright", f"{CLIENT}x"])
def test_only_a_clients_own_token_may_lack_a_session(subject: str) -> None:
    """Not one that names another subject, or one that is no client, as its client."""
    for client_id in (subject, CLIENT):
        claims = {**OF_CLIENT, "sub": subject, "client_id": client_id}
        found = VERIFIER.verify(signed(HEADER, claims), now=NOW)
        assert found == InvalidToken("wrong_claim")


def test_our_token_has_the_claims_of_rfc_9068_and_no_personal_data() -> None:
    assert part(TOKEN.split(".")[0]) == HEADER
    assert set(CLAIMS) == {
        *("iss", "aud", "sub", "iat", "exp", "jti", "sid", "scope", "role", "client_id"),
        *("acr", "amr", "auth_time"),
    }


def test_a_token_says_how_and_when_its_user_was_proved() -> None:
    proof = Authentication(Level.TWO_FACTORS, (Method.PASSWORD,), NOW - timedelta(minutes=9))
    text = ISSUES.issue(ADMIN, replace(SESSION, proof=proof), now=NOW).text
    claims = part(text.split(".")[1])
    assert (claims["acr"], claims["amr"]) == ("aal2", ["pwd"])
    assert claims["auth_time"] == int(NOW.timestamp()) - 9 * 60


def test_a_client_has_the_scopes_that_it_was_given_and_its_user_still_holds() -> None:
    given = replace(SESSION, client_id="erp", scope="orders:read finance:read")
    claims = part(ISSUES.issue(ADMIN, given, now=NOW).text.split(".")[1])
    assert (claims["client_id"], claims["scope"]) == ("erp", "orders:read")


def test_every_token_has_an_id_of_its_own() -> None:
    other = ISSUES.issue(ADMIN, SESSION, now=NOW).text
    assert part(other.split(".")[1])["jti"] != CLAIMS["jti"]


def test_another_type_spelled_in_full_is_the_same_type() -> None:
    full = signed(HEADER | {"typ": "application/at+jwt"}, CLAIMS)
    assert isinstance(VERIFIER.verify(full, now=NOW), Verified)


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS256", "ES384", "ES256K", "", None, 1])
def test_no_other_algorithm_is_accepted(alg: object) -> None:
    assert isinstance(VERIFIER.verify(signed(HEADER | {"alg": alg}, CLAIMS), now=NOW), InvalidToken)


def test_an_unsigned_token_is_refused() -> None:
    unsigned = f"{encoded(HEADER | {'alg': 'none'})}.{encoded(CLAIMS)}."
    assert isinstance(VERIFIER.verify(unsigned, now=NOW), InvalidToken)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_the_public_key_as_hmac_secret_signs_nothing(encoding: Encoding) -> None:
    public = SIGNER.private.public_key()
    secret = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    message = f"{encoded(HEADER | {'alg': 'HS256'})}.{encoded(CLAIMS)}"
    mac = hmac.new(secret, message.encode(), hashlib.sha256).digest()
    forged = f"{message}.{base64url(mac)}"
    assert isinstance(VERIFIER.verify(forged, now=NOW), InvalidToken)


@pytest.mark.parametrize(
    "header",
    [
        {key: value for key, value in HEADER.items() if key != "kid"},
        {key: value for key, value in HEADER.items() if key != "typ"},
        {key: value for key, value in HEADER.items() if key != "alg"},
        HEADER | {"kid": "another"},
        HEADER | {"kid": None},
        HEADER | {"typ": "JWT"},
        HEADER | {"crit": ["exp"]},
        HEADER | {"b64": False, "crit": ["b64"]},
    ],
)
def test_a_header_that_is_not_ours_is_refused(header: dict[str, Any]) -> None:
    assert isinstance(VERIFIER.verify(signed(header, CLAIMS), now=NOW), InvalidToken)


def test_a_key_that_the_token_brings_is_not_used() -> None:
    stranger = LocalSigner()
    header = HEADER | {"jwk": stranger.public.jwk()}
    assert isinstance(VERIFIER.verify(signed(header, CLAIMS, stranger), now=NOW), InvalidToken)


@pytest.mark.parametrize(
    "claims",
    [
        CLAIMS | {"iss": "https://other.test"},
        CLAIMS | {"iss": [ISSUER]},
        CLAIMS | {"acr": 2},
        CLAIMS | {"auth_time": "now"},
        CLAIMS | {"aud": "another-api"},
        CLAIMS | {"aud": []},
        CLAIMS | {"exp": "never"},
        CLAIMS | {"exp": float("nan")},
        CLAIMS | {"nbf": int(NOW.timestamp()) + LEEWAY_S + 1},
        CLAIMS | {"iat": int(NOW.timestamp()) + LEEWAY_S + 1},
        CLAIMS | {"sub": 1},
        CLAIMS | {"scope": ["ops"]},
        *(without(name) for name in sorted(CLAIMS.keys() - {"amr"})),
        [],
        "text",
        None,
    ],
)
def test_claims_that_are_wrong_or_missing_are_refused(claims: Any) -> None:
    assert isinstance(VERIFIER.verify(signed(HEADER, claims), now=NOW), InvalidToken)


def test_a_token_ends_when_it_says_give_or_take_the_leeway() -> None:
    end = NOW + timedelta(seconds=ACCESS_TTL_S)
    assert isinstance(VERIFIER.verify(TOKEN, now=end), Verified)
    late = end + timedelta(seconds=LEEWAY_S)
    assert VERIFIER.verify(TOKEN, now=late) == InvalidToken("ExpiredTokenError")


def test_a_clock_that_is_a_little_behind_does_not_refuse_new_tokens() -> None:
    behind = NOW - timedelta(seconds=LEEWAY_S)
    assert isinstance(VERIFIER.verify(TOKEN, now=behind), Verified)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_tampered_part_is_refused(position: int) -> None:
    parts = TOKEN.split(".")
    middle = len(parts[position]) // 2
    swapped = "A" if parts[position][middle] != "A" else "B"
    parts[position] = parts[position][:middle] + swapped + parts[position][middle + 1 :]
    assert isinstance(VERIFIER.verify(".".join(parts), now=NOW), InvalidToken)


def test_every_truncation_is_refused() -> None:
    for length in range(len(TOKEN)):
        assert isinstance(VERIFIER.verify(TOKEN[:length], now=NOW), InvalidToken), length


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "...", "a.b.c", "a.b.c.d.e", "é.é.é", f"{TOKEN}.x", f"{TOKEN}x", "x" * 5000],
)
def test_noise_is_refused(text: str) -> None:
    assert isinstance(VERIFIER.verify(text, now=NOW), InvalidToken)


def test_deep_nesting_is_refused_and_not_a_fault() -> None:
    deep = base64url(b"[" * 2900)
    assert isinstance(VERIFIER.verify(f"{deep}.e30.AA", now=NOW), InvalidToken)


def test_a_key_that_cannot_be_had_is_a_fault_and_not_a_refusal() -> None:
    def fails(_kid: str) -> PublicKey:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        Verifier(ISSUER, AUDIENCE, key_of=fails).verify(TOKEN, now=NOW)


def test_a_key_is_named_by_its_thumbprint() -> None:
    key = jwk.ECKey.import_key({k: v for k, v in SIGNER.public.jwk().items() if k != "kid"})
    assert SIGNER.kid == key.thumbprint()
