"""A service's own KMS key: for its tables and secrets, rotated every year."""

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.removal import kept
from infra.stages import Stage


def alias(stage: Stage, subject: str) -> str:
    """By which the key is known, in each of the stage's regions."""
    return f"alias/{stage.physical(subject, 'data')}"


def replica_arn(scope: Construct, stage: Stage, region: str, subject: str) -> str:
    """The data key of the same subject in another region: a key of its own, since DynamoDB encrypts
    a replica anew. By its alias, which can be known before it is made."""
    stack = Stack.of(scope)
    return f"arn:{stack.partition}:kms:{region}:{stack.account}:{alias(stage, subject)}"


def data_key(scope: Construct, id_: str, *, stage: Stage, subject: str) -> kms.Key:
    """A symmetric key that only IAM policies of this account open."""
    return kms.Key(
        scope,
        id_,
        alias=alias(stage, subject),
        description=f"{stage.name}: data of {subject} at rest",
        enable_key_rotation=True,
        removal_policy=kept(stage),
    )
