"""What is known of an access token once it is signed."""

from dataclasses import dataclass

ACCESS_TTL_S = 600


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token and what the client is told about it."""

    text: str
    scope: str
    expires_in: int = ACCESS_TTL_S
