"""What functions use of AWS: recorded from every journey of tests/faults, run without a fault.

Ways that no journey goes by itself, most of them because they open only after a fault, are gone
here.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from payments import wiring
from payments.clients.secret import SecretReader
from payments.settings import PspSettings
from tests.faults.environment import FaultEnvironment, opened
from tests.faults.journeys import JOURNEYS
from tests.faults.journeys.buying import LINES, authenticate, dies, heal, shelves
from tests.faults.running import Runner
from tests.support.checkout_scenario import AUDITOR, cold_start
from tests.support.iam import Use, uses
from tests.support.interceptor import FunctionFailed
from tests.support.psp import NEEDS_ACTION

LEASE_S = 31  # after which whoever held it is taken for dead


def recorded() -> dict[Use, str]:
    """Each use, and the first journey that it was seen in."""
    found: dict[Use, str] = {}
    with watched() as world:
        runner = Runner(world)
        for name in sorted(JOURNEYS):
            for request in runner.course(name).requests:
                for use in uses(request):
                    found.setdefault(use, name)
    for go in BESIDES:
        with watched() as world:
            go(world)
            for request in world.shop.interceptor.requests:
                if request.function != "test":
                    for use in uses(request):
                        found.setdefault(use, go.__name__)
    return found


@contextmanager
def watched() -> Iterator[FaultEnvironment]:
    """A world in which no function finds what another has left in this process."""
    logging.disable(logging.ERROR)  # Of moto's interpreter, for states that fail on purpose.
    with opened() as world, pytest.MonkeyPatch.context() as patch:
        returned = world.shop.interceptor.returned

        def forget(function: str) -> None:
            returned(function)
            cold_start()

        patch.setattr(world.shop.interceptor, "returned", forget)
        _read_the_secret(world, patch)
        yield world
    logging.disable(logging.NOTSET)


def _read_the_secret(world: FaultEnvironment, patch: pytest.MonkeyPatch) -> None:
    """The simulated provider needs no key: the steps read it all the same."""

    def open_psp() -> object:
        SecretReader(PspSettings.load().psp_secret_arn)()
        return world.shop.psp

    patch.setattr(wiring, "open_psp", open_psp)


def taken_over_by_its_client(world: FaultEnvironment) -> None:
    """A request dies, and is repeated when its lease is over."""
    shelves(world)
    dies(world, "inventory.steps")
    for ask in (world.shop.order, world.shop.buy):
        assert ask(ask.__name__, LINES).status == 503
    heal(world)
    world.pass_time(seconds=LEASE_S)
    for ask in (world.shop.order, world.shop.buy):
        assert ask(ask.__name__, LINES).status == 201


def paid_by_the_event(world: FaultEnvironment) -> None:
    """The machine dies after the capture: the order hears of it by the event."""
    shelves(world)
    order_id = world.shop.order("order", LINES).json["order_id"]
    steps = world.shop.interceptor.functions["orders.steps"]
    world.shop.interceptor.functions["orders.steps"] = partial(_unless, "finalize", steps)
    assert world.shop.pay("pay", order_id).status == 503
    world.shop.deliver()
    assert world.shop.get(order_id).json["status"] == "paid"


def held_after_3_d_secure(world: FaultEnvironment) -> None:
    """Money that is to be captured by hand, of a customer who has to authenticate."""
    shelves(world)
    order_id = world.shop.order("order", LINES).json["order_id"]
    waiting = world.shop.pay("pay", order_id, NEEDS_ACTION, capture_method="manual").json
    authenticate(world)
    assert world.shop.confirm(waiting["payment_id"]).json["status"] == "authorized"


def looked_over(world: FaultEnvironment) -> None:
    """The auditor sees a sale from shelves that were stocked before its streams begin."""
    shelves(world)
    stream: Any = world.shop.tables["inventory"].stream_shard
    stream.items.clear()
    assert world.shop.buy("buy", LINES).status == 201
    world.shop.deliver()
    for minutes in (1, 6):
        world.pass_time(minutes=minutes)
        world.shop.interceptor.call(AUDITOR, {})


BESIDES: tuple[Callable[[FaultEnvironment], None], ...] = (
    taken_over_by_its_client,
    paid_by_the_event,
    held_after_3_d_secure,
    looked_over,
)


def _unless(step: str, steps: Callable[..., Any], event: dict[str, Any], context: Any) -> Any:
    if event["step"] == step:
        raise FunctionFailed(step)
    return steps(event, context)
