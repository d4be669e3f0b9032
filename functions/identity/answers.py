"""HTTP answers that two routes share: the token pair."""

from identity.schemas import TokensOut
from identity.service import Pair
from shop.http import Response


def token_pair(status: int, pair: Pair) -> Response:
    """The pair as JSON. The entry point adds `Cache-Control: no-store` (RFC 6749, 5.1)."""
    body = TokensOut(
        access_token=pair.access.text,
        expires_in=pair.access.expires_in,
        refresh_token=pair.refresh_token,
        refresh_expires_in=pair.refresh_expires_in,
        session_id=pair.session_id,
        user_id=pair.user_id,
        scope=pair.access.scope,
    )
    return Response(status, body)
