"""Rows of the audited tables by their keys. Only what the rules read: no address, no token."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from operations.domain.registry import Registry
from operations.repository.deserialize import deserialize
from shop import aws, retry, tables
from shop.invariants import Ref
from shop.tables import BATCH_KEYS, KeysUnprocessed

ATTEMPTS = 6
Item = dict[str, Any]


class RelatedRowsReader:
    """`service.ports.RelatedRows`: of each table the attributes that its service's rules read."""

    def __init__(self, registry: Registry) -> None:
        self._only = {table: _projection(registry.attributes(table)) for table in registry.tables}

    def load(self, refs: Iterable[Ref]) -> Mapping[Ref, Sequence[Item]]:
        """One request per 100 rows, from whatever tables, and one per partition."""
        wanted = sorted(set(refs))
        found: dict[Ref, list[Item]] = {ref: [] for ref in wanted}
        single = [ref for ref in wanted if ref.sk]
        for start in range(0, len(single), BATCH_KEYS):
            for table, row in self._batch(single[start : start + BATCH_KEYS]):
                found[Ref(table, row["pk"], row["sk"])].append(row)
        for ref in wanted:
            if not ref.sk:
                found[ref] = list(_partition(ref, self._only[ref.table]))
        return found

    def count(self, partition: Ref, column: str) -> int:
        """The sum; a row that says no number adds nothing."""
        rows = _partition(partition, {**_projection((column,)), "ConsistentRead": True})
        return sum(n for row in rows if isinstance(n := row.get(column), int))

    def _batch(self, refs: Sequence[Ref]) -> Iterator[tuple[str, Item]]:
        """What DynamoDB does not answer is asked again, with jitter; raises KeysUnprocessed."""
        names = {tables.table_name(ref.table): ref.table for ref in refs}
        keys = defaultdict(list)
        for ref in refs:
            keys[tables.table_name(ref.table)].append({"pk": {"S": ref.pk}, "sk": {"S": ref.sk}})
        left: dict[str, Any] = {
            name: {"Keys": each, **self._only[names[name]]} for name, each in keys.items()
        }
        for attempt in range(ATTEMPTS):
            answer = aws.client("dynamodb").batch_get_item(RequestItems=left)
            for name, items in answer["Responses"].items():
                yield from ((names[name], deserialize(item)) for item in items)
            left = answer.get("UnprocessedKeys") or {}
            if not left:
                return
            if attempt == ATTEMPTS - 1 or not retry.spend():
                break
            time.sleep(retry.backoff(attempt, base_s=0.02, cap_s=1.0))
        raise KeysUnprocessed(", ".join(sorted(left)))


def _projection(attributes: Collection[str]) -> dict[str, Any]:
    names = {f"#{name}": name for name in attributes}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def _partition(ref: Ref, options: dict[str, Any]) -> Iterator[Item]:
    names = {**options["ExpressionAttributeNames"], "#key": "pk"}
    asked: dict[str, Any] = {
        **options,
        "TableName": tables.table_name(ref.table),
        "KeyConditionExpression": "#key = :pk",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {":pk": {"S": ref.pk}},
    }
    while True:
        answer = aws.client("dynamodb").query(**asked)
        yield from (deserialize(item) for item in answer["Items"])
        if not answer.get("LastEvaluatedKey"):
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
