"""`reserve`: all lines of an order for 15 minutes, or none. Undone by `release`."""

from inventory.domain.allocation import InsufficientStock
from inventory.domain.reservation import Reservation, Status
from inventory.repository.stock import StockRepository
from inventory.service import reserve_stock
from shop import clock
from shop.checkout import (
    OutOfStock,
    Released,
    Reserved,
    ReserveOutcome,
    ReserveTask,
    StockReservation,
)

stock = StockRepository()


def handle(task: ReserveTask) -> ReserveOutcome:
    """One DynamoDB request if the nearest centre has it all."""
    result = reserve_stock.reserve(
        task.order_id,
        task.lines,
        country=task.ship_to.country,
        stock=stock,
        now=clock.now(),
        trace=task.trace,
    )
    if isinstance(result, InsufficientStock):
        return OutOfStock(short=result.lines)
    if result.status is Status.HELD:
        return Reserved(outcome="reserved", reservation=_reservation(result))
    if result.status in (Status.COMMITTING, Status.COMMITTED):
        return Reserved(outcome="committed", reservation=_reservation(result))
    return Released()


def _reservation(reservation: Reservation) -> StockReservation:
    return StockReservation(
        reservation_id=reservation.reservation_id, expires_at=reservation.held_until
    )
