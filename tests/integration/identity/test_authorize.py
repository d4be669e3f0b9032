"""A user agrees that a client acts for them: pages, redirects, and what an attacker tries there."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from authlib.integrations.requests_client import OAuth2Session

from identity.api import authorize, authorize_consent, authorize_login, refresh_session
from identity.domain.authorization import PATIENCE
from identity.domain.oauth_client import GrantType
from identity.domain.sign_in_attempts import FROM_NETWORK
from identity.repository.oauth_clients import OAuthClientRepository
from identity.service import render_page
from identity.service.describe_provider import provider_metadata
from identity.service.register_client import disable_client
from shop import pages
from tests.integration.identity.conftest import EMAIL, OTHER, PASSWORD, Api, rows
from tests.support import oauth_clients as oauth
from tests.support.gateway import Reply, call, event
from tests.support.oauth_clients import ISSUER, REDIRECT, Partner, exchange, form_of, registered
from tests.support.oauth_clients import authorization_query as asked

CHALLENGE = "JBbiqONGWPaAmwXk_8bT6UnlPfrn65D32eZlJS-zGG0"


class Page(HTMLParser):
    """What is on a page, as a reader of screens finds it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def each(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@dataclass
class Browser:
    """Somebody at a browser: it keeps the cookie, and what the last page carries along."""

    cookie: str = ""
    form: str = ""
    source_ip: str = "198.51.100.20"

    def open(self, query: Mapping[str, str]) -> Reply:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        sent = event("GET", "/oauth2/authorize", query=dict(query), sub=None, headers=headers)
        return self._seen(call(authorize.handler, sent))

    def submit(self, module: Any, **fields: str) -> Reply:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        form = {"form": self.form, "decision": "allow"} | fields
        return self._seen(oauth.post(module, form, headers=headers, source_ip=self.source_ip))

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **fields: str) -> Reply:
        return self.submit(authorize_login, email=email, password=password, **fields)

    def agree(self, **fields: str) -> Reply:
        return self.submit(authorize_consent, **fields)

    def _seen(self, reply: Reply) -> Reply:
        if "Set-Cookie" in reply.headers:
            self.cookie = reply.headers["Set-Cookie"].partition(";")[0]
        self.form = form_of(reply.text) or self.form
        return reply


