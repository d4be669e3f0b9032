"""Payments: the PSP's secret, payments and their attempts."""

import json
from typing import cast

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.data_table import due
from infra.constructs.grants import read_secret
from infra.constructs.service_function import FunctionSpec
from infra.project import Project
from infra.stacks.service import ServiceStack, Use
from infra.stages import Stage

# A row is made by PutItem and changed by UpdateItem, each time with its event.
CHANGE = ("GetItem", "PutItem", "UpdateItem")

FUNCTIONS = (
    FunctionSpec(
        name="create_payment",
        kind="route",
        handler="payments.api.create_payment.handler",
        tables={"payments": CHANGE},
        uses=("checkout",),
    ),
    FunctionSpec(
        name="get_payment",
        kind="route",
        handler="payments.api.get_payment.handler",
        tables={"payments": ("GetItem",)},
    ),
    FunctionSpec(
        name="confirm_payment",
        kind="route",
        handler="payments.api.confirm_payment.handler",
        tables={"payments": ("GetItem", "UpdateItem")},
        uses=("checkout",),
    ),
    FunctionSpec(
        name="receive_webhook",
        kind="route",
        handler="payments.api.receive_webhook.handler",
        tables={"payments": CHANGE},
        uses=("psp", "checkout_later"),
    ),
    FunctionSpec(
        name="steps",
        kind="steps",
        handler="payments.steps.handler",
        tables={"payments": CHANGE},
        uses=("psp",),
        timeout_s=9,
    ),
    FunctionSpec(
        name="janitor",
        kind="job",
        handler="payments.jobs.janitor.handler",
        tables={"payments": ("BatchGetItem", "UpdateItem"), "payments/due": ("Query",)},
        uses=("checkout_later",),
    ),
)

TROUBLES = {
    "CapturedButRefused": "Money was taken for an order that cannot be paid: it is due back.",
    "PspRequestRefused": "The PSP refused what we asked for, not the method: perhaps our mistake.",
    "PspLetGoFailed": "The PSP did not cancel a payment that no order has any more.",
    "WebhookRefused": "A webhook was not signed by the PSP, or not with a secret that we know.",
}


class PaymentsStack(ServiceStack):
    """The service `payments`."""

    def __init__(self, scope: Construct, *, stage: Stage, project: Project) -> None:
        super().__init__(
            scope, stage=stage, project=project, service="payments", about="Payments and the PSP"
        )
        table = self.add_table("payments", indexes=due())
        self._add_psp()
        self.add_functions(FUNCTIONS)
        self.watch(TROUBLES)
        self.publish_events_of(table)
        self.let_audit(table)

    def _add_psp(self) -> None:
        """A secret of the right form whose key opens nothing; an operator puts the real one."""
        secret = secretsmanager.Secret(
            self,
            "PspSecret",
            secret_name=self.stage.physical("psp"),
            description=(
                '{"api_key": "sk_...", "webhook_secrets": ["whsec_..."], '
                '"payment_methods": {"<alias>": "<pm id>"}}'
            ),
            encryption_key=self.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"payment_methods": {}, "webhook_secrets": []}),
                generate_string_key="api_key",
                exclude_punctuation=True,
            ),
            removal_policy=RemovalPolicy.RETAIN if self.stage.retain else RemovalPolicy.DESTROY,
        )
        acknowledge(
            secret,
            {"AwsSolutions-SMG4": "The PSP issues its keys; the runbook says how to roll one."},
        )
        # Not `secret.secret_arn`, a Ref: emulators answer that with the name, which opens nothing.
        arn = cast(secretsmanager.CfnSecret, secret.node.default_child).attr_id
        environment = {"PSP_SECRET_ARN": arn, "STRIPE_API_BASE": self.stage.psp_base_url}
        self.add_use("psp", Use(environment=environment, rights=read_secret(arn, self.key)))
        CfnOutput(self, "PspSecretArn", value=arn)
