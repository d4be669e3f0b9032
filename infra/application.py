"""All stacks of one stage, in the order in which they need each other."""

from collections.abc import Mapping

from aws_cdk import App, Stack, Tags

from infra.alarm_addresses import check_alarms_are_heard
from infra.constructs.policy_checks import check_policies
from infra.contract import check_functions, check_paths, routes
from infra.project import Project
from infra.stacks.checkout import CheckoutStack
from infra.stacks.edge import EdgeStack
from infra.stacks.gateway import GatewayStack
from infra.stacks.platform import PlatformStack
from infra.stacks.replica import ReplicaStack, replicated
from infra.stacks.routes import RoutesStack
from infra.stacks.service import ServiceStack
from infra.stages import Stage


def build(app: App, *, stage: Stage, project: Project) -> None:
    """Put the stacks into the app: one for each service that declares itself, and what joins
    them."""
    check_alarms_are_heard(stage)
    if stage.policy_checks:
        check_policies(app)
    declared = project.platform()
    platform = PlatformStack(app, stage=stage, project=project)
    services = {
        name: ServiceStack(app, stage=stage, project=project, service=service)
        for name, service in declared.services.items()
    }
    checkout = CheckoutStack(app, stage=stage, project=project)
    functions = frozenset(declared.functions)
    gateway, *api = build_gateway(app, stage=stage, project=project, functions=functions)
    if stage.public_url is None:  # Then functions take it from the gateway's parameter.
        platform.add_stack_dependency(gateway)
    build_replica(app, stage=stage, project=project, services=services)
    for name, stack in services.items():
        stack.add_stack_dependency(platform)
        for lender in sorted(declared.lenders(declared.services[name])):
            stack.add_stack_dependency(services[lender])
        checkout.add_stack_dependency(stack)
        for part in api:
            part.add_stack_dependency(stack)
    Tags.of(app).add("application", "cartwright")
    Tags.of(app).add("stage", stage.name)


def build_replica(
    app: App, *, stage: Stage, project: Project, services: Mapping[str, Stack]
) -> None:
    """What has to be in the second region before the tables of `services` are replicated there."""
    needing = replicated(stage, project)
    if stage.replica_region is None or not needing:
        return
    replica = ReplicaStack(app, stage=stage, project=project, region=stage.replica_region)
    for name in needing:
        services[name].add_stack_dependency(replica)


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
