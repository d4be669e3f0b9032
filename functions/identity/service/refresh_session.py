"""Replace a refresh token by its successor."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime

from identity import events, problems
from identity.domain import rate_limit, session
from identity.domain.session import TokenFamily, TokenName, TokenState
from identity.events import event_of
from identity.service.issue_token_pair import TokenPair, issue_pair
from identity.service.ports import Accounts, NetworkHasher, Sessions, Tokens
from shop import telemetry
from shop.problems import Problem
from shop.trace import Trace


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of who refreshes. Two are the same if they send the same key, or, without one,
    come from the same network with the same software. `client_id` is to whom tokens are issued."""

    source_ip: str = field(repr=False)
    user_agent: str = ""
    key: str = field(default="", repr=False)
    client_id: str = session.OWN_CLIENT


@dataclass(frozen=True, slots=True)
class RefreshPorts:
    """What refreshing needs."""

    accounts: Accounts
    sessions: Sessions
    networks: NetworkHasher
    tokens: Tokens


INVALID_REFRESH_TOKEN = Problem(
    problems.INVALID_REFRESH_TOKEN, "Sign in again: this session is over."
)


def refresh(
    token: str,
    client: Client,
    by: RefreshPorts,
    *,
    now: datetime,
    trace: Trace,
    scope: str | None = None,
) -> TokenPair | Problem:
    """Replace a refresh token; end the session if it was replaced before (RFC 9700, 4.14.2).

    One conditional write decides, so of two requests with one token only one rotates. The other,
    like one whose answer was lost, gets the same successor if it is of the same client. `scope` is
    a part of the session's, of this access token alone.
    """
    name = session.name_of(token)
    if name is None:
        return INVALID_REFRESH_TOKEN
    presented, salt = session.digest(token), secrets.token_hex(32)
    hashed = _hashed(client, name, by.networks)
    family = by.sessions.rotate(
        name.user_id,
        name.session_id,
        presented=presented,
        successor=session.digest(session.successor(token, salt)),
        salt=salt,
        client=hashed,
        client_id=client.client_id,
        now=now,
    ) or by.sessions.get(name.user_id, name.session_id)
    # Brought by other software it is not its own, and says nothing of who has it.
    if family is None or family.client_id != client.client_id:
        return INVALID_REFRESH_TOKEN
    state = family.token_state(presented, client=hashed, now=now)
    if state is not TokenState.REPLACED or family.salt is None:
        return _refuse(family, state, by.sessions, now=now, trace=trace)
    # Read each time: a new role counts from here on, and so does an account that was closed.
    user = by.accounts.get(family.user_id)
    if user is None or not user.keeps_session(family.session_id, begun=family.created):
        return INVALID_REFRESH_TOKEN
    granted = family if scope is None else replace(family, scope=scope)
    return issue_pair(user, granted, session.successor(token, family.salt), by.tokens, now=now)


def _hashed(client: Client, name: TokenName, networks: NetworkHasher) -> str:
    """Of this session only: no two rows tell that they are of one client."""
    if client.key:
        return networks.of(f"refresh by key {name.session_id}", client.key)
    network = rate_limit.network_of(client.source_ip)
    return networks.of(f"refresh from network {name.session_id}", f"{network} {client.user_agent}")


def _refuse(
    family: TokenFamily, state: TokenState, sessions: Sessions, *, now: datetime, trace: Trace
) -> Problem:
    if state is TokenState.REPLAYED:
        detected = events.RefreshReuseDetected(user_id=family.user_id, session_id=family.session_id)
        sessions.revoke(
            family, event_of(detected, family.session_id, 2, now=now, trace=trace), now=now
        )
        telemetry.emit_metric("RefreshReuseDetected")
    return INVALID_REFRESH_TOKEN
