"""Rule -> queue -> function: how a service hears events. What cannot be processed is parked."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.queues import DeadLetterQueue, work_queue
from infra.constructs.service_function import TIMEOUT_S
from infra.project import ROOT
from infra.stages import Stage
from shop.deploy import DAYS, Retries, Severity

# One call that hangs must not take the batch with it: see TIMEOUT_S.
BATCH = 5


class EventConsumer(Construct):
    """The queue of a consumer and the rule that fills it; `feed` connects the function."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        subject: str,
        events_: Sequence[str],
        retries: Retries,
    ) -> None:
        super().__init__(scope, id_)
        self._stage = stage
        self._subject = subject
        dlq = DeadLetterQueue(self, "DeadLetters", stage=stage, subject=subject)
        self.queue = work_queue(
            self,
            "Queue",
            stage=stage,
            subject=subject,
            timeout_s=TIMEOUT_S["consumer"],
            retries=retries,
            dlq=dlq.queue,
        )
        rule = events.Rule(
            self,
            "Rule",
            rule_name=stage.physical(subject),
            event_bus=events.EventBus.from_event_bus_name(self, "Bus", stage.physical()),
            event_pattern=events.EventPattern(
                source=producers(events_), detail_type=[_match(name) for name in events_]
            ),
        )
        # The target's own dead letters: what EventBridge could not put into the queue.
        rule.add_target(targets.SqsQueue(self.queue, dead_letter_queue=dlq.queue))
        self._watch("page" if retries == DAYS else "notice")

    def connect(self, function: lambda_.Function, *, most: int | None = None) -> None:
        """Let the queue call the function, at most as often at a time as its pool allows, and no
        more than `most` of it."""
        pool = self._stage.pools.consumer
        mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=function,
            event_source_arn=self.queue.queue_arn,
            batch_size=BATCH,
            report_batch_item_failures=True,
            max_concurrency=pool and min(pool, most or pool),
        )
        reason = "A queue's failures go to the queue's own dead letters."
        acknowledge(mapping, {"Serverless-LambdaEventSourceMappingDestination": reason})

    def _watch(self, severity: Severity) -> None:
        age = self.queue.metric_approximate_age_of_oldest_message(
            period=Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
        )
        Alarms(self, "Alarms", stage=self._stage, subject=self._subject).above(
            "age",
            age,
            limit=300,
            periods=3,
            severity=severity,
            recovers=True,
            description="Events wait for more than five minutes: their consumer stands or is slow.",
        )


def producers(events_: Sequence[str]) -> list[str]:
    """Who publishes these, by the folders of their schemas: from others they are not believed."""
    found = {
        file.parent.name
        for name in events_
        for file in (ROOT / "events").glob(f"*/{name.removesuffix('*')}*.schema.json")
    }
    if not found:
        raise ValueError(f"nobody publishes {', '.join(events_)}")
    return sorted(f"shop.{service}" for service in found)


def _match(name: str) -> str:
    """`order.*` means every event of that kind."""
    if name.endswith(".*"):
        return events.Match.prefix(name.removesuffix("*"))[0]
    return name
