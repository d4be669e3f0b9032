"""What a client asks for at the authorization endpoint (OAuth 2.1, 4.1.1), checked, and what it is
answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from identity.domain.authentication import Authentication
from identity.domain.oauth_client import GrantType, OAuthClient

# How long somebody may take to sign in and to agree.
PATIENCE = timedelta(minutes=10)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # S256: 32 octets


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a registered client asks of a user: all of it was checked."""

    client_id: str
    redirect_uri: str = field(repr=False)
    scope: str
    challenge: str = field(repr=False)
    asked: datetime
    state: str | None = field(default=None, repr=False)
    nonce: str | None = field(default=None, repr=False)

    def is_over(self, now: datetime) -> bool:
        """Whether its user took too long."""
        return now >= self.asked + PATIENCE


@dataclass(frozen=True, slots=True)
class Agreement:
    """A user who has signed in to answer a request."""

    user_id: str
    proof: Authentication


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not carried out, in the words of RFC 6749 (4.1.2.1). Its redirect belongs
    to the client, so that is told."""

    redirect_uri: str = field(repr=False)
    error: str
    description: str
    state: str | None = field(default=None, repr=False)


def check(
    sent: Mapping[str, str | None], client: OAuthClient, *, now: datetime
) -> AuthorizationRequest | Refusal | None:
    """The request; None if the client is not to be told anything there: it is disabled, or the
    redirect is not its own."""
    redirect_uri, state = sent.get("redirect_uri") or "", sent.get("state")
    if not client.is_active or not client.redirects_to(redirect_uri):
        return None
    wrong = _wrong(sent, client)
    if wrong is not None:
        return Refusal(redirect_uri, *wrong, state=state)
    scope = sent.get("scope") or " ".join(client.scopes)
    asked = [each for each in client.scopes if each in scope.split()]
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        scope=" ".join(asked),
        challenge=sent.get("code_challenge") or "",
        asked=now,
        state=state,
        nonce=sent.get("nonce"),
    )


def _wrong(sent: Mapping[str, str | None], client: OAuthClient) -> tuple[str, str] | None:
    asked = (sent.get("scope") or "").split()
    challenge, method = sent.get("code_challenge"), sent.get("code_challenge_method")
    rules = (
        (GrantType.AUTHORIZATION_CODE not in client.grant_types, "unauthorized_client", "no code"),
        (sent.get("request") is not None, "request_not_supported", "send parameters"),
        (sent.get("request_uri") is not None, "request_uri_not_supported", "send parameters"),
        (sent.get("response_type") != "code", "unsupported_response_type", "code alone"),
        (sent.get("response_mode") not in (None, "query"), "invalid_request", "query alone"),
        (method != "S256", "invalid_request", "code_challenge_method is S256"),
        (not _CHALLENGE.fullmatch(challenge or ""), "invalid_request", "code_challenge is needed"),
        (not set(asked) <= set(client.scopes), "invalid_scope", "not held by the client"),
        ("none" in (sent.get("prompt") or "").split(), "login_required", "nobody is signed in"),
    )
    return next(((error, says) for broken, error, says in rules if broken), None)


def answer(redirect_uri: str, *, issuer: str, **parts: str | None) -> str:
    """Where the browser is sent: the redirect with these parts, and by whom (RFC 9207)."""
    given = {name: value for name, value in parts.items() if value is not None}
    separator = "&" if urlsplit(redirect_uri).query else "?"
    return f"{redirect_uri}{separator}{urlencode({**given, 'iss': issuer})}"


def origin_of(redirect_uri: str) -> str:
    """Where a form may be answered by a redirect: for the page's content policy."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}"
