"""Events that rows still hold go to the relay once more, page by page, and from a checkpoint on."""

import json
from typing import Any

import boto3
import pytest

from operations.domain import outbox_event
from shop.deploy import discover
from tests.support import dynamodb
from tools.shopctl import republish as republishing
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.republish import Found
from tools.shopctl.target import Target

PLATFORM = discover()
DAY = {"since": "2026-11-22T00:00:00.000Z", "until": "2026-11-22T23:59:59.999Z"}


class FakeRelay:
    """Lambda's Invoke; keeps what it was given."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.names: set[str] = set()
        self.fails = False

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 (AWS)
        self.names.add(FunctionName)
        if self.fails:
            return {"FunctionError": "Unhandled"}
        self.records += json.loads(Payload)["Records"]
        return {}


class Shop(Target):
    """Tables in this process, by their short names, and a relay that can be looked at."""

    def table(self, name: str) -> str:
        return name

    def client(self, service: str) -> Any:
        return RELAY if service == "lambda" else boto3.client("dynamodb", region_name="us-east-1")


RELAY = FakeRelay()


@pytest.fixture
def shop(moto_aws: None) -> Shop:
    RELAY.__init__()  # type: ignore[misc]
    dynamodb.create(*PLATFORM.publishing)
    return Shop("prod", "us-east-1", "")


def event(id_: str, at: str) -> dict[str, Any]:
    return {
        "id": id_,
        "type": "order.placed",
        "producer": "shop.orders",
        "occurred_at": at,
    }


def put(table: str, pk: str, *events: dict[str, Any]) -> None:
    item: dict[str, Any] = {"pk": {"S": pk}, "sk": {"S": "ROW"}, "secret": {"S": "1 Quay, Bath"}}
    if events:
        item["outbox"] = {"S": json.dumps(events)}
    boto3.client("dynamodb", region_name="us-east-1").put_item(TableName=table, Item=item)


def run(shop: Shop, *, act: bool = True, checkpoint: str = "") -> list[Found]:
    return list(
        republishing.republish(
            shop, PLATFORM, **DAY, checkpoint=checkpoint, act=act, pause=lambda: None
        )
    )


def published() -> set[str]:
    found = [each for record in RELAY.records for each in outbox_event.outbox_events(record)]
    return {each.id for each in found if isinstance(each, outbox_event.OutboxEvent)}


def test_every_event_of_the_time_is_given_to_the_relay_from_every_table(shop: Shop) -> None:
    for table in PLATFORM.publishing:
        put(table, "A", event(f"evt_{table}", "2026-11-22T10:00:00.000Z"))
    put("orders", "B", event("evt_before", "2026-11-21T10:00:00.000Z"))
    put("orders", "C", event("evt_after", "2026-11-23T10:00:00.000Z"))
    put("orders", "D")
    run(shop)
    assert published() == {f"evt_{table}" for table in PLATFORM.publishing}
    assert RELAY.names == {"operations-relay"}


def test_nothing_of_a_row_but_its_keys_and_events_is_handed_over(shop: Shop) -> None:
    put("orders", "A", event("evt_1", DAY["since"]))
    run(shop)
    assert "Quay" not in json.dumps(RELAY.records)


def test_without_consent_it_only_counts(shop: Shop) -> None:
    put("orders", "A", event("evt_1", DAY["since"]), event("evt_2", DAY["since"]))
    found = run(shop, act=False)
    assert (sum(page.rows for page in found), sum(page.events for page in found)) == (1, 2)
    assert RELAY.records == []


def test_it_goes_on_behind_any_checkpoint(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(republishing, "PAGE", 2)
    for number in range(5):
        put("orders", f"ORDER#{number}", event(f"evt_{number}", DAY["since"]))
    put("payments", "A", event("evt_pay", DAY["since"]))
    pages = run(shop)
    everything = published()
    assert len(everything) == 6
    assert pages[-1].checkpoint == ""
    for at, page in enumerate(pages[:-1]):
        RELAY.records.clear()
        rest = run(shop, checkpoint=page.checkpoint)
        assert rest == pages[at + 1 :]


def test_a_batch_that_the_relay_did_not_take_stops_it(shop: Shop) -> None:
    put("orders", "A", event("evt_1", DAY["since"]))
    RELAY.fails = True
    with pytest.raises(Failed, match="checkpoint"):
        run(shop)


@pytest.mark.parametrize("text", ["nonsense", "orders only-one", "orders a b c"])
def test_what_is_no_checkpoint_is_refused(shop: Shop, text: str) -> None:
    with pytest.raises(Unusable, match="checkpoint"):
        run(shop, checkpoint=text)
