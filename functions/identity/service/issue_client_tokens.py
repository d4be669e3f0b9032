"""What the token endpoint gives a registered client (OAuth 2.1, 4): for itself, by a code, or by a
refresh token."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from identity import events, problems
from identity.domain import authorization_code, oauth_client, session
from identity.domain.access_token import AccessToken, ClientTokens
from identity.domain.authorization_code import AuthorizationCode
from identity.domain.oauth_client import GrantType, OAuthClient
from identity.domain.session import TokenFamily
from identity.events import event_of
from identity.service import refresh_session
from identity.service.issue_token_pair import issue_pair
from identity.service.ports import (
    Accounts,
    AuthorizationCodes,
    ClientTokenIssuer,
    NetworkHasher,
    Sessions,
)
from identity.service.refresh_session import RefreshPorts
from shop import ids, telemetry
from shop.events import Event
from shop.problems import Problem
from shop.trace import Trace

INVALID_GRANT = Problem(
    problems.INVALID_GRANT, "It is over, was used before, or was given to another client."
)
INVALID_SCOPE = Problem(problems.INVALID_SCOPE, "Ask for a part of what the client holds.")
UNAUTHORIZED_CLIENT = Problem(
    problems.UNAUTHORIZED_CLIENT, "The client is not registered for this grant type."
)


@dataclass(frozen=True, slots=True)
class TokenPorts:
    """What issuing tokens to clients needs."""

    accounts: Accounts
    sessions: Sessions
    codes: AuthorizationCodes
    networks: NetworkHasher
    tokens: ClientTokenIssuer
    region: str


@dataclass(frozen=True, slots=True)
class CodeExchange:
    """A code as a client brings it."""

    code: str = field(repr=False)
    redirect_uri: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """A refresh token as a client brings it, from where; `scope` narrows the access token."""

    token: str = field(repr=False)
    scope: str | None
    source_ip: str = field(repr=False)
    user_agent: str


def for_itself(
    client: OAuthClient, scope: str | None, tokens: ClientTokenIssuer, *, now: datetime
) -> ClientTokens | Problem:
    """client_credentials: one Sign, and nothing is stored."""
    if GrantType.CLIENT_CREDENTIALS not in client.grant_types:
        return UNAUTHORIZED_CLIENT
    granted = client.scope_by_itself(scope)
    if granted is None:
        return INVALID_SCOPE
    return ClientTokens(tokens.issue_to_client(client.client_id, granted, now=now))


def by_code(
    client: OAuthClient, brought: CodeExchange, by: TokenPorts, *, now: datetime, trace: Trace
) -> ClientTokens | Problem:
    """authorization_code: begins a session. A code that comes again ends the session that it began
    (RFC 6749, 4.1.2): one of the two who had it is a thief."""
    if GrantType.AUTHORIZATION_CODE not in client.grant_types:
        return UNAUTHORIZED_CLIENT
    code = by.codes.get(authorization_code.digest(brought.code))
    if code is None or code.client_id != client.client_id:
        return INVALID_GRANT
    if code.is_used:
        return _replayed(code, by, now=now, trace=trace)
    if not code.is_redeemed_by(brought.verifier, redirect_uri=brought.redirect_uri, now=now):
        return INVALID_GRANT
    return _begin(client, code, by, now=now, trace=trace)


def by_refresh_token(
    client: OAuthClient, brought: RefreshRequest, by: TokenPorts, *, now: datetime, trace: Trace
) -> ClientTokens | Problem:
    """refresh_token: rotates, as for the shop's own clients."""
    if GrantType.REFRESH_TOKEN not in client.grant_types:
        return UNAUTHORIZED_CLIENT
    name = session.name_of(brought.token)
    family = by.sessions.get(name.user_id, name.session_id) if name else None
    if family is None or family.client_id != client.client_id:
        return INVALID_GRANT
    held = (family.scope or "").split()
    scope = oauth_client.narrowed(held, brought.scope)
    if scope is None:
        return INVALID_SCOPE
    who = refresh_session.Client(
        brought.source_ip,
        brought.user_agent,
        # Who proved themselves are the same wherever they come from.
        key=client.client_id if client.is_confidential else "",
        client_id=client.client_id,
    )
    ports = RefreshPorts(by.accounts, by.sessions, by.networks, by.tokens)
    pair = refresh_session.refresh(brought.token, who, ports, now=now, trace=trace, scope=scope)
    if isinstance(pair, Problem):
        return INVALID_GRANT
    return ClientTokens(pair.access, pair.refresh_token, _id_token(family, pair.access, by, now))


def _begin(
    client: OAuthClient, code: AuthorizationCode, by: TokenPorts, *, now: datetime, trace: Trace
) -> ClientTokens | Problem:
    user = by.accounts.get(code.user_id)
    if user is None or not user.keeps_session("", begun=code.issued):
        return INVALID_GRANT
    family_id = ids.generate("fam", region=by.region, now=now)
    token = session.refresh_token(user.user_id, family_id, secrets.token_urlsafe(32))
    family = session.begin(
        user.user_id,
        token,
        family_id=family_id,
        device=None,
        now=now,
        proof=code.proof,
        client_id=client.client_id,
        scope=code.scope,
    )
    # Signed before the session is stored: if KMS fails the code can be brought again.
    pair = issue_pair(user, family, token, by.tokens, now=now)
    id_token = _id_token(family, pair.access, by, now, nonce=code.nonce)
    live = [each for each in by.sessions.of(user.user_id) if each.is_live(now)]
    made_room = [(old, _ended(old, now=now, trace=trace)) for old in session.too_many(live)]
    data = events.SessionCreated(user_id=user.user_id, session_id=family.session_id)
    created = event_of(data, family.session_id, 1, now=now, trace=trace)
    if not by.codes.redeem(code, family, created, instead_of=made_room):
        used = by.codes.get(code.digest)
        return _replayed(used or code, by, now=now, trace=trace)
    refreshes = GrantType.REFRESH_TOKEN in client.grant_types
    return ClientTokens(pair.access, pair.refresh_token if refreshes else None, id_token)


def _id_token(
    family: TokenFamily,
    access: AccessToken,
    by: TokenPorts,
    now: datetime,
    *,
    nonce: str | None = None,
) -> str | None:
    if oauth_client.OPENID not in access.scope.split():
        return None
    return by.tokens.identify(family, access, nonce=nonce, now=now)


def _replayed(code: AuthorizationCode, by: TokenPorts, *, now: datetime, trace: Trace) -> Problem:
    telemetry.emit_metric("AuthorizationCodeReplayed")
    family = by.sessions.get(code.user_id, code.session_id) if code.session_id else None
    if family is not None and family.revoked is None:
        by.sessions.revoke(family, _ended(family, now=now, trace=trace), now=now)
    return INVALID_GRANT


def _ended(family: TokenFamily, *, now: datetime, trace: Trace) -> Event:
    data = events.SessionEnded(user_id=family.user_id, session_id=family.session_id)
    return event_of(data, family.session_id, 2, now=now, trace=trace)
