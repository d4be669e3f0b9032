"""The auditor, who changes nothing but its own notes."""

from typing import Any

import boto3

from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.buying import LINES, shelves
from tests.faults.journeys.registry import journey
from tests.support import dynamodb
from tests.support.checkout_scenario import AUDITOR


def _stray(world: FaultEnvironment, units: int) -> None:
    """Someone changes a shelf by hand."""
    table: Any = boto3.resource("dynamodb", region_name="us-east-1").Table("inventory")
    row = next(each for each in dynamodb.rows("inventory") if each["pk"].startswith("SKU#"))
    changed = {name: row[name] + units for name in ("on_hand", "available")}
    table.put_item(Item={**row, **changed})


def _touch_a_movement(world: FaultEnvironment) -> None:
    """Which makes the auditor count its shelf anew, another one than the one that is changed."""
    table: Any = boto3.resource("dynamodb", region_name="us-east-1").Table("inventory")
    shelf = next(each for each in dynamodb.rows("inventory") if each["pk"].startswith("SKU#"))
    sku = str(shelf["pk"]).removeprefix("SKU#")
    moves = [each for each in dynamodb.rows("inventory") if each["pk"].startswith("MOV#")]
    row = next(each for each in moves if not each["pk"].startswith(f"MOV#{sku}#"))
    table.put_item(Item={**row, "reason": "another"})


def _sold(world: FaultEnvironment) -> None:
    shelves(world)
    actions.buy(world, "buy", LINES)
    world.shop.deliver()
    _touch_a_movement(world)


def _violated(world: FaultEnvironment) -> None:
    _sold(world)
    _stray(world, 1)
    world.pass_time(minutes=1)
    world.run(AUDITOR)


@journey(given=_sold, orders=["paid"], payments=["captured"])
def audit(world: FaultEnvironment) -> None:
    """It counts what it has not seen before."""
    world.pass_time(minutes=1)
    world.run(AUDITOR)


@journey(firm=True, given=_violated, orders=["paid"], payments=["captured"], answers=[200])
def watch(world: FaultEnvironment) -> None:
    """It tells what it sees a second time."""
    world.pass_time(minutes=1)
    world.run(AUDITOR)
    _stray(world, -1)
    actions.read(world, "operations.get_invariants", "/ops/invariants", "ops")
