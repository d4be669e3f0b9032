"""pending -> placed, with the event order.placed and the answer of POST /orders."""

from typing import Any

from orders.repository import OrderRepository
from orders.service import steps
from shop import clock, trace

orders = OrderRepository()


def handle(data: dict[str, Any]) -> dict[str, Any]:
    """See service/steps.py."""
    request = trace.of(data.get("trace"))
    return steps.place(data, orders=orders, trace=request, now=clock.now())
