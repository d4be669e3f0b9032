"""Every minute: drive on the orders that stand unfinished for longer than they should.

It only starts executions and does not wait: an outage that stops a hundred orders must not make it
slow. A fault with one order leaves the others alone.
"""

import functools

from orders.domain.order import Order
from orders.repository.orders import OrderRepository
from orders.service import recover_order
from orders.service.ports import PersonalData
from orders.settings import RecoverySettings
from shop import telemetry
from shop.checkout_execution import StepFunctionsCheckout
from shop.jobs import Run, schedule

SETTINGS = RecoverySettings.load()
orders = OrderRepository()
checkout = StepFunctionsCheckout(SETTINGS.checkout_machine_arn)


@functools.cache
def personal() -> PersonalData:
    """Loaded when the first checkout is resumed, which seldom happens."""
    from shop import personal_data
    from shop.user_keys import UserKeys

    return personal_data.PersonalData("orders", UserKeys(SETTINGS.wrapping_key_arn))


def retry_stalled(run: Run) -> dict[str, int]:
    """Look after every order that is due; the answer counts what was done."""

    def one(order_id: str) -> str:
        return recover_order.retry_stalled(
            order_id,
            orders=orders,
            personal=personal,
            checkout=checkout,
            report=report,
            now=run.now,
        )

    return run.each(orders.due(run.now), one, key=str)


def report(metric: str, order: Order) -> None:
    """Tell people, every time until it is over."""
    telemetry.logger.error(metric, extra={"order_id": order.order_id, "status": order.status})
    telemetry.emit_metric(metric)


handler = schedule("orders.recover_orders", retry_stalled)
