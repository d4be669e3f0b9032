"""What can never be processed is parked and holds up nothing behind it."""

import json
from typing import Any

import boto3

from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.buying import LINES, shelves
from tests.faults.journeys.registry import journey
from tests.support.interceptor import Request


def _put(table: str, **row: Any) -> None:
    boto3.resource("dynamodb", region_name="us-east-1").Table(table).put_item(Item=row)


def _take_out(table: str, pk: str, sk: str) -> None:
    boto3.resource("dynamodb", region_name="us-east-1").Table(table).delete_item(
        Key={"pk": pk, "sk": sk}
    )


@journey()
def poison(world: FaultEnvironment) -> None:
    """Rows that hold no event, no transaction; somebody looks at them and takes them out."""

    def afterwards() -> None:
        assert list(world.shop.stack.parked()), "nothing was parked"
        world.shop.stack.clear_parking()

    world.afterwards = afterwards
    _put("orders", pk="ORDER#poison", sk="POISON", outbox="no envelope")
    _put("ledger", pk="TXN#txn_1", sk="TXN", outbox=json.dumps({"data": {}}), recorded_at="?")
    world.shop.deliver()
    _take_out("orders", "ORDER#poison", "POISON")
    _take_out("ledger", "TXN#txn_1", "TXN")


@journey(given=shelves, orders=["cancelled", "cancelled"], answers=[201, 201])
def poison_on_the_bus(world: FaultEnvironment) -> None:
    """The bus refuses a whole request for one event in it; somebody lets the event in by hand."""

    def refuses(request: Request) -> bool:
        entries = request.body.get("Entries", []) if request.operation == "PutEvents" else []
        return any(entry["DetailType"] == "order.placed" for entry in entries)

    def afterwards() -> None:
        placed = world.shop.events("order.placed")
        assert not placed or list(world.shop.stack.parked()), "nothing was parked"
        world.shop.stack.clear_parking()
        for event in placed:
            world.shop.hand_over(event)

    world.injector.refuses, world.afterwards = refuses, afterwards
    actions.order(world, "order", LINES)
    actions.order(world, "more", {"TEA-3": 1})
    world.shop.deliver()
