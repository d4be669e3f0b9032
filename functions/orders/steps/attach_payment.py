"""`attach_payment`: from here the order is paid or undone by the machine alone."""

from orders.repository.orders import OrderRepository
from orders.service.attach_payment import attach_payment
from shop import clock
from shop.checkout import AttachPaymentOutcome, AttachPaymentTask

orders = OrderRepository()


def handle(task: AttachPaymentTask) -> AttachPaymentOutcome:
    """One DynamoDB request if no other payment has the order."""
    return attach_payment(task, orders=orders, now=clock.now())
