"""What is known of a token once it is signed, and of one that is looked at."""

from dataclasses import dataclass, field

ACCESS_TTL_S = 600


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token and what the client is told about it."""

    text: str
    scope: str
    expires_in: int = ACCESS_TTL_S


@dataclass(frozen=True, slots=True)
class ClientTokens:
    """What a client gets. Only by a code or a refresh token there is more than one token."""

    access: AccessToken = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ActiveToken:
    """A token that counts now. `token_type` is None of a refresh token."""

    client_id: str
    subject: str
    scope: str
    issued_at: int
    expires_at: int
    token_type: str | None = None
    jti: str | None = None
