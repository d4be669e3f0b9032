"""Every minute: drives payments on that have stood in a non-final state for too long."""

from typing import Any

from payments.repository import PaymentRepository
from payments.service import requesting
from payments.settings import RequestSettings
from shop import clock, machine, telemetry, trace

settings = RequestSettings.load()
payments = PaymentRepository()


def start(data: dict[str, Any]) -> None:
    """Start the machine and do not wait: the next look tells what came of it."""
    machine.start(settings.checkout_machine_arn, data)


def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Scheduled; its events carry nothing."""
    telemetry.bind(trace.start(None))
    with telemetry.stopwatch() as timer:
        counts = requesting.drive(
            payments=payments,
            start=start,
            now=clock.now(),
            trace_of=lambda data: trace.of(dict(data)),
        )
    telemetry.logger.info("payments driven on", extra={**counts, **timer})
    return counts
