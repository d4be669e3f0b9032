"""`place`: pending -> placed, with the event order.placed and the answer of POST /orders."""

from orders.repository.orders import OrderRepository
from orders.service.place_order import place_order
from shop import clock
from shop.checkout import PlaceOutcome, PlaceTask

orders = OrderRepository()


def handle(task: PlaceTask) -> PlaceOutcome:
    """One DynamoDB request, unless the order has moved on."""
    return place_order(task, orders=orders, now=clock.now())
