"""Task `void`: nothing stays held, and a late attempt to authorise stops."""

from typing import Any

from payments.domain import CLOSED
from payments.steps import _till


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """`{payment_id, order_id, customer_id, code?, detail?}` -> voided | captured (too late)."""
    return _till.cashier(event).void(
        event["payment_id"],
        code=event.get("code") or CLOSED,
        detail=event.get("detail") or "",
        order=(event["order_id"], event["customer_id"]),
    )
