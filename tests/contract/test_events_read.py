"""What consumers read of others' events is there, as the producers' published examples show it."""

import json
from pathlib import Path

import pytest

import ledger.events
import orders.events
from shop.consumer import read
from shop.events import EventView

EVENTS = Path(__file__).parents[2] / "events"
READ = [
    (ledger.events.CapturedPayment, "payment.captured"),
    (ledger.events.PostedTransaction, "ledger.transaction_posted"),
    (orders.events.CapturedPayment, "payment.captured"),
    (orders.events.ExpiredReservation, "inventory.expired"),
    *(
        (orders.events.TimelineEvent, path.name.removesuffix(".v1.example.json"))
        for service in ("orders", "payments", "inventory")
        for path in sorted((EVENTS / service).glob("*.v1.example.json"))
    ),
]


@pytest.mark.parametrize(("view", "type_"), READ)
def test_a_consumer_reads_the_published_example_of_each_version_it_knows(
    view: type[EventView], type_: str
) -> None:
    for version in view.VERSIONS:
        (example,) = EVENTS.glob(f"*/{type_}.v{version}.example.json")
        event = read(json.loads(example.read_text())["detail"], view)
        assert (event.type, event.version) == (type_, version)
        about = "transaction_id" if type_.startswith("ledger.") else "order_id"
        assert getattr(event.data, about, None)
