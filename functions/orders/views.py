"""What the API shows of an order. The shapes are promised in schemas.py; a test compares them."""

from typing import Any

from orders.domain import Order, Status
from shop import clock
from shop.money import Money


def order_body(order: Order) -> dict[str, Any]:
    """An order that was placed."""
    totals, hold = order.totals, order.reservation
    if totals is None:
        raise LookupError("an order is shown once it was placed")

    def money(amount: int) -> dict[str, int | str]:
        return Money(amount, order.currency).to_dict()

    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "currency": order.currency,
        "lines": [
            {
                "sku": line.sku,
                "product_id": line.product_id,
                "title": line.title,
                "quantity": line.quantity,
                "unit_price": money(line.unit_price),
                "total": money(line.total),
            }
            for line in order.lines
        ],
        "subtotal": money(totals.subtotal),
        "shipping": money(totals.shipping),
        "tax": money(totals.tax),
        "total": money(totals.total),
        "reservation": {
            "reservation_id": hold.reservation_id,
            "expires_at": clock.rfc3339(hold.expires_at),
        }
        if hold is not None and order.status is Status.PLACED
        else None,
        "payment_id": order.payment_id,
        "reason": order.reason,
        "created_at": clock.rfc3339(order.created_at),
        "updated_at": clock.rfc3339(order.updated_at),
    }


def etag(order: Order) -> str:
    """A strong validator: every change has its own version."""
    return f'"{order.version}"'
