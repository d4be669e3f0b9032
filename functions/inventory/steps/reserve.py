"""`reserve`: hold all lines of an order for 15 minutes, or none. `release`: its compensation.

Outcomes of reserve: reserved, out_of_stock; committed, released if the order got that far before.
Outcome of release: released, whatever there was.
"""

from dataclasses import asdict
from typing import Any

from inventory.domain.allocation import Short
from inventory.domain.reservation import Reservation, Status
from inventory.repository import StockRepository
from inventory.service import ending, reserving
from shop import clock, trace

stock = StockRepository()


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Reserve for `event["order"]`. One DynamoDB request if the nearest centre has it all."""
    order = event["order"]
    result = reserving.reserve(
        order["order_id"],
        order["lines"],
        country=order["ship_to"]["country"],
        stock=stock,
        now=clock.now(),
        trace=trace.of(event.get("trace")),
    )
    if isinstance(result, Short):
        return {"outcome": "out_of_stock", "short": result.to_list()}
    if result.status is Status.HELD:
        return {"outcome": "reserved", "reservation": _to_dict(result)}
    if result.status in (Status.COMMITTING, Status.COMMITTED):
        return {"outcome": "committed", "reservation": _to_dict(result)}
    return {"outcome": "released"}


def compensate(event: dict[str, Any]) -> dict[str, Any]:
    """Release what is held for `event["order_id"]`. Two DynamoDB requests."""
    ending.release(
        event["order_id"], stock=stock, now=clock.now(), trace=trace.of(event.get("trace"))
    )
    return {"outcome": "released"}


def _to_dict(reservation: Reservation) -> dict[str, Any]:
    return {
        "reservation_id": reservation.reservation_id,
        "expires_at": reservation.held_until,
        "lines": [asdict(line) for line in reservation.lines],
    }
