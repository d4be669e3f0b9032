"""A function with everything that each of ours has: own role, own log group, tracing, alarms."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs import names
from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.grants import allow
from infra.constructs.logs import log_group
from infra.stages import Stage
from shop.deploy import Function, Kind

# A route stays below the gateway's 29 s and below the 30 s lease of an idempotency key. A step has
# its task's limit, but a cold start counts for the task alone, so a repeated task may meet the
# first one still at work: that is safe, steps are idempotent, beside each other too. A consumer's
# limit holds a batch with one call per message that nobody answers (event_consumer.BATCH).
TIMEOUT_S: Mapping[Kind, int] = {
    "route": 28,
    "authorizer": 10,
    "steps": 6,
    "consumer": 30,
    "job": 50,
    "stream": 60,
}


class ServiceFunction(Construct):
    """A Lambda function. Its rights are all in its own role, inline, and given at once."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        spec: Function,
        code: lambda_.Code,
        layers: Sequence[lambda_.ILayerVersion],
        environment: Mapping[str, str],
        rights: Sequence[iam.PolicyStatement],
        failures_to: lambda_.IDestination | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.spec, service = spec, spec.service
        name = stage.physical(service, spec.name)
        group = log_group(self, "Logs", stage=stage, name=f"/aws/lambda/{name}")
        role = self._role(stage, service, group, rights)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            runtime=lambda_.Runtime(stage.runtime, lambda_.RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[stage.architecture],
            handler=spec.handler,
            code=code,
            layers=list(layers),
            environment={**_common(self, stage, service), **environment},
            role=role.without_policy_updates(),
            log_group=group,
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=lambda_.SystemLogLevel[stage.function_log],
            application_log_level_v2=_application_log_level(stage),
            timeout=Duration.seconds(spec.timeout_s or TIMEOUT_S[spec.kind]),
            memory_size=spec.memory_mb,
            tracing=lambda_.Tracing.ACTIVE,
            reserved_concurrent_executions=_pool(stage, spec),
            # Only schedules invoke asynchronously; what they ask for is asked again in a minute.
            retry_attempts=0 if failures_to else None,
            max_event_age=Duration.minutes(1) if failures_to else None,
            on_failure=failures_to,
        )
        self._watch(stage, service)
        _acknowledge(self.function, asynchronous=failures_to is not None)

    def _role(
        self,
        stage: Stage,
        service: str,
        group: logs.ILogGroup,
        rights: Sequence[iam.PolicyStatement],
    ) -> iam.Role:
        own = [
            allow("logs:CreateLogStream", "logs:PutLogEvents", on=[group.log_group_arn]),
            allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", on=["*"]),
        ]
        role = iam.Role(
            self,
            "Role",
            role_name=names.role_name(stage, service, self.spec.name),
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"rights": iam.PolicyDocument(statements=[*own, *rights])},
        )
        reasons = {
            "AwsSolutions-IAM5[Resource::*]": "X-Ray's two write actions know no resources.",
            "Serverless-LambdaStarPermissions": "X-Ray's two write actions know no resources.",
        }
        if any(_is_by_tag(right) for right in rights):
            by_tag = "Keys that are made after the deployment, by the tag that they are made with."
            for region in stage.regions:
                keys = f"kms:{region}:{stage.account or '<AWS::AccountId>'}:key/*"
                for partition in ("aws", "<AWS::Partition>"):  # As the region's is known or not.
                    reasons[f"AwsSolutions-IAM5[Resource::arn:{partition}:{keys}]"] = by_tag
        for place in self.spec.objects:
            reasons[f"AwsSolutions-IAM5[Resource::{self._objects_arn(stage, place)}]"] = (
                "Objects have ids for names; the prefix says whose they are."
            )
        acknowledge(role, reasons)
        return role

    def _objects_arn(self, stage: Stage, place: str) -> str:
        """As cdk-nag writes it; of a stage that is bound to no account, with its name for that."""
        bucket, _, prefix = place.partition("/")
        arn, account = names.objects_arn(self, stage, bucket, prefix), Stack.of(self).account
        return arn.replace(account, "<AWS::AccountId>") if Token.is_unresolved(account) else arn

    def _watch(self, stage: Stage, service: str) -> None:
        """Where nothing else tells that the function fails. Of a route it is the API's errors, of
        steps the machine's, of a consumer the age of what waits in its queue."""
        alarms = Alarms(self, "Alarms", stage=stage, subject=f"{service}-{self.spec.name}")
        minute = Duration.minutes(1)
        if self.spec.kind == "authorizer":
            alarms.above(
                "errors",
                self._errors_beside(stage, service, refused="TokenRefused"),
                limit=5,
                periods=3,
                severity="page",
                description="The authorizer fails, beyond the tokens that it refuses: every route "
                "with a token answers 503.",
            )
        if self.spec.kind == "job":
            alarms.silent(
                "not-running",
                self._succeeded(Duration.minutes(stage.job_every_minutes)),
                periods=5,
                severity="page",
                description="No run ended well for a while, or none began.",
            )
        if self.spec.kind == "stream":
            alarms.above(
                "lag",
                self.function.metric(
                    "IteratorAge", period=minute, statistic=cloudwatch.Stats.MAXIMUM
                ),
                limit=60_000,
                periods=3,
                severity="page",
                recovers=True,
                description="Records wait in the stream for more than a minute.",
            )

    def _errors_beside(
        self, stage: Stage, service: str, *, refused: str
    ) -> cloudwatch.MathExpression:
        """To refuse, the function must raise, which Lambda counts as an error."""
        minute = Duration.minutes(1)
        return cloudwatch.MathExpression(
            expression="FILL(errors, 0) - FILL(refused, 0)",
            label="errors that are no refusals",
            period=minute,
            using_metrics={
                "errors": self.function.metric_errors(period=minute),
                "refused": cloudwatch.Metric(
                    namespace=names.metrics_namespace(stage),
                    metric_name=refused,
                    dimensions_map={"service": service},
                    statistic=cloudwatch.Stats.SUM,
                    period=minute,
                ),
            },
        )

    def _succeeded(self, period: Duration) -> cloudwatch.MathExpression:
        return cloudwatch.MathExpression(
            expression="invoked - FILL(errors, 0)",
            label="runs that ended well",
            period=period,
            using_metrics={
                "invoked": self.function.metric_invocations(period=period),
                "errors": self.function.metric_errors(period=period),
            },
        )


