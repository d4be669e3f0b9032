"""`erase_user`: no money of a user is on its way, and what they paid with is forgotten."""

from payments import wiring
from payments.service.erase_user import erase_user
from shop.erasure import EraseUserOutcome, EraseUserTask


def handle(task: EraseUserTask) -> EraseUserOutcome:
    """One Query, one BatchGetItem for 100 payments, one update for each that is not forgotten."""
    return erase_user(task.user_id, wiring.payments)
