"""`assemble_export`: one archive of all parts, to be fetched by the user."""

from identity import wiring
from shop import clock
from shop.export import AssembleExportTask, ExportAssembled


def handle(task: AssembleExportTask) -> ExportAssembled:
    """Parts are gone afterwards, whatever came of them."""
    return wiring.exporter().assemble(
        task.export_id, task.user_id, now=clock.now(), trace=task.trace
    )
