"""Operations: what the platform says about itself, to anyone."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs import grants, names
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
)


class OperationsStack(ServiceStack):
    """The service `operations`, without the relay, which the platform stack has."""

    def __init__(
        self, scope: Construct, *, stage: Stage, project: Project, orders_key: kms.IKey
    ) -> None:
        super().__init__(
            scope,
            stage=stage,
            project=project,
            service="operations",
            about="Health, API reference and problem catalogue",
        )
        self.add_use("probe", self._probe(orders_key))
        self.add_functions(FUNCTIONS)

    def _probe(self, orders_key: kms.IKey) -> Use:
        """Ask the orders table for a row that is never there, and for no other."""
        table = names.table_arn(self, self.stage, "orders")
        ask = grants.use_table(table, ("GetItem",))
        ask.add_conditions({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [PROBE]}})
        return Use(
            environment={"TABLE_ORDERS": self.stage.physical("orders")},
            rights=[ask, grants.use_key(orders_key, service="dynamodb", write=False)],
        )
