"""Task `refuse`: the order cannot be paid by this payment; end the payment alone."""

from typing import Any

from payments.steps import _till


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """`{payment_id, code, detail}` -> refused; `code` is one of `shop.problems`."""
    return _till.cashier(event).refuse(
        event["payment_id"], code=event["code"], detail=event.get("detail") or ""
    )
