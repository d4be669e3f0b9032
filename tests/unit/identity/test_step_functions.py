"""An erasure is started once, by its own name."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from identity.clients.step_functions import StepFunctionsErasure
from shop import aws
from shop.erasure import ErasureInput
from shop.trace import from_header

WISH = ErasureInput(
    erasure_id="era_1", user_id="usr_1", due_at="2026-11-29T10:00:00Z", trace=from_header(None)
)


class Machines:
    """Step Functions, which has one execution of a name, or fails."""

    def __init__(self, code: str = "") -> None:
        self.code = code
        self.started: list[dict[str, Any]] = []

    def start_execution(self, **given: Any) -> None:
        self.started.append(given)
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": ""}}, "StartExecution")


def started(monkeypatch: pytest.MonkeyPatch, machines: Machines) -> list[dict[str, Any]]:
    monkeypatch.setattr(aws, "client", lambda service: {"stepfunctions": machines}[service])
    StepFunctionsErasure("arn:machine").start(WISH)
    return machines.started


def test_an_execution_bears_the_id_of_its_erasure(monkeypatch: pytest.MonkeyPatch) -> None:
    [given] = started(monkeypatch, Machines())
    assert (given["stateMachineArn"], given["name"]) == ("arn:machine", "era_1")
    assert json.loads(given["input"])["user_id"] == "usr_1"


def test_one_that_was_started_before_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(started(monkeypatch, Machines("ExecutionAlreadyExists"))) == 1


def test_whatever_else_is_wrong_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClientError):
        started(monkeypatch, Machines("StateMachineDoesNotExist"))
