"""A service of two functions, to be put into a copy of the tree: nothing else of it is changed.

It gives a gift with each order: one route, one table with an event, one consumer, one problem, one
kind of id, one alarm, one invariant.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".local", "build", "cdk.out", "node_modules", "__pycache__", ".*_cache"
)
FILES = {
    "README.md": "# gifts\n\nA gift with each order.\n",
    "__init__.py": '"""Gifts: one with each order."""\n',
    "api/__init__.py": '"""Routes."""\n',
    "consumers/__init__.py": '"""Consumers."""\n',
    "deploy.py": '''\
"""Gifts: one with each order."""

from shop.deploy import Alarm, Function, Personal, Service, Table, due

SERVICE = Service(
    description="Gifts",
    tables=(
        Table(
            name="gifts",
            indexes=due("giver"),
            publishes=True,
            audited=("BatchGetItem",),
            personal=Personal(attributes=("giver",), says="who gives it"),
        ),
    ),
    functions=(
        Function(place="api/get_gift", tables={"gifts": ("GetItem",)}),
        Function(
            place="consumers/on_order_placed",
            event_types=("order.placed",),
            tables={"gifts": ("PutItem",)},
        ),
    ),
    alarms=(Alarm(metric="GiftLost", description="A gift could not be given."),),
    invariants={"G1": "A gift is of no order."},
    ids={"gft": ("gift_id",)},
)
''',
    "invariants.py": '''\
"""What always holds of gifts, and between a gift and its order."""

from collections.abc import Iterator
from dataclasses import dataclass

from shop.facts import OrderState
from shop.invariants import Fact, Facts, Found, Invariants, Row, RowType, Rule, Subject, derived


@dataclass(frozen=True, slots=True)
class Gift(Fact):
    """A gift, by its id."""

    order_id: str


def gifts_are_of_orders(facts: Facts) -> Found:
    """G1: a gift is of an order that exists."""
    for gift in facts.each(Gift):
        if facts.one(OrderState, gift.order_id) is None:
            yield gift.key, "of no order"


def _gift(id_: str, row: Row) -> Iterator[Fact]:
    yield Gift(id_, row["order_id"])


INVARIANTS = Invariants(
    streams=("gifts",),
    always=("G1",),
    rows=(
        RowType(
            table="gifts",
            pk="GIFT",
            sk="GIFT",
            about="gift",
            reads=("order_id",),
            facts=_gift,
            violates="G1",
        ),
    ),
    subjects=(
        Subject(
            name="gift",
            table="gifts",
            pk="GIFT",
            sk="GIFT",
            part_of={"order": "order_id"},
            follows={"order": lambda order_id: derived("gft", order_id)},
        ),
    ),
    rules=(Rule("G1", gifts_are_of_orders),),
)
''',
    "problems.py": '''\
"""Problems of gifts."""

from shop.problems import ProblemType

GIFT_OPENED = ProblemType("gift_opened", 410, "The gift was opened")
''',
    "events.py": '''\
"""Events of gifts."""

from typing import ClassVar

from shop.events import EventData, EventView


class GiftGiven(EventData):
    """An order has a gift."""

    TYPE: ClassVar[str] = "gift.given"

    gift_id: str
    order_id: str


class PlacedOrder(EventView):
    """What is read of order.placed."""

    TYPES: ClassVar[tuple[str, ...]] = ("order.placed",)

    order_id: str
''',
    "repository/__init__.py": '"""Rows of gifts."""\n',
    "repository/gifts.py": '''\
"""Gifts: `GIFT#<id>`/`GIFT`, with the event."""

from pynamodb.attributes import UnicodeAttribute

from shop import tables
from shop.events import Event


class GiftItem(tables.EventRow):
    """A gift."""

    Meta = tables.meta("gifts")

    order_id = UnicodeAttribute()


def save(gift_id: str, order_id: str, made: Event) -> bool:
    """Whether it was not there."""
    row = GiftItem(f"GIFT#{gift_id}", "GIFT", order_id=order_id)
    return tables.put(row, GiftItem.pk.does_not_exist(), event=made) is None
''',
    "api/get_gift.py": '''\
"""GET /gifts/{gift_id}."""

from gifts import problems
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.schemas import ResponseModel


class GiftOut(ResponseModel):
    """A gift."""

    gift_id: str


ROUTE = Route(
    "GET",
    "/gifts/{gift_id}",
    "A gift",
    scopes=("shop:buy",),
    responses={200: GiftOut},
    problems=(problems.GIFT_OPENED,),
)


def handle(request: Request[None]) -> Response | Problem:
    """All gifts are opened."""
    return Problem(problems.GIFT_OPENED, "It was opened.")


handler = entrypoint(ROUTE, handle)
''',
    "consumers/on_order_placed.py": '''\
"""order.placed: give something."""

from gifts.repository import gifts
from gifts.events import GiftGiven, PlacedOrder
from shop import clock, consumer, events, ids, telemetry, trace
from shop.events import Envelope


def consume(event: Envelope[PlacedOrder]) -> str:
    """Once per order."""
    order_id = event.data.order_id
    gift_id = ids.derive("gft", order_id, region=ids.region_of(order_id))
    made = events.event(
        GiftGiven(gift_id=gift_id, order_id=order_id),
        producer="gifts",
        subject=gift_id,
        sequence=1,
        now=clock.now(),
        trace=trace.from_header(event.traceparent),
    )
    if gifts.save(gift_id, order_id, made):
        return "given"
    telemetry.emit_metric("GiftLost")
    return "already"


handler = consumer.entrypoint("gifts.on_order_placed", consumer.On(PlacedOrder, consume))
''',
}
# What people write for it, beside its code: what to do when the alarm rings.
RUNBOOK = """
| `gifts-gift-lost` | notice | a gift could not be given | give it by hand |
| G1 | a gift | who gave it |
"""


def plant(folder: Path) -> Path:
    """Copy the tree into `folder` and put the service into it."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for name, text in FILES.items():
        path = folder / "functions" / "gifts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with (folder / "docs" / "runbook.md").open("a") as runbook:
        runbook.write(RUNBOOK)
    return folder
