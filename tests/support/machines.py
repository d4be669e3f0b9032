"""Runs the real ASL files by moto's interpreter, as StartSyncExecution and StartExecution do.

Where a machine waits, it asks the function `clock` here to move the clock of the run.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.evaluation_details import AWSExecutionDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.asl.eval.states import (
    ContextObjectData,
    ExecutionData,
    StateMachineData,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from shop import aws
from shop.deploy import discover

ROOT = Path(__file__).parents[2]
# What runs: the sources that the handlers come from.
DEFINITIONS = Path(aws.__file__).parents[4] / "state_machines"
STEPS = {f"{each.service.title()}Steps": each.id for each in discover().of_kind("steps")}
ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


CLOCK = "clock"


class TimedOut(BaseException):
    """The execution is over, whatever its task does: the machine's own limit was reached."""


def definition(name: str) -> dict[str, Any]:
    """The definition as deployed: every `${Name}` has its value; unknown ones are a KeyError."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    values = {key: arn + function for key, function in STEPS.items()}
    text = (DEFINITIONS / f"{name}.asl.json").read_text()
    parsed: dict[str, Any] = json.loads(
        re.sub(r"\$\{(\w+)\}", lambda match: values[match.group(1)], text)
    )
    return parsed


def _without_waiting(machine: dict[str, Any]) -> dict[str, Any]:
    """The same with tasks that move the clock for states that wait."""
    states = {name: _moved(state) for name, state in machine["States"].items()}
    return {**machine, "States": states}


def _moved(state: dict[str, Any]) -> dict[str, Any]:
    if state["Type"] != "Wait":
        return state
    until = {"until.$": state["TimestampPath"]} if "TimestampPath" in state else {}
    return {
        "Type": "Task",
        "Resource": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{CLOCK}",
        "Parameters": until or {"seconds": state["Seconds"]},
        "ResultPath": None,
        "Next": state["Next"],
    }


@dataclass
class Machine:
    """One machine. `executions` holds the states that each execution entered, in order."""

    name: str
    executions: list[list[str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._definition = json.dumps(_without_waiting(definition(self.name)))

    def run(self, data: dict[str, Any]) -> dict[str, Any]:
        """Run it to its end; `{status, output?, error?, cause?}` as the API answers."""
        entered: list[str] = []
        self.executions.append(entered)
        parsed = AmazonStateLanguageParser.parse(self._definition)[0]
        environment = self._environment(data)
        try:
            parsed.eval(environment)
        except TimedOut:
            self.failures.append("TIMED_OUT")
            return {"status": "TIMED_OUT"}
        finally:
            entered += _entered(environment)
        state = environment.program_state()
        if isinstance(state, ProgramEnded):
            output = json.dumps(environment.states.get_input())
            return {"status": "SUCCEEDED", "output": output}
        reason = dict((state.error or {}) if isinstance(state, ProgramError) else {})
        self.failures.append(f"{reason.get('error')}: {reason.get('cause')}")
        return {"status": "FAILED", "error": reason.get("error"), "cause": reason.get("cause")}

    def _environment(self, data: dict[str, Any]) -> Environment:
        now = datetime.now(UTC).isoformat()
        arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{self.name}"
        execution = f"{arn}:{len(self.executions)}"
        return Environment(
            aws_execution_details=AWSExecutionDetails(
                account=ACCOUNT, region=REGION, role_arn=ROLE
            ),
            # moto knows no synchronous execution; the interpreter is the same.
            execution_type=StateMachineType.STANDARD,
            context=ContextObjectData(  # type: ignore[typeddict-item]  # each state adds its own
                Execution=ExecutionData(
                    Id=execution, Input=data, Name="run", RoleArn=ROLE, StartTime=now
                ),
                StateMachine=StateMachineData(Id=arn, Name=self.name),
            ),
            event_history_context=EventHistoryContext.of_program_start(),
            cloud_watch_logging_session=None,
            activity_store={},
            mock_test_case=None,
        )


def _entered(environment: Environment) -> list[str]:
    history = environment.event_manager.get_event_history()
    return [
        details["name"]
        for event in history
        if (details := event.get("stateEnteredEventDetails")) is not None
    ]
