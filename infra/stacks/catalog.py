"""Catalog: products and prices, read by everyone, changed by operators."""

from constructs import Construct

from infra.constructs.service_function import FunctionSpec
from infra.project import Project
from infra.stacks.service import ServiceStack
from infra.stages import Stage

FUNCTIONS = (
    FunctionSpec(
        name="list_products",
        kind="route",
        handler="catalog.api.list_products.handler",
        tables={"catalog": ("GetItem", "Query")},
    ),
    FunctionSpec(
        name="get_product",
        kind="route",
        handler="catalog.api.get_product.handler",
        tables={"catalog": ("GetItem",)},
    ),
    FunctionSpec(
        name="steps",
        kind="steps",
        handler="catalog.steps.handler",
        tables={"catalog": ("BatchGetItem",)},
    ),
)


class CatalogStack(ServiceStack):
    """The service `catalog`."""

    def __init__(self, scope: Construct, *, stage: Stage, project: Project) -> None:
        super().__init__(
            scope, stage=stage, project=project, service="catalog", about="Products and prices"
        )
        self.add_table("catalog", streams=False)
        self.add_functions(FUNCTIONS)
