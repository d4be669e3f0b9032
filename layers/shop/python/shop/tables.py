"""DynamoDB by pynamodb: one connection per process, transactions that tell outcomes from faults.

A condition that fails is an outcome: `transact` returns the reasons. Conflicts with another
transaction are retried here with full jitter; throttling is left to botocore and to whoever called.
"""

import heapq
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import (
    PynamoDBConnectionError,
    PynamoDBException,
    TransactWriteError,
)
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from shop import aws, retry

DUE_SHARDS = 4
OUTBOX_DAYS = 7
BATCH_KEYS = 100
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 1.0
# Of a transaction's items, and of a whole request: the first try of this very transaction, which a
# lost answer made us repeat, is still at work.
CONFLICT, IN_PROGRESS = "TransactionConflict", "TransactionInProgressException"
CONDITION_FAILED = "ConditionalCheckFailed"
_shared: dict[str, Connection] = {}


def region() -> str:
    """The region of this process."""
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def connection() -> Connection:
    """The connection that all models and transactions share: one client, one pool."""
    if "it" not in _shared:
        shared = Connection(region=region())
        shared._client = aws.client("dynamodb")
        _shared["it"] = shared
    return _shared["it"]


def reset() -> None:
    """Forget the shared connection: for tests that change endpoint or credentials."""
    _shared.clear()


def table_name(name: str) -> str:
    """The physical name of a table, from TABLE_<NAME>."""
    return os.environ.get(f"TABLE_{name.upper()}", name)


class TableModel(Model):
    """Base of all models: keys `pk` and `sk`, the shared client.

    A subclass has `class Meta: table_name = table_name("orders"); region = region()`.
    """

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        found = super()._get_connection()
        found.connection._client = connection().client
        return found


M = TypeVar("M", bound=TableModel)
T = TypeVar("T")


class KeysUnprocessed(Exception):
    """DynamoDB kept a part of a batch unread."""


class OutboxItem(TableModel):
    """An event, stored in the transaction of the change that it reports; deleted by TTL.

    Subclass it with the Meta of the service's own table.
    """

    outbox = UnicodeAttribute()
    expires_at = NumberAttribute()

    @classmethod
    def holding(cls, event: "Any") -> "OutboxItem":
        """The item that makes the relay publish this `shop.events.Event`."""
        return cls(
            f"OUTBOX#{event.id}",
            "OUTBOX",
            outbox=event.to_json(),
            expires_at=int(event.occurred.timestamp()) + OUTBOX_DAYS * 86_400,
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a transaction item was refused. `item` is the stored row, if it was asked for."""

    index: int
    item: dict[str, Any] | None


def transact(
    build: Callable[[TransactWrite], None],
    *,
    attempts: int = 6,
    sleep: Callable[[float], None] = time.sleep,
) -> Sequence[Reason]:
    """Commit what `build` puts into the transaction; return the failed conditions, empty if done.

    Indexes follow DynamoDB's order here: condition checks, deletes, puts, updates, each in the
    order of its calls. All tries have one token, so it is committed once at most, whatever answer
    was lost; `build` puts the same into each. Raises TransactWriteError for faults, throttling
    among them, and when conflicts do not end or the retries of the request are used up.
    """
    token = str(uuid.uuid4())
    for attempt in range(attempts):
        try:
            with TransactWrite(connection=connection(), client_request_token=token) as transaction:
                build(transaction)
            return ()
        except TransactWriteError as error:
            reasons = error.cancellation_reasons
            failed = [
                Reason(index, reason.raw_item)
                for index, reason in enumerate(reasons)
                if reason is not None and reason.code == CONDITION_FAILED
            ]
            if failed:
                return failed
            if not _ends_by_itself(error) or attempt == attempts - 1 or not retry.spend():
                raise
            sleep(_pause_s(attempt))
    raise AssertionError("unreachable")


def batch_get(
    model: type[M],
    keys: Sequence[tuple[str, str]],
    *,
    consistent: bool = False,
    attempts: int = 6,
    sleep: Callable[[float], None] = time.sleep,
) -> list[M]:
    """The rows of these (pk, sk), in no order; absent ones are left out.

    One request per 100 keys. DynamoDB may answer a part: the rest is asked for again, with full
    jitter. Raises KeysUnprocessed when that does not end.
    """
    table = model.Meta.table_name
    found: list[M] = []
    for start in range(0, len(keys), BATCH_KEYS):
        batch = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys[start : start + BATCH_KEYS]]
        for attempt in range(attempts):
            request = {table: {"Keys": batch, "ConsistentRead": consistent}}
            answer = aws.client("dynamodb").batch_get_item(RequestItems=request)
            found += [model.from_raw_data(item) for item in answer["Responses"].get(table, [])]
            batch = answer["UnprocessedKeys"].get(table, {}).get("Keys", [])
            if not batch:
                break
            if attempt == attempts - 1 or not retry.spend():
                raise KeysUnprocessed(table)
            sleep(_pause_s(attempt))
    return found


def _pause_s(attempt: int) -> float:
    return retry.backoff(attempt, base_s=FIRST_PAUSE_S, cap_s=LONGEST_PAUSE_S)


def _ends_by_itself(error: TransactWriteError) -> bool:
    """Whether nothing but other transactions stands in the way."""
    codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
    return codes - {"None"} == {CONFLICT} or _code(error) == IN_PROGRESS


def oldest_first(shards: Iterable[Iterable[T]], *, due_at: Callable[[T], str]) -> Iterator[T]:
    """What is due, of all shards together; each is asked for more only when its turn comes."""
    return heapq.merge(*shards, key=due_at)


def condition_failed(error: PynamoDBConnectionError) -> bool:
    """Whether a single put or update was refused by its condition."""
    return _code(error) == "ConditionalCheckFailedException"


def _code(error: PynamoDBException) -> str | None:
    """What DynamoDB said; None if it did not answer, which pynamodb's own property trips over."""
    response = getattr(error.cause, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def raw(model: type[TableModel], item: dict[str, Any]) -> Any:
    """A model instance from a raw item, as a failed condition returns it."""
    return model.from_raw_data(item)


__all__ = [
    "DUE_SHARDS",
    "KeysUnprocessed",
    "MapAttribute",
    "OutboxItem",
    "Reason",
    "TableModel",
    "batch_get",
    "condition_failed",
    "connection",
    "oldest_first",
    "raw",
    "region",
    "reset",
    "table_name",
    "transact",
]
