"""Lines of goods, whatever they are a part of."""

from collections.abc import Iterable
from typing import Protocol


class QuantityOfSku(Protocol):
    """So much of a SKU."""

    @property
    def sku(self) -> str:
        """Which."""

    @property
    def quantity(self) -> int:
        """How many units."""


def merge(lines: Iterable[QuantityOfSku]) -> dict[str, int]:
    """Quantity by SKU, in the order of first mention.

    A SKU that stands twice is one line to price, and must not be checked twice against one stock.
    """
    quantities: dict[str, int] = {}
    for line in lines:
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
    return quantities
