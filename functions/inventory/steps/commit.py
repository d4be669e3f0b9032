"""`commit`: what is held is sold. Undone by `release`, which puts it back.

Outcomes: committed, expired, released (also if there never was a reservation).
"""

from typing import Any

from inventory.repository import StockRepository
from inventory.service import ending
from shop import clock, trace

stock = StockRepository()


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Commit for `event["order_id"]`. Two DynamoDB requests, for up to 49 stock rows."""
    status = ending.commit(
        event["order_id"], stock=stock, now=clock.now(), trace=trace.of(event.get("trace"))
    )
    return {"outcome": status.value}
