"""Users who want to be erased, and those who think again."""

from typing import Any

from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.buying import LINES, shelves
from tests.faults.journeys.people import ADDRESSES, signed_in
from tests.faults.journeys.registry import journey
from tests.support.checkout_scenario import ADDRESS
from tests.support.gateway import Reply
from tests.support.psp import GOOD

OWN = "/users/me/erasure"


def _bought(world: FaultEnvironment) -> None:
    """Who is signed in, keeps an address and has bought something."""
    shelves(world)
    signed_in(world)
    _own(world, "identity.add_address", "POST", ADDRESSES, body=ADDRESS)
    body = {
        "lines": [{"sku": sku, "quantity": units} for sku, units in LINES.items()],
        "address": ADDRESS,
        "payment_method": GOOD,
    }
    _own(world, "orders.checkout", "POST", "/checkout", body=body, key="bought")
    world.shop.deliver()


def _own(world: FaultEnvironment, function: str, method: str, path: str, **options: Any) -> Reply:
    caller = {"sub": world.seen["user_id"], "sid": world.seen["sid"]}
    return actions.call(world, function, method, path, **caller, **options)


@journey(firm=True, given=_bought, answers=[202, 200])
def erase(world: FaultEnvironment) -> None:
    """Ask by the password; it is carried out, and the receipt is there for who knows its id."""
    body = {"password": actions.PASSWORD}
    asked = _own(world, "identity.request_erasure", "POST", OWN, body=body)
    world.shop.deliver()
    erasure_id = asked.json.get("erasure_id", "era_use1_" + "0" * 26)
    actions.public(
        world,
        "identity.get_erasure",
        "GET",
        f"/erasures/{erasure_id}",
        path_parameters={"erasure_id": erasure_id},
    )


@journey(firm=True, given=signed_in, answers=[202])
def ask_to_be_erased(world: FaultEnvironment) -> None:
    """Soon after a sign-in, which is proof enough."""
    _own(world, "identity.request_erasure", "POST", OWN, body={})
    world.shop.deliver()


@journey(given=signed_in, answers=[202, 204])
def stay(world: FaultEnvironment) -> None:
    """Ask, and take it back before anybody has heard of it."""
    _own(world, "identity.request_erasure", "POST", OWN, body={})
    _own(world, "identity.withdraw_erasure", "DELETE", OWN)
    world.shop.deliver()
