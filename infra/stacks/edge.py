"""Edge: the deployment of the API and its stage, with what watches and guards it.

The last stack of all. A deployment is a snapshot of the API; until it is made, and it is made only
when all routes are in place, the stage serves the one before.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aws_cdk import ArnFormat, CfnResource, Duration, Stack
from aws_cdk import aws_apigateway as apigw
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.constructs import names
from infra.constructs.access_log import ACCESS_LOG
from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.api_domain import ApiDomain
from infra.constructs.firewall import Firewall
from infra.constructs.logs import log_group
from infra.contract import RouteContract
from infra.project import Project
from infra.stacks.base import BaseStack
from infra.stages import Stage, Throttle


class EdgeStack(BaseStack):
    """What clients reach."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        project: Project,
        found: Sequence[RouteContract],
        held: Sequence[Stack],
    ) -> None:
        """`held` are the stacks that make up the API: a change in them is a new deployment."""
        super().__init__(scope, stage=stage, project=project, name="edge", about="The API's stage")
        self._api_id = ssm.StringParameter.value_for_string_parameter(
            self, names.gateway_parameter(stage, "api")
        )
        deployment = apigw.CfnDeployment(self, "Deployment", rest_api_id=self._api_id)
        deployment.override_logical_id(f"Deployment{_digest(held)}")
        made = self._stage(deployment, found)
        if stage.domain is not None:
            ApiDomain(self, "Domain", domain=stage.domain, api_id=self._api_id, stage=made)
        self._watch()
        if stage.firewall:
            arn = (
                f"arn:{self.partition}:apigateway:{self.region}::/restapis/{self._api_id}"
                f"/stages/{made.ref}"
            )
            Firewall(self, "Firewall", stage=stage, stage_arn=arn)

    def _stage(
        self, deployment: apigw.CfnDeployment, found: Iterable[RouteContract]
    ) -> apigw.CfnStage:
        logs = log_group(
            self,
            "AccessLogs",
            stage=self.stage,
            name=f"/cartwright/{self.stage.name}/access",
            days=self.stage.access_log_retention_days,
        )
        made = apigw.CfnStage(
            self,
            "Stage",
            rest_api_id=self._api_id,
            deployment_id=deployment.ref,
            stage_name=self.stage.name,
            tracing_enabled=True,
            access_log_setting=apigw.CfnStage.AccessLogSettingProperty(
                destination_arn=self.format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=logs.log_group_name,
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                ),
                format=ACCESS_LOG,
            ),
            method_settings=[
                _settings("*", "/*", self.stage.throttle),
                *self._method_throttles(found),
            ],
        )
        told = "By the access log. Execution logs hold what functions say of an error, and tokens."
        acknowledge(made, {"AwsSolutions-APIG6": told})
        return made

    def _method_throttles(
        self, found: Iterable[RouteContract]
    ) -> Iterator[apigw.CfnStage.MethodSettingProperty]:
        for route in found:
            limit = self.stage.throttle_overrides.get(route.function, route.throttle)
            if limit:
                path = route.path.replace("/", "~1")
                yield _settings(route.method, f"/{path}", limit)

    def _watch(self) -> None:
        alarms = Alarms(self, "Alarms", stage=self.stage, subject="api")
        alarms.above(
            "server-errors",
            self._metric("5XXError", "Sum"),
            limit=0,
            minutes=2,
            says="The API answers 5xx.",
        )
        alarms.above(
            "latency",
            self._metric("Latency", "p99"),
            limit=3000,
            minutes=5,
            says="One request in a hundred takes longer than three seconds.",
        )

    def _metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={"ApiName": self.stage.prefix},
            statistic=statistic,
            period=Duration.minutes(1),
        )


def _settings(method: str, path: str, limit: Throttle) -> apigw.CfnStage.MethodSettingProperty:
    """A method's entry replaces the stage's as a whole, so each one says everything."""
    return apigw.CfnStage.MethodSettingProperty(
        http_method=method,
        resource_path=path,
        throttling_rate_limit=limit.rate,
        throttling_burst_limit=limit.burst,
        # Per method, five metrics each: alarms read those of the whole API, which cost nothing.
        metrics_enabled=False,
        # API Gateway would keep them for ever, in a group of its own, and the texts of errors.
        logging_level="OFF",
        data_trace_enabled=False,  # Bodies hold passwords and addresses.
    )


def _digest(held: Iterable[Stack]) -> str:
    """Of every property of every resource of the API, whoever made it."""
    made = [list(_properties(stack)) for stack in held]
    text = json.dumps(made, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _properties(stack: Stack) -> Iterator[tuple[str, Any]]:
    for made in stack.node.find_all():
        if isinstance(made, CfnResource) and made.cfn_resource_type.startswith("AWS::ApiGateway::"):
            # CDK shows what it will render to subclasses only.
            yield made.node.path, stack.resolve(made._cfn_properties)
