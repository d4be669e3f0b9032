"""An import is whole, repeatable, and finished by the next one if it was cut short."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from catalog.domain import listing, product
from catalog.domain.listing import BAND_ROWS
from catalog.domain.product import Product, Variant
from catalog.repository.catalogue import CatalogueRepository
from catalog.service import import_products
from catalog.service.import_products import ImportConflict, ImportPlan
from shop import ids
from tests.support import dynamodb

AT = "2026-11-22T10:00:00.000Z"


def made(name: str, price: int = 500, **changes: Any) -> Product:
    variant = Variant(f"SKU-{name}", {"size": "L"}, {"USD": price, "EUR": price})
    id_ = ids.derive("prd", "import", name, region="us-east-1")
    whole = Product(id_, name, "", "tea", "Leaf", (variant,), "active", AT, AT)
    return replace(whole, **changes)


@pytest.fixture
def catalogue(moto_aws: None) -> CatalogueRepository:
    dynamodb.create("catalog")
    return CatalogueRepository()


def bring(catalogue: CatalogueRepository, *products: Product) -> ImportPlan:
    plan = import_products.plan(products, catalogue)
    assert not plan.taken
    import_products.apply(plan, catalogue)
    return plan


def lists() -> dict[tuple[str, str], list[str]]:
    """What each list shows, band by band, with all that stands in each."""
    rows = dynamodb.rows("catalog")
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["sk"] == "BANDS":
            _, currency, scope = row["pk"].split("#")
            found[currency, scope] = list(_shown(rows, row))
    return found


def _shown(rows: list[dict[str, Any]], bands: dict[str, Any]) -> Iterator[str]:
    bounds = json.loads(bands["bounds"])
    for bound, above in zip(bounds, [*bounds[1:], "~"], strict=True):
        keys = sorted(r["sk"] for r in rows if r["pk"] == f"{bands['pk']}#{bound or '-'}")
        assert len(keys) <= BAND_ROWS
        assert all(bound <= key < above for key in keys)
        yield from keys


def expected(*products: Product) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for each in products:
        for currency in product.CURRENCIES:
            price = each.price_from(currency)
            if price is not None and each.status == "active":
                for scope in ("*", each.category):
                    key = f"{price:012d}#{each.product_id}"
                    found[currency, scope] = sorted([*found.get((currency, scope), []), key])
    return found


def test_a_product_is_shown_priced_and_listed(catalogue: CatalogueRepository) -> None:
    plan = bring(catalogue, made("a"), made("b", 300))
    assert [change.is_new for change in plan.changes] == [True, True]
    assert lists() == expected(made("a"), made("b", 300))
    stored = catalogue.products([made("a").product_id])
    assert list(stored.values()) == [made("a")]
    assert catalogue.owners(["SKU-a", "SKU-none"]) == {"SKU-a": made("a").product_id}


def test_the_same_again_writes_nothing(catalogue: CatalogueRepository) -> None:
    bring(catalogue, made("a"))
    before = dynamodb.rows("catalog")
    again = made("a", created_at="2027-01-01T00:00:00.000Z", updated_at="2027-01-01T00:00:00.000Z")
    plan = bring(catalogue, again)
    assert ([change.is_idle for change in plan.changes], plan.lists) == ([True], [])
    assert dynamodb.rows("catalog") == before


def test_what_changes_is_in_its_old_places_no_more(catalogue: CatalogueRepository) -> None:
    bring(catalogue, made("a"), made("b"))
    for after in (made("a", 900), made("a", 900, category="pots"), made("a", status="archived")):
        bring(catalogue, after)
        wanted = expected(after, made("b"))
        assert {name: keys for name, keys in lists().items() if keys} == wanted


def test_a_variant_that_is_left_out_is_sold_no_more_and_stays_its_products(
    catalogue: CatalogueRepository,
) -> None:
    two = (Variant("SKU-a", {}, {"USD": 1}), Variant("SKU-x", {}, {"USD": 2}))
    bring(catalogue, made("a", variants=two))
    bring(catalogue, made("a", variants=two[:1]))
    (gone,) = [row for row in dynamodb.rows("catalog") if row["pk"] == "SKU#SKU-x"]
    assert gone["status"] == "archived"
    assert import_products.plan([made("b", variants=two[1:])], catalogue).taken


def test_a_sku_of_another_product_is_not_taken(catalogue: CatalogueRepository) -> None:
    bring(catalogue, made("a"))
    thief = made("b", variants=made("a").variants)
    assert import_products.plan([thief], catalogue).taken == {"SKU-a": made("a").product_id}
    assert not catalogue.save(None, thief)


def test_who_comes_second_is_told_and_changes_nothing(catalogue: CatalogueRepository) -> None:
    bring(catalogue, made("a"))
    late = import_products.plan([made("a", 100)], catalogue)
    bring(catalogue, made("a", 200))
    with pytest.raises(ImportConflict):
        import_products.apply(late, catalogue)
    assert catalogue.products([made("a").product_id])[made("a").product_id] == made("a", 200)


def test_bands_split_and_stay_short_however_products_come(catalogue: CatalogueRepository) -> None:
    chance = random.Random(7)  # noqa: S311
    everything: dict[str, Product] = {}
    for _ in range(4):
        some = [made(str(chance.randrange(150)), chance.randrange(1, 40)) for _ in range(60)]
        new = {each.product_id: each for each in some}
        bring(catalogue, *new.values())
        everything |= new
        assert lists() == expected(*everything.values())


def test_it_goes_on_where_the_seed_ended(catalogue: CatalogueRepository) -> None:
    seeded = [made(f"seed-{number}", 100 + number) for number in range(90)]
    table = boto3.resource("dynamodb", region_name="us-east-1").Table("catalog")
    with table.batch_writer() as batch:
        for row in [*(row for each in seeded for row in product.rows(each)), *listing.rows(seeded)]:
            batch.put_item(Item=row)
    assert bring(catalogue, *seeded[:3]).lists == []
    bring(catalogue, made("new", 120))
    assert lists() == expected(*seeded, made("new", 120))


class Killed(BaseException):
    """The process is gone."""


def test_one_that_is_cut_short_anywhere_is_finished_by_the_next(
    catalogue: CatalogueRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [made(f"c{number}", number + 1) for number in range(BAND_ROWS)]
    bring(catalogue, *crowd, made("moves"))
    after = [made("new", 7), made("c3", 777), made("moves", category="pots")]
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    for last in range(1, 200):
        writes = 0

        def killed(client: Any, operation: str, body: Any, last: int = last) -> Any:
            nonlocal writes
            if operation in ("PutItem", "DeleteItem", "TransactWriteItems"):
                writes += 1
                if writes == last:
                    raise Killed
            return call(client, operation, body)

        with monkeypatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", killed)
            try:
                bring(catalogue, *after)
                finished = True
            except Killed:
                finished = False
        bring(catalogue, *after)
        wanted = expected(*(each for each in crowd if each.title != "c3"), *after)
        assert {name: keys for name, keys in lists().items() if keys} == wanted, last
        if finished:
            break
        bring(catalogue, made("c3", 4), made("moves"), made("new", status="archived"))
    assert last > 10
