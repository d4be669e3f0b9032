"""ARNs built from physical names, so that stacks need no exports from each other.

An export that is in use cannot change; a name can be known before its resource exists.
"""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.stages import Stage
from shop.deploy import Severity


def _arn(scope: Construct, service: str, resource: str, name: str, form: ArnFormat) -> str:
    return Stack.of(scope).format_arn(
        service=service, resource=resource, resource_name=name, arn_format=form
    )


def function_arn(scope: Construct, stage: Stage, service: str, name: str) -> str:
    """The function `<service>.<name>`."""
    physical = stage.physical(service, name)
    return _arn(scope, "lambda", "function", physical, ArnFormat.COLON_RESOURCE_NAME)


def machine_arn(scope: Construct, stage: Stage, name: str) -> str:
    """The state machine `name`."""
    return _arn(
        scope, "states", "stateMachine", stage.physical(name), ArnFormat.COLON_RESOURCE_NAME
    )


def table_arn(scope: Construct, stage: Stage, name: str) -> str:
    """The table `name`."""
    return _arn(scope, "dynamodb", "table", stage.physical(name), ArnFormat.SLASH_RESOURCE_NAME)


def bucket_name(scope: Construct, stage: Stage, name: str) -> str:
    """The bucket `name`. Names of buckets are the world's, so account and region are part of it,
    and another region can have its own."""
    stack = Stack.of(scope)
    return f"{stage.physical(name)}-{stack.account}-{stack.region}"


def objects_arn(scope: Construct, stage: Stage, bucket: str, prefix: str) -> str:
    """All objects of a bucket below a prefix."""
    partition = Stack.of(scope).partition
    return f"arn:{partition}:s3:::{bucket_name(scope, stage, bucket)}/{prefix}/*"


def topic_arn(scope: Construct, stage: Stage, severity: Severity) -> str:
    """Where all alarms of a severity go."""
    return Stack.of(scope).format_arn(service="sns", resource=topic_name(stage, severity))


def topic_name(stage: Stage, severity: Severity) -> str:
    """`cartwright-<stage>-pages`, `cartwright-<stage>-notices`."""
    return stage.physical(f"{severity}s")


def dlq_arn(scope: Construct, stage: Stage, service: str, name: str) -> str:
    """The dead letters of the function `<service>.<name>`."""
    physical = stage.physical(service, name, "dlq")
    return Stack.of(scope).format_arn(service="sqs", resource=physical)


def public_url(scope: Construct, stage: Stage, *, api_id: str | None = None) -> str:
    """Where clients reach the API, and the `iss` of access tokens; without a slash at its end.

    Of a stage without a domain only the API knows it: whoever makes the API gives its id.
    """
    if stage.public_url is not None:
        return stage.public_url
    if api_id is None:
        parameter = gateway_parameter(stage, "api")
        api_id = ssm.StringParameter.value_for_string_parameter(scope, parameter)
    here = Stack.of(scope)
    return f"https://{api_id}.execute-api.{here.region}.{here.url_suffix}/{stage.name}"


def errors_url(scope: Construct, stage: Stage, *, api_id: str | None = None) -> str:
    """Where problem types are explained; a type is `<errors_url>#<code>`."""
    return f"{public_url(scope, stage, api_id=api_id)}/errors"


def metrics_namespace(stage: Stage) -> str:
    """Of all that functions count. Stages may share an account and a region, never their sums."""
    return f"Cartwright/{stage.name}"


def role_name(stage: Stage, service: str, name: str) -> str:
    """A function's role. IAM is global, so the region is part of it."""
    return f"{stage.physical(service, name)}-{stage.region}"


def stream_parameter(stage: Stage, table: str) -> str:
    """The SSM parameter that holds the ARN of a table's stream, which DynamoDB names by a time."""
    return f"/cartwright/{stage.name}/streams/{table}"


def key_parameter(stage: Stage, service: str) -> str:
    """The SSM parameter that holds the ARN of a service's key, which KMS names."""
    return f"/cartwright/{stage.name}/keys/{service}"


def request_id_key_parameter(stage: Stage) -> str:
    """The SSM parameter that holds the ARN of the key behind the ids of requests."""
    return f"/cartwright/{stage.name}/keys/request-ids"


def wrapping_key_parameter(stage: Stage) -> str:
    """The SSM parameter that holds the ARN of the key that wraps the keys of users."""
    return f"/cartwright/{stage.name}/keys/user-keys"


def layer_parameter(stage: Stage, name: str) -> str:
    """The SSM parameter that holds the current version of a layer."""
    return f"/cartwright/{stage.name}/layers/{name}"


def gateway_parameter(stage: Stage, name: str) -> str:
    """The SSM parameter that holds an id which API Gateway chose, or a service's list of them."""
    return f"/cartwright/{stage.name}/gateway/{name}"
