"""The roles by which API Gateway invokes functions, in place of a permission per route."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs import grants, names
from infra.stages import Stage


def invoke_role(
    scope: Construct, *, stage: Stage, subject: str, functions: Sequence[str]
) -> iam.Role:
    """A role that may invoke exactly these functions, given by their ARNs.

    One per service: a role takes 10,240 characters of policies, which is about 110 functions.
    """
    rights = grants.allow("lambda:InvokeFunction", on=functions)
    return iam.Role(
        scope,
        "InvokeRole",
        role_name=names.role_name(stage, "gateway", subject),
        assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        inline_policies={"invoke": iam.PolicyDocument(statements=[rights])},
    )
