"""Every minute: give back what was held for too long. Bounded per run; the next run goes on."""

from typing import Any

from inventory.domain.reservation import Reservation
from inventory.repository import StockRepository
from inventory.service import ending
from shop import clock, telemetry, trace
from shop.tables import DUE_SHARDS

PER_SHARD = 100
stock = StockRepository()


def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Expire up to PER_SHARD reservations of each shard; say how many, and how many failed."""
    found = {"expired": 0, "ended_otherwise": 0, "failed": 0}
    with telemetry.stopwatch() as timer:
        for shard in range(DUE_SHARDS):
            for held in stock.overdue(shard, now=clock.now(), limit=PER_SHARD):
                found[_expire(held)] += 1
    telemetry.logger.info("sweep", extra={**found, **timer})
    telemetry.count("ReservationsExpired", found["expired"])
    if found["failed"]:
        telemetry.count("SweepFailed", found["failed"])
    return found


def _expire(held: Reservation) -> str:
    """One that fails must not keep the others waiting; it is due again in a minute."""
    try:
        expired = ending.expire(held, stock=stock, now=clock.now(), trace=trace.start(None))
    except Exception as error:
        telemetry.fault("reservation not expired", error, reservation_id=held.reservation_id)
        return "failed"
    return "expired" if expired else "ended_otherwise"