def answer(reply: Reply) -> dict[str, str]:
    """What the client is told, at its own address."""
    assert reply.status == 303
    where = urlsplit(reply.headers["Location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == REDIRECT
    return dict(parse_qsl(where.query))


def is_page(reply: Reply, status: int, title: str) -> None:
    """A page that leads nowhere else."""
    assert reply.status == status, reply.text
    assert f"<title>{title}</title>" in reply.text
    assert "Location" not in reply.headers
    assert reply.headers["Cache-Control"] == "no-store"


def agreed(browser: Browser, partner: Partner, **changes: str | None) -> dict[str, str]:
    """The whole way."""
    browser.open(asked(partner, **changes))
    browser.sign_in()
    return answer(browser.agree())


@pytest.fixture
def partner(api: Api) -> Partner:
    api.register()
    return registered(api.clock(), name="Partner & <Söhne>")


# What happens.


def test_who_signs_in_and_agrees_sends_the_client_a_code(api: Api, partner: Partner) -> None:
    browser = Browser()
    is_page(browser.open(asked(partner)), 200, "Sign in")
    assert rows("CODE#") == []
    is_page(browser.sign_in(), 200, "Agree")
    told = answer(browser.agree())
    assert set(told) == {"code", "state", "iss"}
    assert (told["state"], told["iss"]) == ("state-1", ISSUER)
    given = exchange(partner, told["code"])
    assert given.json["scope"] == "openid email shop:buy"
    assert told["code"] not in str(rows(""))
    [attempts] = {int(row["times"]) for row in rows("FAIL#")}
    assert attempts == 0, "a good attempt is taken back"


def test_a_client_without_a_state_is_bound_by_its_challenge(api: Api, partner: Partner) -> None:
    told = agreed(Browser(), partner, state=None)
    assert set(told) == {"code", "iss"}
    refused = exchange(partner, told["code"], code_verifier=oauth.OTHER_VERIFIER)
    assert refused.json["error"] == "invalid_grant"


@pytest.mark.parametrize("module", [authorize_login, authorize_consent])
def test_who_turns_back_sends_the_client_no_code(api: Api, partner: Partner, module: Any) -> None:
    browser = Browser()
    browser.open(asked(partner))
    if module is authorize_consent:
        browser.sign_in()
    told = answer(browser.submit(module, decision="deny"))
    assert (told["error"], told["state"], told["iss"]) == ("access_denied", "state-1", ISSUER)
    assert rows("CODE#") == []


def test_what_the_user_does_not_hold_is_not_asked_for(api: Api, partner: Partner) -> None:
    """Nor given: orders:read is for staff."""
    browser = Browser()
    browser.open(asked(partner, scope=None))
    page = browser.sign_in()
    assert render_page.WORDS["shop:buy"] in page.text
    assert render_page.WORDS["orders:read"] not in page.text
    code = answer(browser.agree())["code"]
    assert exchange(partner, code).json["scope"] == "openid email profile shop:buy"


def test_a_user_who_holds_nothing_of_it_is_not_asked(api: Api, partner: Partner) -> None:
    browser = Browser()
    browser.open(asked(partner, scope="orders:read"))
    assert answer(browser.sign_in())["error"] == "access_denied"
    [attempts] = {int(row["times"]) for row in rows("FAIL#")}
    assert attempts == 0


def test_an_app_gets_its_code_at_whatever_port_it_has(api: Api) -> None:
    api.register()
    app = oauth.public_client(api.clock(), redirect_uris=("http://127.0.0.1/back",))
    browser, here = Browser(), "http://127.0.0.1:49152/back"
    browser.open(asked(app, redirect_uri=here))
    browser.sign_in()
    sent = browser.agree().headers["Location"]
    assert sent.startswith(f"{here}?code=")


def test_several_pages_of_one_browser_do_not_disturb_each_other(api: Api, partner: Partner) -> None:
    browser = Browser()
    browser.open(asked(partner, state="first"))
    first = browser.form
    browser.open(asked(partner, state="second"))
    browser.form = first
    browser.sign_in()
    assert answer(browser.agree())["state"] == "first"


def test_authlib_comes_through_as_a_client(api: Api, partner: Partner) -> None:
    session = OAuth2Session(
        partner.id, partner.secret, redirect_uri=REDIRECT, scope="openid",
        code_challenge_method="S256",
    )  # fmt: skip
    endpoint = provider_metadata(ISSUER)["authorization_endpoint"]
    url, state = session.create_authorization_url(endpoint, code_verifier=oauth.VERIFIER)
    browser = Browser()
    browser.open(dict(parse_qsl(urlsplit(url).query)))
    browser.sign_in()
    sent = browser.agree().headers["Location"]
    assert session.parse_response_token is not None
    assert answer_of(sent)["state"] == state
    assert exchange(partner, answer_of(sent)["code"]).status == 200


def answer_of(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))


# What is on the pages.


def test_pages_run_nothing_load_nothing_and_are_nobodys_frame(api: Api, partner: Partner) -> None:
    browser = Browser()
    seen = [browser.open(asked(partner)), browser.sign_in(password="wrong"), browser.sign_in()]
    for reply in seen:
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self' https://partner.test;" in policy
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:"} & set(policy.split())
        assert reply.headers["X-Frame-Options"] == "DENY"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in reply.headers
        page = Page(reply.text)
        assert not {"script", "img", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
        assert not re.search(r"\son\w+=|style=", reply.text)
        [style] = re.findall("<style>(.*?)</style>", reply.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy


def test_pages_can_be_used_without_seeing_them(api: Api, partner: Partner) -> None:
    browser = Browser()
    seen = [browser.open(asked(partner)), browser.sign_in(password="wrong"), browser.sign_in()]
    for reply in seen:
        page = Page(reply.text)
        assert page.each("html")[0]["lang"] == "en"
        assert len(page.each("h1")) == len(page.each("main")) == len(page.each("title")) == 1
        labels = {label["for"] for label in page.each("label")}
        fields = [field for field in page.each("input") if field.get("type") != "hidden"]
        assert {field["id"] for field in fields} == labels
        assert all(field["autocomplete"] for field in fields)
    wrong = Page(seen[1].text)
    told = next(each["id"] for _, each in wrong.tags if each.get("role") == "alert")
    for field in wrong.each("input"):
        if field.get("type") != "hidden":
            assert (field["aria-invalid"], field["aria-describedby"]) == ("true", told)


def test_the_name_of_a_client_is_text(api: Api, partner: Partner) -> None:
    browser = Browser()
    for reply in (browser.open(asked(partner)), browser.sign_in()):
        assert "Partner &amp; &lt;Söhne&gt;" in reply.text


def test_every_scope_has_words(api: Api) -> None:
    assert set(render_page.WORDS) == set(provider_metadata(ISSUER)["scopes_supported"])


def test_the_cookie_is_of_this_host_alone_and_no_script_reads_it(
    api: Api, partner: Partner
) -> None:
    cookie = Browser().open(asked(partner)).headers["Set-Cookie"]
    assert cookie.startswith("__Host-browser=")
    assert set(cookie.split("; ")[1:]) == {
        *("Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=600")
    }


# What is refused.


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "https://evil.test/callback",
        f"{REDIRECT}/",
        f"{REDIRECT}?next=https://evil.test",
        f"{REDIRECT}#x",
        "https://partner.test@evil.test/callback",
        "https://partner.test.evil.test/callback",
        "http://partner.test/callback",
        "HTTPS://partner.test/callback",
        "https://partner.test:443/callback",
        "https://partner.test/callback/../evil",
        "https://partner.test\\@evil.test/callback",
        "//evil.test",
        "javascript:alert(1)",
        "http://127.0.0.1/callback",
    ],
)
def test_nobody_is_sent_where_the_client_is_not_registered(
    api: Api, partner: Partner, uri: str | None
) -> None:
    """Whatever else is wrong with the request."""
    for more in ({}, {"response_type": "token"}, {"code_challenge": None}, {"prompt": "none"}):
        reply = Browser().open(asked(partner, redirect_uri=uri, **more))
        is_page(reply, 400, "This link of an application does not work")
        assert "evil" not in reply.text


@pytest.mark.parametrize("client_id", [None, "", "cli_use1_" + "0" * 26, "CLIENTS", "x#y"])
def test_a_client_that_is_not_there_gets_nobody(
    api: Api, partner: Partner, client_id: str | None
) -> None:
    is_page(
        Browser().open(asked(partner, client_id=client_id)),
        400,
        "This link of an application does not work",
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "openid catalog:write"}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"request": "e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.test/r"}, "request_uri_not_supported"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_to_its_client(
    api: Api, partner: Partner, changes: dict[str, str | None], error: str
) -> None:
    told = answer(Browser().open(asked(partner, **changes)))
    assert (told["error"], told["state"], told["iss"]) == (error, "state-1", ISSUER)
    assert "code" not in told


