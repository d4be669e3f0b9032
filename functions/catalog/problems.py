"""Problems that several routes of the catalogue answer."""

from catalog.domain.product import CURRENCIES
from shop import checkout_problems
from shop.problems import Problem

CURRENCY_NOT_OFFERED = Problem(
    checkout_problems.CURRENCY_NOT_OFFERED,
    f"Prices are in {', '.join(CURRENCIES)}.",
    errors=[{"parameter": "currency", "code": "not_offered", "detail": "no price in it"}],
)
