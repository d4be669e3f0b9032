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
from aws_cdk import aws_logs as logs
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
        super().__init__(
            scope, stage=stage, project=project, name="edge", description="The API's stage"
        )
        self._api_id = ssm.StringParameter.value_for_string_parameter(
            self, names.gateway_parameter(stage, "api")
        )
        deployment = apigw.CfnDeployment(self, "Deployment", rest_api_id=self._api_id)
        deployment.override_logical_id(f"Deployment{_digest(held)}")
        access = log_group(
            self,
            "AccessLogs",
            stage=stage,
            name=f"/cartwright/{stage.name}/access",
            days=stage.access_log_retention_days,
        )
        made = self._stage(deployment, found, access)
        if stage.domain is not None:
            ApiDomain(self, "Domain", domain=stage.domain, api_id=self._api_id, stage=made)
        self._watch(access)
        if stage.firewall:
            arn = (
                f"arn:{self.partition}:apigateway:{self.region}::/restapis/{self._api_id}"
                f"/stages/{made.ref}"
            )
            Firewall(self, "Firewall", stage=stage, stage_arn=arn)
        else:
            reason = "A firewall is half of what an idle stage costs; limits of routes hold."
            acknowledge(made, {"AwsSolutions-APIG3": reason})

    def _stage(
        self,
        deployment: apigw.CfnDeployment,
        found: Iterable[RouteContract],
        access: logs.ILogGroup,
    ) -> apigw.CfnStage:
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
                    resource_name=access.log_group_name,
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
        """A route's own limit, for all callers together, and no more than the stage takes. It is
        counted apart from the others: `GET /health` answers when customers are turned away."""
        for route in found:
            if route.throttle:
                path = route.path.replace("/", "~1")
                yield _settings(
                    route.method, f"/{path}", route.throttle.within(self.stage.throttle)
                )

    def _watch(self, access: logs.ILogGroup) -> None:
        alarms = Alarms(self, "Alarms", stage=self.stage, subject="api")
        minute, five = Duration.minutes(1), Duration.minutes(5)
        alarms.above(
            "errors",
            # 0 or 1 for each request, so that this is their share: one fault among many requests
            # rings nothing, and three minutes with nothing else do.
            self._metric("5XXError", cloudwatch.Stats.AVERAGE, minute),
            limit=0.05,
            periods=3,
            of=5,
            severity="page",
            description="The API answers 5xx to more than one request in twenty.",
        )
        alarms.above(
            "latency",
            # Without the slowest twentieth, which in quiet hours are cold starts.
            self._metric("Latency", "TM(0%:95%)", five),
            limit=2000,
            periods=3,
            severity="notice",
            description="Requests take longer than two seconds, the slowest left out.",
        )
        if self.stage.alarms and self.stage.metrics_from_logs:
            alarms.above(
                "throttled",
                _turned_away(self, access, self.stage),
                limit=300,
                periods=2,
                severity="notice",
                description="More than one request per second is answered 429.",
            )

    def _metric(self, name: str, statistic: str, period: Duration) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={"ApiName": self.stage.prefix},
            statistic=statistic,
            period=period,
        )


def _turned_away(scope: Construct, access: logs.ILogGroup, stage: Stage) -> cloudwatch.Metric:
    """Answers with 429, whoever gave them: API Gateway counts them among all its 4xx."""
    filter_ = logs.MetricFilter(
        scope,
        "TurnedAway",
        log_group=access,
        filter_pattern=logs.FilterPattern.string_value("$.status", "=", "429"),
        metric_namespace=names.metrics_namespace(stage),
        metric_name="RequestsThrottled",
    )
    return filter_.metric(statistic=cloudwatch.Stats.SUM, period=Duration.minutes(5))


def _settings(method: str, path: str, limit: Throttle) -> apigw.CfnStage.MethodSettingProperty:
    """A method's entry replaces the stage's as a whole, so each one says everything."""
    return apigw.CfnStage.MethodSettingProperty(
        http_method=method,
        resource_path=path,
        throttling_rate_limit=limit.rate,
        throttling_burst_limit=limit.burst,
        # Five metrics a month for each method would be most of what an idle stage costs. The
        # function of a route has its own, and the access log each request.
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
