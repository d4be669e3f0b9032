"""Runs the real ASL files by moto's interpreter, behind `shop.machine`."""

import functools
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from shop.machine import CheckoutIncomplete
from tests.support.wire import until

ROOT = Path(__file__).parents[2]
STEPS = {
    "OrdersSteps": "orders.steps",
    "CatalogSteps": "catalog.steps",
    "InventorySteps": "inventory.steps",
    "PaymentsSteps": "payments.steps",
}
WAITS = {"RetryInterval": 1, "RetryMaxDelay": 3}


def definition(name: str) -> dict[str, Any]:
    """The definition as deployed: every `${Name}` has its value; unknown ones are a KeyError."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:"
    values = {key: arn + function for key, function in STEPS.items()}
    values |= {key: str(value) for key, value in WAITS.items()}
    text = (ROOT / "state_machines" / f"{name}.asl.json").read_text()
    parsed: dict[str, Any] = json.loads(
        re.sub(r"\$\{(\w+)\}", lambda match: values[match.group(1)], text)
    )
    return parsed


class Machine:
    """One machine in moto (inside `mock_aws` with execute_state_machine)."""

    def __init__(self, name: str) -> None:
        self._client = boto3.client("stepfunctions", region_name="us-east-1")
        # STANDARD, because moto runs no synchronous execution; the interpreter is the same.
        self._arn = self._client.create_state_machine(
            name=name,
            definition=json.dumps(definition(name)),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )["stateMachineArn"]
        self.failures: list[str] = []

    def run(self, _arn: str, data: dict[str, Any]) -> dict[str, Any]:
        """In place of `shop.machine.run`."""
        execution = self._client.start_execution(
            stateMachineArn=self._arn, name=uuid4().hex, input=json.dumps(data)
        )["executionArn"]
        result = until(lambda: self._ended(execution))
        if result["status"] != "SUCCEEDED":
            self.failures.append(f"{result.get('error')}: {result.get('cause')}")
            raise CheckoutIncomplete(result["status"])
        output: dict[str, Any] = json.loads(result["output"])
        return output

    def start(self, arn: str, data: dict[str, Any]) -> None:
        """In place of `shop.machine.start`: nobody waits for it, but here it has ended."""
        try:
            self.run(arn, data)
        except CheckoutIncomplete:
            return

    def _ended(self, execution: str) -> Any:
        result = self._client.describe_execution(executionArn=execution)
        return result if result["status"] != "RUNNING" else None


# A definition is parsed once: moto does it for every execution, which takes most of its time.
_parse = functools.lru_cache(AmazonStateLanguageParser.parse)


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once. AWS takes no interval below a second, so the definition stays."""
    monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda _seconds: None))
    monkeypatch.setattr(AmazonStateLanguageParser, "parse", staticmethod(_parse))
