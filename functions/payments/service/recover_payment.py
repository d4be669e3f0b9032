"""Start the checkout machine again for a payment that has stood still."""

from datetime import datetime, timedelta

from payments.domain.payment import Payment
from payments.service.ports import Payments
from payments.service.run_checkout import DUE_AFTER, abandon_input, pay_input
from shop import clock
from shop.checkout import (
    Checkout,
)
from shop.trace import Trace

ABANDON_AFTER = timedelta(minutes=15)
POSTPONE_MAX = timedelta(minutes=5)


def retry_stalled(
    payment: Payment,
    *,
    payments: Payments,
    checkout: Checkout,
    now: datetime,
    trace: Trace,
) -> str:
    """Start the machine again for a payment that has stood still; the mode, or `elsewhere`.

    For 15 minutes it goes on, then it gives up. A payment that waits for its customer is looked at
    less and less often: that look also finds a customer who authenticated and never came back. It
    is put off first: one that fails is found again after its pause.
    """
    mode, pause = _next_attempt(payment, now - clock.parse(payment.created_at))
    if not payments.postpone(payment, next_attempt_at=clock.rfc3339(now + pause)):
        return "elsewhere"
    again = pay_input if mode == "payment" else abandon_input
    checkout.start(again(payment, trace))
    return mode


def _next_attempt(payment: Payment, age: timedelta) -> tuple[str, timedelta]:
    """What to start now, and how long to wait before the look after that."""
    pause = max(DUE_AFTER, age / 2)
    if payment.awaits_manual_capture:
        # A machine that nobody waited for may have ended well; going on is harmless then. Giving
        # up is left to the order, which knows whether it has its stock.
        return "payment", pause
    pause = min(POSTPONE_MAX, pause)
    if age >= ABANDON_AFTER:
        return "abandon", pause
    return "payment", min(pause, ABANDON_AFTER - age)
