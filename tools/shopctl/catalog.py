"""Import products, prices and stock: all of a file is looked at before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.service import import_products
from inventory.service import import_stock
from inventory.service.import_stock import StockLine
from inventory.service.ports import Inconsistent
from shop import clock
from tools.shopctl import catalog_file, services
from tools.shopctl.catalog_file import Content, Objection
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.target import Target

if TYPE_CHECKING:  # Models take their table's name when they are made: services.at
    from catalog.service.import_products import ImportPlan
    from catalog.service.ports import Catalogue
    from inventory.service.ports import Stock


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import wrote, or would write."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    listing_rows: int = 0
    stock_booked: int = 0
    stock_as_it_was: int = 0
    objections: tuple[Objection, ...] = ()


def run(target: Target, file: Path, *, act: bool) -> Summary:
    """Look at the file and at what is stored; with `act`, and if nothing speaks against it, write.

    What is stored may speak against some lines while others cannot be read: all of it is told.

    Raises Failed for a file in which nothing is, and when somebody else changed the same things
    meanwhile: the same file, once more, goes on from there.
    """
    content = catalog_file.read(file, region=target.region, now=clock.now())
    if content.is_empty:
        raise Failed(f"{file} is empty: nothing was written.")
    try:
        with services.at(target, "catalog", "inventory"):
            from catalog.repository.catalogue import CatalogueRepository
            from inventory.repository.stock import StockRepository

            return _import(content, CatalogueRepository(), StockRepository(), target.region, act)
    except Unusable:
        if not content.objections:
            raise
        return Summary(objections=tuple(sorted(content.objections)))


def _import(
    content: Content, catalogue: "Catalogue", stock: "Stock", region: str, act: bool
) -> Summary:
    plan = import_products.plan([*content.products.values()], catalogue)
    lines = import_stock.plan(content.stock, stock=stock, region=region)
    objections = [
        *content.objections,
        *_of_products(content, plan),
        *_of_unknown(content, catalogue),
        *(
            Objection(number, reason)
            for number, reason in lines.objections.items()
            if not content.leaves_open(content.stock[number].sku)
        ),
    ]
    if objections:
        return Summary(objections=tuple(sorted(objections)))
    if act:
        try:
            import_products.apply(plan, catalogue)
        except import_products.ImportConflict as error:
            raise Failed("The catalogue was changed meanwhile: import the file again.") from error
        _book(lines.todo, stock, region)
    new = sum(change.is_new for change in plan.changes)
    idle = sum(change.is_idle for change in plan.changes)
    return Summary(
        new=new,
        changed=len(plan.changes) - new - idle,
        unchanged=idle,
        listing_rows=sum(len(each.puts) + len(each.deletes) for each in plan.lists),
        stock_booked=len(lines.todo),
        stock_as_it_was=len(content.stock) - len(lines.todo),
    )


def _of_products(content: Content, plan: "ImportPlan") -> list[Objection]:
    return [
        Objection(number, f"{variant.sku} is a SKU of {plan.taken[variant.sku]}")
        for number, product in content.products.items()
        for variant in product.variants
        if variant.sku in plan.taken
    ]


def _of_unknown(content: Content, catalogue: "Catalogue") -> list[Objection]:
    elsewhere = sorted({line.sku for line in content.stock.values()} - content.skus)
    known = content.skus | catalogue.owners(elsewhere).keys()
    return [
        Objection(number, f"{line.sku} is no SKU of any product")
        for number, line in content.stock.items()
        if line.sku not in known and not content.leaves_open(line.sku)
    ]


def _book(todo: Mapping[int, StockLine], stock: "Stock", region: str) -> None:
    for number, line in todo.items():
        try:
            import_stock.take(line, stock=stock, region=region, now=clock.now())
        except Inconsistent as error:
            raise Failed(
                f"line {number}: {line.sku} at {line.location} was sold meanwhile. What comes "
                "before is booked; correct the line and import the file again."
            ) from error
