"""HTTP shapes of the catalogue."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from catalog.domain.listing import MAX_PRICE
from shop import ids
from shop.schemas import Currency, Cursor, Limit, MoneyOut, QueryModel, ResponseModel

Price = Annotated[int, Field(ge=0, le=MAX_PRICE, description="minor units", examples=[1000])]
Category = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["tea"])]


class ProductFilter(QueryModel):
    """Which products to list. Prices apply to the lowest price of a product's variants."""

    category: Category | None = None
    price_min: Price = 0
    price_max: Price = MAX_PRICE
    currency: Currency = "USD"
    cursor: Cursor | None = None
    limit: Limit = 20

    @field_validator("price_max")
    @classmethod
    def _not_below_price_min(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("price_min", 0):
            raise PydanticCustomError("below_price_min", "must not be lower than price_min")
        return value


class ProductView(QueryModel):
    """How to show a product."""

    currency: Currency = "USD"


class VariantOut(ResponseModel):
    """What can be bought. The price is without tax."""

    sku: str
    attributes: dict[str, str]
    price: MoneyOut


class ProductSummaryOut(ResponseModel):
    """A product in a list."""

    product_id: Annotated[str, Field(pattern=ids.pattern("prd"))]
    title: str
    description: str
    category: str
    brand: str
    variants: list[VariantOut]


class ProductOut(ProductSummaryOut):
    """A product."""

    status: Literal["active"]
    created_at: str
    updated_at: str


class ProductPage(ResponseModel):
    """A page of products, cheapest first."""

    data: list[ProductSummaryOut]
    next_cursor: str | None
