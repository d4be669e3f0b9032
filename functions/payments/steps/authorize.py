"""Task `authorize`: hold the order's total. Undone by the task `void`."""

from typing import Any

from payments.domain import Payment
from payments.steps import _till, void
from shop import clock
from shop.money import Money

compensate = void.handle


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """`{payment: {payment_id, method?, capture?, return_url?}, order_id, customer_id, amount,
    currency}` -> authorized | captured | requires_action | declined | voided | unknown."""
    cashier = _till.cashier(event)
    given, at = event["payment"], clock.rfc3339(cashier.now)
    return cashier.authorize(
        Payment(
            payment_id=given["payment_id"],
            order_id=event["order_id"],
            customer_id=event["customer_id"],
            method=given.get("method") or "",
            capture=given.get("capture") or "auto",
            return_url=given.get("return_url"),
            amount=Money(int(event["amount"]), event["currency"]),
            created_at=at,
            updated_at=at,
            trace=cashier.trace.to_dict(),
        )
    )
