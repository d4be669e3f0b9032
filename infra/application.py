"""All stacks of one stage, in the order in which they need each other."""

from aws_cdk import App, Stack, Tags

from infra.constructs.policy_checks import check_policies
from infra.contract import check_functions, check_paths, routes
from infra.project import Project
from infra.stacks.catalog import CatalogStack
from infra.stacks.checkout import CheckoutStack
from infra.stacks.edge import EdgeStack
from infra.stacks.gateway import GatewayStack
from infra.stacks.identity import IdentityStack
from infra.stacks.inventory import InventoryStack
from infra.stacks.ledger import LedgerStack
from infra.stacks.operations import OperationsStack
from infra.stacks.orders import OrdersStack
from infra.stacks.payments import PaymentsStack
from infra.stacks.platform import PlatformStack
from infra.stacks.routes import RoutesStack
from infra.stacks.service import ServiceStack
from infra.stages import Stage

SERVICES = (
    IdentityStack,
    CatalogStack,
    InventoryStack,
    OrdersStack,
    PaymentsStack,
    LedgerStack,
)


def build(app: App, *, stage: Stage, project: Project) -> None:
    """Put the stacks into the app."""
    if stage.policy_checks:
        check_policies(app)
    platform = PlatformStack(app, stage=stage, project=project)
    services: list[ServiceStack] = [make(app, stage=stage, project=project) for make in SERVICES]
    keys = {made.service: made.key for made in services}
    operations = OperationsStack(app, stage=stage, project=project, keys=keys)
    for service in services:  # The auditor reads their tables and streams.
        operations.add_stack_dependency(service)
    services.append(operations)
    checkout = CheckoutStack(app, stage=stage, project=project)
    functions = frozenset(f"{made.service}.{name}" for made in services for name in made.functions)
    api = build_gateway(app, stage=stage, project=project, functions=functions)
    for service in services:
        service.add_stack_dependency(platform)
        checkout.add_stack_dependency(service)
        for stack in api:
            stack.add_stack_dependency(service)
    Tags.of(app).add("application", "cartwright")
    Tags.of(app).add("stage", stage.name)


def build_gateway(
    app: App, *, stage: Stage, project: Project, functions: frozenset[str]
) -> list[Stack]:
    """The stacks of the API, in the order in which they are deployed."""
    found = routes(project.contract())
    check_functions(found, functions)
    check_paths(found)
    gateway = GatewayStack(app, stage=stage, project=project, found=found)
    held: list[Stack] = [gateway]
    for service in sorted({route.service for route in found}):
        made = RoutesStack(app, stage=stage, project=project, service=service, found=found)
        made.add_stack_dependency(gateway)
        held.append(made)
    edge = EdgeStack(app, stage=stage, project=project, found=found, held=held)
    for stack in held:
        edge.add_stack_dependency(stack)
    return [*held, edge]
