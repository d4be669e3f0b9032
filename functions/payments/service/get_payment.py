"""One payment, for those who may see it."""

from payments import problems
from payments.domain.payment import Payment
from payments.service.ports import Payments
from shop import ids
from shop.problems import Problem


def get_payment(
    payment_id: str, *, payments: Payments, subject: str, sees_all: bool
) -> Payment | Problem:
    """Somebody else's payment does not exist for a customer; what is no id is not looked up."""
    payment = payments.get(payment_id) if ids.is_id("pay", payment_id) else None
    if payment is None or not (sees_all or payment.customer_id == subject):
        return Problem(problems.NOT_FOUND, "There is no such payment.")
    return payment
