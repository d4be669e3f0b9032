"""Orders, payments, checkouts."""

from typing import Any

from payments.domain.payment import PspState
from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.registry import journey
from tests.support.interceptor import FunctionFailed
from tests.support.psp import DECLINED, NEEDS_ACTION, UNKNOWN_METHOD

LINES = {"TEA-1": 2, "TEA-2": 1}
MANY = {"TEA-1": 1, "TEA-2": 1, "TEA-3": 1}  # more movements than one transaction takes


def shelves(world: FaultEnvironment) -> None:
    """Five of each."""
    for sku in MANY:
        world.shop.stock(sku, units=5)


def placed(world: FaultEnvironment, lines: dict[str, int] | None = None) -> None:
    """An order that waits for its payment."""
    shelves(world)
    world.seen["order"] = actions.order(world, "order", lines or LINES).json["order_id"]


def placed_many(world: FaultEnvironment) -> None:
    """One whose stock moves in pieces."""
    placed(world, MANY)


def waiting(world: FaultEnvironment) -> None:
    """A payment that waits for its customer's 3-D Secure."""
    placed(world)
    reply = actions.pay(world, "pay", world.seen["order"], NEEDS_ACTION)
    world.seen["payment"] = reply.json["payment_id"]


def paid(world: FaultEnvironment) -> None:
    """An order that is paid."""
    placed(world)
    actions.pay(world, "pay", world.seen["order"])


def sold_to_another(world: FaultEnvironment) -> None:
    """The hold has ended while the customer was away, and the stock is sold to another."""
    waiting(world)
    world.pass_time(minutes=15, seconds=30)
    world.run("inventory.sweep_expired")
    actions.order(world, "rival", {"TEA-1": 5, "TEA-2": 5})


def authenticate(world: FaultEnvironment, *, success: bool = True) -> None:
    """The customer's browser."""
    for book in world.shop.psp.books.values():
        if book.state is PspState.REQUIRES_ACTION:
            world.shop.psp.authenticate(book.reference, success=success)


def dies(world: FaultEnvironment, *functions: str) -> None:
    """These functions work no more, until `heal`."""
    working = world.shop.interceptor.functions
    world.seen["working"] = dict(working)
    for name in functions:
        working[name] = _dead


def heal(world: FaultEnvironment) -> None:
    """They work again."""
    world.shop.interceptor.functions.update(world.seen.pop("working"))


def _dead(*_: Any) -> Any:
    raise FunctionFailed("dead")


@journey(given=shelves, orders=["cancelled"], answers=[201])
def order(world: FaultEnvironment) -> None:
    """Place an order; nobody pays it."""
    actions.order(world, "order", LINES)
    world.shop.deliver()


@journey(given=shelves, orders=["rejected"], answers=[409])
def order_out_of_stock(world: FaultEnvironment) -> None:
    """Lines that repeat a SKU ask for more than there is."""
    actions.order(world, "order", {"TEA-1": 6})


@journey(given=shelves, orders=["rejected"], answers=[422])
def order_unknown_sku(world: FaultEnvironment) -> None:
    """Not sold here."""
    actions.order(world, "order", {"TEA-1": 1, "NOT-SOLD": 1})


@journey(given=placed, orders=["paid"], payments=["captured"], answers=[201])
def pay(world: FaultEnvironment) -> None:
    """Pay an order."""
    actions.pay(world, "pay", world.seen["order"])
    world.shop.deliver()


@journey(given=placed, orders=["cancelled"], payments=["failed"], answers=[402])
def pay_declined(world: FaultEnvironment) -> None:
    """The card is declined, the stock comes back."""
    actions.pay(world, "pay", world.seen["order"], DECLINED)


@journey(given=placed_many, orders=["cancelled"], payments=["voided"], answers=[402])
def pay_capture_refused(world: FaultEnvironment) -> None:
    """The provider does not give what it held; sold stock comes back in pieces."""
    world.shop.psp.fail("capture", *("refuse",) * 9)
    actions.pay(world, "pay", world.seen["order"])


@journey(given=paid, orders=["paid"], payments=["captured", "failed"], answers=[409])
def pay_twice(world: FaultEnvironment) -> None:
    """A second payment of one order, under another key."""
    actions.pay(world, "again", world.seen["order"])


