"""Tasks of the erasure machine: one function, a file per step."""

from identity.steps import (
    announce_erasure,
    begin_erasure,
    destroy_user,
    report_erasure,
    sign_receipt,
)
from shop.erasure import (
    AnnounceErasureTask,
    BeginErasureTask,
    DestroyUserTask,
    ReportErasureTask,
    SignReceiptTask,
)
from shop.steps import Step, entrypoint

handler = entrypoint(
    Step(AnnounceErasureTask, announce_erasure.handle),
    Step(BeginErasureTask, begin_erasure.handle),
    Step(ReportErasureTask, report_erasure.handle),
    Step(DestroyUserTask, destroy_user.handle),
    Step(SignReceiptTask, sign_receipt.handle),
)
