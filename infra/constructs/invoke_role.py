"""The roles by which API Gateway invokes functions, in place of a permission per route."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs import grants


def invoke_role(scope: Construct, id_: str, *, functions: Sequence[str]) -> iam.Role:
    """A role that may invoke exactly these functions, given by their ARNs."""
    rights = grants.allow("lambda:InvokeFunction", on=functions)
    return iam.Role(
        scope,
        id_,
        assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        inline_policies={"invoke": iam.PolicyDocument(statements=[rights])},
    )
