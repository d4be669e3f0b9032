"""`price`: what the order costs now. Reads only, so there is nothing to compensate.

Outcomes: priced, unknown_sku, currency_not_offered, total_too_large.
"""

from typing import Any

from catalog import service
from catalog.repository import PriceRepository

prices = PriceRepository()


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Price `event["order"]`. One DynamoDB request."""
    order = event["order"]
    priced = service.price_order(
        order["lines"], currency=order["currency"], ship_to=order["ship_to"], prices=prices
    )
    return priced.to_dict()
