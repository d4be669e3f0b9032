"""The audited tables' streams. STREAM_<TABLE> is the ARN of each."""

import os
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from operations.domain.changes import Change
from operations.repository.deserialize import deserialize
from operations.service.ports import Page, Shard, StreamTrimmed
from shop import aws, clock

PAGE = 1000
KEEP_S = 14 * 60  # an iterator is good for 15 minutes
TTL = "dynamodb.amazonaws.com"  # who took a row away when its time was over
GAPS = frozenset({"TrimmedDataAccessException"})


class StreamReader:
    """`service.ports.Streams`. Keeps its place behind empty pages as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[str, str, float]] = {}

    def shards(self, table: str) -> Sequence[Shard]:
        """One request per 100 shards; DynamoDB names parents before their children."""
        found: list[Shard] = []
        more: dict[str, str] = {}
        while True:
            answer = _client().describe_stream(StreamArn=_arn(table), **more)["StreamDescription"]
            found += [
                Shard(shard["ShardId"], shard.get("ParentShardId", ""))
                for shard in answer["Shards"]
            ]
            last = answer.get("LastEvaluatedShardId")
            if not last:
                return found
            more = {"ExclusiveStartShardId": last}

    def pages(self, table: str, shard: str, *, after: str) -> Iterator[Page]:
        """One request per page, and one for the first; raises StreamTrimmed."""
        try:
            iterator = self._resume(table, shard, after)
            while iterator:
                answer = _client().get_records(ShardIterator=iterator, Limit=PAGE)
                iterator = answer.get("NextShardIterator")
                if answer["Records"] or not iterator:
                    self._kept.pop((table, shard), None)
                else:
                    self._kept[table, shard] = (after, iterator, time.monotonic())
                changes = [_change(table, record) for record in answer["Records"]]
                yield Page(changes, closed=not iterator)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in GAPS:
                raise StreamTrimmed(f"{table} {shard}") from error
            raise

    def _resume(self, table: str, shard: str, after: str) -> str:
        kept = self._kept.get((table, shard))
        if kept is not None and kept[0] == after and time.monotonic() - kept[2] < KEEP_S:
            return kept[1]
        where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if after:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        answer = _client().get_shard_iterator(StreamArn=_arn(table), ShardId=shard, **where)
        return str(answer["ShardIterator"])


def _change(table: str, record: dict[str, Any]) -> Change:
    data = record["dynamodb"]
    keys, image = deserialize(data["Keys"]), data.get("NewImage")
    at: datetime = data["ApproximateCreationDateTime"]
    return Change(
        table=table,
        kind=record["eventName"],
        pk=str(keys["pk"]),
        sk=str(keys["sk"]),
        row=None if image is None else deserialize(image),
        before=deserialize(data.get("OldImage") or {}) if image is None else None,
        at=clock.rfc3339(at),
        sequence=data["SequenceNumber"],
        expired=(record.get("userIdentity") or {}).get("PrincipalId") == TTL,
    )


def _arn(table: str) -> str:
    return os.environ[f"STREAM_{table.upper()}"]


def _client() -> Any:
    return aws.client("dynamodbstreams")
