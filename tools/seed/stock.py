"""What is in the fulfilment centres at the start: receipts, and what broke on the way."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random

from catalog.domain.product import Product
from inventory.domain.fulfilment_centres import CENTRES
from inventory.domain.reservation import Change, Movement, receipt
from shop import clock, ids
from tools.seed.catalogue import is_limited, is_sold_out

LIMITED_UNITS = 10
BROKEN_UNITS = 5
ARRIVED = datetime(2026, 1, 5, 8, tzinfo=UTC)
BROKE = datetime(2026, 1, 5, 9, tzinfo=UTC)


def receipts(products: Sequence[Product], region: str) -> Iterator[Change]:
    """What arrived, by SKU and centre."""
    for number, product in enumerate(products):
        for variant in product.variants:
            for location, units in zip(CENTRES, _units(number, variant.sku), strict=True):
                if units:
                    movement_id = _movement_id("receipt", variant.sku, location, region)
                    yield receipt(
                        variant.sku,
                        location,
                        units,
                        movement_id=movement_id,
                        now=ARRIVED,
                        reason="receipt",
                    )


def write_offs(products: Sequence[Product], region: str) -> Iterator[Change]:
    """What makes a product sold out: all of it arrived broken."""
    for number, product in enumerate(products):
        for variant in product.variants if is_sold_out(number) else ():
            for location, units in zip(CENTRES, _units(number, variant.sku), strict=True):
                if units:
                    movement = Movement(
                        _movement_id("write_off", variant.sku, location, region),
                        -units,
                        "write_off",
                        None,
                        clock.rfc3339(BROKE),
                    )
                    yield Change(
                        variant.sku, location, available=-units, on_hand=-units, movement=movement
                    )


def _units(number: int, sku: str) -> tuple[int, int, int]:
    """Units in Newark, Chicago and Frankfurt."""
    if is_sold_out(number):
        return BROKEN_UNITS, 0, 0
    if is_limited(number):
        # Half of them can be sold from one place only, half are spread over all three.
        return (4, 3, 3) if number // 17 % 2 else (LIMITED_UNITS, 0, 0)
    random = Random(f"stock {sku}")  # noqa: S311 (the same stock for everybody)
    spread = random.randint(60, 400), random.randint(0, 250), random.randint(40, 300)
    # A place that has only a few has none: the odd leftover is not worth its shelf.
    return spread if spread[1] >= 25 else (spread[0], 0, spread[2])


def _movement_id(reason: str, sku: str, location: str, region: str) -> str:
    return ids.derive("mov", "seed", reason, sku, location, region=region)
