"""`price`: what the order costs now. Reads only, so there is nothing to compensate."""

from catalog.repository.prices import PriceRepository
from catalog.service.price_order import price_order
from shop.checkout import PriceOutcome, PriceTask

prices = PriceRepository()


def handle(task: PriceTask) -> PriceOutcome:
    """One DynamoDB request."""
    return price_order(task, prices=prices)
