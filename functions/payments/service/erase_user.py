"""What payments keep of a user who is erased: ids and amounts, as the law has it."""

from payments.domain.payment import FINAL
from payments.service.ports import PaymentsOfCustomer
from shop.erasure import EraseUserOutcome, UserBusy, UserErased


def erase_user(user_id: str, payments: PaymentsOfCustomer) -> EraseUserOutcome:
    """How many payments stay; busy as long as one is not final, and then nothing is forgotten."""
    found = payments.of_customer(user_id)
    if any(payment.status not in FINAL for payment in found):
        return UserBusy()
    for payment in found:
        payments.forget_method(payment)
    return UserErased(kept=len(found))
