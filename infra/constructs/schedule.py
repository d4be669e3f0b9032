"""A function that the clock starts. A run that fails is parked; the next one does its work."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.queues import DeadLetterQueue
from infra.stages import Stage


class Schedule(Construct):
    """The dead-letter queue of a scheduled function; `start` connects the function."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, subject: str) -> None:
        super().__init__(scope, id_)
        self._rule_name = stage.physical(subject)
        self._every = Duration.minutes(stage.job_every_minutes)
        self.dlq: sqs.IQueue = DeadLetterQueue(
            self, "DeadLetters", stage=stage, subject=subject, of_runs=True
        ).queue

    @property
    def failures_to(self) -> lambda_.IDestination:
        """Where the function's own failed runs go."""
        return destinations.SqsDestination(self.dlq)

    def start(self, function: lambda_.Function) -> None:
        """Invoke the function again and again; what EventBridge cannot deliver is parked too."""
        rule = events.Rule(
            self,
            "EveryMinute",
            rule_name=self._rule_name,
            schedule=events.Schedule.rate(self._every),
        )
        rule.add_target(
            targets.LambdaFunction(
                function,
                dead_letter_queue=self.dlq,
                retry_attempts=0,
                max_event_age=Duration.minutes(1),
            )
        )
