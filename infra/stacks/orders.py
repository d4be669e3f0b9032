"""Orders: exactly one order for one key, its timeline, and the janitor that finishes it."""

from constructs import Construct

from infra.constructs.data_table import Index, due
from infra.constructs.queues import DAYS
from infra.constructs.service_function import FunctionSpec
from infra.project import Project
from infra.stacks.service import ServiceStack
from infra.stages import Stage

# An order as GET /orders shows it.
SHOWN = (
    "order_id", "kind", "status", "currency", "lines", "ship_to", "subtotal", "shipping",
    "tax", "total", "reservation", "payment_id", "reason", "created_at", "updated_at",
)  # fmt: skip
INDEXES = {
    "by_customer": Index(partition="customer_id", sort="created_sort", project=SHOWN),
    **due(),
}

# An order is made by PutItem and changed by UpdateItem, each time with its event.
MAKE = ("GetItem", "PutItem", "UpdateItem")
CHANGE = ("GetItem", "UpdateItem")

FUNCTIONS = (
    FunctionSpec(
        name="place_order",
        kind="route",
        handler="orders.api.place_order.handler",
        tables={"orders": MAKE},
        uses=("checkout",),
    ),
    FunctionSpec(
        name="checkout",
        kind="route",
        handler="orders.api.checkout.handler",
        tables={"orders": MAKE},
        uses=("checkout",),
    ),
    FunctionSpec(
        name="cancel_order",
        kind="route",
        handler="orders.api.cancel_order.handler",
        tables={"orders": ("GetItem", "UpdateItem")},
        uses=("checkout",),
    ),
    FunctionSpec(
        name="list_orders",
        kind="route",
        handler="orders.api.list_orders.handler",
        tables={"orders/by_customer": ("Query",)},
    ),
    FunctionSpec(
        name="get_order",
        kind="route",
        handler="orders.api.get_order.handler",
        tables={"orders": ("GetItem",)},
    ),
    FunctionSpec(
        name="get_timeline",
        kind="route",
        handler="orders.api.get_timeline.handler",
        tables={"orders": ("GetItem", "Query")},
    ),
    FunctionSpec(
        name="steps",
        kind="steps",
        handler="orders.steps.handler",
        tables={"orders": CHANGE},
    ),
    FunctionSpec(
        name="on_payment_captured",
        kind="consumer",
        handler="orders.consumers.on_payment_captured.handler",
        hears=("payment.captured",),
        retries=DAYS,
        tables={"orders": CHANGE},
    ),
    FunctionSpec(
        name="on_inventory_expired",
        kind="consumer",
        handler="orders.consumers.on_inventory_expired.handler",
        hears=("inventory.expired",),
        tables={"orders": CHANGE},
    ),
    FunctionSpec(
        name="record_timeline",
        kind="consumer",
        handler="orders.consumers.record_timeline.handler",
        hears=("order.*", "payment.*", "inventory.*"),
        tables={"orders": ("PutItem",)},
    ),
    FunctionSpec(
        name="janitor",
        kind="job",
        handler="orders.jobs.janitor.handler",
        tables={"orders": CHANGE, "orders/due": ("Query",)},
        uses=("checkout_later",),
    ),
)

TROUBLES = {
    "CheckoutStuck": "A payment of an order has been under way for more than five minutes.",
    "CapturedAfterClose": "Money was taken for an order that is closed: it is due back.",
}


class OrdersStack(ServiceStack):
    """The service `orders`."""

    def __init__(self, scope: Construct, *, stage: Stage, project: Project) -> None:
        super().__init__(
            scope, stage=stage, project=project, service="orders", about="Orders and timelines"
        )
        table = self.add_table("orders", indexes=INDEXES, expires=False)
        self.add_functions(FUNCTIONS)
        self.watch(TROUBLES)
        self.publish_events_of(table)
        self.let_audit(table)
