"""Bring products into the catalogue: for tools, on no route.

What is read decides what is written, and every write has the condition that it still is so. A
product is new, changed or as it was; its lists are put right in each case, so that an import that
was cut short is finished by the next.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from catalog.domain import placement
from catalog.domain.placement import Bands, List, Relisting
from catalog.domain.product import Product
from catalog.service.ports import Catalogue


class ImportConflict(Exception):
    """Somebody else changed the catalogue meanwhile: do it again."""


@dataclass(frozen=True, slots=True)
class ProductChange:
    """What becomes of a product; `before` is None for a new one."""

    before: Product | None
    after: Product

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def is_idle(self) -> bool:
        """Whether it is as it was."""
        return self.before == self.after

    @property
    def moves(self) -> bool:
        """Whether it leaves a category, whose lists only its stored row still names."""
        return self.before is not None and self.before.category != self.after.category


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """All that there is to write. `taken` are SKUs that other products have, by SKU."""

    changes: Sequence[ProductChange]
    lists: Sequence[Relisting]
    taken: Mapping[str, str]


def plan(products: Sequence[Product], catalogue: Catalogue) -> ImportPlan:
    """Compare with what is stored. Reads all of the lists that the products are in."""
    stored = catalogue.products([product.product_id for product in products])
    changes = [_change(product, stored.get(product.product_id)) for product in products]
    owners = catalogue.owners([v.sku for product in products for v in product.variants])
    taken = {
        v.sku: owners[v.sku]
        for product in products
        for v in product.variants
        if owners.get(v.sku, product.product_id) != product.product_id
    }
    return ImportPlan(changes, _lists(changes, catalogue), taken)


def apply(plan: ImportPlan, catalogue: Catalogue) -> None:
    """Write it. Raises ImportConflict; what was written until then is right."""
    for change in plan.changes:
        if not change.moves:
            _save(change, catalogue)
    for relisting in plan.lists:
        if not catalogue.relist(relisting):
            raise ImportConflict
    for change in plan.changes:
        if change.moves:
            _save(change, catalogue)


def _save(change: ProductChange, catalogue: Catalogue) -> None:
    if not change.is_idle and not catalogue.save(change.before, change.after):
        raise ImportConflict


def _change(product: Product, stored: Product | None) -> ProductChange:
    if stored is None:
        return ProductChange(None, product)
    after = replace(product, created_at=stored.created_at)
    same = replace(after, updated_at=stored.updated_at)
    return ProductChange(stored, stored if same == stored else after)


def _lists(changes: Sequence[ProductChange], catalogue: Catalogue) -> list[Relisting]:
    names: set[List] = set()
    wanted: defaultdict[List, dict[str, str]] = defaultdict(dict)
    for change in changes:
        names |= placement.lists_of(change.after)
        names |= placement.lists_of(change.before) if change.before else set()
        for name, key, text in placement.listed(change.after):
            wanted[name][key] = text
    products = {change.after.product_id for change in changes}
    found = (
        placement.relisted(name, _bands(name, catalogue), products=products, wanted=wanted[name])
        for name in sorted(names)
        if wanted[name] or catalogue.bounds(*name)
    )
    return [relisting for relisting in found if not relisting.is_empty]


def _bands(name: List, catalogue: Catalogue) -> Bands:
    bounds = catalogue.bounds(*name)
    return Bands(bounds, {bound: catalogue.rows(*name, bound) for bound in bounds or ("",)})
