"""Runs the checkout machine: an EXPRESS execution, started and awaited by the caller.

An execution holds no state that matters: all of it is in the services' tables, every step can be
repeated, so an execution that failed or timed out is simply started again with the same input.
"""

import json
from typing import Any

from shop import aws, telemetry

# Below the 29 s of API Gateway, above the machine's own limit.
TIMEOUT_S = 26


class CheckoutIncomplete(Exception):
    """The execution did not end well: nothing is known here but what the tables say."""


def run(machine_arn: str, data: dict[str, Any]) -> dict[str, Any]:
    """Start an execution and return its output; CheckoutIncomplete for every other end.

    One attempt: whoever called repeats with the same key, or the janitor does.
    """
    client = aws.client("stepfunctions", read_timeout_s=TIMEOUT_S, attempts=1)
    try:
        result = client.start_sync_execution(stateMachineArn=machine_arn, input=json.dumps(data))
    except Exception as error:
        telemetry.fault("machine did not answer", error)
        raise CheckoutIncomplete("no answer") from error
    if result["status"] != "SUCCEEDED":
        telemetry.logger.error(
            "machine failed", extra={"status": result["status"], "error": result.get("error")}
        )
        raise CheckoutIncomplete(result["status"])
    output: dict[str, Any] = json.loads(result["output"])
    return output


def start(machine_arn: str, data: dict[str, Any]) -> None:
    """Start an execution and leave it: for janitors, which look at the tables again later."""
    client = aws.client("stepfunctions", read_timeout_s=TIMEOUT_S, attempts=1)
    client.start_execution(stateMachineArn=machine_arn, input=json.dumps(data))
