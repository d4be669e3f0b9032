"""`destroy_user`: rows, address and key of the user are gone."""

from identity import wiring
from shop import clock
from shop.erasure import DestroyUserTask, UserDestroyed


def handle(task: DestroyUserTask) -> UserDestroyed:
    """The key goes last, so that what is left can be found again."""
    return wiring.eraser().destroy(task.erasure_id, now=clock.now())
