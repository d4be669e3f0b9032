"""What the authorizer reads: a user and a session, by one request and nothing that is slow to
import."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from identity.domain.session_status import SessionStatus
from identity.domain.user import Status
from shop import aws, clock, retry

ATTEMPTS = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.2


class NotRead(Exception):
    """DynamoDB kept one of the rows unread: nothing is known of who asks."""


@dataclass(frozen=True, slots=True)
class SessionStatusRepository:
    """Implements service.SessionStatuses."""

    table: str
    sleep: Callable[[float], None] = time.sleep

    def of(
        self, user_id: str, session_id: str, *, client_id: str | None = None
    ) -> SessionStatus | None:
        """None if there is no such user, or they have no such session; or if it is of a client
        that is registered and disabled. One BatchGetItem."""
        pk = f"USER#{user_id}"
        keys = [(pk, "USER"), (pk, f"SESSION#{session_id}")]
        rows = self._read(keys if client_id is None else [*keys, _client(client_id)])
        user, session = rows.get("USER"), rows.get(f"SESSION#{session_id}")
        if user is None or session is None:
            return None
        if client_id is not None and not _is_active(rows.get("CLIENT")):
            return None
        return SessionStatus(
            user_status=Status(user["status"]["S"]),
            sessions_from=_time(user.get("sessions_from")),
            kept_session=_text(user.get("kept_session")),
            begun=clock.parse(session["created_at"]["S"]),
            revoked="revoked_at" in session,
            ends=datetime.fromtimestamp(int(session["expires_at"]["N"]), UTC),
            factors=int(user["factors"]["N"]) if "factors" in user else 0,
        )

    def is_active_client(self, client_id: str) -> bool:
        """Whether a client is registered and not disabled. One BatchGetItem."""
        return _is_active(self._read([_client(client_id)]).get("CLIENT"))

    def _read(self, places: Sequence[tuple[str, str]]) -> dict[str, dict[str, Any]]:
        """By their sort keys."""
        keys = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in places]
        found: dict[str, dict[str, Any]] = {}
        for attempt in range(ATTEMPTS):
            request = {self.table: {"Keys": keys, "ConsistentRead": True}}
            answer = aws.client("dynamodb").batch_get_item(RequestItems=request)
            found |= {row["sk"]["S"]: row for row in answer["Responses"].get(self.table, [])}
            keys = answer["UnprocessedKeys"].get(self.table, {}).get("Keys", [])
            if not keys:
                return found
            self.sleep(retry.backoff(attempt, base_s=FIRST_PAUSE_S, cap_s=LONGEST_PAUSE_S))
        raise NotRead


def _client(client_id: str) -> tuple[str, str]:
    return f"CLIENT#{client_id}", "CLIENT"


def _is_active(client: dict[str, Any] | None) -> bool:
    return client is not None and "disabled_at" not in client


def _text(attribute: dict[str, str] | None) -> str | None:
    return attribute["S"] if attribute and "S" in attribute else None


def _time(attribute: dict[str, str] | None) -> datetime | None:
    text = _text(attribute)
    return clock.parse(text) if text else None
