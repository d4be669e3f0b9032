"""What happens without a client: clocks, janitors, sweepers."""

from tests.faults.journeys import acts
from tests.faults.journeys.buying import LINES, dies, heal, placed, shelves
from tests.faults.journeys.registry import journey
from tests.faults.world import World


@journey(given=placed, orders=["cancelled"])
def expire(world: World) -> None:
    """Nobody pays: the hold ends, the order with it."""
    world.pass_time(minutes=16)
    world.run("inventory.sweep_expired")
    world.shop.deliver()


def _beside_another(world: World) -> None:
    """Two orders hold the same SKUs: a hold that ends twice takes from the other one."""
    placed(world)
    world.pass_time(minutes=10)
    acts.order(world, "rival", LINES)


@journey(given=_beside_another, orders=["cancelled", "cancelled"])
def expire_beside_another(world: World) -> None:
    """Nobody pays the first of two orders: its units come back once, the other's stay held."""
    world.pass_time(minutes=6)
    world.run("inventory.sweep_expired")
    world.shop.deliver()


@journey(given=placed, orders=["cancelled"])
def expire_unheard(world: World) -> None:
    """The sweeper's event never comes; the janitor ends the order."""
    world.pass_time(minutes=19)
    world.run("orders.janitor")
    world.shop.deliver()


def _left(world: World, *dead: str) -> None:
    """A checkout that died half way."""
    shelves(world)
    dies(world, *dead)
    result = world.shop.buy("buy", LINES)
    assert result.status == 503
    heal(world)
    world.execute()


def _unreserved(world: World) -> None:
    _left(world, "inventory.steps")


def _unpaid(world: World) -> None:
    _left(world, "payments.steps")


@journey(given=_unreserved, orders=["paid"], payments=["captured"])
def resume_order(world: World) -> None:
    """The janitor goes on with an order that nobody repeats."""
    world.pass_time(minutes=2)
    world.run("orders.janitor")
    world.execute()


@journey(given=_unpaid, orders=["cancelled"], payments=["voided"])
def give_up_payment(world: World) -> None:
    """Until it had its time; then it is undone, and a late attempt finds a tombstone."""
    world.pass_time(minutes=17)
    world.run("orders.janitor")
    world.shop.deliver()


def _unanswered(world: World) -> None:
    """A payment whose provider acted and did not answer."""
    placed(world)
    world.shop.psp.fail("confirm", *("after",) * 9)
    world.shop.psp.fail("retrieve", *("before",) * 9)
    assert world.shop.pay("pay", world.seen["order"]).status == 503
    world.shop.psp.forgive()
    world.execute()


@journey(given=_unanswered, orders=["paid"], payments=["captured"])
def resolve_unknown(world: World) -> None:
    """The janitor asks the provider."""
    world.pass_time(minutes=2)
    world.run("payments.janitor")
    world.execute()
