"""What the use cases need from storage."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from catalog.domain.placement import Relisting
from catalog.domain.pricing import Offer
from catalog.domain.product import Product

Row = tuple[str, str]  # key in the list, summary as JSON text


class Listings(Protocol):
    """Where lists are kept."""

    def bounds(self, currency: str, scope: str) -> Sequence[str]:
        """Where the bands of a list begin, lowest first; empty if there is no such list."""

    def band(
        self, currency: str, scope: str, bound: str, *, first: str, last: str, limit: int
    ) -> Sequence[Row]:
        """The first rows of a band from key `first` to key `last`."""


class Products(Protocol):
    """Where products are kept."""

    def get(self, product_id: str) -> Product | None:
        """The product with this id."""


class Catalogue(Protocol):
    """Products, prices and lists as an import writes them."""

    def products(self, product_ids: Sequence[str]) -> Mapping[str, Product]:
        """Those that there are, by id."""

    def owners(self, skus: Sequence[str]) -> Mapping[str, str]:
        """The products that have or had these SKUs, by SKU."""

    def bounds(self, currency: str, scope: str) -> Sequence[str]:
        """Where the bands of a list begin, lowest first; empty if there is no such list."""

    def rows(self, currency: str, scope: str, bound: str) -> Mapping[str, str]:
        """The summaries of a band by key."""

    def save(self, before: Product | None, after: Product) -> bool:
        """Store a product with its prices; False if it is not as before or a SKU is another's."""

    def relist(self, relisting: Relisting) -> bool:
        """Write a list; False if its bands are not as they were."""


class Prices(Protocol):
    """Where prices are kept."""

    def offers(self, skus: Sequence[str]) -> Mapping[str, Offer]:
        """What is on sale of these SKUs."""
