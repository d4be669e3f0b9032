"""Runs the checkout machine: an EXPRESS execution, started and awaited by the caller.

An execution holds no state that matters: all of it is in the services' tables, every step can be
repeated, so an execution that failed or timed out is simply started again with the same input.
"""

import json
from typing import Any

from shop import aws, invocation, telemetry

# At most: below the 29 s of API Gateway, above the machine's own limit.
TIMEOUT_S = 26
RESERVE_S = 2.0


class CheckoutIncomplete(Exception):
    """The execution did not end well: nothing is known here but what the tables say."""


def run(
    machine_arn: str, data: dict[str, Any], *, timeout_s: float | None = None
) -> dict[str, Any]:
    """Start an execution and return its output; CheckoutIncomplete for every other end.

    `timeout_s` is rounded down: a client is made for each whole second. None: what is left of this
    invocation, but for RESERVE_S, in which the caller says what came of it.

    One attempt: whoever called repeats with the same key, or the janitor does.
    """
    left_s = invocation.remaining_s() - RESERVE_S if timeout_s is None else timeout_s
    seconds = int(min(TIMEOUT_S, max(1.0, left_s)))
    client = aws.client("stepfunctions", read_timeout_s=seconds, attempts=1)
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
