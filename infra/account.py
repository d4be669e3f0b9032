"""The second CDK app: what an account and region need once, whatever stages live there.

    python -m infra.account ACCOUNT REGION

API Gateway writes the logs of all APIs by one role of the account and region. A stage that owned it
would take it from the others when it goes.
"""

import sys
from collections.abc import Sequence

from infra.jsii import use_own_node

use_own_node()

from aws_cdk import App, Environment, RemovalPolicy, Stack  # noqa: E402
from aws_cdk import aws_apigateway as apigw  # noqa: E402
from aws_cdk import aws_iam as iam  # noqa: E402
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


class AccountStack(Stack):
    """The role by which API Gateway writes logs. It stays when the stack goes, which is therefore
    not protected: a creation that failed can be repeated."""

    def __init__(self, scope: Construct, *, account: str, region: str) -> None:
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
            role_name=f"cartwright-api-logs-{region}",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            inline_policies={"logs": iam.PolicyDocument(statements=[rights])},
        )
        reason = "API Gateway accepts the role only with these actions on all log groups."
        acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": reason})
        made = apigw.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        for resource in (role, made):
            resource.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)


def app(account: str, region: str, *, out: str | None = None) -> App:
    """The app, checked as the stages are."""
    made = App(outdir=out)
    check_policies(made)
    AccountStack(made, account=account, region=region)
    return made


def main(arguments: Sequence[str]) -> None:
    """Synthesize where the command line of the CDK asks for it."""
    account, region = arguments
    app(account, region).synth()


if __name__ == "__main__":
    main(sys.argv[1:])
