"""What a token of a client is worth, and its end (RFC 7009, RFC 7662).

Only to the client that it was issued to: to anybody else it is no token.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from identity import events, problems
from identity.domain import session
from identity.domain.access_token import ActiveToken
from identity.domain.oauth_client import OAuthClient
from identity.domain.session import TokenFamily
from identity.events import event_of
from identity.service.issue_client_tokens import INVALID_GRANT
from identity.service.ports import Accounts, Sessions
from identity.service.verify_access_token import Verified, Verifier
from shop.problems import Problem
from shop.trace import Trace

ENDS_BY_ITSELF = Problem(
    problems.UNSUPPORTED_TOKEN_TYPE, "A client's own access token ends by itself, in ten minutes."
)


@dataclass(frozen=True, slots=True)
class InspectionPorts:
    """What looking at tokens needs."""

    accounts: Accounts
    sessions: Sessions
    verifier: Verifier


def revoke(
    token: str, client: OAuthClient, by: InspectionPorts, *, now: datetime, trace: Trace
) -> Problem | None:
    """End the session that the token is of; None, too, if there is nothing to end."""
    access = by.verifier.verify(token, now=now)
    if isinstance(access, Verified):
        if access.client_id != client.client_id:
            return INVALID_GRANT
        if access.is_of_client:
            return ENDS_BY_ITSELF
        family = by.sessions.get(access.sub, access.sid)
    else:
        family = _family(token, by.sessions)
        if family is not None and not _is_of(family, token):
            return None
    if family is None:
        return None
    if family.client_id != client.client_id:
        return INVALID_GRANT
    if family.revoked is None:
        data = events.SessionEnded(user_id=family.user_id, session_id=family.session_id)
        ended = event_of(data, family.session_id, 2, now=now, trace=trace)
        by.sessions.revoke(family, ended, now=now)
    return None


def introspect(
    token: str, client: OAuthClient, by: InspectionPorts, *, now: datetime
) -> ActiveToken | None:
    """What it is; None if it counts for nothing, or is not this client's."""
    access = by.verifier.verify(token, now=now)
    if not isinstance(access, Verified):
        return _refresh_token(token, client, by, now=now)
    if access.client_id != client.client_id:
        return None
    if not access.is_of_client:
        family = by.sessions.get(access.sub, access.sid)
        if family is None or not _goes_on(family, by, now=now):
            return None
    return ActiveToken(
        client_id=access.client_id,
        subject=access.sub,
        scope=access.scope,
        issued_at=access.iat,
        expires_at=access.exp,
        token_type="Bearer",  # noqa: S106 (a scheme, not a secret)
        jti=access.jti,
    )


def _refresh_token(
    token: str, client: OAuthClient, by: InspectionPorts, *, now: datetime
) -> ActiveToken | None:
    family = _family(token, by.sessions)
    if family is None or family.client_id != client.client_id:
        return None
    if not hmac.compare_digest(family.current, session.digest(token)):
        return None
    if not _goes_on(family, by, now=now):
        return None
    return ActiveToken(
        client_id=family.client_id,
        subject=family.user_id,
        scope=family.scope or "",
        issued_at=int(family.rotated.timestamp()),
        expires_at=int((now + timedelta(seconds=family.expires_in(now))).timestamp()),
    )


def _goes_on(family: TokenFamily, by: InspectionPorts, *, now: datetime) -> bool:
    user = by.accounts.get(family.user_id)
    kept = user is not None and user.keeps_session(family.session_id, begun=family.created)
    return kept and family.is_live(now)


def _family(token: str, sessions: Sessions) -> TokenFamily | None:
    name = session.name_of(token)
    return sessions.get(name.user_id, name.session_id) if name else None


def _is_of(family: TokenFamily, token: str) -> bool:
    """Whether it is or was a token of the family: an id alone ends no session."""
    presented = session.digest(token)
    known = (family.current, family.previous or "")
    return any(hmac.compare_digest(each, presented) for each in known)
