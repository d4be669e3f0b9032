"""Start the checkout machine again for a payment that has stood still."""

from datetime import datetime
from typing import Literal

from payments.domain import payment as domain
from payments.domain.payment import Payment
from payments.service.ports import Payments
from payments.service.run_checkout import abandon_input, pay_input
from shop import clock
from shop.checkout import Checkout
from shop.trace import Trace


def retry_stalled(
    payment: Payment,
    *,
    payments: Payments,
    checkout: Checkout,
    now: datetime,
    trace: Trace,
) -> Literal["payment", "abandon", "elsewhere"]:
    """Start the machine again for a payment that has stood still; its mode, or `elsewhere`.

    For 15 minutes it goes on, then it gives up. A payment that waits for its customer is looked at
    less and less often: that look also finds a customer who authenticated and never came back. It
    is put off first: one that fails is found again after its pause.
    """
    mode, pause = domain.next_attempt(payment, age=now - clock.parse(payment.created_at))
    if not payments.postpone(payment, next_attempt_at=clock.rfc3339(now + pause)):
        return "elsewhere"
    again = pay_input if mode == "payment" else abandon_input
    checkout.start(again(payment, trace))
    return mode
