"""Tasks of a state machine: a typed task in, a typed outcome out; an exception is a fault.

One function serves all steps of a service: a checkout then touches one function per service, which
is warm sooner and costs fewer cold starts than one function per step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shop import strict, telemetry, trace
from shop.invocation import invoked

T = TypeVar("T")
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """A step: the task that it takes, named by its `STEP`, and what does it."""

    task: type[T]
    handle: Callable[[T], Any]

    def run(self, data: dict[str, Any]) -> dict[str, Any]:
        """Check the task, do it, give the outcome as JSON values."""
        task: Any = strict.parse(self.task, data)
        here = trace.from_dict(task.trace.to_dict())
        result: dict[str, Any] = strict.dump(self.handle(task.but(trace=here)))
        return result


def entrypoint(*steps: Step[Any]) -> Handler:
    """A Lambda handler that runs the step which the task names in `step`."""
    by_name = {step.task.STEP: step for step in steps}

    @invoked
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        name = event["step"]
        telemetry.set_log_context(trace.from_dict(event.get("trace")))
        try:
            with telemetry.stopwatch() as timer:
                data = {key: value for key, value in event.items() if key != "step"}
                result = by_name[name].run(data)
        except Exception as error:
            field = str(error) if isinstance(error, strict.ContractError) else None
            telemetry.log_error("step failed", error, step=name, contract=field)
            telemetry.emit_metric("StepFault", step=name)
            raise
        telemetry.logger.info("step", extra={"step": name, "outcome": result["outcome"], **timer})
        return result

    handler.steps = by_name  # type: ignore[attr-defined]  # compared with the machine by a test
    return handler
