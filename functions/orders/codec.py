"""An order as JSON: in machine state and, attribute by attribute, in its row."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from orders.domain import (
    Kind,
    Line,
    Order,
    Requester,
    Reservation,
    ShipTo,
    Status,
    Totals,
    Waiting,
)
from shop import clock

_TIMES = ("created_at", "updated_at", "claimed_at", "due_at", "deadline")


def to_dict(order: Order) -> dict[str, Any]:
    """JSON values only; no address, so it may travel through the machine."""
    data = asdict(order)
    for name in _TIMES:
        data[name] = _text(data[name])
    if order.reservation is not None:
        data["reservation"]["expires_at"] = _text(order.reservation.expires_at)
    data["refund_due"] = list(order.refund_due)
    data["lines"] = [asdict(line) for line in order.lines]
    return data


def from_dict(data: dict[str, Any]) -> Order:
    """Inverse of `to_dict`."""
    hold, totals, waits = data["reservation"], data["totals"], data["waiting_for"]
    wanted = data.get("cancel_for")  # An execution that began before this field was known lacks it.
    return Order(
        **{
            **data,
            **{name: _time(data[name]) for name in _TIMES},
            "kind": Kind(data["kind"]),
            "status": Status(data["status"]),
            "lines": tuple(Line(**line) for line in data["lines"]),
            "ship_to": ShipTo(**data["ship_to"]),
            "totals": Totals(**totals) if totals else None,
            "reservation": reservation(hold) if hold else None,
            "waiting_for": Waiting(waits) if waits else None,
            "cancel_for": Requester(wanted) if wanted else None,
            "refund_due": tuple(data["refund_due"]),
        }
    )


def reservation(data: dict[str, Any]) -> Reservation:
    """From inventory's outcome or from `to_dict`."""
    return Reservation(data["reservation_id"], clock.parse(data["expires_at"]))


def _text(at: datetime | None) -> str | None:
    return None if at is None else clock.rfc3339(at)


def _time(text: str | None) -> datetime | None:
    return None if text is None else clock.parse(text)
