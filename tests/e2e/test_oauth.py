"""Software of others against our provider, over HTTP: what it finds by itself, and what it gets."""

import json
import re
import secrets
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import jwt
import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from tests.e2e.platform import Platform
from tests.support.oauth_clients import form_of, private_key, public_jwk
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


REDIRECT = "http://127.0.0.1/back"
USERS = ("--grant", "authorization_code", "--grant", "refresh_token", "--redirect", REDIRECT)
SCOPES = ("openid", "email", "shop:buy")


class Browser:
    """Somebody who follows links, fills in forms, and is sent back to the client."""

    def __init__(self, email: str, password: str) -> None:
        self.secret = {"email": email, "password": password}
        self.session = requests.Session()
        self.cookie = ""

    def agree(self, url: str) -> str:
        """Sign in and agree; the address at which the client gets the answer."""
        page = self._seen(self.session.get(url, timeout=60))
        page = self._submit(page, self.secret)
        answer = self._submit(page, {})
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def _submit(self, page: requests.Response, fields: dict[str, str]) -> requests.Response:
        assert page.status_code == 200, page.text
        [target] = re.findall('action="([a-z]+)"', page.text)
        form = {"form": form_of(page.text), "decision": "allow", **fields}
        return self._seen(
            self.session.post(
                urljoin(page.url, target),
                form,
                headers={"Cookie": self.cookie},
                allow_redirects=False,
                timeout=60,
            )
        )

    def _seen(self, answer: requests.Response) -> requests.Response:
        """The cookie is for TLS: to browsers this machine is as good, to this library not."""
        self.cookie = answer.headers.get("Set-Cookie", self.cookie).partition(";")[0]
        return answer


def scopes(*names: str) -> tuple[str, ...]:
    return tuple(word for name in names for word in ("--scope", name))


def test_a_client_of_authlib_acts_for_who_agreed(
    operator: Operator, shop: ShopClient, metadata: dict[str, Any], skus: list[str]
) -> None:
    email, password = f"{uuid.uuid4().hex}@example.com", "a long sentence is best"
    user_id = shop.join(email, password)
    client_id, secret = add(operator, *USERS, *scopes(*SCOPES))
    session = OAuth2Session(
        client_id, secret, scope=" ".join(SCOPES), redirect_uri=REDIRECT,
        code_challenge_method="S256",
    )  # fmt: skip
    verifier = secrets.token_urlsafe(48)
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce="nonce-1"
    )
    back = Browser(email, password).agree(url)
    token = session.fetch_token(
        metadata["token_endpoint"],
        authorization_response=back,
        state=state,
        code_verifier=verifier,
    )
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token["id_token"])
    said = jwt.decode(
        token["id_token"], key.key, ["ES256"], audience=client_id, issuer=metadata["issuer"]
    )
    assert (said["sub"], said["nonce"]) == (user_id, "nonce-1")
    seen = requests.get(
        metadata["userinfo_endpoint"],
        headers={"Authorization": f"Bearer {token['access_token']}"},
        timeout=60,
    ).json()
    assert seen == {"sub": user_id, "email": email, "email_verified": True}
    client = ShopClient(shop.api_url, token["access_token"])
    assert client.order({skus[17]: 1}).status == 201
    for method, path in (("GET", "/users/me"), ("DELETE", "/sessions"), ("GET", "/orders")):
        expected = 200 if path == "/orders" else 403
        assert client.send(method, path).status == expected, path
    again = requests.post(
        metadata["token_endpoint"],
        {
            "grant_type": "authorization_code",
            "code": dict(parse_qsl(urlsplit(back).query))["code"],
            "redirect_uri": REDIRECT,
            "code_verifier": verifier,
        },
        auth=(client_id, secret),
        timeout=60,
    )
    assert again.json()["error"] == "invalid_grant"
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.refresh_token(metadata["token_endpoint"], token["refresh_token"])


@pytest.mark.parametrize("public", [False, True])
def test_openid_client_comes_through_by_what_it_discovers(
    operator: Operator, shop: ShopClient, metadata: dict[str, Any], *, public: bool
) -> None:
    email, password = f"{uuid.uuid4().hex}@example.com", "a long sentence is best"
    user_id = shop.join(email, password)
    method = ("--auth", "none") if public else ()
    client_id, secret = add(operator, *USERS, *method, *scopes(*SCOPES))
    redirect = REDIRECT.replace("127.0.0.1", "127.0.0.1:49152")
    command = [str(ROOT / ".venv/bin/node"), str(Path(__file__).with_name("openid_client.mjs"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as client:
        told, heard, wrong = client.stdin, client.stdout, client.stderr
        assert told is not None
        assert heard is not None
        assert wrong is not None

        def tell(**said: Any) -> Any:
            print(json.dumps(said), file=told, flush=True)
            answer = heard.readline()
            assert answer, wrong.read()
            return json.loads(answer)

        url = tell(
            issuer=metadata["issuer"],
            clientId=client_id,
            secret=None if public else secret,
            redirect=redirect,
            scope=" ".join(SCOPES),
        )["url"]
        found = tell(back=Browser(email, password).agree(url))
    assert found == {
        "sub": user_id,
        "user": {"sub": user_id, "email": email, "email_verified": True},
        "scope": "openid email shop:buy",
        "after": "invalid_grant",
    }


def test_the_metadata_is_as_rfc_8414_has_it(metadata: dict[str, Any]) -> None:
    """As authlib reads it, but for the scheme: this provider is on this machine."""
    secure = {
        name: value.replace("http:", "https:") if isinstance(value, str) else value
        for name, value in metadata.items()
    }
    AuthorizationServerMetadata(secure).validate()
