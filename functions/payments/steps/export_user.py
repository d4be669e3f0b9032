"""`export_user`: all payments of a user as one part."""

from payments import wiring
from payments.service.export_user import export_user
from shop.export import BUCKET, ExportUserTask, UserExported
from shop.objects import Objects


def handle(task: ExportUserTask) -> UserExported:
    """One Query and one BatchGetItem for 100 payments; one object."""
    return export_user(task.export_id, task.user_id, wiring.payments, Objects(BUCKET))
