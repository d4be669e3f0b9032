"""Tasks of the checkout machine, and of the erasure machine: one function, a file per step."""

from payments.steps import authorize, capture, erase_user, fail_payment, void
from shop.checkout import AuthorizeTask, CaptureTask, FailPaymentTask, VoidTask
from shop.erasure import EraseUserTask
from shop.steps import Step, entrypoint

handler = entrypoint(
    Step(AuthorizeTask, authorize.handle),
    Step(CaptureTask, capture.handle),
    Step(VoidTask, void.handle),
    Step(FailPaymentTask, fail_payment.handle),
    Step(EraseUserTask, erase_user.handle),
)
