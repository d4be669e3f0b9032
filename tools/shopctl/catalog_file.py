"""A file to import, line by line: what it may say, and every reason why it may not be taken.

A line is a JSON object: a product with its variants and prices, or units of a SKU.

    {"product": "oolong", "title": "Oolong", "description": "From Taiwan.", "category": "tea",
     "brand": "Leaf", "variants": [{"sku": "TEA-1", "attributes": {"size": "100 g"},
     "prices": {"USD": 1131, "EUR": 1095, "GBP": 950}}]}
    {"sku": "TEA-1", "location": "use1-ewr", "on_hand": 40}
    {"sku": "TEA-1", "location": "use1-ewr", "change": -3, "id": "count-7", "reason": "broken"}

Prices are minor units, as in the API.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from catalog.domain.product import CURRENCIES, MAX_UNIT_PRICE, Product, Variant
from inventory.domain.fulfilment_centres import CENTRES
from inventory.service.import_stock import OpeningStock, StockChange, StockLine
from shop import clock, ids
from shop.schemas import RequestModel, Sku
from tools.shopctl.errors import Unusable

MAX_UNITS = 10**9
MAX_VARIANTS = 90  # a transaction takes 100 rows

Text = Annotated[str, Field(min_length=1, max_length=200)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Location = Literal["use1-ewr", "use1-ord", "euc1-fra"]
Price = Annotated[int, Field(gt=0, le=MAX_UNIT_PRICE)]


class VariantLine(RequestModel):
    """What can be bought."""

    sku: Sku
    attributes: Annotated[dict[Text, Text], Field(max_length=10)] = Field(default_factory=dict)
    prices: Annotated[dict[Literal["USD", "EUR", "GBP"], Price], Field(min_length=1)]


class ProductLine(RequestModel):
    """A product as its owner knows it: `product` is their own name of it."""

    product: Reference
    title: Text
    description: Annotated[str, Field(max_length=5000)] = ""
    category: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
    brand: Text
    status: Literal["active", "archived"] = "active"
    variants: Annotated[list[VariantLine], Field(min_length=1, max_length=MAX_VARIANTS)]


class OpeningLine(RequestModel):
    """Units where none are yet."""

    sku: Sku
    location: Location
    on_hand: Annotated[int, Field(ge=0, le=MAX_UNITS)]


class ChangeLine(RequestModel):
    """So many more or less, once."""

    sku: Sku
    location: Location
    change: Annotated[int, Field(ge=-MAX_UNITS, le=MAX_UNITS)]
    id: Reference
    reason: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")] = "correction"

    @field_validator("change")
    @classmethod
    def _changes_something(cls, value: int) -> int:
        if value == 0:
            raise PydanticCustomError("no_change", "must not be 0")
        return value


class Objection(NamedTuple):
    """Why a line is not taken."""

    line: int
    reason: str


@dataclass(slots=True)
class Content:
    """What a file says, by line, and what is wrong with it."""

    products: dict[int, Product] = field(default_factory=dict)
    stock: dict[int, StockLine] = field(default_factory=dict)
    objections: list[Objection] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # the lines that the objections are against

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it, right or wrong."""
        return not (self.products or self.stock or self.objections)

    def leaves_open(self, sku: str) -> bool:
        """Whether a refused line may say something of this SKU, so that others cannot be judged."""
        return any(f'"{sku}"' in text for text in self.refused)

    @property
    def skus(self) -> set[str]:
        """Those of its products."""
        return {variant.sku for product in self.products.values() for variant in product.variants}


def read(file: Path, *, region: str, now: datetime) -> Content:
    """The whole file; raises Unusable if it cannot be read at all."""
    try:
        lines = file.read_text("utf-8-sig").split("\n")  # spreadsheets write the mark of it
    except UnicodeDecodeError as error:
        raise Unusable(f"{file} is not UTF-8 text.") from error
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror}.") from error
    return parse(lines, region=region, now=now)


def parse(lines: Sequence[str], *, region: str, now: datetime) -> Content:
    """What these lines say."""
    content = Content()
    first: dict[tuple[str, ...], int] = {}
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = _line(text)
        except (ValueError, RecursionError) as error:
            reasons = [*_reasons(error)]
        else:
            reasons = [*_said_before(line, number, first)]
        if reasons:
            content.objections += [Objection(number, reason) for reason in reasons]
            content.refused.append(text)
        else:
            _keep(content, number, line, region, now)
    return content


def _line(text: str) -> BaseModel:
    data = json.loads(text, object_pairs_hook=_object, parse_constant=_refused)
    if not isinstance(data, dict):
        raise ValueError("is not a JSON object")
    if "product" in data:
        return ProductLine.model_validate(data)
    if "change" in data or "id" in data:
        return ChangeLine.model_validate(data)
    if "sku" in data:
        return OpeningLine.model_validate(data)
    raise ValueError("has neither `product` nor `sku`")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("names a field twice")
    return found


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _reasons(error: Exception) -> Iterator[str]:
    if isinstance(error, ValidationError):
        for each in error.errors(include_url=False, include_input=False, include_context=False):
            where = ".".join(str(part) for part in each["loc"] if part != "[key]")
            yield f"{where}: {each['msg']}"
    elif isinstance(error, json.JSONDecodeError):
        yield f"is not JSON: {error.msg} at character {error.pos + 1}"
    else:
        yield str(error) if isinstance(error, ValueError) else "is nested too deeply"


def _said_before(line: BaseModel, number: int, first: dict[tuple[str, ...], int]) -> Iterator[str]:
    for name in _names(line):
        if name in first:
            yield f"{' '.join(name)} is in line {first[name]}"
        first.setdefault(name, number)


def _names(line: BaseModel) -> Iterator[tuple[str, ...]]:
    """What a file may say once."""
    if isinstance(line, ProductLine):
        yield "product", line.product
        for variant in line.variants:
            yield "variant", variant.sku
    if isinstance(line, OpeningLine):
        yield "on_hand", line.sku, line.location
    if isinstance(line, ChangeLine):
        yield "change", line.id, line.sku, line.location


def _keep(content: Content, number: int, line: BaseModel, region: str, now: datetime) -> None:
    if isinstance(line, ProductLine):
        content.products[number] = _product(line, region, clock.rfc3339(now))
    if isinstance(line, OpeningLine):
        content.stock[number] = OpeningStock(**line.model_dump())
    if isinstance(line, ChangeLine):
        content.stock[number] = StockChange(**line.model_dump())


def _product(line: ProductLine, region: str, at: str) -> Product:
    return Product(
        product_id=ids.derive("prd", "import", line.product, region=region),
        title=line.title,
        description=line.description,
        category=line.category,
        brand=line.brand,
        variants=tuple(
            Variant(
                sku=each.sku,
                attributes={**each.attributes},
                prices={str(currency): price for currency, price in each.prices.items()},
            )
            for each in line.variants
        ),
        status=line.status,
        created_at=at,
        updated_at=at,
    )


if set(CENTRES) != set(Location.__args__) or len(CURRENCIES) != 3:  # type: ignore[attr-defined]
    raise RuntimeError("the file's format knows other places or currencies than the services")
