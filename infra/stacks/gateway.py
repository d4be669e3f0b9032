"""Gateway: the REST API, made from docs/openapi.json alone.

It depends on the services, which it knows by the names of their functions; none depends on it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from aws_cdk import CfnOutput, Duration, Size, Tags
from aws_cdk import aws_apigateway as apigw
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra import problems
from infra.constructs import grants, names
from infra.constructs.access_log import ACCESS_LOG
from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.api_route import ApiRoute
from infra.constructs.firewall import Firewall
from infra.constructs.logs import log_group
from infra.contract import RouteContract, check_functions, draft4, routes
from infra.project import Project
from infra.stacks.base import BaseStack
from infra.stages import Stage, Throttle

AUTHORIZER = ("identity", "authorizer")
BEARER = r"^Bearer [-\w.~+/]+=*$"
ALLOWED_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "traceparent",
)
# What API Gateway needs to write logs for an account and region.
_LOG_ACTIONS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
)


class GatewayStack(BaseStack):
    """The public edge."""

    def __init__(
        self, scope: Construct, *, stage: Stage, project: Project, functions: frozenset[str]
    ) -> None:
        super().__init__(scope, stage=stage, project=project, name="gateway", about="The REST API")
        document = project.contract()
        found = routes(document)
        check_functions(found, functions)
        self.api = self._api(found)
        authorizer = self._authorizer()
        validator = self.api.add_request_validator(
            "BodyAndParameters", validate_request_body=True, validate_request_parameters=True
        )
        models = self._models(document, found)
        for route in found:
            ApiRoute(
                self,
                f"{route.method} {route.path.replace('/', '|')}",
                resource=self.api.root.resource_for_path(route.path),
                route=route,
                function_arn=names.function_arn(self, stage, route.service, route.name),
                authorizer=authorizer,
                validator=validator,
                model=models[route.body] if route.body else None,
            )
        self._answer_preflights(found)
        self._answer_errors()
        self._watch()
        if stage.firewall:
            Firewall(self, "Firewall", stage=stage, stage_arn=self.api.deployment_stage.stage_arn)
        CfnOutput(self, "ApiId", value=self.api.rest_api_id)
        CfnOutput(self, "ApiUrl", value=stage.public_url)

    def _api(self, found: Iterable[RouteContract]) -> apigw.RestApi:
        logs = log_group(
            self, "AccessLogs", stage=self.stage, name=f"/cartwright/{self.stage.name}/access"
        )
        api = apigw.RestApi(
            self,
            "Api",
            rest_api_name=self.stage.prefix,
            description="Cartwright",
            endpoint_types=[apigw.EndpointType.REGIONAL],
            cloud_watch_role=False,
            # All answers are text, so there are no binary media types. The reference page (1.7 MB)
            # and long lists are compressed here, for whoever takes gzip.
            min_compression_size=Size.kibibytes(8),
            deploy_options=apigw.StageOptions(
                stage_name=self.stage.name,
                throttling_rate_limit=self.stage.throttle.rate,
                throttling_burst_limit=self.stage.throttle.burst,
                method_options=dict(self._method_throttles(found)),
                tracing_enabled=True,
                metrics_enabled=True,
                logging_level=apigw.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,  # Bodies hold passwords and addresses.
                access_log_destination=apigw.LogGroupLogDestination(logs),
                access_log_format=apigw.AccessLogFormat.custom(ACCESS_LOG),
            ),
        )
        if self.stage.api_custom_id:
            for tag in ("ms-custom-id", "_custom_id_"):
                Tags.of(api).add(tag, self.stage.api_custom_id)
        api.deployment_stage.node.add_dependency(self._account())
        return api

    def _method_throttles(
        self, found: Iterable[RouteContract]
    ) -> Iterable[tuple[str, apigw.MethodDeploymentOptions]]:
        for route in found:
            limit: Throttle | None = self.stage.throttle_overrides.get(
                route.function, route.throttle
            )
            if limit:
                yield (
                    f"{route.path}/{route.method}",
                    # A method's entry replaces the stage's as a whole, so all of it is repeated.
                    apigw.MethodDeploymentOptions(
                        throttling_rate_limit=limit.rate,
                        throttling_burst_limit=limit.burst,
                        metrics_enabled=True,
                        logging_level=apigw.MethodLoggingLevel.ERROR,
                        data_trace_enabled=False,
                    ),
                )

    def _account(self) -> apigw.CfnAccount:
        """The role by which API Gateway writes logs. One per account and region."""
        role = iam.Role(
            self,
            "LogsRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            inline_policies={
                "logs": iam.PolicyDocument(statements=[grants.allow(*_LOG_ACTIONS, on=["*"])])
            },
        )
        reason = "API Gateway accepts the role only with these actions on all log groups."
        acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": reason})
        return apigw.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)

    def _authorizer(self) -> apigw.TokenAuthorizer:
        function = lambda_.Function.from_function_attributes(
            self,
            "AuthorizerFunction",
            function_arn=names.function_arn(self, self.stage, *AUTHORIZER),
            same_environment=True,
        )
        return apigw.TokenAuthorizer(
            self,
            "Authorizer",
            handler=function,
            validation_regex=BEARER,
            results_cache_ttl=Duration.minutes(5),
        )

    def _models(
        self, document: Mapping[str, Any], found: Iterable[RouteContract]
    ) -> dict[str, apigw.IModel]:
        models: dict[str, apigw.IModel] = {}
        deployment = self.api.latest_deployment
        for name in sorted({route.body for route in found if route.body}):
            schema = draft4(document, name)
            model = apigw.CfnModel(
                self,
                f"Model-{name}",
                rest_api_id=self.api.rest_api_id,
                name=re.sub(r"[^0-9A-Za-z]", "", name),
                content_type="application/json",
                schema=schema,
            )
            if deployment:  # A changed schema needs a new deployment, else the old one stays live.
                deployment.add_to_logical_id(schema)
                deployment.node.add_dependency(model)
            models[name] = apigw.Model.from_model_name(self, f"ModelName-{name}", model.ref)
        return models

    def _answer_preflights(self, found: Iterable[RouteContract]) -> None:
        """CORS. Tokens travel in a header and never in a cookie, so any origin may ask."""
        methods: dict[str, list[str]] = {}
        for route in found:
            methods.setdefault(route.path, []).append(route.method)
        for path, allowed in methods.items():
            preflight = self.api.root.resource_for_path(path).add_cors_preflight(
                allow_origins=["*"],
                allow_methods=[*allowed, "OPTIONS"],
                allow_headers=list(ALLOWED_HEADERS),
                max_age=Duration.hours(1),
            )
            acknowledge(
                preflight,
                {
                    "AwsSolutions-APIG4": "A browser sends a preflight without credentials.",
                    "AwsSolutions-COG4": "A browser sends a preflight without credentials.",
                },
            )

    def _answer_errors(self) -> None:
        """Problem documents for all that never reaches a function."""
        for kind, problem in problems.GATEWAY_RESPONSES.items():
            fixed = {
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Expose-Headers": "Retry-After, X-Request-Id",
                "Cache-Control": "no-store",
                "Content-Type": problems.MEDIA_TYPE,
                **problem.headers,
            }
            self.api.add_gateway_response(
                kind,
                type=apigw.ResponseType.of(kind),
                status_code=str(problem.status),
                response_headers={
                    "X-Request-Id": "context.requestId",
                    **{name: f"'{value}'" for name, value in fixed.items()},
                },
                templates={"application/json": problem.template(self.stage.errors_url)},
            )

    def _watch(self) -> None:
        alarms = Alarms(self, "Alarms", stage=self.stage, subject="api")
        minute = Duration.minutes(1)
        alarms.above(
            "server-errors",
            self.api.metric_server_error(period=minute, statistic="Sum"),
            limit=0,
            minutes=2,
            says="The API answers 5xx.",
        )
        alarms.above(
            "latency",
            self.api.metric_latency(period=minute, statistic="p99"),
            limit=3000,
            minutes=5,
            says="One request in a hundred takes longer than three seconds.",
        )
