"""Starts the erasure machine, once for each erasure."""

import json
from dataclasses import dataclass

from botocore.exceptions import ClientError

from shop import aws, strict
from shop.erasure import ErasureInput

ALREADY = "ExecutionAlreadyExists"


@dataclass(frozen=True, slots=True)
class StepFunctionsErasure:
    """`ErasureMachine` as the state machine of this ARN."""

    machine_arn: str

    def start(self, data: ErasureInput) -> None:
        """One StartExecution. Executions bear the id of their erasure, and no name is taken twice
        in 90 days: what was started goes on, or has ended."""
        try:
            aws.client("stepfunctions").start_execution(
                stateMachineArn=self.machine_arn,
                name=data.erasure_id,
                input=json.dumps(strict.dump(data)),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != ALREADY:
                raise
