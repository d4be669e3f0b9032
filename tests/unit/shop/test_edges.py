"""Consumers, steps, settings and the machine: what a fault does to its neighbours."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from shop import aws, checkout_execution, clock, consumer, steps, strict, trace
from shop.checkout import (
    AbandonInput,
    CheckoutResult,
    CommitTask,
    Committed,
    ExecutionFailed,
    OrderRef,
)
from shop.idempotency import Answer
from shop.settings import Settings


def message(number: int) -> dict[str, Any]:
    detail = {"id": f"evt_{number}", "type": "order.placed", "n": number}
    return {"messageId": str(number), "body": json.dumps({"detail": detail})}


def test_one_bad_message_fails_alone() -> None:
    seen = []

    def consume(envelope: dict[str, Any]) -> str:
        if envelope["n"] == 2:
            raise RuntimeError
        seen.append(envelope["n"])
        return "done"

    records = [message(1), message(2), message(3), {"messageId": "4", "body": "not json"}]
    result = consumer.entrypoint("test", consume)({"Records": records}, None)
    assert seen == [1, 3]
    assert result == {"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "4"}]}


def commit(order_id: str) -> dict[str, Any]:
    return {"step": "commit", "order_id": order_id, "trace": trace.start(None).to_dict()}


def test_a_step_is_found_by_name_and_its_fault_is_raised() -> None:
    def commits(task: CommitTask) -> Committed:
        if task.order_id == "broken":
            raise RuntimeError
        return Committed()

    handler = steps.entrypoint(steps.Step(CommitTask, commits))
    assert handler(commit("o"), None) == {"outcome": "committed"}
    with pytest.raises(RuntimeError):
        handler(commit("broken"), None)
    with pytest.raises(KeyError):
        handler({**commit("o"), "step": "other"}, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"more": 1}, "more: unknown field"),
        ({"order_id": 7}, "order_id: no str"),
        ({"trace": {}}, "trace.*: missing"),
    ],
)
def test_a_task_that_is_not_what_its_step_takes_is_a_fault(
    change: dict[str, Any], says: str
) -> None:
    handler = steps.entrypoint(steps.Step(CommitTask, lambda _: Committed()))
    with pytest.raises(strict.ContractError, match=says):
        handler({**commit("o"), **change}, None)


def test_a_step_goes_on_in_the_trace_of_its_task() -> None:
    seen: list[trace.Trace] = []

    def commits(task: CommitTask) -> Committed:
        seen.append(task.trace)
        return Committed()

    given = commit("o")
    steps.entrypoint(steps.Step(CommitTask, commits))(given, None)
    assert seen[0].correlation_id == given["trace"]["traceparent"][3:35]
    assert seen[0].traceparent != given["trace"]["traceparent"], "a span of its own"


def test_a_missing_setting_stops_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(Settings):
        psp_secret_arn: str

    monkeypatch.delenv("PSP_SECRET_ARN", raising=False)
    with pytest.raises(ValidationError, match="psp_secret_arn"):
        Mine.load()
    monkeypatch.setenv("PSP_SECRET_ARN", "arn")
    assert Mine.load().psp_secret_arn == "arn"


ANSWERED = '{"outcome":"placed","answer":{"status":201,"body":"{}"}}'
INPUT = AbandonInput(
    order=OrderRef(order_id="o", customer_id="c"), payment=None, trace=trace.start(None)
)


def run() -> CheckoutResult:
    return checkout_execution.StepFunctionsCheckout("arn").run(INPUT, timeout_s=9.7)


class Machine:
    def __init__(self, result: Any) -> None:
        self.result = result

    def start_sync_execution(self, **_: Any) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize(
    "result",
    [
        {"status": "FAILED", "error": "x"},
        {"status": "TIMED_OUT"},
        {"status": "SUCCEEDED", "output": '{"outcome":"placed"}'},
        TimeoutError(),
    ],
)
def test_every_end_but_success_is_incomplete(result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", lambda *_, **__: Machine(result))
    with pytest.raises(ExecutionFailed):
        run()


def test_a_success_gives_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    result = {"status": "SUCCEEDED", "output": ANSWERED}
    monkeypatch.setattr(aws, "client", lambda *_, **__: Machine(result))
    assert run() == CheckoutResult(outcome="placed", answer=Answer(201, "{}"))


def test_times_sort_as_text() -> None:
    texts = ["2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.679Z", "2026-10-02T03:04:05.000Z"]
    assert [clock.rfc3339(clock.parse(text)) for text in texts] == texts == sorted(texts)
    with pytest.raises(ValueError, match="offset"):
        clock.parse("2026-01-02T03:04:05")


def test_a_trace_survives_the_state_machine() -> None:
    first = trace.start(None, request_id="r", instance="/orders")
    second = trace.of(first.to_dict())
    assert second.correlation_id == first.correlation_id
    assert (second.request_id, second.instance) == ("r", "/orders")
