"""The second CDK app: what an account and region need once, whatever stages live there.

    python -m infra.account ACCOUNT REGION [--trail]

API Gateway writes the logs of all APIs by one role of the account and region. A stage that owned it
would take it from the others when it goes. With `--trail` CloudTrail tells EventBridge what is done
to keys; an account that has such a trail needs no second one, which would not be free.
"""

import argparse
import sys
from collections.abc import Sequence

from infra.jsii import use_own_node

use_own_node()

from aws_cdk import App, CfnResource, Duration, Environment, RemovalPolicy, Stack  # noqa: E402
from aws_cdk import aws_apigateway as apigw  # noqa: E402
from aws_cdk import aws_cloudtrail as cloudtrail  # noqa: E402
from aws_cdk import aws_iam as iam  # noqa: E402
from aws_cdk import aws_s3 as s3  # noqa: E402
from constructs import Construct  # noqa: E402

from infra.constructs import grants  # noqa: E402
from infra.constructs.acknowledge import acknowledge  # noqa: E402
from infra.constructs.policy_checks import check_policies  # noqa: E402

ID = "account"
# API Gateway takes no role with less: "Permissions for CloudWatch logging" in its developer guide.
LOG_ACTIONS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
)


TRAIL_KEPT_DAYS = 90


def logs_role(region: str) -> str:
    """The name of the role by which API Gateway writes logs."""
    return f"cartwright-api-logs-{region}"


def trail_name(region: str) -> str:
    """The trail that we make where there is none."""
    return f"cartwright-{region}"


class AccountStack(Stack):
    """The role by which API Gateway writes logs, and the trail. All of it stays when the stack
    goes, which is therefore not protected: a creation that failed can be repeated."""

    def __init__(self, scope: Construct, *, account: str, region: str, trail: bool) -> None:
        super().__init__(
            scope,
            ID,
            stack_name=f"cartwright-{ID}",
            description="What all stages of an account and region share",
            env=Environment(account=account, region=region),
            tags={"application": "cartwright"},
        )
        rights = grants.allow(*LOG_ACTIONS, on=["*"])
        role = iam.Role(
            self,
            "LogsRole",
            role_name=logs_role(region),
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            inline_policies={"logs": iam.PolicyDocument(statements=[rights])},
        )
        reason = "API Gateway accepts the role only with these actions on all log groups."
        acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": reason})
        apigw.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        if trail:
            self._trail(region)
        for resource in self.node.find_all():
            if isinstance(resource, CfnResource):
                resource.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)

    def _trail(self, region: str) -> None:
        """EventBridge hears of calls that change something only where a trail logs them."""
        bucket = s3.Bucket(
            self,
            "TrailBucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(TRAIL_KEPT_DAYS))],
        )
        reason = "Nobody reads it but by hand; CloudTrail itself logs who changes the bucket."
        acknowledge(bucket, {"AwsSolutions-S1": reason})
        arn = self.format_arn(
            service="cloudtrail", resource="trail", resource_name=trail_name(region)
        )
        written = bucket.arn_for_objects(f"AWSLogs/{self.account}/*")
        for action, on in (("s3:GetBucketAcl", bucket.bucket_arn), ("s3:PutObject", written)):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("cloudtrail.amazonaws.com")],
                    actions=[action],
                    resources=[on],
                    conditions={"StringEquals": {"aws:SourceArn": arn}},
                )
            )
        made = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=trail_name(region),
            s3_bucket_name=bucket.bucket_name,
            is_logging=True,
            enable_log_file_validation=True,
            event_selectors=[
                cloudtrail.CfnTrail.EventSelectorProperty(
                    include_management_events=True, read_write_type="WriteOnly"
                )
            ],
        )
        made.node.add_dependency(bucket)  # and its policy, without which no trail is made


def app(account: str, region: str, *, trail: bool, out: str | None = None) -> App:
    """The app, checked as the stages are."""
    made = App(outdir=out)
    check_policies(made)
    AccountStack(made, account=account, region=region, trail=trail)
    return made


def main(arguments: Sequence[str]) -> None:
    """Synthesize where the command line of the CDK asks for it."""
    parser = argparse.ArgumentParser(prog="python -m infra.account")
    parser.add_argument("account")
    parser.add_argument("region")
    parser.add_argument("--trail", action="store_true")
    given = parser.parse_args(arguments)
    app(given.account, given.region, trail=given.trail).synth()


if __name__ == "__main__":
    main(sys.argv[1:])
