"""Every minute: drives payments on that have stood in a non-final state for too long."""

from typing import Any

from payments.repository import PaymentRepository
from payments.service import requesting
from payments.settings import RequestSettings
from shop import clock, telemetry, trace
from shop.checkout_execution import StepFunctionsCheckout

settings = RequestSettings.load()
payments = PaymentRepository()
checkout = StepFunctionsCheckout(settings.checkout_machine_arn)


def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Scheduled; its events carry nothing."""
    telemetry.bind(trace.start(None))
    with telemetry.stopwatch() as timer:
        counts = requesting.drive(
            payments=payments,
            checkout=checkout,
            now=clock.now(),
            trace_of=lambda data: trace.of(dict(data)),
        )
    telemetry.logger.info("payments driven on", extra={**counts, **timer})
    return counts
