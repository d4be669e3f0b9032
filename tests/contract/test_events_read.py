"""What consumers read of others' events is there, as the producers' published examples show it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from shop.consumer import read
from shop.deploy import Function, discover
from shop.events import EventView

EVENTS = Path(__file__).parents[2] / "events"
CONSUMERS = {each.id: each for each in discover().of_kind("consumer")}
PUBLISHED = sorted({path.name.split(".v")[0] for path in EVENTS.glob("*/*.schema.json")})


def views(consumer: Function) -> Sequence[type[EventView]]:
    """What it reads events as."""
    found: Sequence[type[EventView]] = consumer.load().reads  # type: ignore[attr-defined]
    return found


READ = [
    pytest.param(view, type_, id=f"{consumer.id} {type_}")
    for consumer in CONSUMERS.values()
    for view in views(consumer)
    for type_ in PUBLISHED
    if view.hears(type_)
]


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_consumer_reads_what_its_queue_is_fed_with_and_nothing_else(consumer: str) -> None:
    """Each type by one view: what a queue brings beyond them ends in its dead letters."""
    read_ = [type_ for view in views(CONSUMERS[consumer]) for type_ in view.TYPES]
    assert sorted(read_) == sorted(CONSUMERS[consumer].event_types)


@pytest.mark.parametrize(("view", "type_"), READ)
def test_a_consumer_reads_the_published_example_of_each_version_it_knows(
    view: type[EventView], type_: str
) -> None:
    for version in view.VERSIONS:
        (example,) = EVENTS.glob(f"*/{type_}.v{version}.example.json")
        event = read(json.loads(example.read_text())["detail"], view)
        assert (event.type, event.version) == (type_, version)
        about = {"ledger": "transaction_id", "mail": "mail_id", "user": "user_id"}
        assert getattr(event.data, about.get(type_.partition(".")[0], "order_id"), None)
