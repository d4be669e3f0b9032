"""Runs the checkout machine: an EXPRESS execution, started and awaited by the caller.

An execution holds no state that matters: all of it is in the services' tables, every step can be
repeated, so an execution that failed or timed out is simply started again with the same input.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from shop import aws, strict, telemetry
from shop.checkout import CheckoutResult, ExecutionFailed, ExecutionInput

# Below the 29 s of API Gateway, above the machine's own limit.
TIMEOUT_S = 26.0
# What the caller needs to say what came of it.
RESERVE_S = 2.0


def time_to_wait(remaining_s: float) -> float:
    """How long an invocation that has so many seconds left can wait for an execution."""
    return min(TIMEOUT_S, remaining_s - RESERVE_S)


@dataclass(frozen=True, slots=True)
class StepFunctionsCheckout:
    """`checkout.Checkout` as the state machine of this name. One attempt for each call: whoever
    called repeats with the same key, or a scheduled job does.
    """

    machine_arn: str

    def run(self, data: ExecutionInput, *, timeout_s: float) -> CheckoutResult:
        """Wait `timeout_s` at most, and not less than 1 s; ExecutionFailed for every bad end."""
        try:
            result = _client(timeout_s).start_sync_execution(
                stateMachineArn=self.machine_arn, input=json.dumps(strict.dump(data))
            )
        except Exception as error:
            telemetry.log_error("machine did not answer", error)
            raise ExecutionFailed("no answer") from error
        if result["status"] != "SUCCEEDED":
            telemetry.logger.error(
                "machine failed", extra={"status": result["status"], "error": result.get("error")}
            )
            raise ExecutionFailed(result["status"])
        try:
            return strict.parse(CheckoutResult, json.loads(result["output"]))
        except strict.ContractError as error:
            telemetry.log_error("machine answered something else", error)
            raise ExecutionFailed("not a result") from error

    def start(self, data: ExecutionInput) -> None:
        """Start an execution and leave it: for jobs, which look at the tables again later."""
        _client(TIMEOUT_S).start_execution(
            stateMachineArn=self.machine_arn, input=json.dumps(strict.dump(data))
        )


def _client(timeout_s: float) -> Any:
    """Whole seconds, so that one client serves many calls."""
    seconds = max(1, math.floor(timeout_s))
    return aws.client("stepfunctions", read_timeout_s=seconds, attempts=1)
