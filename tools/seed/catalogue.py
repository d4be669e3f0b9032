"""The demonstration catalogue: 500 products, always the same ones."""

from random import Random

from catalog.domain.product import Product, Variant
from shop import ids
from tools.seed.vocabulary import CATEGORIES, Category

PRODUCTS = 500
LIMITED = "Limited Edition"
AT = "2026-01-05T08:00:00.000Z"
# Euros and pounds per hundred dollars: list prices, not exchange rates.
_EUR, _GBP = 94, 82


def products(region: str) -> list[Product]:
    """All products, with ids of this home region."""
    return [_product(number, region) for number in range(PRODUCTS)]


def is_limited(number: int) -> bool:
    """Every 17th product is a small edition: ten units of each SKU, in the whole world."""
    return number % 17 == 5


def is_sold_out(number: int) -> bool:
    """Every 97th product is sold out."""
    return number % 97 == 60


def _product(number: int, region: str) -> Product:
    category = CATEGORIES[number % len(CATEGORIES)]
    place = number // len(CATEGORIES)
    # The number of nouns has no factor in common with the kinds: all 42 pairs come up once.
    noun = list(category.nouns)[place % len(category.nouns)]
    kind = category.kinds[place % len(category.kinds)]
    random = Random(f"{category.slug} {place}")  # noqa: S311 (the same catalogue for everybody)
    title = f"{kind} {noun}"
    return Product(
        product_id=ids.derive("prd", "seed", str(number), region=region),
        title=f"{title}, {LIMITED}" if is_limited(number) else title,
        description=f"{category.nouns[noun]}.",
        category=category.slug,
        brand=category.brands[place % len(category.brands)],
        variants=_variants(category, place, random),
        status="active",
        created_at=AT,
        updated_at=AT,
    )


def _variants(category: Category, place: int, random: Random) -> tuple[Variant, ...]:
    dollars = random.randint(*category.prices)
    return tuple(
        Variant(
            sku=f"{category.prefix}-{place + 1:04d}-{_code(option)}",
            attributes={category.axis: option},
            prices={
                "USD": _charming(dollars * percent, 99),
                "EUR": _charming(dollars * percent * _EUR // 100, 95),
                "GBP": _charming(dollars * percent * _GBP // 100, 99),
            },
        )
        for option, percent in category.options.items()
    )


def _charming(amount: int, ending: int) -> int:
    """The price of this many cents or pence that looks like a price: 23.99."""
    return max(amount // 100 - 1, 1) * 100 + ending


def _code(option: str) -> str:
    return option.upper().replace(" ", "")[:10]
