"""Where alarms go: a topic for pages and one for notices, with those who hear them."""

from collections.abc import Mapping

from aws_cdk import ArnFormat, CfnOutput, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarm_addresses import is_endpoint
from infra.constructs import names
from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.stages import Stage
from shop.deploy import Severity

# What a topic could not deliver, the other one tells.
_TOLD_BY: Mapping[Severity, Severity] = {"page": "notice", "notice": "page"}


class AlarmTopics(Construct):
    """Both topics of a stage.

    They have no key of ours: what happens to a key must be told, too. Messages hold ids at most.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage) -> None:
        super().__init__(scope, id_)
        self._stage = stage
        self._topics = {
            "page": self._topic("page", stage.pages_to),
            "notice": self._topic("notice", stage.notices_to or stage.pages_to),
        }
        # Without a condition: EventBridge gives SNS nothing that one could ask for (its user guide,
        # "Resource-based policies"), and what a topic refuses arrives nowhere.
        self._let_publish(self._topics["page"], "RulesPublish", "events")
        # By its ARN: of a topic of ours, CDK would say so once more for each rule.
        self._pages = sns.Topic.from_topic_arn(self, "Told", self._topics["page"].topic_arn)
        for severity, other in _TOLD_BY.items():
            self._watch(severity, other)

    def page_at(self, rule: events.Rule, text: str, *, dlq: sqs.IQueue) -> None:
        """Send a text made of the event to whoever hears pages."""
        message = events.RuleTargetInput.from_text(text)
        rule.add_target(targets.SnsTopic(self._pages, message=message, dead_letter_queue=dlq))

    def _topic(self, severity: Severity, addresses: tuple[str, ...]) -> sns.Topic:
        topic = sns.Topic(
            self,
            f"{severity.title()}s",
            topic_name=names.topic_name(self._stage, severity),
            enforce_ssl=self._stage.enforce_tls,
        )
        reason = "What cannot be delivered, the other topic tells; nobody would redrive it."
        acknowledge(topic, {"Serverless-SNSRedrivePolicy": reason})
        for address in addresses:
            topic.add_subscription(
                subscriptions.UrlSubscription(address)
                if is_endpoint(address)
                else subscriptions.EmailSubscription(address)
            )
        # Said in full: a topic that has a policy, if only against plain HTTP, has no default.
        alarms = Stack.of(self).format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=f"{self._stage.prefix}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self._let_publish(topic, "AlarmsPublish", "cloudwatch", only=alarms)
        CfnOutput(self, f"{severity.title()}sArn", value=topic.topic_arn)
        return topic

    def _let_publish(
        self, topic: sns.Topic, sid: str, service: str, *, only: str | None = None
    ) -> None:
        """Let a service publish to a topic; on behalf of `only` what has this ARN."""
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"ArnLike": {"aws:SourceArn": only}} if only else None,
            )
        )

    def _watch(self, severity: Severity, other: Severity) -> None:
        subject = f"{severity}s"
        topic = self._topics[severity]
        Alarms(self, f"{subject.title()}Alarms", stage=self._stage, subject=subject).above(
            "undelivered",
            topic.metric_number_of_notifications_failed(
                period=Duration.minutes(5), statistic=cloudwatch.Stats.SUM
            ),
            limit=0,
            severity=other,
            description=f"A {severity} did not reach everybody who should hear it.",
        )
