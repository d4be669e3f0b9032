"""The relay: never lost, never stopped by one bad record, at most ten and 256 KB at once."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from operations.domain.outbox_event import MAX_BYTES, MAX_ENTRIES, OutboxEvent
from operations.service.relay_events import ATTEMPTS, PublishRejected, Report, Throttled, relay


def record(number: int, *, padding: int = 0, **change: Any) -> dict[str, Any]:
    """The stream record of a row that carries an event."""
    envelope = {
        "id": f"evt_{number}",
        "type": "order.placed",
        "producer": "shop.orders",
        "occurred_at": "2026-11-22T10:15:30.123Z",
        "data": {"padding": "x" * padding},
    } | change
    keys = {"pk": {"S": f"ORDER#{number}"}, "sk": {"S": "ORDER"}}
    outbox = json.dumps([envelope], separators=(",", ":"))
    return {
        "eventName": "MODIFY",
        "eventSourceARN": "arn:stream",
        "dynamodb": {"Keys": keys, "NewImage": {**keys, "outbox": {"S": outbox}}},
    }


class FakeBus:
    """Takes everything but what it is told to refuse, so many times."""

    def __init__(
        self, refuse: Mapping[str, int] | None = None, *, code: str = "InternalFailure"
    ) -> None:
        self.refuse = dict(refuse or {})
        self.code = code
        self.taken: list[str] = []
        self.requests: list[list[OutboxEvent]] = []

    def put(self, batch: Sequence[OutboxEvent]) -> Mapping[int, str]:
        self.requests.append(list(batch))
        codes = {}
        for index, each in enumerate(batch):
            if self.refuse.get(each.id, 0) > 0:
                self.refuse[each.id] -= 1
                codes[index] = self.code
            else:
                self.taken.append(each.id)
        return codes


def run(
    records: list[dict[str, Any]], bus: Any, parked: list[dict[str, Any]] | None = None
) -> tuple[Report, list[float]]:
    pauses: list[float] = []
    kept = [] if parked is None else parked
    return relay(records, bus=bus, park=kept.append, sleep=pauses.append), pauses


def test_every_event_of_a_changed_row_becomes_an_entry() -> None:
    bus = FakeBus()
    assert run([record(1)], bus)[0] == Report(published=1, parked=0)
    entry = bus.requests[0][0].entry("bus")
    assert (entry["EventBusName"], entry["Source"]) == ("bus", "shop.orders")
    assert entry["DetailType"] == "order.placed"
    assert entry["Time"].isoformat() == "2026-11-22T10:15:30.123000+00:00"
    assert f"[{entry['Detail']}]" == record(1)["dynamodb"]["NewImage"]["outbox"]["S"]


def test_rows_without_an_event_are_passed_over() -> None:
    bus = FakeBus()
    row = {"eventName": "INSERT", "dynamodb": {"NewImage": {"pk": {"S": "ORDER#1"}}}}
    removed = {"eventName": "REMOVE", "dynamodb": {"Keys": {}}}
    assert run([row, removed], bus)[0] == Report(published=0, parked=0)
    assert bus.requests == []


def test_a_row_that_is_made_tells_its_event_as_one_that_is_changed_does() -> None:
    made = record(1) | {"eventName": "INSERT"}
    assert run([made, record(2)], FakeBus())[0] == Report(published=2, parked=0)


def test_events_of_one_change_go_out_in_order_and_one_that_is_none_is_parked() -> None:
    bus, parked = FakeBus(), list[dict[str, Any]]()
    row = record(1)
    texts = [record(n)["dynamodb"]["NewImage"]["outbox"]["S"][1:-1] for n in (1, 2)]
    row["dynamodb"]["NewImage"]["outbox"]["S"] = f"[{texts[0]},7,{texts[1]}]"
    assert run([row], bus, parked)[0] == Report(published=2, parked=1)
    assert bus.taken == ["evt_1", "evt_2"]


def test_a_request_has_at_most_ten_entries_in_their_order() -> None:
    bus = FakeBus()
    run([record(number) for number in range(25)], bus)
    assert [len(batch) for batch in bus.requests] == [MAX_ENTRIES, MAX_ENTRIES, 5]
    assert bus.taken == [f"evt_{number}" for number in range(25)]


def test_a_request_stays_within_the_size_that_the_bus_takes() -> None:
    bus = FakeBus()
    run([record(number, padding=100_000) for number in range(5)], bus)
    assert [len(batch) for batch in bus.requests] == [2, 2, 1]
    assert all(sum(each.size for each in batch) <= MAX_BYTES for batch in bus.requests)


def test_only_what_was_refused_is_put_again() -> None:
    bus = FakeBus(refuse={"evt_1": 2})
    report, pauses = run([record(number) for number in range(3)], bus)
    assert report == Report(published=3, parked=0)
    assert [[each.id for each in batch] for batch in bus.requests[1:]] == [["evt_1"], ["evt_1"]]
    assert bus.taken == ["evt_0", "evt_2", "evt_1"]
    assert len(pauses) == 2
    assert all(0 <= pause <= 0.2 for pause in pauses)


@pytest.mark.parametrize("code", ["MalformedDetail", "AccessDeniedException", "SomethingNew"])
def test_what_never_gets_in_is_parked_at_once_and_the_rest_is_published(code: str) -> None:
    bus, parked = FakeBus(refuse={"evt_1": 99}, code=code), list[dict[str, Any]]()
    report, pauses = run([record(number) for number in range(12)], bus, parked)
    assert report == Report(published=11, parked=1)
    assert (len(bus.requests), pauses) == (2, [])
    (message,) = parked
    assert (message["reason"], message["source"]) == (code, "shop.orders")
    assert message["detail"]["id"] == "evt_1"
    assert message["origin"]["keys"]["pk"] == {"S": "ORDER#1"}


@pytest.mark.parametrize("code", ["InternalFailure", "ThrottlingException"])
def test_what_the_bus_is_too_busy_for_is_never_parked_but_comes_again(code: str) -> None:
    bus, parked = FakeBus(refuse={"evt_1": ATTEMPTS}, code=code), list[dict[str, Any]]()
    batch = [record(number) for number in range(12)]
    with pytest.raises(Throttled):
        run(batch, bus, parked)
    assert len(bus.requests) == ATTEMPTS + 1
    assert (parked, len(bus.taken)) == ([], 11)
    assert run(batch, bus, parked)[0] == Report(published=12, parked=0)  # the stream's repeat
    assert bus.taken.count("evt_1") == 1


def test_before_a_busy_bus_is_raised_all_else_is_published_or_parked() -> None:
    bus, parked = FakeBus(refuse={"evt_1": 99}), list[dict[str, Any]]()
    with pytest.raises(Throttled):
        run([record(1), record(9, producer=None), *map(record, range(20, 40))], bus, parked)
    assert bus.taken == [f"evt_{number}" for number in range(20, 40)]
    assert [message["origin"]["keys"]["pk"]["S"] for message in parked] == ["ORDER#9"]


class Picky(FakeBus):
    """Busy for one entry, never takes another, both in one answer."""

    def put(self, batch: Sequence[OutboxEvent]) -> Mapping[int, str]:
        codes = super().put(batch)
        bad = {i: "MalformedDetail" for i, each in enumerate(batch) if each.id == "evt_2"}
        return {**codes, **bad}


def test_an_entry_that_never_gets_in_is_parked_beside_one_that_has_to_wait() -> None:
    bus, parked = Picky(refuse={"evt_1": 2}), list[dict[str, Any]]()
    assert run([record(1), record(2), record(3)], bus, parked)[0] == Report(published=2, parked=1)
    assert [[each.id for each in batch] for batch in bus.requests[1:]] == [["evt_1"], ["evt_1"]]
    assert (parked[0]["reason"], parked[0]["detail"]["id"]) == ("MalformedDetail", "evt_2")


@pytest.mark.parametrize(
    "poison",
    [
        record(9, producer=None),
        record(9, occurred_at="yesterday"),
        record(9, padding=MAX_BYTES),
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"outbox": {"S": "{"}}}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"outbox": {"S": "{}"}}}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"outbox": {"N": "1"}}}},
    ],
)
def test_a_record_that_is_no_event_is_parked_and_blocks_nothing(poison: dict[str, Any]) -> None:
    bus, parked = FakeBus(), list[dict[str, Any]]()
    report, _ = run([record(1), poison, record(2)], bus, parked)
    assert report == Report(published=2, parked=1)
    assert bus.taken == ["evt_1", "evt_2"]
    assert len(json.dumps(parked)) < 1000  # an event that is too large is only named


class Strict(FakeBus):
    """Refuses a whole request for one entry in it."""

    def put(self, batch: Sequence[OutboxEvent]) -> Mapping[int, str]:
        if any(each.id == "evt_1" for each in batch):
            raise PublishRejected("ValidationException")
        return super().put(batch)


def test_one_entry_that_spoils_its_request_is_found_and_parked() -> None:
    bus, parked = Strict(), list[dict[str, Any]]()
    report, _ = run([record(number) for number in range(4)], bus, parked)
    assert report == Report(published=3, parked=1)
    assert bus.taken == ["evt_0", "evt_2", "evt_3"]
    assert parked[0]["reason"] == "ValidationException"


class Down:
    def put(self, batch: Sequence[OutboxEvent]) -> Mapping[int, str]:
        raise ConnectionError


def test_a_bus_that_does_not_answer_is_raised_so_that_the_stream_repeats_the_batch() -> None:
    parked: list[dict[str, Any]] = []
    with pytest.raises(ConnectionError):
        run([record(1)], Down(), parked)
    assert parked == []


def test_what_can_neither_be_published_nor_parked_is_raised_after_the_rest_is_published() -> None:
    def park(message: dict[str, Any]) -> None:
        raise ConnectionError

    bus = FakeBus()
    poison = record(9, producer=None)
    with pytest.raises(ConnectionError):
        relay([poison, record(1)], bus=bus, park=park, sleep=lambda _: None)
    assert bus.taken == ["evt_1"]
