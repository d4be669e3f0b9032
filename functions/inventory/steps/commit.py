"""`commit`: what is reserved is sold. Undone by `release`, which puts it back."""

from inventory.domain.reservation import Status
from inventory.repository import StockRepository
from inventory.service import ending
from shop import clock
from shop.checkout import CommitOutcome, CommitTask, Committed, Expired, Released

stock = StockRepository()


def handle(task: CommitTask) -> CommitOutcome:
    """Two DynamoDB requests, for up to 49 stock rows. Released also if there never was one."""
    status = ending.commit(task.order_id, stock=stock, now=clock.now(), trace=task.trace)
    if status is Status.COMMITTED:
        return Committed()
    return Expired() if status is Status.EXPIRED else Released()
