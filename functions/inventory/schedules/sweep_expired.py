"""Every minute: give back what was held for too long."""

from inventory.domain.reservation import Reservation
from inventory.repository.stock import StockRepository
from inventory.service import end_reservation
from shop import telemetry
from shop.jobs import FAILED, Run, schedule

stock = StockRepository()


def sweep(run: Run) -> dict[str, int]:
    """Expire what is overdue; say how many, and how many failed."""

    def expire(held: Reservation) -> str:
        expired = end_reservation.expire(held, stock=stock, now=run.now, trace=run.trace)
        return "expired" if expired else "ended_otherwise"

    done = {"expired": 0, "ended_otherwise": 0, FAILED: 0}
    done |= run.each(stock.overdue(run.now), expire, key=lambda held: held.reservation_id)
    if done["expired"]:
        telemetry.emit_metric("ReservationsExpired", done["expired"])
    if done[FAILED]:
        telemetry.emit_metric("SweepFailed", done[FAILED])
    return done


handler = schedule("sweep_expired", sweep)
