"""`erase_user`: no money of a user is on its way."""

from payments import wiring
from payments.service.erase_user import erase_user
from shop.erasure import EraseUserOutcome, EraseUserTask


def handle(task: EraseUserTask) -> EraseUserOutcome:
    """One Query, one BatchGetItem for 100 payments."""
    return erase_user(task.user_id, wiring.payments)
