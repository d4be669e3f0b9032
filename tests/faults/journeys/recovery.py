"""What happens without a client: clocks, recovery jobs, sweepers."""

from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.buying import LINES, dies, heal, placed, shelves
from tests.faults.journeys.registry import journey


@journey(given=placed, orders=["cancelled"])
def expire(world: FaultEnvironment) -> None:
    """Nobody pays: the hold ends, the order with it."""
    world.pass_time(minutes=16)
    world.run("inventory.sweep_expired")
    world.shop.deliver()


def _beside_another(world: FaultEnvironment) -> None:
    """Two orders hold the same SKUs: a hold that ends twice takes from the other one."""
    placed(world)
    world.pass_time(minutes=10)
    actions.order(world, "rival", LINES)


@journey(given=_beside_another, orders=["cancelled", "cancelled"])
def expire_beside_another(world: FaultEnvironment) -> None:
    """Nobody pays the first of two orders: its units come back once, the other's stay held."""
    world.pass_time(minutes=6)
    world.run("inventory.sweep_expired")
    world.shop.deliver()


@journey(given=placed, orders=["cancelled"])
def expire_unheard(world: FaultEnvironment) -> None:
    """The sweeper's event never comes; the recovery job ends the order."""
    world.pass_time(minutes=19)
    world.run("orders.recover_orders")
    world.shop.deliver()


def _left(world: FaultEnvironment, *dead: str) -> None:
    """A checkout that died half way."""
    shelves(world)
    dies(world, *dead)
    result = world.shop.buy("buy", LINES)
    assert result.status == 503
    heal(world)
    world.execute()


def _unreserved(world: FaultEnvironment) -> None:
    _left(world, "inventory.steps")


def _unpaid(world: FaultEnvironment) -> None:
    _left(world, "payments.steps")


@journey(given=_unreserved, orders=["paid"], payments=["captured"])
def resume_order(world: FaultEnvironment) -> None:
    """The recovery job goes on with an order that nobody repeats."""
    world.pass_time(minutes=2)
    world.run("orders.recover_orders")
    world.execute()


@journey(given=_unpaid, orders=["cancelled"], payments=["voided"])
def give_up_payment(world: FaultEnvironment) -> None:
    """Until it had its time; then it is undone, and a late attempt finds a tombstone."""
    world.pass_time(minutes=17)
    world.run("orders.recover_orders")
    world.shop.deliver()


def _unanswered(world: FaultEnvironment) -> None:
    """A payment whose provider acted and did not answer."""
    placed(world)
    world.shop.psp.fail("confirm", *("after",) * 9)
    world.shop.psp.fail("retrieve", *("before",) * 9)
    assert world.shop.pay("pay", world.seen["order"]).status == 503
    world.shop.psp.forgive()
    world.execute()


@journey(given=_unanswered, orders=["paid"], payments=["captured"])
def resolve_unknown(world: FaultEnvironment) -> None:
    """The recovery job asks the provider."""
    world.pass_time(minutes=2)
    world.run("payments.recover_payments")
    world.execute()