@journey(given=waiting, orders=["cancelled"], payments=["failed", "voided"], answers=[409])
def pay_beside_waiting(world: FaultEnvironment) -> None:
    """Another payment while the first one waits for its customer."""
    actions.pay(world, "again", world.seen["order"])


@journey(given=placed, orders=["paid"], payments=["captured"], answers=[201])
def pay_keys_forgotten(world: FaultEnvironment) -> None:
    """The provider takes every repeat for another call: what is written down is all that counts."""
    world.shop.psp.honours_keys = False
    actions.pay(world, "pay", world.seen["order"])


@journey(given=placed, orders=["cancelled"], payments=["failed"], answers=[422])
def pay_unknown_method(world: FaultEnvironment) -> None:
    """The provider knows no such method."""
    actions.pay(world, "pay", world.seen["order"], UNKNOWN_METHOD)


@journey(given=placed, orders=["cancelled"], payments=["failed"], answers=[422])
def pay_confirm_refused(world: FaultEnvironment) -> None:
    """The provider makes the payment and then refuses to confirm it."""
    world.shop.psp.fail("confirm", *("refuse",) * 9)
    actions.pay(world, "pay", world.seen["order"])


@journey(given=shelves, orders=["cancelled"], payments=["failed"], answers=[422])
def checkout_unknown_method(world: FaultEnvironment) -> None:
    """The payment has no row yet when the provider refuses it."""
    actions.buy(world, "buy", LINES, UNKNOWN_METHOD)


def waiting_manual(world: FaultEnvironment) -> None:
    """A payment that the shop will capture, and that waits for its customer."""
    placed(world)
    reply = actions.pay(world, "pay", world.seen["order"], NEEDS_ACTION, "manual")
    world.seen["payment"] = reply.json["payment_id"]


@journey(given=waiting_manual, orders=["cancelled"], payments=["voided"], answers=[200])
def three_d_secure_manual(world: FaultEnvironment) -> None:
    """Money is held after 3-D Secure; nobody captures it."""
    authenticate(world)
    actions.confirm(world, world.seen["payment"])


@journey(given=placed, orders=["cancelled"], payments=["voided"], answers=[201])
def pay_manual_capture(world: FaultEnvironment) -> None:
    """Money is held on purpose; nobody captures it."""
    actions.pay(world, "pay", world.seen["order"], capture_method="manual")


@journey(given=placed, orders=["paid"], payments=["captured"], answers=[202, 200, 200, 200])
def three_d_secure(world: FaultEnvironment) -> None:
    """Wait for the customer, who asks what to do, then go on."""
    reply = actions.pay(world, "pay", world.seen["order"], NEEDS_ACTION)
    payment_id = reply.json.get("payment_id", "")
    path = f"/payments/{payment_id}"
    actions.get(world, "payments.get_payment", path, payment_id=payment_id)
    authenticate(world)
    actions.confirm(world, payment_id)
    actions.get(world, "payments.get_payment", path, payment_id=payment_id)


@journey(given=waiting, orders=["cancelled"], payments=["failed"], answers=[402])
def three_d_secure_failed(world: FaultEnvironment) -> None:
    """The customer fails, and could try another card with the secret: the payment is closed."""
    authenticate(world, success=False)
    actions.confirm(world, world.seen["payment"])


@journey(given=waiting, orders=["cancelled"], payments=["voided"], answers=[])
def three_d_secure_abandoned(world: FaultEnvironment) -> None:
    """The customer never comes back."""
    world.pass_time(minutes=16)
    world.run("payments.recover_payments")
    world.run("inventory.sweep_expired")
    world.execute()


@journey(
    given=sold_to_another, orders=["cancelled", "cancelled"], payments=["voided"], answers=[409]
)
def paid_too_late(world: FaultEnvironment) -> None:
    """Then the customer comes back."""
    authenticate(world)
    actions.confirm(world, world.seen["payment"])


@journey(given=waiting, orders=["paid"], payments=["captured"], answers=[200])
def paid_after_the_hold(world: FaultEnvironment) -> None:
    """The hold has ended, the stock is still there: it is held again."""
    world.pass_time(minutes=14, seconds=30)
    authenticate(world)
    world.pass_time(minutes=1)
    world.run("inventory.sweep_expired")
    actions.confirm(world, world.seen["payment"])


@journey(given=shelves, orders=["paid"], payments=["captured"], answers=[201])
def checkout(world: FaultEnvironment) -> None:
    """Order and pay at once."""
    actions.buy(world, "buy", LINES)
