"""Every minute: drive on the orders that stand unfinished for longer than they should.

It only starts executions and does not wait: an outage that stops a hundred orders must not make it
slow. A fault with one order leaves the others alone.
"""

from typing import Any

from orders.domain import Order
from orders.repository import OrderRepository
from orders.service import upkeep
from orders.settings import MachineSettings
from shop import clock, telemetry
from shop.checkout_execution import StepFunctionsCheckout

LIMIT = 100  # of each shard and run; the rest is found a minute later
SETTINGS = MachineSettings.load()
orders = OrderRepository()
checkout = StepFunctionsCheckout(SETTINGS.checkout_machine_arn)


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Look after every order that is due; the answer counts what was done."""
    now = clock.now()
    done: dict[str, int] = {}
    for order_id in list(orders.due(now, limit=LIMIT)):
        try:
            word = upkeep.look_after(
                order_id, orders=orders, checkout=checkout, report=report, now=now
            )
        except Exception as error:  # It is still due, or put off: the next run finds it.
            telemetry.fault("order not looked after", error, order_id=order_id)
            word = "failed"
        done[word] = done.get(word, 0) + 1
    telemetry.logger.info("orders looked after", extra={"done": done})
    return done


def report(metric: str, order: Order) -> None:
    """Tell people, every time until it is over."""
    telemetry.logger.error(metric, extra={"order_id": order.order_id, "status": order.status})
    telemetry.count(metric)
