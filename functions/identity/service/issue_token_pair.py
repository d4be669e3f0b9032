"""An access token and a refresh token, for a session."""

from dataclasses import dataclass, field
from datetime import datetime

from identity.domain.access_token import AccessToken
from identity.domain.session import TokenFamily
from identity.domain.user import User
from identity.service.ports import Tokens


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An access token and the refresh token for the next one."""

    access: AccessToken = field(repr=False)
    refresh_token: str = field(repr=False)
    refresh_expires_in: int
    session_id: str
    user_id: str


def issue_pair(
    user: User, family: TokenFamily, token: str, tokens: Tokens, *, now: datetime
) -> TokenPair:
    """A signed access token beside `token`, the current refresh token of the family. One Sign."""
    access = tokens.issue(user, family, now=now)
    return TokenPair(access, token, family.expires_in(now), family.session_id, user.user_id)
