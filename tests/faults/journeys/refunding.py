"""What was taken for an order that is closed goes back."""

from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.buying import placed
from tests.faults.journeys.registry import journey


def _cancelled(world: FaultEnvironment) -> None:
    placed(world)
    actions.cancel(world, str(world.seen["order"]))


@journey(given=_cancelled, orders=["cancelled"], payments=["captured"], firm=True)
def refund(world: FaultEnvironment) -> None:
    """A mistake took money for it, however that came about. The order's service finds that it is
    due back, payments gives it back, the ledger shows both.
    """
    stack = world.shop.stack  # The order's recovery job asks again; the dead letter only tells.
    world.afterwards = lambda: stack.clear_parking("payments.on_checkout_stuck")
    paused, world.injector.paused = world.injector.paused, True
    world.shop.take_money(str(world.seen["order"]))
    world.injector.paused = paused
    world.shop.deliver()
