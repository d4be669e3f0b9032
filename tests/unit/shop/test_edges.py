"""Consumers, steps, settings and the machine: what a fault does to its neighbours."""

from typing import Any

import pytest
from pydantic import ValidationError

from shop import aws, clock, consumer, machine, steps, trace
from shop.events import Envelope, EventView
from shop.settings import Settings
from tests.support.envelopes import envelope, message
from tests.support.lambda_context import FakeContext


class Numbered(EventView):
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

    handler = consumer.entrypoint("test", consume, reads=Numbered)
    failed = handler({"Records": list(records)}, FakeContext())["batchItemFailures"]
    return seen, [failure["itemIdentifier"] for failure in failed]


def test_one_bad_message_fails_alone() -> None:
    no_event = {"messageId": "4", "body": "not json"}
    records = [numbered(1), numbered(2), numbered(3), no_event, message("5", {"id": "evt"})]
    assert consumed(*records) == ([1, 3], ["2", "4", "5"])


def test_what_a_newer_producer_adds_is_passed_over() -> None:
    assert consumed(numbered(1, addition={"a": 1})) == ([1], [])


@pytest.mark.parametrize("version", [2, 0, None, "1", 1.5])
def test_an_event_of_another_version_is_parked_and_counted(
    version: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """It fails until the queue parks it: a consumer that knows it may come meanwhile."""
    assert consumed(numbered(1, version=version)) == ([], ["1"])
    assert "EventVersionUnknown" in capsys.readouterr().out


def test_a_step_is_found_by_name_and_its_fault_is_raised() -> None:
    def broken(_: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError

    handler = steps.entrypoint({"good": lambda _: {"outcome": "done"}, "bad": broken})
    assert handler({"step": "good"}, FakeContext()) == {"outcome": "done"}
    with pytest.raises(RuntimeError):
        handler({"step": "bad"}, FakeContext())
    with pytest.raises(KeyError):
        handler({"step": "other"}, FakeContext())


def test_a_missing_setting_stops_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(Settings):
        psp_secret_arn: str

    monkeypatch.delenv("PSP_SECRET_ARN", raising=False)
    with pytest.raises(ValidationError, match="psp_secret_arn"):
        Mine.load()
    monkeypatch.setenv("PSP_SECRET_ARN", "arn")
    assert Mine.load().psp_secret_arn == "arn"


class Machine:
    def __init__(self, result: Any) -> None:
        self.result = result

    def start_sync_execution(self, **_: Any) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize(
    "result", [{"status": "FAILED", "error": "x"}, {"status": "TIMED_OUT"}, TimeoutError()]
)
def test_every_end_but_success_is_incomplete(result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", lambda *_, **__: Machine(result))
    with pytest.raises(machine.CheckoutIncomplete):
        machine.run("arn", {})


def test_a_success_gives_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    result = {"status": "SUCCEEDED", "output": '{"outcome":"placed"}'}
    monkeypatch.setattr(aws, "client", lambda *_, **__: Machine(result))
    assert machine.run("arn", {}) == {"outcome": "placed"}


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
