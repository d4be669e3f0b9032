"""One method and path of the gateway, served by one function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_apigateway as apigw
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.contract import RouteContract

IDEMPOTENCY_KEY = "method.request.header.Idempotency-Key"
ALLOWED_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "traceparent",
)
_UNSIGNED = "A browser sends a preflight without credentials."


@dataclass(frozen=True, kw_only=True)
class Api:
    """What methods need of the API that they belong to."""

    id: str
    authorizers: Mapping[bool, str]  # by whether they are asked each time; those in use
    validator: str


def add_route(
    scope: Construct,
    route: RouteContract,
    *,
    api: Api,
    resource_id: str,
    function_arn: str,
    role_arn: str,
    model: str | None,
) -> apigw.CfnMethod:
    """The route's method. API Gateway invokes the function by the role."""
    parameters = {f"method.request.path.{name}": True for name in route.path_parameters}
    if route.idempotent:
        parameters[IDEMPOTENCY_KEY] = True
    method = apigw.CfnMethod(
        scope,
        _id(route.method, route.path),
        rest_api_id=api.id,
        resource_id=resource_id,
        http_method=route.method,
        operation_name=None if route.method == "HEAD" else route.name,
        authorization_type="CUSTOM" if route.needs_token else "NONE",
        authorizer_id=api.authorizers[route.asks_each_time] if route.needs_token else None,
        request_validator_id=api.validator,
        request_parameters=parameters or None,
        request_models={"application/json": model} if model else None,
        integration=apigw.CfnMethod.IntegrationProperty(
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=invocation_uri(scope, function_arn),
            credentials=role_arn,
        ),
    )
    reasons = {"AwsSolutions-COG4": "Tokens are our own, checked by a Lambda authorizer."}
    if not route.needs_token:
        reasons["AwsSolutions-APIG4"] = (
            "Its function checks the sender's signature over the body."
            if route.auth == "signature"
            else "Public by its contract: see docs/openapi.json."
        )
    acknowledge(method, reasons)
    return method


def add_preflight(
    scope: Construct, path: str, methods: Sequence[str], *, api: Api, resource_id: str
) -> apigw.CfnMethod:
    """CORS. Tokens travel in a header and never in a cookie, so any origin may ask."""
    headers = {
        "Allow-Headers": ",".join(ALLOWED_HEADERS),
        "Allow-Methods": ",".join([*methods, "OPTIONS"]),
        "Allow-Origin": "*",
        "Max-Age": "3600",
    }
    named = {f"method.response.header.Access-Control-{k}": f"'{v}'" for k, v in headers.items()}
    preflight = apigw.CfnMethod(
        scope,
        _id("OPTIONS", path),
        rest_api_id=api.id,
        resource_id=resource_id,
        http_method="OPTIONS",
        authorization_type="NONE",
        integration=apigw.CfnMethod.IntegrationProperty(
            type="MOCK",
            request_templates={"application/json": "{ statusCode: 204 }"},
            integration_responses=[
                apigw.CfnMethod.IntegrationResponseProperty(
                    status_code="204", response_parameters=named
                )
            ],
        ),
        method_responses=[
            apigw.CfnMethod.MethodResponseProperty(
                status_code="204", response_parameters=dict.fromkeys(named, True)
            )
        ],
    )
    acknowledge(preflight, {"AwsSolutions-APIG4": _UNSIGNED, "AwsSolutions-COG4": _UNSIGNED})
    return preflight


def invocation_uri(scope: Construct, function_arn: str) -> str:
    """Where API Gateway calls a function."""
    here = Stack.of(scope)
    return (
        f"arn:{here.partition}:apigateway:{here.region}:lambda:path/2015-03-31/functions/"
        f"{function_arn}/invocations"
    )


def _id(method: str, path: str) -> str:
    return f"{method} {path.replace('/', '|')}"
