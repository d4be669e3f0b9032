"""HTTP shapes of the inventory."""

from typing import Annotated, Literal

from pydantic import Field

from shop.schemas import Country, Line, RequestModel, ResponseModel, Text50


class Destination(RequestModel):
    """Where the goods would go. Every centre ships everywhere, so it changes no quantity."""

    country: Country
    region: Text50 | None = None


class StockCheck(RequestModel):
    """What to look up. Lines of one SKU are summed."""

    lines: Annotated[list[Line], Field(min_length=1, max_length=100)]
    ship_to: Destination | None = None


class StockLineOut(ResponseModel):
    """What there is of a SKU, in all centres together."""

    sku: str
    requested: int
    available_quantity: int
    status: Literal["in_stock", "low_stock", "out_of_stock"]


class StockOut(ResponseModel):
    """The answer of a moment; only an order holds stock."""

    available: bool
    lines: list[StockLineOut]
    as_of: str
