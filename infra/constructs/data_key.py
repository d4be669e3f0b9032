"""A service's own KMS key: for its tables and secrets, rotated every year."""

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.constructs.removal import kept
from infra.stages import Stage


def data_key(scope: Construct, id_: str, *, stage: Stage, subject: str) -> kms.Key:
    """A symmetric key that only IAM policies of this account open."""
    return kms.Key(
        scope,
        id_,
        alias=f"alias/{stage.physical(subject, 'data')}",
        description=f"{stage.name}: data of {subject} at rest",
        enable_key_rotation=True,
        removal_policy=kept(stage),
    )
