"""What the provider tells us, and customers who change their mind."""

from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.buying import authenticate, paid, placed, waiting
from tests.faults.journeys.registry import journey
from tests.support.psp import NEEDS_ACTION

HELD, TAKEN = "payment_intent.amount_capturable_updated", "payment_intent.succeeded"


def _tell(world: FaultEnvironment, *types: str) -> None:
    """Of every payment that the provider has."""
    for reference in list(world.shop.psp.books):
        for type_ in types:
            world.notify(reference, type_, event_id=f"evt_{reference}_{type_.split('.')[1]}")


@journey(given=placed, orders=["paid"], payments=["captured"])
def webhook_before_answer(world: FaultEnvironment) -> None:
    """The customer agreed, and the provider tells, before our own call has its answer."""
    told: list[str] = []

    def echo(call: str) -> None:
        if call == "confirm" and not told:
            told.append(call)
            authenticate(world)
            _tell(world, HELD)
            world.shop.stack.execute()

    world.echo = echo
    actions.pay(world, "pay", world.seen["order"], NEEDS_ACTION)


@journey(given=waiting, orders=["paid"], payments=["captured"])
def webhook_alone(world: FaultEnvironment) -> None:
    """The customer agreed and never came back."""
    authenticate(world)
    _tell(world, HELD)
    world.execute()


@journey(given=paid, orders=["paid"], payments=["captured"])
def webhooks_afterwards(world: FaultEnvironment) -> None:
    """Everything is known already."""
    _tell(world, TAKEN, HELD)
    world.execute()


@journey(given=placed, orders=["cancelled"], answers=[202])
def cancel(world: FaultEnvironment) -> None:
    """Before anybody has paid."""
    actions.cancel(world, world.seen["order"])
    world.shop.deliver()


@journey(given=waiting, orders=["cancelled"], payments=["voided"], answers=[202])
def cancel_while_waiting(world: FaultEnvironment) -> None:
    """While the customer should agree to the payment."""
    actions.cancel(world, world.seen["order"])


@journey(given=paid, orders=["paid"], payments=["captured"], answers=[409])
def cancel_too_late(world: FaultEnvironment) -> None:
    """It is paid."""
    actions.cancel(world, world.seen["order"])


@journey(given=placed)
def cancel_while_paying(world: FaultEnvironment) -> None:
    """At the moment when the provider holds the money."""
    told: list[str] = []

    def echo(call: str) -> None:
        if call == "confirm" and not told:
            told.append(call)
            actions.cancel(world, world.seen["order"])

    world.echo = echo
    actions.pay(world, "pay", world.seen["order"])
