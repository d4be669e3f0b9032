"""`begin_erasure`: requested -> begun; from here on there is no way back."""

from identity import wiring
from shop import clock
from shop.erasure import BeginErasureTask, ErasureBegun


def handle(task: BeginErasureTask) -> ErasureBegun:
    """Two reads and one transaction."""
    return wiring.eraser().begin(task.erasure_id, now=clock.now())
