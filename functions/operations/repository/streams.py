"""The audited tables' streams. STREAM_<TABLE> is the ARN of each."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from operations.domain.changes import Change
from operations.repository.deserialize import deserialize
from operations.service.ports import IteratorExpired, Page, Shard, StreamBusy, StreamTrimmed
from shop import aws, clock

PAGE = 1000
TTL = "dynamodb.amazonaws.com"  # who took a row away when its time was over
# Of what DynamoDB answers, what is no fault. A shard has two readers, at most: the third is turned
# away, and DescribeStream takes ten requests a second from all.
ANSWERS: dict[str, type[Exception]] = {
    "TrimmedDataAccessException": StreamTrimmed,
    "ExpiredIteratorException": IteratorExpired,
    "LimitExceededException": StreamBusy,
    "ProvisionedThroughputExceededException": StreamBusy,
    "RequestLimitExceeded": StreamBusy,
    "ThrottlingException": StreamBusy,
}


class StreamReader:
    """`service.ports.Streams`."""

    def shards(self, table: str) -> Sequence[Shard]:
        """One request per 100 shards."""
        found: list[Shard] = []
        more: dict[str, str] = {}
        while True:
            with _answers(table):
                reply = _client().describe_stream(StreamArn=_arn(table), **more)
            stream = reply["StreamDescription"]
            begun_at = clock.rfc3339(stream["CreationRequestDateTime"])
            found += [
                Shard(shard["ShardId"], shard.get("ParentShardId", ""), begun_at)
                for shard in stream["Shards"]
            ]
            last = stream.get("LastEvaluatedShardId")
            if not last:
                return found
            more = {"ExclusiveStartShardId": last}

    def pages(self, table: str, shard: str, *, after: str, iterator: str = "") -> Iterator[Page]:
        """One request per page, and one more without an iterator."""
        iterator = iterator or _open(table, shard, after)
        while iterator:
            with _answers(table):
                reply = _client().get_records(ShardIterator=iterator, Limit=PAGE)
            changes = [_change(table, record) for record in reply["Records"]]
            page = Page(changes, iterator, reply.get("NextShardIterator") or "")
            yield page
            iterator = page.next


def _open(table: str, shard: str, after: str) -> str:
    where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
    if after:
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
    with _answers(table):
        reply = _client().get_shard_iterator(StreamArn=_arn(table), ShardId=shard, **where)
    return str(reply["ShardIterator"])


@contextmanager
def _answers(table: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if answer := ANSWERS.get(code):
            raise answer(table) from error
        raise


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
