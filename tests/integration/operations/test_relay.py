"""A row with its event -> the event on the bus, and what happens when the bus does not."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from operations.service.relay_events import Throttled
from operations.streams.relay import handler
from shop import aws, tables
from shop.events import Event
from tests.support import dynamodb, streams
from tests.support.lambda_context import FakeContext


class Row(tables.EventRow):
    Meta = tables.meta("orders")


class FaultEnvironment:
    """A bus whose events all go to a queue, and the relay's dead-letter queue."""

    def __init__(self) -> None:
        dynamodb.create("orders")
        self.sqs = boto3.client("sqs")
        self.dlq = self.sqs.create_queue(QueueName="relay-dlq")["QueueUrl"]
        self.heard = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.heard, AttributeNames=["QueueArn"])
        events = boto3.client("events")
        events.create_event_bus(Name="bus")
        events.put_rule(
            Name="all", EventBusName="bus", EventPattern='{"source": [{"prefix": "shop."}]}'
        )
        events.put_targets(
            Rule="all",
            EventBusName="bus",
            Targets=[{"Id": "heard", "Arn": arn["Attributes"]["QueueArn"]}],
        )

    def store(self, *numbers: int) -> dict[str, Any]:
        """Rows with an event, and the stream batch that tells of them."""
        for number in numbers:
            at = datetime(2026, 11, 22, 10, 0, number, tzinfo=UTC)
            body = {
                "id": f"evt_{number}",
                "type": "order.placed",
                "producer": "shop.orders",
                "occurred_at": at.isoformat(),
                "sequence": number,
                "data": {"title": "Tée"},
            }
            event = Event(f"evt_{number}", at, body)
            assert tables.put(Row(f"ORDER#{number}", "ORDER"), event=event) is None
        return streams.batch(dynamodb.rows("orders"), table="orders")

    def messages(self, url: str) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture
def world(moto_aws: None, monkeypatch: pytest.MonkeyPatch) -> FaultEnvironment:
    world = FaultEnvironment()
    monkeypatch.setenv("BUS_NAME", "bus")
    monkeypatch.setenv("RELAY_DLQ_URL", world.dlq)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return world


def test_stored_events_arrive_as_they_were_stored(world: FaultEnvironment) -> None:
    handler(world.store(1, 2), FakeContext())
    heard = world.messages(world.heard)
    assert sorted(event["detail"]["id"] for event in heard) == ["evt_1", "evt_2"]
    assert {event["detail-type"] for event in heard} == {"order.placed"}
    assert heard[0]["detail"]["data"] == {"title": "Tée"}
    assert world.messages(world.dlq) == []


def test_a_full_batch_costs_one_request_for_ten_events(world: FaultEnvironment) -> None:
    batch = world.store(*range(20))
    calls: list[str] = []
    aws.client("events").meta.events.register(
        "before-call.events", lambda model, **_: calls.append(model.name)
    )
    handler(batch, FakeContext())
    assert calls == ["PutEvents", "PutEvents"]


def test_an_entry_that_the_bus_never_takes_goes_to_the_dead_letter_queue(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PutEvents answers 200 for it: only the entry's own answer tells."""
    batch = world.store(1)
    dropped = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail"}]}
    monkeypatch.setattr(aws.client("events"), "put_events", lambda **_: dropped)
    handler(batch, FakeContext())
    (message,) = world.messages(world.dlq)
    assert message["detail"]["id"] == "evt_1"
    assert message["origin"]["stream"].endswith("table/orders/stream/1")


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_an_entry_that_the_bus_is_too_busy_for_stays_in_the_stream(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    batch = world.store(1)
    dropped = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code}]}
    with monkeypatch.context() as busy:
        busy.setattr(aws.client("events"), "put_events", lambda **_: dropped)
        with pytest.raises(Throttled):
            handler(batch, FakeContext())
    assert world.messages(world.dlq) == []
    handler(batch, FakeContext())
    assert [event["detail"]["id"] for event in world.messages(world.heard)] == ["evt_1"]


def test_what_get_records_shows_can_be_given_to_the_relay_by_hand(world: FaultEnvironment) -> None:
    """As the runbook says, for a message of the stream itself: it names no table."""
    records = world.store(1)["Records"]
    shown = [{k: v for k, v in each.items() if k in ("eventName", "dynamodb")} for each in records]
    handler({"Records": shown, "NextShardIterator": "x"}, FakeContext())
    assert [event["detail"]["id"] for event in world.messages(world.heard)] == ["evt_1"]


def _client_error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutEvents")


@pytest.mark.parametrize(
    ("code", "status"),
    [("InternalException", 500), ("ThrottlingException", 400), ("AccessDeniedException", 400)],
)
def test_a_bus_in_trouble_is_raised_and_nothing_is_parked(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    batch = world.store(1)

    def fail(**_: Any) -> None:
        raise _client_error(code, status)

    with monkeypatch.context() as broken:
        broken.setattr(aws.client("events"), "put_events", fail)
        with pytest.raises(ClientError):
            handler(batch, FakeContext())
    assert world.messages(world.dlq) == []
    handler(batch, FakeContext())
    assert [event["detail"]["id"] for event in world.messages(world.heard)] == ["evt_1"]


def test_a_request_that_is_wrong_in_itself_is_parked(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = world.store(1, 2)

    def fail(**_: Any) -> None:
        raise _client_error("ValidationException", 400)

    monkeypatch.setattr(aws.client("events"), "put_events", fail)
    handler(batch, FakeContext())
    assert sorted(m["detail"]["id"] for m in world.messages(world.dlq)) == ["evt_1", "evt_2"]


def test_a_dead_letter_queue_that_is_gone_is_raised(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sqs.delete_queue(QueueUrl=world.dlq)
    poison = streams.batch([{"pk": "ORDER#1", "sk": "ORDER", "outbox": "{"}], table="orders")
    with pytest.raises(ClientError):
        handler(poison, FakeContext())
