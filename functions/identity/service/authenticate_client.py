"""Which client asks, and whether that is proved (RFC 6749, 2.3; RFC 7523)."""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote_plus

from identity import problems
from identity.domain import client_assertion, oauth_client, rate_limit
from identity.domain.oauth_client import AuthMethod, OAuthClient
from identity.domain.rate_limit import Counter
from identity.service.ports import Attempts, ClientAssertions, NetworkHasher, OAuthClients
from shop import ids, rate_limits, telemetry
from shop.problems import Problem

BASIC = "Basic"
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="oauth2", charset="UTF-8"'}  # RFC 6749, 5.2
INVALID_CLIENT = Problem(
    problems.INVALID_CLIENT, "The client is not known, or not proved.", headers=_CHALLENGE
)
ONE_METHOD = Problem(problems.INVALID_REQUEST, "A client proves itself in one way, and by its id.")


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a client says of itself, and from where."""

    method: AuthMethod
    client_id: str
    source_ip: str = field(repr=False)
    secret: str = field(default="", repr=False)
    assertion: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ClientPorts:
    """What authenticating a client needs. `audiences`: whom its assertions are for."""

    clients: OAuthClients
    assertions: ClientAssertions
    attempts: Attempts
    networks: NetworkHasher
    audiences: tuple[str, ...]


def credentials_of(
    *,
    authorization: str | None,
    client_id: str | None,
    client_secret: str | None,
    assertion_type: str | None,
    assertion: str | None,
    source_ip: str,
) -> ClientCredentials | Problem:
    """What was sent, if it was sent in one way only."""
    ways = (authorization, client_secret, assertion or assertion_type)
    if sum(way is not None for way in ways) > 1:
        return ONE_METHOD
    sent: ClientCredentials | None
    if authorization is not None:
        sent = _basic(authorization, source_ip)
    elif assertion or assertion_type:
        sent = _asserted(assertion or "", assertion_type, source_ip)
    elif client_id is None:
        sent = None
    elif client_secret is None:
        sent = ClientCredentials(AuthMethod.NONE, client_id, source_ip)
    else:
        method = AuthMethod.CLIENT_SECRET_POST
        sent = ClientCredentials(method, client_id, source_ip, secret=client_secret)
    if sent is None:
        return INVALID_CLIENT
    return sent if client_id in (None, sent.client_id) else ONE_METHOD


def authenticate(
    sent: ClientCredentials, by: ClientPorts, *, now: datetime
) -> OAuthClient | Problem:
    """The client, if it is proved by what it is registered with and is not disabled."""
    if not ids.is_id("cli", sent.client_id):
        return INVALID_CLIENT
    counter = _counter(sent, by, now=now) if sent.method.by_secret else None
    if counter is not None and by.attempts.is_full(counter):
        return _too_many(counter, now=now)
    client = by.clients.get(sent.client_id)
    if client is not None and client.auth_method is sent.method and _proves(sent, client, by, now):
        return client if client.is_active else INVALID_CLIENT
    telemetry.emit_metric("ClientRefused")
    if counter is not None and by.attempts.count([counter]):
        return _too_many(counter, now=now)
    return INVALID_CLIENT


def _asserted(
    assertion: str, assertion_type: str | None, source_ip: str
) -> ClientCredentials | None:
    # Loads joserfc, which who comes with a secret does not need.
    from identity.service.verify_client_assertion import client_named_in

    named = client_named_in(assertion)
    if assertion_type != client_assertion.TYPE or named is None:
        return None
    method = AuthMethod.PRIVATE_KEY_JWT
    return ClientCredentials(method, named, source_ip, assertion=assertion)


def _basic(authorization: str, source_ip: str) -> ClientCredentials | None:
    """RFC 6749 (2.3.1): both parts are form-encoded before they are joined."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
        named, colon, secret = pair.partition(":")
        named, secret = (unquote_plus(part, errors="strict") for part in (named, secret))
    except (binascii.Error, ValueError):
        return None
    if scheme.lower() != BASIC.lower() or not colon:
        return None
    method = AuthMethod.CLIENT_SECRET_BASIC
    return ClientCredentials(method, named, source_ip, secret=secret)


def _proves(sent: ClientCredentials, client: OAuthClient, by: ClientPorts, now: datetime) -> bool:
    if sent.method is AuthMethod.NONE:
        return True
    if sent.method.by_secret:
        return client.has_secret(sent.secret)
    from identity.service.verify_client_assertion import verified

    found = verified(sent.assertion, client, audiences=by.audiences, now=now)
    return found is not None and by.assertions.use(found)


def _counter(sent: ClientCredentials, by: ClientPorts, *, now: datetime) -> Counter:
    network = rate_limit.network_of(sent.source_ip)
    counted = by.networks.of(f"secret of client {sent.client_id}", network)
    return Counter.at(counted, oauth_client.WRONG_SECRETS, now)


def _too_many(counter: Counter, *, now: datetime) -> Problem:
    telemetry.emit_metric("ClientLimited")
    return Problem(
        problems.RATE_LIMITED,
        "Too many wrong secrets came from this network.",
        headers=rate_limits.exhausted({counter.limit.name: counter.seconds_left(now)}),
    )
