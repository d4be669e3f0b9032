"""What the lines of an order cost now."""

from catalog.domain import pricing
from catalog.service.ports import Prices
from shop import lines
from shop.checkout import PriceOutcome, PriceTask


def price_order(order: PriceTask, *, prices: Prices) -> PriceOutcome:
    """Price these lines at what is in force now. One read for up to 100 SKUs."""
    quantities = lines.merge(order.lines)
    return pricing.price(
        quantities,
        prices.offers(list(quantities)),
        currency=order.currency,
        country=order.ship_to.country,
        region=order.ship_to.region,
    )
