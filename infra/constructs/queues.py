"""Queues: encrypted, TLS only where the target speaks it, dead letters kept for 14 days."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.removal import kept
from infra.stages import Stage
from shop.deploy import Retries


class DeadLetterQueue(Construct):
    """Where what could not be processed waits for a person. One message raises the alarm; not
    `of_runs` of a schedule, which the next run makes good: there the alarm is that none does.
    """

    def __init__(
        self, scope: Construct, id_: str, *, stage: Stage, subject: str, of_runs: bool = False
    ) -> None:
        super().__init__(scope, id_)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=stage.physical(subject, "dlq"),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=stage.enforce_tls,
            retention_period=Duration.days(14),
            removal_policy=kept(stage),
        )
        last = "It is a dead-letter queue: behind it is an alarm and a person."
        acknowledge(self.queue, {"AwsSolutions-SQS3": last, "Serverless-SQSRedrivePolicy": last})
        if not of_runs:
            Alarms(self, "Alarms", stage=stage, subject=f"{subject}-dlq").parked(self.queue)


def work_queue(
    scope: Construct,
    id_: str,
    *,
    stage: Stage,
    subject: str,
    timeout_s: int,
    retries: Retries,
    dlq: sqs.IQueue,
) -> sqs.Queue:
    """A queue in front of a function that may take `timeout_s`. AWS asks for six times that."""
    return sqs.Queue(
        scope,
        id_,
        queue_name=stage.physical(subject),
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=stage.enforce_tls,
        visibility_timeout=Duration.seconds(6 * timeout_s),
        retention_period=Duration.days(retries.retention_days),
        removal_policy=kept(stage),
        dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=retries.attempts, queue=dlq),
    )
