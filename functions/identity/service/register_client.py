"""Register OAuth clients, give them secrets, end them: for tools, on no route."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from identity.domain import oauth_client
from identity.domain.oauth_client import OAuthClient
from identity.service.ports import OAuthClients

ATTEMPTS = 5


class ClientBusy(Exception):
    """The client changed each time that it was looked at."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A client, and the secret that it has from now on, which is shown once and stored nowhere."""

    client: OAuthClient
    secret: str | None = field(default=None, repr=False)


def register(client: OAuthClient, clients: OAuthClients) -> Registered | list[str]:
    """The client with its secret, if it proves itself by one; or why it cannot be registered."""
    objections = oauth_client.objections(client)
    if objections:
        return objections
    secret = _secret() if client.auth_method.by_secret else None
    made = oauth_client.with_secret(client, secret) if secret else client
    if not clients.add(made):
        raise ClientBusy
    return Registered(made, secret)


def rotate_secret(client_id: str, clients: OAuthClients) -> Registered | None:
    """Another secret; the one before is over at once. None if there is no such client, or it has
    none."""
    secret = _secret()
    found = clients.get(client_id)
    if found is None or not found.auth_method.by_secret:
        return None
    changed = _change(client_id, clients, lambda each: oauth_client.with_secret(each, secret))
    return Registered(changed, secret) if changed else None


def disable_client(client_id: str, clients: OAuthClients, *, now: datetime) -> OAuthClient | None:
    """No token any more, and no token that is out; None if there is no such client."""
    return _change(client_id, clients, lambda each: oauth_client.disable(each, now=now))


def _change(
    client_id: str, clients: OAuthClients, changed: Callable[[OAuthClient], OAuthClient]
) -> OAuthClient | None:
    for _ in range(ATTEMPTS):
        client = clients.get(client_id)
        if client is None:
            return None
        after = changed(client)
        if after == client or clients.change(client, after):
            return after
    raise ClientBusy


def _secret() -> str:
    return secrets.token_urlsafe(32)
