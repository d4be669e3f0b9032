"""DynamoDB by pynamodb: one connection per process, transactions that tell outcomes from faults.

A condition that fails is an outcome: `put`, `update` and `transact` return the reasons, with the
stored row. A row that tells others of its changes carries the event itself (`EventRow`). Conflicts
with another transaction are retried here with full jitter; throttling is left to botocore and to
whoever called.
"""

import heapq
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError
from pynamodb.attributes import JSONAttribute, MapAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from shop import aws, retry, telemetry
from shop.dependencies import DependencyUnavailable
from shop.text import compact_json

if TYPE_CHECKING:  # A function that only reads loads no pydantic.
    from shop.events import Event

DUE_SHARDS = 4
BATCH_KEYS = 100
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 1.0
# Of a transaction's items, and of a whole request: the first try of this very transaction, which a
# lost answer made us repeat, is still at work.
CONFLICT, IN_PROGRESS = "TransactionConflict", "TransactionInProgressException"
CONDITION_FAILED = "ConditionalCheckFailed"
CONDITION_FAILED_EXCEPTION = "ConditionalCheckFailedException"
ALL_OLD = "ALL_OLD"
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


def meta(name: str) -> Any:
    """The Meta of a model of this table."""
    return type("Meta", (), {"table_name": table_name(name), "region": region()})


def index(
    name: str, partition: str, sort: str, *, project: Sequence[str] = ()
) -> GlobalSecondaryIndex[Any]:
    """An index: it holds keys, and of other attributes those of `project`.

    A query of it brings no more, so no model may read more of what it brought. The table's stack
    names the same; a test compares.
    """
    projection = IncludeProjection([*project]) if project else KeysOnlyProjection()
    made = type(
        name,
        (GlobalSecondaryIndex,),
        {
            "Meta": type("Meta", (), {"index_name": name, "projection": projection}),
            partition: UnicodeAttribute(hash_key=True),
            sort: UnicodeAttribute(range_key=True),
        },
    )
    found: GlobalSecondaryIndex[Any] = made()
    return found


def due_index(*, project: Sequence[str] = ()) -> GlobalSecondaryIndex[Any]:
    """The index of what someone has to look at, by shard and time: only rows that are unfinished
    have `due_shard` and `next_attempt_at`.
    """
    return index("due", "due_shard", "next_attempt_at", project=project)


class TableModel(Model):
    """Base of all models: keys `pk` and `sk`, the shared client.

    A subclass has `Meta = meta("orders")`.
    """

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        found = super()._get_connection()
        found.connection._client = connection().client
        return found


class CompactJSONAttribute(JSONAttribute):
    """JSON as text without blanks, every character as itself: rows are paid for by their bytes."""

    def serialize(self, value: Any) -> str | None:
        """The text; None for None."""
        return None if value is None else compact_json(value)


M = TypeVar("M", bound=TableModel)
T = TypeVar("T")


class KeysUnprocessed(DependencyUnavailable):
    """DynamoDB kept a part of a batch unread."""


class EventRow(TableModel):
    """A row that carries the events of its newest change: the relay reads them in the stream.

    Every write of such a row sets `outbox` or removes it: one that left it would tell the old event
    again. `put` and `update` here do so; in a transaction, `outbox` and `outbox_text` are for that.
    """

    outbox = UnicodeAttribute(null=True)

    def update(self, *_args: Any, **_options: Any) -> Any:
        """Refused: it would leave `outbox` as it is."""
        raise TypeError("tables.update writes a row that carries events")


def outbox_text(*events: "Event | None") -> str | None:
    """What `outbox` holds for these: a JSON list as text; None for none."""
    bodies = [event.body for event in events if event is not None]
    if not bodies:
        return None
    return compact_json(bodies)


def outbox(*events: "Event | None") -> Action:
    """The part of an update that makes these the row's events, or leaves it none."""
    text = outbox_text(*events)
    return EventRow.outbox.remove() if text is None else EventRow.outbox.set(text)


@dataclass(frozen=True, slots=True)
class FailedCondition:
    """Why a write was refused. `item` is the stored row; None if there is none, or, of a part of a
    transaction, if it was not asked for.
    """

    index: int
    item: dict[str, Any] | None


def transact(
    build: Callable[[TransactWrite], None],
    *,
    attempts: int = 6,
    sleep: Callable[[float], None] = time.sleep,
) -> Sequence[FailedCondition]:
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
                FailedCondition(index, reason.raw_item)
                for index, reason in enumerate(reasons)
                if reason is not None and reason.code == CONDITION_FAILED
            ]
            if failed:
                return failed
            if not _ends_by_itself(error) or attempt == attempts - 1 or not retry.spend():
                raise
            sleep(_pause_s(attempt))
    raise AssertionError("unreachable")


def put(
    item: TableModel, condition: Condition | None = None, *, event: "Event | None" = None
) -> FailedCondition | None:
    """Store a row whole, with the event of this change; why not, if the condition failed."""
    if isinstance(item, EventRow):
        item.outbox = outbox_text(event)
    arguments = item.get_save_kwargs_from_instance(condition, ALL_OLD)
    return _outcome(lambda: aws.client("dynamodb").put_item(**arguments))


def update(
    item: TableModel,
    actions: Sequence[Action],
    condition: Condition | None = None,
    *,
    event: "Event | None" = None,
) -> FailedCondition | None:
    """Change a row, with the event of this change; why not, if the condition failed.

    `item` holds the whole row after it.
    """
    all_actions = [*actions, outbox(event)] if isinstance(item, EventRow) else [*actions]
    arguments = item.get_update_kwargs_from_instance(all_actions, condition, ALL_OLD)

    def write() -> None:
        answer = aws.client("dynamodb").update_item(**arguments, ReturnValues="ALL_NEW")
        item.deserialize(answer["Attributes"])

    return _outcome(write)


def _outcome(write: Callable[[], object]) -> FailedCondition | None:
    try:
        write()
    except ClientError as error:
        if error.response["Error"]["Code"] == CONDITION_FAILED_EXCEPTION:
            item: Any = error.response.get("Item")  # botocore knows only what all errors have
            return FailedCondition(0, item)
        raise
    return None


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


def oldest_first(shards: Iterable[Iterable[T]], *, by: Callable[[T], str]) -> Iterator[T]:
    """What is due, of all shards together; each is asked for more only when its turn comes."""
    return heapq.merge(*shards, key=by)


def readable(
    items: Iterable[M], make: Callable[[M], T], *, count: Callable[[], None]
) -> Iterator[T]:
    """What is made of each row. One that cannot be read is logged, counted, and holds up nobody."""
    for item in items:
        try:
            made = make(item)
        except Exception as error:
            telemetry.log_error("row unreadable", error, row=item.pk)
            count()
        else:
            yield made


def _code(error: PynamoDBException) -> str | None:
    """What DynamoDB said; None if it did not answer, which pynamodb's own property trips over."""
    response = getattr(error.cause, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def from_raw(model: type[TableModel], item: dict[str, Any]) -> Any:
    """A model instance from a raw item, as a failed condition returns it."""
    return model.from_raw_data(item)


__all__ = [
    "DUE_SHARDS",
    "CompactJSONAttribute",
    "EventRow",
    "KeysUnprocessed",
    "MapAttribute",
    "FailedCondition",
    "TableModel",
    "batch_get",
    "connection",
    "due_index",
    "index",
    "meta",
    "oldest_first",
    "outbox",
    "outbox_text",
    "readable",
    "put",
    "from_raw",
    "region",
    "reset",
    "table_name",
    "transact",
    "update",
]