def test_a_client_that_may_not_is_told_so(api: Api) -> None:
    grants = (GrantType.CLIENT_CREDENTIALS, GrantType.AUTHORIZATION_CODE)
    other = registered(api.clock(), grant_types=grants)
    assert Browser().open(asked(other)).status == 200
    disable_client(other.id, OAuthClientRepository(), now=api.clock())
    assert Browser().open(asked(other)).status == 400


@pytest.mark.parametrize("step", ["login", "consent"])
def test_a_form_counts_in_the_browser_that_began_alone(
    api: Api, partner: Partner, step: str
) -> None:
    """A page that a stranger began, or whose form is posted from elsewhere."""
    browser = Browser()
    browser.open(asked(partner))
    if step == "consent":
        browser.sign_in()
    for cookie in ("", "__Host-browser=" + "x" * 43, f"{browser.cookie}; {browser.cookie}"):
        other = Browser(cookie=cookie, form=browser.form)
        reply = other.sign_in() if step == "login" else other.agree()
        is_page(reply, 400, "This link of an application does not work")
    assert rows("CODE#") == []
    assert rows("FAIL#") == [] or step == "consent"


def test_what_a_page_carries_along_cannot_be_changed(api: Api, partner: Partner) -> None:
    browser = Browser()
    browser.open(asked(partner))
    encoded, _, signature = browser.form.partition(".")
    held = json.loads(base64.urlsafe_b64decode(encoded))
    [user_id] = {row["user_id"] for row in rows("EMAIL#")}
    proof = {"acr": "aal1", "amr": ["pwd"], "at": held["asked"]}
    for change in ({"redirect_uri": "https://evil.test/"}, {"user_id": user_id, **proof}):
        forged = base64.urlsafe_b64encode(json.dumps(held | change).encode()).decode()
        for form in (f"{forged}.{signature}", f"{forged}.", forged, f"{encoded}.{'0' * 64}"):
            other = Browser(cookie=browser.cookie, form=form)
            is_page(other.agree(), 400, "This link of an application does not work")
    assert rows("CODE#") == []


