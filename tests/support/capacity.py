"""What DynamoDB bills for an item, by its developer guide, from the item itself.

Items are as the API writes them: `{"pk": {"S": "ORDER#1"}}`. Indexes hold what they project, and
take their writes after the transaction, so those are not doubled.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import ceil
from typing import Any

Item = Mapping[str, Mapping[str, Any]]


def size(item: Item) -> int:
    """Bytes: names and values."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        digits = len(Decimal(content).normalize().as_tuple().digits)
        return (digits + 1) // 2 + 1
    if kind == "B":
        # As text in requests and answers; moto keeps the bytes.
        return len(content if isinstance(content, bytes) else base64.b64decode(content))
    if kind == "L":
        return 3 + sum(1 + _value(element) for element in content)
    if kind == "M":
        return 3 + size(content) + len(content)
    return 1 if kind in ("BOOL", "NULL") else sum(_value({kind[0]: each}) for each in content)


def write_units(*items: Item | None) -> int:
    """Of one write: of the larger of what was, what is and what was asked for."""
    return max([1, *(ceil(size(item) / 1024) for item in items if item is not None)])


def index_units(
    before: Item | None, after: Item | None, keys: Sequence[str], project: Sequence[str]
) -> int:
    """Of an index with these keys and projected attributes, to follow an item's change."""
    old, new = (_entry(item, keys, project) for item in (before, after))
    if old == new:
        return 0
    if old is not None and new is not None and all(old[key] == new[key] for key in keys):
        return write_units(old, new)
    return sum(write_units(entry) for entry in (old, new) if entry is not None)


def _entry(item: Item | None, keys: Sequence[str], project: Sequence[str]) -> Item | None:
    if item is None or not all(key in item for key in keys):
        return None
    return {name: item[name] for name in {"pk", "sk", *keys, *project} if name in item}


def read_units(sizes: Iterable[int], *, consistent: bool) -> float:
    """Of items that are read one by one; an absent one has size 0 and costs as a small one."""
    return sum(max(1, ceil(each / 4096)) for each in sizes) * (1 if consistent else 0.5)
