"""WebhookEvents of providers in DynamoDB: `WEBHOOK#<event id>` / `WEBHOOK`, for 30 days.

The body itself is not kept: an event about a payment may hold the buyer's name, address and e-mail,
and the client secret. Its SHA-256 is, so that it can be told whether a body that the provider shows
later (it keeps events for 30 days, too) is the one that came.
"""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from payments.service.ports import WebhookEvent
from shop import clock, tables

DAYS = 30


class WebhookItem(tables.TableModel):
    """A notice. `outcome` is there once it was processed."""

    Meta = tables.meta("payments")

    psp = UnicodeAttribute()
    type = UnicodeAttribute()
    payment_id = UnicodeAttribute(null=True)
    sha256 = UnicodeAttribute()
    received_at = UnicodeAttribute()
    outcome = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class WebhookEventRepository:
    """`payments.service.ports.WebhookEvents` on DynamoDB."""

    def take(self, notice: WebhookEvent, *, psp: str, sha256: str, now: datetime) -> bool:
        """Store it unless it was processed: what was only stored is taken again."""
        item = WebhookItem(
            *_key(notice),
            psp=psp,
            type=notice.type,
            payment_id=notice.payment_id,
            sha256=sha256,
            received_at=clock.rfc3339(now),
            expires_at=int(now.timestamp()) + DAYS * 86_400,
        )
        return tables.put(item, WebhookItem.outcome.does_not_exist()) is None

    def processed(self, notice: WebhookEvent, outcome: str) -> None:
        """Say what came of it."""
        WebhookItem(*_key(notice)).update([WebhookItem.outcome.set(outcome)])


def _key(notice: WebhookEvent) -> tuple[str, str]:
    return f"WEBHOOK#{notice.event_id}", "WEBHOOK"