_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


def _is_by_tag(right: iam.PolicyStatement) -> bool:
    conditions = right.conditions.get("StringEquals", {})
    return any(name.startswith("aws:ResourceTag/") for name in conditions)


def _acknowledge(function: lambda_.Function, *, asynchronous: bool) -> None:
    tested = "Layers are built and tested for this version: tools/build.py, AWS_PYTHON."
    reasons = {"AwsSolutions-L1": tested, "Serverless-LambdaLatestVersion": tested}
    if asynchronous:
        reasons["Serverless-LambdaDLQ"] = "Failures go to its on-failure destination, a queue."
    else:
        waits = "Never invoked asynchronously: its caller, queue or stream has the failure."
        reasons["Serverless-LambdaDLQ"] = waits
        reasons["Serverless-LambdaAsyncFailureDestination"] = waits
    acknowledge(function, reasons)


def _common(scope: Construct, stage: Stage, service: str) -> dict[str, str]:
    """What every function knows."""
    return {
        "STAGE": stage.name,
        "HOME_REGION": stage.region,
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": names.metrics_namespace(stage),
        "LOG_LEVEL": stage.log_level,
        "ERRORS_URL": names.errors_url(scope, stage),
    }


def _application_log_level(stage: Stage) -> lambda_.ApplicationLogLevel:
    """What Lambda lets through. Never above INFO: metrics are lines without a level, and count as
    INFO. Our logger has the stage's level by itself.
    """
    if stage.log_level == "DEBUG":
        return lambda_.ApplicationLogLevel.DEBUG
    return lambda_.ApplicationLogLevel.INFO


def _pool(stage: Stage, spec: Function) -> int | None:
    pools = {
        "route": stage.pools.route,
        "authorizer": stage.pools.authorizer,
        "steps": stage.pools.steps,
        "job": stage.pools.job,
        "stream": stage.pools.stream,
    }
    pool = pools.get(spec.kind)
    return pool and min(pool, spec.max_concurrency or pool)
