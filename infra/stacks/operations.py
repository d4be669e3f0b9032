"""Operations: what the platform says about itself, and the auditor of its invariants."""

from collections.abc import Mapping

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs import grants, names
from infra.constructs.alarms import Alarms
from infra.constructs.data_table import due
from infra.constructs.service_function import FunctionSpec
from infra.project import Project
from infra.stacks.service import ServiceStack, Use
from infra.stages import Stage

PROBE = "HEALTH"  # as in functions/operations/api/health.py

FUNCTIONS = (
    FunctionSpec(
        name="health",
        kind="route",
        handler="operations.api.health.handler",
        uses=("probe",),
    ),
    FunctionSpec(name="openapi", kind="route", handler="operations.api.openapi.handler"),
    FunctionSpec(name="docs", kind="route", handler="operations.api.docs.handler"),
    FunctionSpec(name="errors", kind="route", handler="operations.api.errors.handler"),
    FunctionSpec(
        name="get_invariants",
        kind="route",
        handler="operations.api.get_invariants.handler",
        tables={"audit": ("GetItem",)},
    ),
    FunctionSpec(
        name="check_invariants",
        kind="job",
        handler="operations.jobs.check_invariants.handler",
        # Sums and cursors are put together, suspects with their event.
        tables={
            "audit": ("BatchGetItem", "Query", "PutItem", "UpdateItem"),
            "audit/due": ("Query",),
        },
        uses=("orders", "payments", "inventory", "ledger"),
        memory_mb=1024,
    ),
)
# Rows by their keys; whole partitions of an order with its timeline, of a ledger transaction, and
# of a shelf's movements.
AUDITED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "orders": {"orders": ("Query",)},
    "payments": {"payments": ("BatchGetItem",)},
    "inventory": {"inventory": ("BatchGetItem", "Query")},
    "ledger": {"ledger": ("BatchGetItem", "Query"), "balances": ("BatchGetItem",)},
}

# A suspect as the auditor takes it up again.
OPEN_SUSPECT = (
    "invariant", "subject", "detail", "names", "first_seen", "waiting", "reported_at", "revision",
)  # fmt: skip

VIOLATED = {
    "I1": "A ledger transaction does not balance.",
    "I2": "Stock is not the sum of its movements, or not what reservations hold.",
    "I3": "More was captured than authorised, or one order has two captures.",
    "I4": "An order is paid, captured or posted, but not all of it.",
    "I5": "A hold or an authorisation outlived its order.",
    "I6": "A change has no event or two, or balances are not the fold of the entries.",
}
WHICH = "GET /ops/invariants and the messages of this topic name it; docs/runbook.md says more."
LATE_S = 300


class OperationsStack(ServiceStack):
    """The service `operations`, without the relay, which the platform stack has."""

    def __init__(
        self, scope: Construct, *, stage: Stage, project: Project, keys: Mapping[str, kms.IKey]
    ) -> None:
        super().__init__(
            scope,
            stage=stage,
            project=project,
            service="operations",
            about="Health, API reference, problem catalogue, live invariants",
        )
        self.add_use("probe", self._probe(keys["orders"]))
        for service, tables in AUDITED.items():
            self.add_use(service, self.audited(keys[service], tables))
        audit = self.add_table("audit", indexes=due(*OPEN_SUSPECT))
        self.add_functions(FUNCTIONS)
        self._watch_invariants()
        self.publish_events_of(audit)

    def _watch_invariants(self) -> None:
        alarms = Alarms(self, "Troubles", stage=self.stage, subject=self.service)
        for invariant, says in VIOLATED.items():
            alarms.violated(invariant, service=self.service, says=f"{says} {WHICH}")
        alarms.behind(
            "InvariantLag",
            service=self.service,
            limit_s=LATE_S,
            says="Invariants are not checked, or not up to now: changes go by unseen.",
        )

    def _probe(self, orders_key: kms.IKey) -> Use:
        """Ask the orders table for a row that is never there, and for no other."""
        table = names.table_arn(self, self.stage, "orders")
        ask = grants.use_table(table, ("GetItem",))
        ask.add_conditions({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [PROBE]}})
        return Use(
            environment={"TABLE_ORDERS": self.stage.physical("orders")},
            rights=[ask, grants.use_table_key(orders_key, write=False)],
        )
