"""Inventory: stock per SKU and location, reservations that end by themselves."""

from constructs import Construct

from infra.constructs.data_table import due
from infra.constructs.service_function import FunctionSpec
from infra.project import Project
from infra.stacks.service import ServiceStack
from infra.stages import Stage

# A change is one transaction: counters and the reservation, its movements and its event.
CHANGE = ("GetItem", "PutItem", "UpdateItem")

FUNCTIONS = (
    FunctionSpec(
        name="check_stock",
        kind="route",
        handler="inventory.api.check_stock.handler",
        tables={"inventory": ("BatchGetItem",)},
    ),
    FunctionSpec(
        name="steps",
        kind="steps",
        handler="inventory.steps.handler",
        tables={"inventory": ("BatchGetItem", *CHANGE)},
    ),
    FunctionSpec(
        name="sweep_expired",
        kind="job",
        handler="inventory.jobs.sweep_expired.handler",
        # The index shows all of a reservation: it is not read again.
        tables={"inventory": ("PutItem", "UpdateItem"), "inventory/due": ("Query",)},
    ),
)

# A reservation as the sweeper needs it.
HELD = ("order_id", "status", "lines", "held_until", "sequence", "created_at", "updated_at")

TROUBLES = {
    "SweepFailed": "A reservation that is over could not be given back.",
}


class InventoryStack(ServiceStack):
    """The service `inventory`."""

    def __init__(self, scope: Construct, *, stage: Stage, project: Project) -> None:
        super().__init__(
            scope,
            stage=stage,
            project=project,
            service="inventory",
            about="Stock, reservations and movements",
        )
        table = self.add_table("inventory", indexes=due(*HELD), expires=False)
        self.add_functions(FUNCTIONS)
        self.watch(TROUBLES)
        self.publish_events_of(table)
        self.let_audit(table)
