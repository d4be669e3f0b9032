"""`export_user`: profile, addresses, consents and sessions as one part."""

from identity import wiring
from shop.export import ExportUserTask, UserExported


def handle(task: ExportUserTask) -> UserExported:
    """Three reads, and what opening costs; one object."""
    return wiring.exporter().export(task.export_id, task.user_id)
