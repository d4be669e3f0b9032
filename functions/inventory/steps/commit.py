"""`commit`: what is reserved is sold. Undone by `release`, which puts it back."""

from inventory.domain.reservation import Status
from inventory.repository.stock import StockRepository
from inventory.service import end_reservation
from shop import clock
from shop.checkout import CommitOutcome, CommitTask, Committed, Expired, Released

stock = StockRepository()


def handle(task: CommitTask) -> CommitOutcome:
    """Two DynamoDB requests, for up to 49 stock rows. Released also if there never was one."""
    status = end_reservation.commit(task.order_id, stock=stock, now=clock.now(), trace=task.trace)
    if status is Status.COMMITTED:
        return Committed()
    return Expired() if status is Status.EXPIRED else Released()
