"""A registered client asks a user to agree that it acts for them (OAuth 2.1, 4.1; OpenID Connect
Core, 3.1): sign in, agree, and a code goes back.

Nothing is stored before there is a code. What was asked and who has signed in goes through the
browser, signed, and counts only in the browser that began, which has a cookie of its own.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from identity import problems
from identity.domain import authentication, authorization, authorization_code, user
from identity.domain.authentication import Authentication, Level, Method
from identity.domain.authorization import Agreement, AuthorizationRequest, Refusal
from identity.domain.authorization_code import AuthorizationCode
from identity.domain.oauth_client import OAuthClient
from identity.service.ports import Accounts, AuthorizationCodes, FormSigner, OAuthClients
from identity.service.prove_password import Credentials, ProofPorts, prove
from shop import ids
from shop.problems import Problem
from shop.text import compact_json

NOT_A_CLIENT = Problem(
    problems.INVALID_AUTHORIZATION,
    "The application is not known here, or asks for the answer to be sent where it is not "
    "registered. Nothing was sent to it.",
)
START_AGAIN = Problem(
    problems.INVALID_AUTHORIZATION,
    "It took too long, or was begun in another browser. Go back to the application and try again.",
)
_ACCESS_DENIED = "access_denied"


@dataclass(frozen=True, slots=True)
class AuthorizationPorts:
    """What agreeing needs."""

    clients: OAuthClients
    accounts: Accounts
    codes: AuthorizationCodes
    forms: FormSigner
    issuer: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks. `form` is what it carries along."""

    client: OAuthClient
    request: AuthorizationRequest
    form: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentBack:
    """Where the browser goes next: back to the client."""

    location: str = field(repr=False)


def begin(
    sent: Mapping[str, str | None], browser: str, by: AuthorizationPorts, *, now: datetime
) -> Question | SentBack | Problem:
    """Ask who the user is. As long as client and redirect are not known to belong together,
    nothing is sent anywhere."""
    client_id = sent.get("client_id") or ""
    client = by.clients.get(client_id) if ids.is_id("cli", client_id) else None
    request = authorization.check(sent, client, now=now) if client else None
    if client is None or request is None:
        return NOT_A_CLIENT
    if isinstance(request, Refusal):
        return _refused(request, by)
    return Question(client, request, _signed(request, None, browser, by.forms))


def sign_in(
    form: str,
    browser: str,
    credentials: Credentials,
    by: AuthorizationPorts,
    proof: ProofPorts,
    *,
    now: datetime,
) -> Question | tuple[Question, Problem] | SentBack | Problem:
    """Ask whether they agree; or, with what is wrong, who they are again."""
    read = _read(form, browser, by, now=now)
    if isinstance(read, Problem):
        return read
    client, request, _ = read
    proved = prove(credentials, proof, now=now)
    if isinstance(proved, Problem):
        return Question(client, request, form), proved
    holder, counters = proved
    proof.attempts.take_back(counters)
    scope = client.scope_for(user.SCOPES[holder.role], request.scope)
    if scope is None:
        says = "the user holds nothing of it"
        return _refused(Refusal(request.redirect_uri, _ACCESS_DENIED, says, request.state), by)
    narrowed = replace(request, scope=scope)
    agreement = Agreement(holder.user_id, authentication.by_password(now))
    return Question(client, narrowed, _signed(narrowed, agreement, browser, by.forms))


def agree(form: str, browser: str, by: AuthorizationPorts, *, now: datetime) -> SentBack | Problem:
    """A code for the client, if the user who signed in may still go on."""
    read = _read(form, browser, by, now=now)
    if isinstance(read, Problem):
        return read
    client, request, agreement = read
    holder = by.accounts.get(agreement.user_id) if agreement else None
    if agreement is None or holder is None:
        return START_AGAIN
    if not holder.keeps_session("", begun=agreement.proof.at):
        return START_AGAIN
    code = secrets.token_urlsafe(32)
    by.codes.issue(
        AuthorizationCode(
            digest=authorization_code.digest(code),
            client_id=client.client_id,
            user_id=holder.user_id,
            redirect_uri=request.redirect_uri,
            challenge=request.challenge,
            scope=request.scope,
            proof=agreement.proof,
            issued=now,
            nonce=request.nonce,
        )
    )
    where = authorization.answer(
        request.redirect_uri, issuer=by.issuer, code=code, state=request.state
    )
    return SentBack(where)


def decline(
    form: str, browser: str, by: AuthorizationPorts, *, now: datetime
) -> SentBack | Problem:
    """The client is told that the user does not want to."""
    read = _read(form, browser, by, now=now)
    if isinstance(read, Problem):
        return read
    _, request, _ = read
    refusal = Refusal(request.redirect_uri, _ACCESS_DENIED, "the user declined", request.state)
    return _refused(refusal, by)


def _refused(refusal: Refusal, by: AuthorizationPorts) -> SentBack:
    where = authorization.answer(
        refusal.redirect_uri,
        issuer=by.issuer,
        error=refusal.error,
        error_description=refusal.description,
        state=refusal.state,
    )
    return SentBack(where)


def _signed(
    request: AuthorizationRequest, agreement: Agreement | None, browser: str, forms: FormSigner
) -> str:
    proof = agreement.proof if agreement else None
    text = compact_json(
        {
            "client_id": request.client_id,
            "redirect_uri": request.redirect_uri,
            "scope": request.scope,
            "challenge": request.challenge,
            "asked": request.asked.timestamp(),
            "state": request.state,
            "nonce": request.nonce,
            "user_id": agreement.user_id if agreement else None,
            "acr": proof.level.value if proof else None,
            "amr": list(proof.methods) if proof else None,
            "at": proof.at.timestamp() if proof else None,
            "browser": hashlib.sha256(browser.encode()).hexdigest(),
        }
    )
    encoded = base64.urlsafe_b64encode(text.encode()).decode()
    return f"{encoded}.{forms.sign(encoded)}"


def _read(
    form: str, browser: str, by: AuthorizationPorts, *, now: datetime
) -> tuple[OAuthClient, AuthorizationRequest, Agreement | None] | Problem:
    """What a form carried along, if it is ours and of this browser; and the client as it is now."""
    encoded, _, signature = form.partition(".")
    if not browser or not hmac.compare_digest(signature.encode(), by.forms.sign(encoded).encode()):
        return START_AGAIN
    held: dict[str, Any] = json.loads(base64.urlsafe_b64decode(encoded))
    request = AuthorizationRequest(
        client_id=held["client_id"],
        redirect_uri=held["redirect_uri"],
        scope=held["scope"],
        challenge=held["challenge"],
        asked=_time(held["asked"]),
        state=held["state"],
        nonce=held["nonce"],
    )
    same = hmac.compare_digest(held["browser"], hashlib.sha256(browser.encode()).hexdigest())
    if not same or request.is_over(now):
        return START_AGAIN
    client = by.clients.get(request.client_id)
    if client is None or not client.is_active or not client.redirects_to(request.redirect_uri):
        return NOT_A_CLIENT
    return client, request, _agreement(held)


def _agreement(held: Mapping[str, Any]) -> Agreement | None:
    if held["user_id"] is None:
        return None
    methods = tuple(Method(each) for each in held["amr"])
    proof = Authentication(Level(held["acr"]), methods, _time(held["at"]))
    return Agreement(held["user_id"], proof)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
