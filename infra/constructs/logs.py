"""Log groups that we make ourselves, so that none is kept for ever by default."""

from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.removal import kept
from infra.stages import Stage

_RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
}


def log_group(
    scope: Construct, id_: str, *, stage: Stage, name: str, days: int | None = None
) -> logs.LogGroup:
    """A log group with the stage's retention, unless it says another."""
    return logs.LogGroup(
        scope,
        id_,
        log_group_name=name,
        retention=_RETENTION[days or stage.log_retention_days],
        removal_policy=kept(stage),
    )
