"""What AWS counts, and tells, of a whole account and region: one stage there watches it."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarm_topics import AlarmTopics
from infra.constructs.alarms import Alarms
from infra.stages import Stage

# Calls after which nobody reads what a key encrypts.
KEY_CALLS = ("DisableKey", "ScheduleKeyDeletion")
ROTATION = "identity-rotate-token-keys"


# Shares of mails at which AWS looks into an account; at twice, and five times, it may stop sending
# ("Reputation metrics" in the SES developer guide).
BOUNCES_REVIEWED = 0.05
COMPLAINTS_REVIEWED = 0.001


class AccountWatch(Construct):
    """Concurrency, mails that come back, and what is done to keys: that needs a trail of
    CloudTrail."""

    def __init__(
        self, scope: Construct, id_: str, *, stage: Stage, topics: AlarmTopics, dlq: sqs.IQueue
    ) -> None:
        super().__init__(scope, id_)
        alarms = Alarms(self, "Alarms", stage=stage, subject="account")
        _watch_concurrency(alarms, stage)
        if stage.mail_from:
            _watch_mail(alarms)
        told = events.EventField.from_path
        rule = events.Rule(
            self,
            "KeysAtRisk",
            rule_name=stage.physical("operations", "notify-of-keys-at-risk"),
            event_pattern=events.EventPattern(
                source=["aws.kms"],
                detail_type=["AWS API Call via CloudTrail"],
                detail={
                    "eventSource": ["kms.amazonaws.com"],
                    "eventName": list(KEY_CALLS),
                    # Nothing is encrypted by keys of tokens, and their rotation deletes old ones:
                    # of this stage or of another one.
                    "userIdentity": {
                        "sessionContext": {
                            "sessionIssuer": {
                                "userName": [
                                    {"exists": False},
                                    {"anything-but": {"wildcard": f"*-{ROTATION}-{stage.region}"}},
                                ]
                            }
                        }
                    },
                },
            ),
        )
        topics.page_at(
            rule,
            f"{told('$.detail.eventName')} {told('$.detail.requestParameters.keyId')} "
            f"at {told('$.detail.eventTime')}: what this key encrypts will not be read again.",
            dlq=dlq,
        )


def _watch_concurrency(alarms: Alarms, stage: Stage) -> None:
    alarms.above(
        "throttles",
        _of_all_functions("Throttles", cloudwatch.Stats.SUM),
        limit=10,
        periods=3,
        severity="notice",
        description="Functions are turned away: a pool or the account's concurrency is full.",
    )
    alarms.above(
        "concurrency",
        # What is reserved, whether it runs or not, and what else runs.
        _of_all_functions("ClaimedAccountConcurrency", cloudwatch.Stats.MAXIMUM),
        limit=0.8 * stage.account_concurrency,
        periods=3,
        severity="notice",
        description="Four fifths of the account's concurrent executions are taken.",
    )


def _watch_mail(alarms: Alarms) -> None:
    for name, metric, limit, told in (
        ("mail-bounces", "Reputation.BounceRate", BOUNCES_REVIEWED, "come back"),
        ("mail-complaints", "Reputation.ComplaintRate", COMPLAINTS_REVIEWED, "are called spam"),
    ):
        alarms.above(
            name,
            cloudwatch.Metric(
                namespace="AWS/SES",
                metric_name=metric,
                statistic=cloudwatch.Stats.MAXIMUM,
                period=Duration.hours(1),
            ),
            limit=limit,
            severity="notice",
            description=f"So many mails {told} that SES may stop sending.",
        )


def _of_all_functions(name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        statistic=statistic,
        period=Duration.minutes(1),
    )
