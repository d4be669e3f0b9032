"""Consumers, steps, settings and the machine: what a fault does to its neighbours."""

import io
import json
from collections.abc import Sequence
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
from shop.events import Envelope, EventView
from shop.idempotency import StoredResponse
from shop.settings import Settings
from tests.support.envelopes import envelope, message
from tests.support.lambda_context import FakeContext


class Numbered(EventView):
    TYPES = ("order.placed",)

    n: int


def numbered(number: int, **changes: Any) -> dict[str, Any]:
    detail = envelope("order.placed", {"n": number, "new": [1]}, **changes)
    return message(str(number), detail)


def consumed(*records: dict[str, Any]) -> tuple[list[int], list[str]]:
    """What arrived, and which messages failed; the number 2 is a fault."""
    seen: list[int] = []

    def consume(event: Envelope[Numbered]) -> str:
        if event.data.n == 2:
            raise RuntimeError
        seen.append(event.data.n)
        return "done"

    handler = consumer.entrypoint("test", consumer.On(Numbered, consume))
    failed = handler({"Records": list(records)}, FakeContext())["batchItemFailures"]
    return seen, [failure["itemIdentifier"] for failure in failed]


def test_one_bad_message_fails_alone() -> None:
    no_event = {"messageId": "4", "body": "not json"}
    records = [numbered(1), numbered(2), numbered(3), no_event, message("5", {"id": "evt"})]
    assert consumed(*records) == ([1, 3], ["2", "4", "5"])


def test_what_a_newer_producer_adds_is_passed_over() -> None:
    assert consumed(numbered(1, addition={"a": 1})) == ([1], [])


class Named(EventView):
    TYPES = ("order.paid", "payment.*")

    name: str


@pytest.mark.parametrize("type_", ["order.paid.", "order", "payment", "payments.x", "", None])
def test_an_event_of_another_type_is_parked_and_not_taken_for_one_that_is_known(
    type_: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has the fields of both: whoever guesses finds something."""
    handler = consumer.entrypoint(
        "test", consumer.On(Numbered, lambda _: "n"), consumer.On(Named, lambda _: "name")
    )
    stray = message("1", envelope("order.placed", {"n": 1, "name": "x"}) | {"type": type_})
    assert handler({"Records": [stray]}, FakeContext()) == {
        "batchItemFailures": [{"itemIdentifier": "1"}]
    }
    assert '"EventFailed":' in capsys.readouterr().out


def test_each_event_is_consumed_as_its_type_asks_for() -> None:
    seen: list[Any] = []

    def number(event: Envelope[Numbered]) -> str:
        seen.append(event.data.n)
        return "done"

    def name(event: Envelope[Named]) -> str:
        seen.append(event.data.name)
        return "done"

    handler = consumer.entrypoint("test", consumer.On(Numbered, number), consumer.On(Named, name))
    records = [
        message(type_, envelope(type_, {"n": 1, "name": type_}))
        for type_ in ("order.paid", "order.placed", "payment.any")
    ]
    assert handler({"Records": records}, FakeContext()) == {"batchItemFailures": []}
    assert seen == ["order.paid", 1, "payment.any"]


@pytest.mark.parametrize("version", [2, 0, None, "1", 1.5])
def test_an_event_of_another_version_is_parked_and_counted(
    version: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """It fails until the queue parks it: a consumer that knows it may come meanwhile."""
    assert consumed(numbered(1, version=version)) == ([], ["1"])
    assert "EventVersionUnknown" in capsys.readouterr().out


def stuck(receives: int, capsys: pytest.CaptureFixture[str], **changes: Any) -> tuple[int, int]:
    """How often it was counted as stuck by either entry point, of a message that came so often."""

    def handle(entry: consumer.Handler) -> int:
        again = {"attributes": {"ApproximateReceiveCount": str(receives)}}
        entry({"Records": [numbered(1, **changes) | again]}, FakeContext())
        return capsys.readouterr().out.count('"EventStuck":')

    one = consumer.entrypoint("test", consumer.On(Numbered, lambda _: "done"))
    many = consumer.batch_entrypoint("test", lambda e: e, lambda _: "done", reads=Numbered)
    return handle(one), handle(many)


def test_a_message_that_comes_again_and_again_is_counted_at_each_attempt(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever becomes of the attempt: one that ends the process tells nothing afterwards."""
    assert stuck(consumer.STUCK_AFTER + 1, capsys) == (1, 1)
    assert stuck(999, capsys, version=7) == (1, 1)
    assert stuck(consumer.STUCK_AFTER, capsys, version=7) == (0, 0)


def test_a_line_says_how_often_its_message_came_where_it_is_not_the_first_time(
    log: io.StringIO,
) -> None:
    for receives in (1, 7):
        consumed(numbered(2) | {"attributes": {"ApproximateReceiveCount": str(receives)}})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line.get("receives") for line in lines] == [None, 7]


