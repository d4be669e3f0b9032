"""Take stock in."""

from datetime import datetime

from inventory.domain import reservation
from inventory.service.ports import Stock


def receive(
    sku: str, location: str, quantity: int, *, movement_id: str, stock: Stock, now: datetime
) -> bool:
    """Take units in; False if this movement was booked before. One write."""
    change = reservation.receipt(
        sku, location, quantity, movement_id=movement_id, now=now, reason="receipt"
    )
    return stock.move([change])
