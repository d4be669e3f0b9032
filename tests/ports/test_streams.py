"""`operations.service.ports.Streams`, in memory and on DynamoDB Streams."""

from collections.abc import Callable, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from operations.repository import streams as repository
from operations.repository.streams import StreamReader
from operations.service.ports import IteratorExpired, Page, StreamBusy, Streams, StreamTrimmed
from shop import clock
from tests.support import dynamodb
from tests.unit.operations.fakes import FakeStreams, FaultEnvironment

PORT = Streams
TABLE = "inventory"


class Filled:
    """A stream with three changes, and more when it is asked for."""

    def __init__(self, port: Streams, write: Callable[[str], object]) -> None:
        self.port, self.write = port, write
        for sk in ("a", "b", "c"):
            write(sk)
        (self.shard,) = port.shards(TABLE)

    def first(self, **where: str) -> Page:
        """The first page that is not empty."""
        pages = self.port.pages(TABLE, self.shard.id, **{"after": "", **where})
        return next(page for page in pages if page.changes)

    def names(self, **where: str) -> Sequence[str]:
        return [change.sk for change in self.first(**where).changes]


@pytest.fixture(params=[FakeStreams, StreamReader])
def stream(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Filled:
    if request.param is FakeStreams:
        world = FaultEnvironment()
        return Filled(FakeStreams(world), lambda sk: world.move("TEA", sk, 1))
    request.getfixturevalue("moto_aws")
    dynamodb.create(TABLE)
    table: Any = boto3.resource("dynamodb", region_name="us-east-1").Table(TABLE)
    monkeypatch.setenv("STREAM_INVENTORY", table.latest_stream_arn)
    item = {"pk": "MOV#TEA#ewr", "quantity": 1}
    return Filled(StreamReader(), lambda sk: table.put_item(Item={**item, "sk": sk}))


def test_changes_come_in_order_and_a_shard_has_none_from_before_it_began(stream: Filled) -> None:
    page = stream.first()
    assert [change.sk for change in page.changes] == ["a", "b", "c"]
    begun_at = clock.parse(stream.shard.begun_at).replace(microsecond=0)
    assert all(clock.parse(change.at) >= begun_at for change in page.changes)


def test_reading_goes_on_behind_a_change_or_at_an_iterator(stream: Filled) -> None:
    page = stream.first()
    assert stream.names(after=page.changes[0].sequence) == ["b", "c"]
    stream.write("d")
    assert stream.names(iterator=page.next) == ["d"]
    assert stream.names(iterator=page.iterator)[:3] == ["a", "b", "c"]


def test_an_empty_page_leads_on_while_the_shard_is_open(stream: Filled) -> None:
    page = stream.first()
    pages = stream.port.pages(TABLE, stream.shard.id, after="", iterator=page.next)
    empty = [next(pages) for _ in range(3)]
    assert [(list(each.changes), bool(each.next)) for each in empty] == [([], True)] * 3
    stream.write("d")
    assert stream.names(iterator=empty[-1].next) == ["d"]


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("LimitExceededException", StreamBusy),
        ("ProvisionedThroughputExceededException", StreamBusy),
        ("ThrottlingException", StreamBusy),
        ("ExpiredIteratorException", IteratorExpired),
        ("TrimmedDataAccessException", StreamTrimmed),
        ("InternalServerError", ClientError),
    ],
)
@pytest.mark.parametrize("asked", ["describe_stream", "get_shard_iterator", "get_records"])
def test_what_dynamodb_answers_is_told_from_a_fault(
    monkeypatch: pytest.MonkeyPatch, asked: str, code: str, meant: type[Exception]
) -> None:
    """moto refuses nothing, so its answers are made here."""

    class Refusing:
        def __getattr__(self, operation: str) -> Callable[..., Any]:
            def answer(**_: Any) -> Any:
                if operation == asked:
                    raise ClientError({"Error": {"Code": code}}, operation)
                return {"ShardIterator": "place", "Records": [], "NextShardIterator": "next"}

            return answer

    monkeypatch.setenv("STREAM_INVENTORY", "arn")
    monkeypatch.setattr(repository, "_client", Refusing)
    reader = StreamReader()
    with pytest.raises(meant):
        reader.shards(TABLE) if asked == "describe_stream" else list(
            reader.pages(TABLE, "s1", after="")
        )
