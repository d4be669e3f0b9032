"""Products for tests; what does not matter is filled in."""

from catalog.domain.product import Product, Status, Variant
from shop import ids


def make_product(
    name: object = 1,
    *,
    category: str = "tea",
    usd: int = 1000,
    prices: dict[str, int] | None = None,
    status: Status = "active",
    variants: int = 1,
) -> Product:
    """A product; its variants cost `usd` or `prices` and are named `SKU-<name>-<n>`."""
    priced = prices or {"USD": usd, "EUR": usd - 60, "GBP": usd - 180}
    return Product(
        product_id=ids.derive("prd", str(name), region="use1"),
        title=f"Product {name}",
        description="Good.",
        category=category,
        brand="Plain Goods",
        variants=tuple(
            Variant(f"SKU-{name}-{n}", {"size": str(n)}, {c: p + n for c, p in priced.items()})
            for n in range(variants)
        ),
        status=status,
        created_at="2026-01-05T08:00:00.000Z",
        updated_at="2026-01-05T08:00:00.000Z",
    )
