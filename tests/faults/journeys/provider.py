"""What the provider tells us, and customers who change their mind."""

from tests.faults.journeys import acts
from tests.faults.journeys.buying import authenticate, paid, placed, waiting
from tests.faults.journeys.registry import journey
from tests.faults.world import World
from tests.support.psp import NEEDS_ACTION

HELD, TAKEN = "payment_intent.amount_capturable_updated", "payment_intent.succeeded"


def _tell(world: World, *types: str) -> None:
    """Of every payment that the provider has."""
    for reference in list(world.shop.psp.books):
        for type_ in types:
            world.notify(reference, type_, event_id=f"evt_{reference}_{type_.split('.')[1]}")


@journey(given=placed, orders=["paid"], payments=["captured"])
def webhook_before_answer(world: World) -> None:
    """The customer agreed, and the provider tells, before our own call has its answer."""
    told: list[str] = []

    def echo(call: str) -> None:
        if call == "confirm" and not told:
            told.append(call)
            authenticate(world)
            _tell(world, HELD)
            world.shop.estate.execute()

    world.echo = echo
    acts.pay(world, "pay", world.seen["order"], NEEDS_ACTION)


@journey(given=paid, orders=["paid"], payments=["captured"])
def webhooks_afterwards(world: World) -> None:
    """Everything is known already."""
    _tell(world, TAKEN, HELD)
    world.execute()


@journey(given=placed, orders=["cancelled"], answers=[202])
def cancel(world: World) -> None:
    """Before anybody has paid."""
    acts.cancel(world, world.seen["order"])
    world.shop.deliver()


@journey(given=waiting, orders=["cancelled"], payments=["voided"], answers=[202])
def cancel_while_waiting(world: World) -> None:
    """While the customer should agree to the payment."""
    acts.cancel(world, world.seen["order"])


@journey(given=paid, orders=["paid"], payments=["captured"], answers=[409])
def cancel_too_late(world: World) -> None:
    """It is paid."""
    acts.cancel(world, world.seen["order"])


@journey(given=placed)
def cancel_while_paying(world: World) -> None:
    """At the moment when the provider holds the money."""
    told: list[str] = []

    def echo(call: str) -> None:
        if call == "confirm" and not told:
            told.append(call)
            acts.cancel(world, world.seen["order"])

    world.echo = echo
    acts.pay(world, "pay", world.seen["order"])