def test_nobody_agrees_before_they_have_signed_in(api: Api, partner: Partner) -> None:
    browser = Browser()
    browser.open(asked(partner))
    is_page(browser.agree(), 400, "This link of an application does not work")
    assert rows("CODE#") == []


def test_a_page_that_was_left_open_is_over(api: Api, partner: Partner) -> None:
    browser = Browser()
    browser.open(asked(partner))
    browser.sign_in()
    api.clock.at += PATIENCE
    is_page(browser.agree(), 400, "This link of an application does not work")


def test_who_does_not_know_the_password_is_asked_again_a_few_times(
    api: Api, partner: Partner
) -> None:
    browser = Browser()
    browser.open(asked(partner))
    replies = [browser.sign_in(password="wrong") for _ in range(FROM_NETWORK.times + 1)]
    for reply in replies[:-1]:
        is_page(reply, 401, "Sign in")
    is_page(replies[-1], 429, "Sign in")
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert browser.sign_in().status == 429, "a right guess tells nothing"
    unknown = Browser()
    unknown.open(asked(partner))
    known = replies[0].text.partition("<form")[0]
    assert unknown.sign_in(email="nobody@example.com").text.partition("<form")[0] == known
    for odd in ("", "not an address", "é" * 254, "@", "a@b@c"):
        assert unknown.sign_in(email=odd).status == 401


def test_who_was_signed_out_meanwhile_agrees_to_nothing(api: Api, partner: Partner) -> None:
    browser = Browser()
    browser.open(asked(partner))
    browser.sign_in()
    api.clock.advance(seconds=1)
    session = api.sign_in().json
    caller = {"user_id": session["user_id"], "session_id": session["session_id"]}
    assert api.change_password(PASSWORD, OTHER, **caller).status == 204
    is_page(browser.agree(), 400, "This link of an application does not work")
    assert rows("CODE#") == []


def test_no_page_and_no_line_shows_what_was_typed(api: Api, partner: Partner, log: Any) -> None:
    browser = Browser()
    browser.open(asked(partner))
    seen = [browser.sign_in(password="not my password"), browser.sign_in()]
    code = answer(browser.agree())["code"]
    for secret in (EMAIL, "not my password", PASSWORD, code, browser.cookie, "state-1"):
        assert secret not in log.getvalue()
        assert secret not in "".join(reply.text for reply in seen)


def test_an_error_of_a_page_is_a_page(api: Api, partner: Partner) -> None:
    query = asked(partner)
    sent = event("GET", "/oauth2/authorize", query=query, sub=None)
    sent["multiValueQueryStringParameters"]["redirect_uri"] = [REDIRECT, "https://evil.test/"]
    twice = call(authorize.handler, sent)
    is_page(twice, 400, "The request is not valid")
    assert f"<style>{pages.STYLE}</style>" in twice.text
    assert "form-action 'none'" in twice.headers["Content-Security-Policy"]
    assert refresh_session.ROUTE.errors == "problem"
