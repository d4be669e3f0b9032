"""Tasks of the checkout machine, and of the erasure machine: one function, a file per step.

What a step undoes is not undone here but by `finalize` at the end of every path: an order is only
cancelled when its money and its stock are free.
"""

from orders.steps import attach_payment, erase_user, finalize, place, reject
from shop.checkout import AttachPaymentTask, FinalizeTask, PlaceTask, RejectTask
from shop.erasure import EraseUserTask
from shop.steps import Step, entrypoint

handler = entrypoint(
    Step(PlaceTask, place.handle),
    Step(RejectTask, reject.handle),
    Step(AttachPaymentTask, attach_payment.handle),
    Step(FinalizeTask, finalize.handle),
    Step(EraseUserTask, erase_user.handle),
)
