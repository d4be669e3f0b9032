"""Whatever customers, staff, clocks and the provider do, in whatever order: I1 to I6 hold.

A model of the whole platform: real handlers, real state machine, streams, bus and queues. I1 to I3
are checked after every step, everything when all has come to rest.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from payments.domain.payment import PspState
from tests.faults import oracle
from tests.faults.environment import FaultEnvironment, opened
from tests.faults.journeys import actions
from tests.faults.running import Runner
from tests.support import dynamodb, scale
from tests.support.checkout_scenario import functions
from tests.support.interceptor import Died, Function
from tests.support.psp import DECLINED, GOOD, NEEDS_ACTION

pytestmark = [pytest.mark.slow, pytest.mark.soak]

SKUS = ("TEA-1", "TEA-2", "TEA-3")
UNITS = 4
STEPS = 12
CAPTURES = st.sampled_from(["automatic", "automatic", "manual"])
METHODS = st.sampled_from([GOOD, GOOD, DECLINED, NEEDS_ACTION])
LINES = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), min_size=1)
STEP_FUNCTIONS = ("orders.steps", "payments.steps", "inventory.steps", "catalog.steps")


class Life(RuleBasedStateMachine):
    """Orders of one customer in one shop, and everything that happens to them."""

    world: ClassVar[FaultEnvironment]
    runner: ClassVar[Runner]

    @initialize()
    def open_shop(self) -> None:
        """Clean, with few of each."""
        self.runner.clean()
        self.world.shop.interceptor.functions.update(functions())  # None dies any more.
        for sku in SKUS:
            self.world.shop.stock(sku, units=UNITS)
        self.world.shop.stack.forget()
        self.keys = 0

    def _key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def _ids(self, table: str, kind: str, *statuses: str) -> list[str]:
        rows = (row for row in dynamodb.rows(table) if row["sk"] == kind)
        return sorted(str(row["pk"]).partition("#")[2] for row in rows if row["status"] in statuses)

    # Customers.
    @rule(lines=LINES)
    def order(self, lines: dict[str, int]) -> None:
        actions.order(self.world, self._key(), lines)

    @rule(lines=LINES, method=METHODS)
    def buy(self, lines: dict[str, int], method: str) -> None:
        actions.buy(self.world, self._key(), lines, method)

    @rule(
        data=st.data(),
        method=METHODS,
        capture=CAPTURES,
    )
    def pay(self, data: st.DataObject, method: str, capture: str) -> None:
        orders = self._ids("orders", "ORDER", "placed", "paid", "cancelled")
        if orders:
            order_id = data.draw(st.sampled_from(orders))
            actions.pay(self.world, self._key(), order_id, method, capture)

    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        payments = self._ids("payments", "PAYMENT", "requires_action", "unknown", "captured")
        if payments:
            actions.confirm(self.world, data.draw(st.sampled_from(payments)))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        orders = self._ids("orders", "ORDER", "placed", "paid")
        if orders:
            actions.cancel(self.world, data.draw(st.sampled_from(orders)))

    @rule(success=st.booleans(), data=st.data())
    def authenticate(self, success: bool, data: st.DataObject) -> None:
        books = self.world.shop.psp.books.values()
        waiting = [book.reference for book in books if book.state is PspState.REQUIRES_ACTION]
        if waiting:
            reference = data.draw(st.sampled_from(waiting))
            self.world.shop.psp.authenticate(reference, success=success)

    @precondition(lambda self: self.world.sent)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        sent = data.draw(st.sampled_from(range(len(self.world.sent))))
        self.world.repeat(self.world.sent[sent])

    # The provider.
    @precondition(lambda self: self.world.shop.psp.books)
    @rule(data=st.data(), type_=st.sampled_from(["amount_capturable_updated", "succeeded"]))
    def webhook(self, data: st.DataObject, type_: str) -> None:
        reference = data.draw(st.sampled_from(sorted(self.world.shop.psp.books)))
        self.world.notify(reference, f"payment_intent.{type_}", event_id=f"evt_{reference}{type_}")

    @rule(
        call=st.sampled_from(["create", "confirm", "capture", "cancel", "retrieve"]),
        fault=st.sampled_from(["before", "after"]),
        times=st.integers(1, 3),
    )
    def no_answer(self, call: Any, fault: Any, times: int) -> None:
        self.world.shop.psp.fail(call, *(fault,) * times)

    # Clocks, queues, processes.
    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes: int) -> None:
        self.world.pass_time(minutes=minutes)

    @rule()
    def scheduled(self) -> None:
        self.world.tick()

    @rule()
    def deliver(self) -> None:
        self.world.shop.deliver()

    @precondition(lambda self: self.world.shop.events())
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        events = self.world.shop.events()
        self.world.shop.hand_over(events[data.draw(st.integers(0, len(events) - 1))])

    @rule(function=st.sampled_from(STEP_FUNCTIONS), after=st.booleans())
    def dies_once(self, function: str, after: bool) -> None:
        """The next invocation is gone before it begins, or when all is done but the answer."""
        functions = self.world.shop.interceptor.functions
        functions[function] = _dying(functions, function, functions[function], after)

    # Always, and at the end.
    @invariant()
    def holds(self) -> None:
        assert oracle.at_any_time(self.world) == []

    def teardown(self) -> None:
        self.world.shop.psp.forgive()
        self.world.run_until_idle()
        assert oracle.at_rest(self.world) == []


def _dying(
    functions: dict[str, Function], name: str, working: Function, after: bool
) -> Callable[[dict[str, Any], Any], Any]:
    def once(event: dict[str, Any], context: Any) -> Any:
        functions[name] = working
        if after:
            working(event, context)
        raise Died("once")

    return once


def test_i1_to_i6_hold_whatever_people_clocks_and_the_provider_do() -> None:
    with opened() as Life.world:
        Life.runner = Runner(Life.world)
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=scale.scaled(50, soak=1000),
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
