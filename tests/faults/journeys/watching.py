"""The auditor, who changes nothing but its own notes."""

from typing import Any

import boto3

from tests.faults.journeys import acts
from tests.faults.journeys.buying import LINES, shelves
from tests.faults.journeys.registry import journey
from tests.faults.world import World
from tests.support import dynamodb
from tests.support.journey import AUDITOR


def _stray(world: World, units: int) -> None:
    """Someone changes a shelf by hand."""
    table: Any = boto3.resource("dynamodb", region_name="us-east-1").Table("inventory")
    row = next(each for each in dynamodb.rows("inventory") if each["pk"].startswith("SKU#"))
    changed = {name: row[name] + units for name in ("on_hand", "available")}
    table.put_item(Item={**row, **changed})


def _touch_a_movement(world: World) -> None:
    """Which makes the auditor count its shelf anew, another one than the one that is changed."""
    table: Any = boto3.resource("dynamodb", region_name="us-east-1").Table("inventory")
    shelf = next(each for each in dynamodb.rows("inventory") if each["pk"].startswith("SKU#"))
    sku = str(shelf["pk"]).removeprefix("SKU#")
    moves = [each for each in dynamodb.rows("inventory") if each["pk"].startswith("MOV#")]
    row = next(each for each in moves if not each["pk"].startswith(f"MOV#{sku}#"))
    table.put_item(Item={**row, "reason": "another"})


def _sold(world: World) -> None:
    shelves(world)
    acts.buy(world, "buy", LINES)
    world.shop.deliver()
    _touch_a_movement(world)


def _suspected(world: World) -> None:
    _sold(world)
    _stray(world, 1)
    world.pass_time(minutes=1)
    world.run(AUDITOR)


@journey(given=_sold, orders=["paid"], payments=["captured"])
def audit(world: World) -> None:
    """It counts what it has not seen before."""
    world.pass_time(minutes=1)
    world.run(AUDITOR)


@journey(firm=True, given=_suspected, orders=["paid"], payments=["captured"], answers=[200])
def watch(world: World) -> None:
    """It tells what it sees a second time."""
    world.pass_time(minutes=1)
    world.run(AUDITOR)
    _stray(world, -1)
    acts.read(world, "operations.get_invariants", "/ops/invariants", "ops")
