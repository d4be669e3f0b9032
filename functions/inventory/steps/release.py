"""`release`: what is reserved or sold comes back. The compensation of `reserve` and `commit`."""

from inventory.repository.stock import StockRepository
from inventory.service import end_reservation
from shop import clock
from shop.checkout import Released, ReleaseTask

stock = StockRepository()


def handle(task: ReleaseTask) -> Released:
    """Two DynamoDB requests. Whatever there was: a reserve that comes late finds it released."""
    end_reservation.release(task.order_id, stock=stock, now=clock.now(), trace=task.trace)
    return Released()
