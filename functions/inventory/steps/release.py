"""`release`: what is reserved or sold comes back. The compensation of `reserve` and `commit`."""

from inventory.repository import StockRepository
from inventory.service import ending
from shop import clock
from shop.checkout import Released, ReleaseTask

stock = StockRepository()


def handle(task: ReleaseTask) -> Released:
    """Two DynamoDB requests. Whatever there was: a reserve that comes late finds it released."""
    ending.release(task.order_id, stock=stock, now=clock.now(), trace=task.trace)
    return Released()
