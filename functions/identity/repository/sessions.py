"""Sessions in the table `identity`.

    FAMILY#<family id>      SESSION  digests of the current and the previous refresh token; TTL

A family carries the event of its newest change. Reads are consistent.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from identity.domain import session
from identity.domain.session import TokenFamily
from identity.domain.sign_in_attempts import Counter
from identity.repository.attempts import take_back
from shop import clock, tables
from shop.events import Event
from shop.tables import EventRow, transact


class TokenFamilyItem(EventRow):
    """FAMILY#<family id> / SESSION. DynamoDB deletes it after the session's end."""

    Meta = tables.meta("identity")

    user_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    current = UnicodeAttribute()
    previous = UnicodeAttribute(null=True)
    salt = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    rotated_at = UnicodeAttribute()
    revoked_at = UnicodeAttribute(null=True)
    device = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class SessionRepository:
    """Families. Implements service.Sessions."""

    def open(self, family: TokenFamily, created: Event, *, counters: Sequence[Counter]) -> None:
        """Store the session with its event, and take the attempt back, together and once.

        A session that stands already was stored by this call, whose answer was lost: the counters
        must not fall again.
        """
        new = _family_item(family)
        new.outbox = tables.outbox_text(created)

        def build(tx: TransactWrite) -> None:
            tx.save(new, condition=TokenFamilyItem.pk.does_not_exist())
            take_back(tx, counters)

        transact(build)

    def get(self, family_id: str) -> TokenFamily | None:
        """The family; None if it never was or its time is over."""
        try:
            item = TokenFamilyItem.get(f"FAMILY#{family_id}", "SESSION", consistent_read=True)
        except TokenFamilyItem.DoesNotExist:
            return None
        return _family(family_id, item)

    def rotate(
        self, family_id: str, *, presented: str, successor: str, salt: str, now: datetime
    ) -> TokenFamily | None:
        """Put the successor in place of the presented token, if that is current and alive.

        Returns the family as it is then, or None. The condition is `token_state` in DynamoDB.
        """
        item = TokenFamilyItem(f"FAMILY#{family_id}", "SESSION")
        refused = tables.update(
            item,
            [
                TokenFamilyItem.current.set(successor),
                TokenFamilyItem.previous.set(presented),
                TokenFamilyItem.salt.set(salt),
                TokenFamilyItem.rotated_at.set(clock.rfc3339(now)),
            ],
            (TokenFamilyItem.current == presented)
            & TokenFamilyItem.revoked_at.does_not_exist()
            & (TokenFamilyItem.rotated_at > clock.rfc3339(now - session.IDLE))
            & (TokenFamilyItem.expires_at > int(now.timestamp())),
        )
        return _family(family_id, item) if refused is None else None

    def revoke(self, family: TokenFamily, detected: Event, *, now: datetime) -> None:
        """End the session and say so, once: who comes second finds it ended."""
        tables.update(
            TokenFamilyItem(f"FAMILY#{family.family_id}", "SESSION"),
            [TokenFamilyItem.revoked_at.set(clock.rfc3339(now))],
            TokenFamilyItem.pk.exists() & TokenFamilyItem.revoked_at.does_not_exist(),
            event=detected,
        )


def _family_item(family: TokenFamily) -> TokenFamilyItem:
    return TokenFamilyItem(
        f"FAMILY#{family.family_id}",
        "SESSION",
        user_id=family.user_id,
        session_id=family.session_id,
        current=family.current,
        created_at=clock.rfc3339(family.created),
        rotated_at=clock.rfc3339(family.rotated),
        device=family.device,
        expires_at=int(family.ends.timestamp()),
    )


def _family(family_id: str, item: TokenFamilyItem) -> TokenFamily:
    return TokenFamily(
        family_id=family_id,
        user_id=item.user_id,
        current=item.current,
        created=clock.parse(item.created_at),
        rotated=clock.parse(item.rotated_at),
        ends=datetime.fromtimestamp(int(item.expires_at), UTC),
        previous=item.previous,
        salt=item.salt,
        revoked=clock.parse(item.revoked_at) if item.revoked_at else None,
        device=item.device,
    )
