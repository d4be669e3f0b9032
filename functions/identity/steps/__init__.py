"""Tasks of the machines of erasures and exports: one function, a file per step."""

from identity.steps import (
    announce_erasure,
    assemble_export,
    begin_erasure,
    destroy_user,
    export_user,
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
from shop.export import AssembleExportTask, ExportUserTask
from shop.steps import Step, entrypoint

handler = entrypoint(
    Step(AnnounceErasureTask, announce_erasure.handle),
    Step(BeginErasureTask, begin_erasure.handle),
    Step(ReportErasureTask, report_erasure.handle),
    Step(DestroyUserTask, destroy_user.handle),
    Step(SignReceiptTask, sign_receipt.handle),
    Step(ExportUserTask, export_user.handle),
    Step(AssembleExportTask, assemble_export.handle),
)
