"""Transactions: a failed condition is an outcome, a conflict is retried, a fault is raised."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from shop import aws, events, retry, tables
from shop.trace import start
from tests.support import dynamodb

pytestmark = pytest.mark.usefixtures("moto_aws")


class Row(tables.TableModel):
    class Meta:
        table_name = "catalog"
        region = "us-east-1"

    number = NumberAttribute(default=0)


class Outbox(tables.OutboxItem):
    class Meta:
        table_name = "catalog"
        region = "us-east-1"


class Cancelled:
    """Answers TransactWriteItems with this reason a number of times, then lets it through."""

    def __init__(self, code: str, times: int) -> None:
        self.code, self.left = code, times
        self.sleeps: list[float] = []
        self.tokens: set[str] = set()
        client = aws.client("dynamodb")
        real = client._make_api_call

        def call(name: str, kwargs: dict[str, Any]) -> Any:
            if name == "TransactWriteItems":
                self.tokens.add(kwargs["ClientRequestToken"])
            if name == "TransactWriteItems" and self.left:
                self.left -= 1
                error: Any = {"Code": "TransactionCanceledException", "Message": "x"}
                raise ClientError(
                    {"Error": error, "CancellationReasons": [{"Code": code}]},
                    name,
                )
            return real(name, kwargs)

        client._make_api_call = call


def put(transaction: Any) -> None:
    transaction.save(Row("a", "a"), condition=Row.pk.does_not_exist(), return_values="ALL_OLD")


def test_a_failed_condition_comes_back_with_the_stored_row() -> None:
    dynamodb.create("catalog")
    assert tables.transact(put) == ()
    (reason,) = tables.transact(put)
    assert reason.index == 0
    assert reason.item is not None
    assert tables.raw(Row, reason.item).pk == "a"


def test_a_conflict_is_retried() -> None:
    dynamodb.create("catalog")
    fault = Cancelled("TransactionConflict", 3)
    assert tables.transact(put, sleep=fault.sleeps.append) == ()
    assert len(fault.sleeps) == 3


def test_all_tries_of_a_transaction_have_one_token_and_no_other_transaction_has_it() -> None:
    dynamodb.create("catalog")
    fault = Cancelled("TransactionConflict", 3)
    tables.transact(put, sleep=fault.sleeps.append)
    assert len(fault.tokens) == 1
    tables.transact(put)
    assert len(fault.tokens) == 2


def test_a_request_has_so_many_retries_whatever_it_does() -> None:
    dynamodb.create("catalog")
    fault = Cancelled("TransactionConflict", 99)
    with retry.budget(4):
        for _ in range(3):
            with pytest.raises(TransactWriteError):
                tables.transact(put, attempts=4, sleep=fault.sleeps.append)
    assert len(fault.sleeps) == 4


def test_a_conflict_that_does_not_end_is_a_fault() -> None:
    dynamodb.create("catalog")
    fault = Cancelled("TransactionConflict", 99)
    with pytest.raises(TransactWriteError):
        tables.transact(put, attempts=4, sleep=fault.sleeps.append)
    assert len(fault.sleeps) == 3


@pytest.mark.parametrize("code", ["ValidationError", "ThrottlingError", "ItemCollectionSizeLimit"])
def test_any_other_cancellation_is_a_fault(code: str) -> None:
    """Throttling too: repeating at once is what made it."""
    dynamodb.create("catalog")
    fault = Cancelled(code, 1)
    with pytest.raises(TransactWriteError):
        tables.transact(put, sleep=fault.sleeps.append)
    assert fault.sleeps == []


def test_an_event_is_stored_with_its_id_and_ends_by_itself() -> None:
    class Placed(events.EventData):
        TYPE = "order.placed"
        order_id: str

    dynamodb.create("catalog")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    subject = "ord_use1_0000000000000000000000000a"
    made = [
        events.event(
            Placed(order_id=subject), producer="orders", subject=subject, sequence=1, now=now,
            trace=start(None, request_id="r"),
        )
        for _ in range(2)
    ]  # fmt: skip
    assert made[0].id == made[1].id
    Outbox.holding(made[0]).save()
    (stored,) = dynamodb.outbox("catalog")
    assert stored["data"] == {"order_id": subject}
    assert stored["causation_id"] == "r"
    (row,) = dynamodb.rows("catalog")
    assert row["expires_at"] == int(now.timestamp()) + 7 * 86_400


def test_a_call_that_nobody_answered_is_a_fault_and_no_failed_condition() -> None:
    lost = ReadTimeoutError(endpoint_url="https://aws.test/")
    assert not tables.condition_failed(PutError("lost", lost))

    def build(_transaction: TransactWrite) -> None:
        raise TransactWriteError("lost", lost)

    with pytest.raises(TransactWriteError):
        tables.transact(build)
