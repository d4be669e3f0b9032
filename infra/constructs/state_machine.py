"""State machines from state_machines/<name>.asl.json: EXPRESS, which somebody waits for, and
STANDARD, which may take weeks.

`${Name}` is replaced by the ARN of a function. How long a Task waits before it is repeated stands
in the file as a number, and is replaced by the stage's.
"""

import json
import re
from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.constructs.alarms import Alarms
from infra.constructs.grants import allow
from infra.constructs.logs import log_group
from infra.stages import Stage

# CloudWatch's log delivery has no resource to name; see "Logging using CloudWatch Logs" in the
# developer guide of Step Functions.
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_TRACING = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)


class _Machine(Construct):
    """A machine that may invoke `functions`, no others."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        name: str,
        kind: sfn.StateMachineType,
        definition: str,
        functions: Mapping[str, str],
        silent: str,
    ) -> None:
        super().__init__(scope, id_)
        _check(name, definition, functions)
        physical = stage.physical(name)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            inline_policies={
                "rights": iam.PolicyDocument(
                    statements=[
                        allow("lambda:InvokeFunction", on=list(functions.values())),
                        allow(*_LOG_DELIVERY, *_TRACING, on=["*"]),
                    ]
                )
            },
        )
        acknowledge(
            role,
            {"AwsSolutions-IAM5[Resource::*]": "Log delivery and X-Ray know no resources."},
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=physical,
            state_machine_type=kind,
            definition_body=sfn.DefinitionBody.from_string(definition),
            definition_substitutions=functions,
            role=role.without_policy_updates(),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group(
                    self, "Logs", stage=stage, name=f"/aws/vendedlogs/states/{physical}"
                ),
                level=sfn.LogLevel[stage.machine_log],
                include_execution_data=False,  # It holds what customers order and pay.
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(self.machine, {"AwsSolutions-SF1": silent})


class ExpressMachine(_Machine):
    """A machine that is started and awaited by functions."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        name: str,
        definition: str,
        functions: Mapping[str, str],
    ) -> None:
        super().__init__(
            scope,
            id_,
            stage=stage,
            name=name,
            kind=sfn.StateMachineType.EXPRESS,
            definition=_with_retries(definition, stage, longest_s=stage.retry_max_delay_s),
            functions=functions,
            silent="Executions that end well are told by the log of each step.",
        )
        self._watch(stage, name)

    def _watch(self, stage: Stage, name: str) -> None:
        alarms = Alarms(self, "Alarms", stage=stage, subject=name)
        minute = Duration.minutes(1)
        alarms.above(
            "failed",
            self.machine.metric_failed(period=minute),
            limit=0,
            periods=3,
            of=5,
            severity="page",
            description="Executions end in a fault. Recovery jobs start them again.",
        )
        alarms.above(
            "timed-out",
            self.machine.metric_timed_out(period=minute),
            limit=0,
            periods=3,
            of=5,
            severity="page",
            description="Executions outlast their callers. Recovery jobs start them again.",
        )


class StandardMachine(_Machine):
    """A machine that nobody waits for: it may take weeks, and its states are kept by AWS.

    `waits` has the seconds of its Wait states by name, as the stage has them.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        name: str,
        definition: str,
        functions: Mapping[str, str],
        waits: Mapping[str, int],
    ) -> None:
        longest_s = max(stage.retry_max_delay_s, *waits.values())
        super().__init__(
            scope,
            id_,
            stage=stage,
            name=name,
            kind=sfn.StateMachineType.STANDARD,
            definition=_with_waits(
                _with_retries(definition, stage, longest_s=longest_s), waits, name=name
            ),
            functions=functions,
            silent="AWS keeps the history of each execution for 90 days, and steps log their ends.",
        )
        self._watch(stage, name)

    def _watch(self, stage: Stage, name: str) -> None:
        """Nothing starts them again: a person redrives what ended badly."""
        alarms = Alarms(self, "Alarms", stage=stage, subject=name)
        minute = Duration.minutes(1)
        for what, metric in (
            ("failed", self.machine.metric_failed(period=minute)),
            ("timed-out", self.machine.metric_timed_out(period=minute)),
        ):
            alarms.above(
                what,
                metric,
                limit=0,
                severity="notice",  # A month is allowed, and some days of it are left.
                description=f"An execution {what.replace('-', ' ')}, and stands still until it is "
                "redriven.",
            )


def _with_retries(definition: str, stage: Stage, *, longest_s: int) -> str:
    """The definition with this stage's waits between the attempts of a Task."""
    machine = json.loads(definition)
    for state in machine["States"].values():
        for retry in state.get("Retry", ()):
            retry["IntervalSeconds"] = stage.retry_interval_s
            retry["MaxDelaySeconds"] = longest_s
    return json.dumps(machine, indent=2)


def _with_waits(definition: str, waits: Mapping[str, int], *, name: str) -> str:
    """The definition with this stage's seconds for each Wait that is no point in time."""
    machine = json.loads(definition)
    waiting = {state for state, given in machine["States"].items() if "Seconds" in given}
    if waiting != set(waits):
        raise SystemExit(f"{name}.asl.json waits in {sorted(waiting)}, not {sorted(waits)}.")
    for state, seconds in waits.items():
        machine["States"][state]["Seconds"] = seconds
    return json.dumps(machine, indent=2)


def _check(name: str, definition: str, substitutions: Mapping[str, str]) -> None:
    """Every ${Name} has a value and every value is used."""
    wanted = set(re.findall(r"\$\{(\w+)\}", definition))
    missing, unused = wanted - set(substitutions), set(substitutions) - wanted
    if missing:
        raise SystemExit(f"{name}.asl.json uses {sorted(missing)}, which infra does not give.")
    if unused:
        raise SystemExit(f"{name}.asl.json does not use {sorted(unused)}, which infra gives.")
