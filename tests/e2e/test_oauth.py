"""Software of others against our provider, over HTTP: what it finds by itself, and what it gets."""

import json
import re
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from tests.e2e.platform import Platform
from tests.support.oauth_clients import private_key, public_jwk
from tests.support.operators import Operator
from tests.support.shop_client import ShopClient

ROOT = Path(__file__).parents[2]
LEAKED = re.compile(r"## A client's secret leaked\n(.*?)\n## ", re.DOTALL)
ITSELF = ("--grant", "client_credentials")


@pytest.fixture(scope="module")
def metadata(platform: Platform) -> dict[str, Any]:
    """By its address alone, as a client finds it."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("openid-configuration", "oauth-authorization-server"):
        answer = requests.get(f"{platform.api_url}/.well-known/{name}", timeout=30)
        found[name] = answer.json()
        assert answer.status_code == 200
        assert found[name]["issuer"] == platform.api_url
    assert found["openid-configuration"] == found["oauth-authorization-server"]
    return found["openid-configuration"]


def add(operator: Operator, *words: str) -> tuple[str, str]:
    """A client and its secret, by the operator's command."""
    done = operator.run("clients", "add", "Warehouse", *words, "--json")
    return json.loads(done.stdout)["client_id"], done.stderr.strip().rpartition(" ")[2]


def test_a_client_of_authlib_gets_a_token_that_pyjwt_verifies_and_that_opens_its_routes(
    operator: Operator, shop: ShopClient, metadata: dict[str, Any]
) -> None:
    client_id, secret = add(operator, *ITSELF, "--scope", "finance:read")
    session = OAuth2Session(client_id, secret, scope="finance:read")
    token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token["access_token"])
    claims = jwt.decode(
        token["access_token"],
        key.key,
        algorithms=metadata["id_token_signing_alg_values_supported"],
        audience="cartwright-api",
        issuer=metadata["issuer"],
    )
    assert claims["sub"] == client_id
    client = ShopClient(shop.api_url, token["access_token"])
    assert client.send("GET", "/ledger/accounts").status == 200
    for path in ("/orders", "/users/me", "/sessions", "/userinfo", "/ops/invariants"):
        assert client.send("GET", path).status == 403, path
    looked = session.introspect_token(
        metadata["introspection_endpoint"], token=token["access_token"]
    ).json()
    assert looked["active"]


def test_a_client_that_signs_what_it_says_needs_no_secret(
    operator: Operator, metadata: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [public_jwk("ES256")]}))
    client_id, _ = add(
        operator,
        *(*ITSELF, "--scope", "orders:read", "--auth", "private_key_jwt", "--keys", str(file)),
    )
    claims = {"iss": client_id, "sub": client_id, "aud": metadata["issuer"], "jti": "only once"}
    signed = jwt.encode(
        {**claims, "exp": int(time.time()) + 60}, private_key("ES256"), "ES256", {"kid": "ES256-1"}
    )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed,
    }
    answers = [requests.post(metadata["token_endpoint"], form, timeout=30) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[1].json()["error"] == "invalid_client"


def test_each_command_of_the_runbook_for_a_secret_that_leaked(
    operator: Operator, metadata: dict[str, Any]
) -> None:
    found = LEAKED.search((ROOT / "docs" / "runbook.md").read_text())
    assert found is not None
    commands = re.findall(r"^ {7}shopctl (.+)$", found[1], re.MULTILINE)
    assert [" ".join(command.split()[:2]) for command in commands] == [
        "clients list",
        "clients show",
        "clients rotate-secret",
        "clients disable",
    ]
    client_id, secret = add(operator, *ITSELF, "--scope", "orders:read")
    for command in commands:
        done = operator.run(*command.replace("CLIENT_ID", client_id).split())
        assert client_id in done.stdout
        assert secret not in done.stdout + done.stderr
        other = done.stderr.strip().rpartition(" ")[2]
        if command.startswith("clients rotate-secret"):
            for each, status in ((secret, 401), (other, 200)):
                answer = requests.post(
                    metadata["token_endpoint"],
                    {"grant_type": "client_credentials"},
                    auth=(client_id, each),
                    timeout=30,
                )
                assert answer.status_code == status
    assert "disabled" in operator.run("clients", "list").stdout
