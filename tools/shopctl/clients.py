"""Which software may ask for tokens: register OAuth clients, give them secrets, end them.

By the rules of identity and with its own rows. A secret is made here, shown once and kept nowhere.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shop import clock, ids
from tools.shopctl import services
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.target import Target

if TYPE_CHECKING:  # Models take their table's name when they are made: services.at
    from identity.domain.oauth_client import OAuthClient
    from identity.service.ports import OAuthClients

METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
GRANTS = ("client_credentials", "authorization_code", "refresh_token")
MOST_KEYS = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """A client as an operator describes it."""

    name: str
    scopes: Sequence[str]
    grant_types: Sequence[str]
    auth_method: str
    redirect_uris: Sequence[str] = ()
    keys: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """What an operator sees of a client. `secret` is there only when it was made just now."""

    client_id: str
    name: str
    kind: str
    auth_method: str
    grant_types: list[str]
    scopes: list[str]
    redirect_uris: list[str]
    key_ids: list[str]
    created_at: str
    disabled_at: str | None
    secret: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, client: "OAuthClient", secret: str | None = None) -> "Client":
        return cls(
            client_id=client.client_id,
            name=client.name,
            kind=client.kind.value,
            auth_method=client.auth_method.value,
            grant_types=[each.value for each in client.grant_types],
            scopes=[*client.scopes],
            redirect_uris=[*client.redirect_uris],
            key_ids=[str(key.get("kid", "")) for key in client.keys],
            created_at=clock.rfc3339(client.created),
            disabled_at=clock.rfc3339(client.disabled) if client.disabled else None,
            secret=secret,
        )


def keys_in(file: Path) -> list[dict[str, Any]]:
    """The keys of a JWK Set (RFC 7517, 5). Raises Unusable for what is none."""
    try:
        found = json.loads(file.read_text())["keys"]
        usable = isinstance(found, list) and all(isinstance(key, dict) for key in found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{file} is no JWK Set.") from error
    if not usable or not 0 < len(found) <= MOST_KEYS:
        raise Unusable(f"{file} must hold 1 to {MOST_KEYS} keys.")
    return [*found]


def add(target: Target, wanted: Wanted) -> Client:
    """Register a client. Raises Unusable with every reason against it."""
    with _registry(target) as registry:
        from identity.domain.oauth_client import AuthMethod, GrantType, Kind, OAuthClient
        from identity.service.register_client import Registered, register

        now, method = clock.now(), AuthMethod(wanted.auth_method)
        client = OAuthClient(
            client_id=ids.generate("cli", region=target.region, now=now),
            name=wanted.name,
            kind=Kind.PUBLIC if method is AuthMethod.NONE else Kind.CONFIDENTIAL,
            auth_method=method,
            grant_types=tuple(GrantType(each) for each in wanted.grant_types),
            scopes=tuple(wanted.scopes),
            redirect_uris=tuple(wanted.redirect_uris),
            keys=tuple(wanted.keys),
            created=now,
        )
        made = register(client, registry)
        if not isinstance(made, Registered):
            raise Unusable(" ".join(made))
        return Client.of(made.client, made.secret)


def every(target: Target) -> list[Client]:
    """All that are registered, oldest first."""
    with _registry(target) as registry:
        return [Client.of(client) for client in registry.all()]


def show(target: Target, client_id: str) -> Client:
    """One as it is."""
    with _registry(target) as registry:
        return Client.of(_there(client_id, registry.get(client_id)))


def disable(target: Target, client_id: str) -> Client:
    """It gets no tokens any more, and those that are out count no more."""
    with _registry(target) as registry:
        from identity.service.register_client import disable_client

        return Client.of(_there(client_id, disable_client(client_id, registry, now=clock.now())))


def rotate_secret(target: Target, client_id: str) -> Client:
    """Another secret; the one before is over."""
    with _registry(target) as registry:
        from identity.service.register_client import rotate_secret

        made = rotate_secret(client_id, registry)
        if made is None:
            _there(client_id, registry.get(client_id))
            raise Failed(f"{client_id} does not come by a secret: nothing was changed.")
        return Client.of(made.client, made.secret)


def _there(client_id: str, client: "OAuthClient | None") -> "OAuthClient":
    if client is None:
        raise Failed(f"There is no client {client_id}.")
    return client


@contextmanager
def _registry(target: Target) -> Iterator["OAuthClients"]:
    with services.at(target, "identity"):
        from identity.repository.oauth_clients import OAuthClientRepository

        yield OAuthClientRepository()
