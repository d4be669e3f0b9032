"""moto's tables, made fit for many rows: `install` once per process.

moto copies whole tables before each transaction and sorts them for each query, so that a request
costs as much as there are rows. Here a transaction remembers the rows that it names, and a query
sees the rows that can be its answer. What comes out is the same; tests/unit/support compares.

moto looks at a condition first and writes then, and a transaction that fails puts rows back as they
were when it began: of two threads both may win, or one may lose what it wrote. DynamoDB decides
each write at once, so here one write ends before the next begins.
"""

import copy
import functools
import inspect
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

Rows = defaultdict[Any, dict[Any, Any]]
_WRITES = ("put_item", "update_item", "delete_item")
_one_at_a_time = threading.RLock()  # a transaction makes its writes by the same methods
_transact: Callable[..., None] = DynamoDBBackend.transact_write_items
_query: Callable[..., Any] = Table.query
_single: Mapping[str, Callable[..., Any]] = {
    name: getattr(DynamoDBBackend, name) for name in _WRITES
}
_ARGUMENTS = inspect.signature(Table.query)


def install() -> None:
    """From now on, for all tables of the process."""
    for owner, name, ours, _ in _methods():
        setattr(owner, name, ours)


@contextmanager
def as_moto_is() -> Iterator[None]:
    """Without all this, for a while: to compare with."""
    for owner, name, _, motos in _methods():
        setattr(owner, name, motos)
    try:
        yield
    finally:
        install()


def _methods() -> list[tuple[type, str, Any, Any]]:
    return [
        *((DynamoDBBackend, name, _alone(write), write) for name, write in _single.items()),
        (DynamoDBBackend, "transact_write_items", _alone(transact), _transact),
        (Table, "query", query, _query),
        (Table, "__deepcopy__", _itself, _whole),
    ]


def _alone(write: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(write)
    def alone(*args: Any, **options: Any) -> Any:
        with _one_at_a_time:
            return write(*args, **options)

    return alone


def _itself(table: Table, _memo: Any) -> Table:
    """In place of the copy that moto puts back; `transact` undoes in place."""
    return table


def _whole(table: Table, memo: dict[int, Any]) -> Table:
    result = copy.copy(table)
    result.__dict__ = copy.deepcopy(table.__dict__, memo)
    return result


def transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """All or nothing, as before."""
    undo = [
        step
        for item in transact_items
        for part in item.values()
        if (table := backend.tables.get(part.get("TableName"))) is not None
        for step in _undo(table, part)
    ]
    try:
        _transact(backend, transact_items)
    except BaseException:
        for step in undo:
            step()
        raise


def _undo(table: Table, part: Mapping[str, Any]) -> Iterator[Callable[[], None]]:
    key = part.get("Key") or part.get("Item") or {}
    if not {table.hash_key_attr, table.range_key_attr} <= key.keys():
        return  # moto refuses it
    pk, sk = DynamoType(key[table.hash_key_attr]), DynamoType(key[table.range_key_attr])
    before = copy.deepcopy(table.items[pk].get(sk)) if pk in table.items else None
    shard = table.stream_shard
    records = len(shard.items) if shard else 0

    def put_back() -> None:
        if before is not None:
            table.items[pk][sk] = before
        elif pk in table.items:
            table.items[pk].pop(sk, None)
        if not table.items.get(pk, True):
            del table.items[pk]
        if shard:
            del shard.items[records:]

    yield put_back


def query(table: Table, hash_key: DynamoType | None, *args: Any, **options: Any) -> Any:
    """Asked of a table that has only the rows with this key."""
    narrow = copy.copy(table)
    given = _ARGUMENTS.bind(table, hash_key, *args, **options).arguments
    if given.get("index_name") is None:
        narrow.items = defaultdict(dict)
        if hash_key in table.items:
            narrow.items[hash_key] = table.items[hash_key]
    elif wanted := given.get("hash_key_conditions"):
        narrow.items = _having(table, *wanted[0])
    return _query(narrow, hash_key, *args, **options)


def _having(table: Table, name: str, value: DynamoType) -> Rows:
    found: Rows = defaultdict(dict)
    for pk, partition in [*table.items.items()]:
        for sk, item in [*partition.items()]:
            has = item.attrs.get(name)
            if has is not None and has.value == value.value:
                found[pk][sk] = item
    return found
