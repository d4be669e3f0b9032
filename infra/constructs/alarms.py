"""Alarms: one form for all. Every alarm tells the stage's topic, also when it is over."""

import re

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs import names
from infra.stages import Stage
from shop.deploy import Alarm


class Alarms(Construct):
    """The alarms of one construct. Does nothing in a stage without alarms."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, subject: str) -> None:
        super().__init__(scope, id_)
        self._stage = stage
        self._subject = subject
        self._action: actions.SnsAction | None = None

    def above(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        *,
        limit: float,
        minutes: int,
        says: str,
        silence_is_good: bool = True,
    ) -> None:
        """Fire when the metric is above `limit` for `minutes` in a row. No data is good news,
        but for what is counted every minute: there it says that nobody counts."""
        if not self._stage.alarms:
            return
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=self._stage.physical(self._subject, name),
            alarm_description=says,
            metric=metric,
            threshold=limit,
            evaluation_periods=minutes,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING
            if silence_is_good or not self._stage.metrics_from_logs
            else cloudwatch.TreatMissingData.BREACHING,
        )
        alarm.add_alarm_action(self._topic())
        alarm.add_ok_action(self._topic())

    def declared(self, alarm: Alarm, *, service: str) -> None:
        """Fire by what the code of a service counts (shop.telemetry.emit_metric)."""
        metric = re.sub("(?<=.)(?=[A-Z])", "-", alarm.metric)
        self.above(
            "-".join([metric, *alarm.dimensions.values()]).lower(),
            cloudwatch.Metric(
                namespace=names.metrics_namespace(self._stage),
                metric_name=alarm.metric,
                dimensions_map={"service": service, **alarm.dimensions},
                statistic=cloudwatch.Stats.MAXIMUM if alarm.gauge else cloudwatch.Stats.SUM,
                period=Duration.minutes(1),
            ),
            limit=alarm.limit,
            minutes=alarm.minutes,
            says=alarm.says,
            silence_is_good=alarm.silence_is_good,
        )

    def parked(self, queue: sqs.IQueue) -> None:
        """Fire as soon as one message is in a dead-letter queue."""
        self.above(
            "parked",
            queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic="Maximum"
            ),
            limit=0,
            minutes=1,
            says="A message could not be processed and waits in its dead-letter queue.",
        )

    def _topic(self) -> actions.SnsAction:
        if self._action is None:
            arn = names.alarm_topic_arn(self, self._stage)
            self._action = actions.SnsAction(sns.Topic.from_topic_arn(self, "Topic", arn))
        return self._action
