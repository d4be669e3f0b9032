"""Task `capture`: take the held money. The pivot of the checkout: it has no compensation."""

from typing import Any

from payments.steps import _till


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """`{payment_id, snapshot?}` -> captured | authorized (held on purpose) | refused."""
    return _till.cashier(event).capture(event["payment_id"], event.get("snapshot"))
