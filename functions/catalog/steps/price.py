"""`price`: what the order costs now. Reads only, so there is nothing to compensate."""

from catalog import service
from catalog.repository import PriceRepository
from shop.checkout import PriceOutcome, PriceTask

prices = PriceRepository()


def handle(task: PriceTask) -> PriceOutcome:
    """One DynamoDB request."""
    return service.price_order(task, prices=prices)
