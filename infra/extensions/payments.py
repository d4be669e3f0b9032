"""Payments: the secret by which the PSP knows us."""

import json
from typing import cast

from aws_cdk import CfnOutput
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.constructs.acknowledge import acknowledge
from infra.constructs.grants import read_secret
from infra.constructs.removal import kept
from infra.stacks.functions import Capability, FunctionStack


def extend(stack: FunctionStack) -> None:
    """Offer `psp`: a secret of the right form whose key opens nothing, until an operator puts the
    real one."""
    secret = secretsmanager.Secret(
        stack,
        "PspSecret",
        secret_name=stack.stage.physical("psp"),
        description=(
            '{"api_key": "sk_...", "webhook_secrets": ["whsec_..."], '
            '"payment_methods": {"<alias>": "<pm id>"}}'
        ),
        encryption_key=stack.key,
        generate_secret_string=secretsmanager.SecretStringGenerator(
            secret_string_template=json.dumps({"payment_methods": {}, "webhook_secrets": []}),
            generate_string_key="api_key",
            exclude_punctuation=True,
        ),
        removal_policy=kept(stack.stage),
    )
    acknowledge(
        secret,
        {"AwsSolutions-SMG4": "The PSP issues its keys; the runbook says how to roll one."},
    )
    # Not `secret.secret_arn`, a Ref: emulators answer that with the name, which opens nothing.
    arn = cast(secretsmanager.CfnSecret, secret.node.default_child).attr_id
    environment = {"PSP_SECRET_ARN": arn, "STRIPE_API_BASE": stack.stage.psp_base_url}
    stack.add_use("psp", Capability(environment=environment, rights=read_secret(arn, stack.key)))
    CfnOutput(stack, "PspSecretArn", value=arn)
