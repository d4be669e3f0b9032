"""Starts the machines of erasures and exports, once for each of them."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shop import aws, strict
from shop.erasure import ErasureInput
from shop.export import ExportInput

ALREADY = "ExecutionAlreadyExists"


@dataclass(frozen=True, slots=True)
class StepFunctionsErasure:
    """`ErasureMachine` as the state machine of this ARN."""

    machine_arn: str

    def start(self, data: ErasureInput) -> None:
        """One StartExecution."""
        _start(self.machine_arn, data.erasure_id, data)


@dataclass(frozen=True, slots=True)
class StepFunctionsExport:
    """`ExportMachine` as the state machine of this ARN."""

    machine_arn: str

    def start(self, data: ExportInput) -> None:
        """One StartExecution."""
        _start(self.machine_arn, data.export_id, data)


def _start(machine_arn: str, name: str, data: Any) -> None:
    """Executions bear the id of what they carry out, and no name is taken twice in 90 days: what
    was started goes on, or has ended."""
    try:
        aws.client("stepfunctions").start_execution(
            stateMachineArn=machine_arn, name=name, input=json.dumps(strict.dump(data))
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != ALREADY:
            raise
