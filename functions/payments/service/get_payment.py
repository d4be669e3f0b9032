"""One payment, for those who may see it, and what its customer has to do now."""

from collections.abc import Callable, Mapping
from typing import Any

from payments import problems
from payments.domain.payment import Payment, Status
from payments.service.call_psp import reference_of
from payments.service.ports import Payments, Psp
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


def next_action(payment: Payment, *, psp: Callable[[], Psp]) -> Mapping[str, Any] | None:
    """What the customer's browser needs to authenticate, as the provider has it; kept nowhere.

    Raises PspUnavailable. Only a payment that waits for its customer is asked for.
    """
    if payment.status is not Status.REQUIRES_ACTION:
        return None
    return psp().retrieve(reference_of(payment)).next_action
