"""Give a placed order to one payment: from here it is paid or undone by the machine alone."""

from typing import Any

from orders.repository import OrderRepository
from orders.service import steps
from shop import clock

orders = OrderRepository()


def handle(data: dict[str, Any]) -> dict[str, Any]:
    """See service/steps.py."""
    return steps.claim(data, orders=orders, now=clock.now())
