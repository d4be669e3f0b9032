"""Tasks of the checkout machine: one function, a file per step."""

from payments.steps import authorize, capture, fail_payment, void
from shop.checkout import AuthorizeTask, CaptureTask, FailPaymentTask, VoidTask
from shop.steps import Step, entrypoint

handler = entrypoint(
    Step(AuthorizeTask, authorize.handle),
    Step(CaptureTask, capture.handle),
    Step(VoidTask, void.handle),
    Step(FailPaymentTask, fail_payment.handle),
)
