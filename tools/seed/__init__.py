"""Demonstration data: 500 products, their stock in three centres, five users. Always the same.

`seed(tables, region, endpoint_url)` fills empty tables; on tables that it has filled before it
changes nothing. `python -m tools.seed` does it for a deployed stage.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
for _folder in ("functions", "layers/shop/python"):
    if str(_ROOT / _folder) not in sys.path:
        sys.path.insert(0, str(_ROOT / _folder))

from tools.seed.users import USERS  # noqa: E402

__all__ = ["USERS", "Summary", "seed"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What is there now, and what of it is special."""

    products: int
    skus: int
    stock_rows: int
    users: int
    limited_skus: tuple[str, ...]  # ten units each, in one centre or spread over three
    sold_out_skus: tuple[str, ...]
    seconds: float


def seed(tables: dict[str, str], region: str, endpoint_url: str | None = None) -> Summary:
    """Fill `tables` (physical names of catalog, inventory, identity and user_keys).

    Without `identity` no users are made. The users' addresses are hashed with the KMS key whose
    alias is the table's name and `-email-mac`, as the stack of identity names it; who they are is
    sealed under keys that the alias of the name of `user_keys` wraps.
    """
    from catalog.domain import listing, product
    from tools.seed import catalogue, stock, writing

    started = time.monotonic()
    products = catalogue.products(region)
    rows = [row for item in products for row in product.rows(item)] + listing.rows(products)
    received = list(stock.receipts(products, region))
    with writing.environment(tables, region, endpoint_url):
        writing.write_rows(tables["catalog"], rows)
        writing.write_stock(received)
        writing.write_stock(stock.write_offs(products, region))
        users = 0
        if "identity" in tables:
            users = writing.write_users(tables, region, with_factors=endpoint_url is not None)
    numbered = list(enumerate(products))
    return Summary(
        products=len(products),
        skus=sum(len(item.variants) for item in products),
        stock_rows=len(received),
        users=users,
        limited_skus=tuple(
            v.sku for n, item in numbered if catalogue.is_limited(n) for v in item.variants
        ),
        sold_out_skus=tuple(
            v.sku for n, item in numbered if catalogue.is_sold_out(n) for v in item.variants
        ),
        seconds=round(time.monotonic() - started, 2),
    )
