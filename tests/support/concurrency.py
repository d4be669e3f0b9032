"""Orders that are already there: copies of all that some orders left, under other ids.

They are put into moto's tables directly. A copy has keys of its own, in the table and in its
indexes; all else it shares with its original, so that a hundred thousand orders fit into memory.
"""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

from shop import ids
from tests.support.dynamodb import TABLES

AN_ID = re.compile(r"\b(ord|pay|rsv|evt|txn|att|mov)_use1_\w{26}")


def gather(orders: int) -> int:
    """Copy every row that belongs to an order so many times; how many rows that are."""
    tables = dynamodb_backends["123456789012"]["us-east-1"].tables
    rows = 0
    with _no_collection():
        for name, indexes in TABLES.items():
            keys = (
                "pk",
                "sk",
                *(key for index in indexes.values() for key in (index.partition, index.sort)),
            )
            for item in tables[name].all_items():
                if own := [key for key in keys if _names_an_order(item, key)]:
                    rows += orders
                    _copy(tables[name], item, own, orders)
    return rows


def _names_an_order(item: Item, key: str) -> bool:
    return key in item.attrs and AN_ID.search(item.attrs[key].value) is not None


def _copy(table: Table, original: Item, own: list[str], count: int) -> None:
    for number in range(count):
        changed = {key: DynamoType({"S": _other(original.attrs[key].value, number)}) for key in own}
        attributes = LimitedSizeDict.__new__(LimitedSizeDict)
        dict.update(attributes, original.attrs)
        dict.update(attributes, changed)
        item: Any = Item.__new__(Item)
        item.hash_key, item.range_key, item.attrs = attributes["pk"], attributes["sk"], attributes
        table.items[item.hash_key][item.range_key] = item


def _other(text: str, number: int) -> str:
    return AN_ID.sub(lambda found: ids.derive(found[1], found[0], str(number), region="use1"), text)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing of this is garbage, and looking for it takes longer than all else."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
