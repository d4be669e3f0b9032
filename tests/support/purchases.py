"""Beginnings that tests of purchases share."""

from tests.support.checkout_scenario import CheckoutScenario


def placed_order(shop: CheckoutScenario, *, units: int = 5) -> str:
    """The id of an order that waits to be paid; calls are counted from here on."""
    shop.stock("TEA-1", units=units)
    order_id = shop.order("order", {"TEA-1": 1}).json["order_id"]
    shop.deliver()
    shop.interceptor.reset()
    return str(order_id)


def dies(*_: object) -> None:
    """What stands in the place of a function whose process ends."""
    raise RuntimeError("dead")
