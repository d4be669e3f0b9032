"""`export_user`: all orders of a user, with where they went, as one part."""

from orders.repository.orders import OrderRepository
from orders.service.export_user import export_user
from orders.settings import PersonalSettings
from shop.export import BUCKET, ExportUserTask, UserExported
from shop.objects import Objects
from shop.user_keys import UserKeys

orders = OrderRepository()


def handle(task: ExportUserTask) -> UserExported:
    """One Query and one BatchGetItem for 100 orders; one object. The Encryption SDK is loaded here
    only: a checkout needs none of it."""
    from shop.personal_data import PersonalData

    personal = PersonalData("orders", UserKeys(PersonalSettings.load().wrapping_key_arn))
    return export_user(task.export_id, task.user_id, orders, personal, Objects(BUCKET))
