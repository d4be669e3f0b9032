"""Tasks of a state machine: data in, `{"outcome": …}` out; an exception is a fault.

One function serves all steps of a service: a checkout then touches one function per service, which
is warm sooner and costs fewer cold starts than one function per step.
"""

from collections.abc import Callable, Mapping
from typing import Any

from shop import telemetry, trace
from shop.invocation import invoked

Step = Callable[[dict[str, Any]], dict[str, Any]]
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def entrypoint(steps: Mapping[str, Step]) -> Handler:
    """A Lambda handler that runs `steps[event["step"]]`."""

    @invoked
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        name = event["step"]
        telemetry.bind(trace.of(event.get("trace")))
        try:
            with telemetry.stopwatch() as timer:
                result = steps[name](event)
        except Exception as error:
            telemetry.fault("step failed", error, step=name)
            telemetry.count("StepFault", step=name)
            raise
        telemetry.logger.info("step", extra={"step": name, "outcome": result["outcome"], **timer})
        return result

    return handler