def test_of_a_batch_what_cannot_be_read_fails_alone_and_the_rest_is_consumed_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[list[int]] = []

    def consume(numbers: Sequence[int]) -> str:
        seen.append([*numbers])
        return "done"

    handler = consumer.batch_entrypoint("test", lambda e: e.data.n, consume, reads=Numbered)
    records = [
        numbered(1),
        numbered(2, version=2),
        message("3", {"id": "evt"}),
        numbered(4),
        numbered(5, type="order.paid"),
    ]
    failed = handler({"Records": records}, FakeContext())["batchItemFailures"]
    assert [failure["itemIdentifier"] for failure in failed] == ["2", "3", "5"]
    assert seen == [[1, 4]]
    assert capsys.readouterr().out.count('"EventVersionUnknown":') == 1


def commit(order_id: str) -> dict[str, Any]:
    return {"step": "commit", "order_id": order_id, "trace": trace.from_header(None).to_dict()}


def test_a_step_is_found_by_name_and_its_fault_is_raised() -> None:
    def commits(task: CommitTask) -> Committed:
        if task.order_id == "broken":
            raise RuntimeError
        return Committed()

    handler = steps.entrypoint(steps.Step(CommitTask, commits))
    assert handler(commit("o"), FakeContext()) == {"outcome": "committed"}
    with pytest.raises(RuntimeError):
        handler(commit("broken"), FakeContext())
    with pytest.raises(KeyError):
        handler({**commit("o"), "step": "other"}, FakeContext())


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
        handler({**commit("o"), **change}, FakeContext())


def test_a_step_goes_on_in_the_trace_of_its_task() -> None:
    seen: list[trace.Trace] = []

    def commits(task: CommitTask) -> Committed:
        seen.append(task.trace)
        return Committed()

    given = commit("o")
    steps.entrypoint(steps.Step(CommitTask, commits))(given, FakeContext())
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
    order=OrderRef(order_id="o", customer_id="c"), payment=None, trace=trace.from_header(None)
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
    assert run() == CheckoutResult(outcome="placed", answer=StoredResponse(201, "{}"))


@pytest.mark.parametrize(("left", "waits"), [(28.0, 26), (11.9, 9.9), (float("inf"), 26)])
def test_the_wait_for_an_execution_leaves_its_caller_the_time_to_answer(
    left: float, waits: float
) -> None:
    assert checkout_execution.time_to_wait(left) == pytest.approx(waits)


def test_times_sort_as_text() -> None:
    texts = ["2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.679Z", "2026-10-02T03:04:05.000Z"]
    assert [clock.rfc3339(clock.parse(text)) for text in texts] == texts == sorted(texts)
    with pytest.raises(ValueError, match="offset"):
        clock.parse("2026-01-02T03:04:05")


def test_a_trace_survives_the_state_machine() -> None:
    first = trace.from_header(None, request_id="r", instance="/orders")
    second = trace.from_dict(first.to_dict())
    assert second.correlation_id == first.correlation_id
    assert (second.request_id, second.instance) == ("r", "/orders")
