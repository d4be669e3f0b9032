"""Alarms: one form for all. Each is a page or a notice, and says so to the topic of its severity.

They watch what people would notice, not each attempt that leads there: an attempt that failed and
was repeated rings nothing (docs/adr/0025-alarms-watch-effects.md).
"""

import re

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs import names
from infra.stages import Stage
from shop.deploy import Alarm, Severity

_Comparison = cloudwatch.ComparisonOperator


class Alarms(Construct):
    """The alarms of one construct. Does nothing in a stage without alarms."""

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, subject: str) -> None:
        super().__init__(scope, id_)
        self._stage = stage
        self._subject = subject
        self._actions: dict[Severity, actions.SnsAction] = {}

    def above(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        *,
        limit: float,
        severity: Severity,
        description: str,
        periods: int = 1,
        of: int | None = None,
        recovers: bool = False,
    ) -> None:
        """Fire when the metric is above `limit` in `periods` of the last `of` (all of them). No
        data is good news."""
        self._make(
            name,
            metric,
            (_Comparison.GREATER_THAN_THRESHOLD, limit, cloudwatch.TreatMissingData.NOT_BREACHING),
            (periods, of or periods),
            severity=severity,
            description=description,
            recovers=recovers,
        )

    def silent(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        *,
        periods: int,
        severity: Severity,
        description: str,
    ) -> None:
        """Fire when the metric stays below one for so long, or is not there at all."""
        self._make(
            name,
            metric,
            (_Comparison.LESS_THAN_THRESHOLD, 1, cloudwatch.TreatMissingData.BREACHING),
            (periods, periods),
            severity=severity,
            description=description,
            recovers=True,
        )

    def declared(self, alarm: Alarm, *, service: str) -> None:
        """Fire by what the code of a service counts (shop.telemetry.emit_metric)."""
        self.above(
            re.sub("(?<=.)(?=[A-Z])", "-", alarm.metric).lower(),
            cloudwatch.Metric(
                namespace=names.metrics_namespace(self._stage),
                metric_name=alarm.metric,
                dimensions_map={"service": service, **alarm.dimensions},
                statistic=cloudwatch.Stats.MAXIMUM if alarm.gauge else cloudwatch.Stats.SUM,
                period=Duration.minutes(alarm.minutes),
            ),
            limit=alarm.limit,
            periods=alarm.periods,
            severity=alarm.severity,
            description=alarm.description,
            recovers=alarm.recovers,
        )

    def parked(self, queue: sqs.IQueue) -> None:
        """Fire as soon as one message is in a dead-letter queue. It stays for 14 days."""
        self.above(
            "parked",
            queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
            ),
            limit=0,
            severity="notice",
            description="A message could not be processed and waits in its dead-letter queue.",
        )

    def _make(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        breach: tuple[cloudwatch.ComparisonOperator, float, cloudwatch.TreatMissingData],
        periods: tuple[int, int],
        *,
        severity: Severity,
        description: str,
        recovers: bool,
    ) -> None:
        computed = isinstance(metric, cloudwatch.MathExpression)
        if not self._stage.alarms or (computed and not self._stage.metric_math):
            return
        comparison, threshold, missing = breach
        datapoints, looked_at = periods
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=self._stage.physical(self._subject, name),
            alarm_description=description,
            metric=metric,
            comparison_operator=comparison,
            threshold=threshold,
            treat_missing_data=missing,
            evaluation_periods=looked_at,
            datapoints_to_alarm=datapoints,
        )
        action = self._action(severity)
        alarm.add_alarm_action(action)
        if recovers:  # Not the others: each new alarm is once over, when it gets its first data.
            alarm.add_ok_action(action)

    def _action(self, severity: Severity) -> actions.SnsAction:
        if severity not in self._actions:
            arn = names.topic_arn(self, self._stage, severity)
            topic = sns.Topic.from_topic_arn(self, f"Topic-{severity}", arn)
            self._actions[severity] = actions.SnsAction(topic)
        return self._actions[severity]
