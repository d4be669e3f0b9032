"""Problems that several routes of the catalogue answer."""

from catalog.domain.product import CURRENCIES
from shop import checkout_problems
from shop.problems import Problem


def currency_not_offered(currency: str) -> Problem:
    """422, with the currencies in which there are prices."""
    return Problem(
        checkout_problems.CURRENCY_NOT_OFFERED,
        f"Prices are in {', '.join(CURRENCIES)}, not in {currency}.",
        errors=[{"parameter": "currency", "code": "not_offered", "detail": "no price in it"}],
    )
