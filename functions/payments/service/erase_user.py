"""What payments keep of a user who is erased: ids and amounts, as the law has it.

What one was paid with is sealed under the user's key, and left its row once the payment was
confirmed, so nothing is changed here.
"""

from payments.domain.payment import FINAL
from payments.service.ports import PaymentsOfCustomer
from shop.erasure import EraseUserOutcome, UserBusy, UserErased


def erase_user(user_id: str, payments: PaymentsOfCustomer) -> EraseUserOutcome:
    """How many payments stay; busy as long as one is not final."""
    found = payments.of_customer(user_id)
    if any(payment.status not in FINAL for payment in found):
        return UserBusy()
    return UserErased(kept=len(found))
