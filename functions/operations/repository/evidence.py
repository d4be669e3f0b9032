"""Rows of the audited tables by their keys. Only what the rules read: no address, no token."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from operations.domain.evidence import Ref
from operations.repository.items import plain
from shop import aws, retry, tables
from shop.tables import BATCH_KEYS, KeysUnprocessed

# The attributes that the rules and evidence.py speak of.
ATTRIBUTES = (
    "pk", "sk", "status", "version", "tries", "payment_id", "refund_due", "total", "currency",
    "updated_at", "order_id", "amount", "psp_reference", "lines", "sequence", "outbox", "event",
    "template", "cause_event_id", "account", "side",
)  # fmt: skip
_NAMES = {f"#{name}": name for name in ATTRIBUTES}
_PROJECTION = {"ProjectionExpression": ", ".join(_NAMES), "ExpressionAttributeNames": _NAMES}
ATTEMPTS = 6
Item = dict[str, Any]


class EvidenceReader:
    """`service.ports.Evidence`."""

    def load(self, refs: Iterable[Ref]) -> Mapping[Ref, Sequence[Item]]:
        """One request per 100 rows, from whatever tables, and one per partition."""
        wanted = sorted(set(refs))
        found: dict[Ref, list[Item]] = {ref: [] for ref in wanted}
        single = [ref for ref in wanted if ref.sk]
        for start in range(0, len(single), BATCH_KEYS):
            for table, row in _batch(single[start : start + BATCH_KEYS]):
                found[Ref(table, row["pk"], row["sk"])].append(row)
        for ref in wanted:
            if not ref.sk:
                found[ref] = list(_partition(ref.table, ref.pk, _PROJECTION))
        return found

    def movements(self, sku: str, location: str) -> int:
        """The sum; a movement that says no number moves nothing."""
        names = {"#quantity": "quantity"}
        only = {"ProjectionExpression": "#quantity", "ExpressionAttributeNames": names}
        rows = _partition("inventory", f"MOV#{sku}#{location}", {**only, "ConsistentRead": True})
        return sum(n for row in rows if isinstance(n := row.get("quantity"), int))


def _batch(refs: Sequence[Ref]) -> Iterator[tuple[str, Item]]:
    """What DynamoDB does not answer is asked again, with full jitter; raises KeysUnprocessed."""
    names = {tables.table_name(ref.table): ref.table for ref in refs}
    keys = defaultdict(list)
    for ref in refs:
        keys[tables.table_name(ref.table)].append({"pk": {"S": ref.pk}, "sk": {"S": ref.sk}})
    left: dict[str, Any] = {name: {"Keys": each, **_PROJECTION} for name, each in keys.items()}
    for attempt in range(ATTEMPTS):
        answer = aws.client("dynamodb").batch_get_item(RequestItems=left)
        for name, items in answer["Responses"].items():
            yield from ((names[name], plain(item)) for item in items)
        left = answer.get("UnprocessedKeys") or {}
        if not left:
            return
        if attempt == ATTEMPTS - 1 or not retry.spend():
            break
        time.sleep(retry.backoff(attempt, base_s=0.02, cap_s=1.0))
    raise KeysUnprocessed(", ".join(sorted(left)))


def _partition(table: str, pk: str, options: dict[str, Any]) -> Iterator[Item]:
    names = {**options["ExpressionAttributeNames"], "#key": "pk"}
    asked: dict[str, Any] = {
        **options,
        "TableName": tables.table_name(table),
        "KeyConditionExpression": "#key = :pk",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {":pk": {"S": pk}},
    }
    while True:
        answer = aws.client("dynamodb").query(**asked)
        yield from (plain(item) for item in answer["Items"])
        if not answer.get("LastEvaluatedKey"):
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
