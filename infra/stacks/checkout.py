"""Checkout: the state machine over the steps of services."""

import re

from aws_cdk import CfnOutput
from constructs import Construct

from infra.constructs import names
from infra.constructs.state_machine import ExpressMachine
from infra.project import Project
from infra.stacks.base import BaseStack
from infra.stages import Stage


class CheckoutStack(BaseStack):
    """The machine. Who may start it stands with the functions that do: its name is known."""

    def __init__(self, scope: Construct, *, stage: Stage, project: Project) -> None:
        super().__init__(
            scope, stage=stage, project=project, name="checkout", description="The checkout machine"
        )
        definition = project.machine("checkout")
        machine = ExpressMachine(
            self,
            "Checkout",
            stage=stage,
            name="checkout",
            definition=definition,
            # `${CatalogSteps}` in the definition is the function catalog.steps, and so on.
            functions={
                f"{service}Steps": names.function_arn(self, stage, service.lower(), "steps")
                for service in sorted(set(re.findall(r"\$\{(\w+)Steps\}", definition)))
            },
        )
        CfnOutput(self, "CheckoutMachineArn", value=machine.machine.state_machine_arn)
