"""Transactions: a failed condition is an outcome, a conflict is retried, a fault is raised."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from inventory.repository.stock import ReservationItem
from ledger.repository.journal import EntryItem
from operations.repository.audit import OpenViolationItem
from orders.repository.orders import OrderItem
from payments.repository.payments import PaymentItem
from shop import aws, events, retry, tables
from shop.events import Event
from shop.trace import from_header
from tests.support import dynamodb

pytestmark = pytest.mark.usefixtures("moto_aws")


class Row(tables.TableModel):
    class Meta:
        table_name = "catalog"
        region = "us-east-1"

    number = NumberAttribute(default=0)


class Told(tables.EventRow):
    Meta = tables.meta("catalog")

    number = NumberAttribute(default=0)


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
    assert tables.from_raw(Row, reason.item).pk == "a"


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


class Placed(events.EventData):
    TYPE = "order.placed"
    order_id: str


SUBJECT = "ord_use1_0000000000000000000000000a"


def placed(sequence: int = 1) -> Event:
    return events.event(
        Placed(order_id=SUBJECT), producer="orders", subject=SUBJECT, sequence=sequence,
        now=datetime(2026, 11, 22, tzinfo=UTC), trace=from_header(None, request_id="r"),
    )  # fmt: skip


def test_an_event_is_in_the_row_of_its_change_with_an_id_of_its_own() -> None:
    dynamodb.create("catalog")
    assert placed().id == placed().id != placed(2).id
    assert tables.put(Told("a", "a"), Told.pk.does_not_exist(), event=placed()) is None
    (stored,) = dynamodb.outbox("catalog")
    assert stored["data"] == {"order_id": SUBJECT}
    assert stored["causation_id"] == "r"


def test_every_change_of_a_row_sets_its_event_or_takes_the_last_one_away() -> None:
    dynamodb.create("catalog")
    tables.put(Told("a", "a"), event=placed())
    tables.update(Told("a", "a"), [Told.number.set(1)])
    assert "outbox" not in dynamodb.rows("catalog")[0]
    tables.update(Told("a", "a"), [Told.number.set(2)], event=placed(2))
    tables.put(Told("a", "a", number=3))
    assert "outbox" not in dynamodb.rows("catalog")[0]
    assert [event["sequence"] for event in dynamodb.outbox("catalog")] == [1, 2]


def test_a_row_that_carries_events_has_no_other_way_to_be_changed() -> None:
    with pytest.raises(TypeError):
        Told("a", "a").update([Told.number.set(1)])


def test_a_single_write_that_is_refused_brings_the_stored_row_and_changes_nothing() -> None:
    dynamodb.create("catalog")
    assert tables.put(Told("a", "a", number=1), event=placed()) is None
    for refused in (
        tables.put(Told("a", "a"), Told.pk.does_not_exist()),
        tables.update(Told("a", "a"), [Told.number.set(9)], Told.number == 2),
    ):
        assert refused is not None
        assert refused.item is not None
        assert tables.from_raw(Told, refused.item).number == 1
    missing = tables.update(Told("b", "b"), [Told.number.set(9)], Told.number == 2)
    assert missing is not None
    assert missing.item is None


def test_a_changed_row_is_there_whole_after_its_update() -> None:
    dynamodb.create("catalog")
    row = Told("a", "a")
    assert tables.update(row, [Told.number.set(7)], event=placed()) is None
    assert row.number == 7


@pytest.mark.parametrize("code", ["ThrottlingException", "TransactionConflictException"])
def test_a_single_write_that_failed_otherwise_is_a_fault(code: str) -> None:
    client = aws.client("dynamodb")

    def call(name: str, _arguments: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "x"}}, name)

    client._make_api_call = call
    with pytest.raises(ClientError):
        tables.put(Told("a", "a"))


def test_indexes_of_the_models_are_those_of_the_tables() -> None:
    models = {
        "orders": OrderItem, "payments": PaymentItem, "inventory": ReservationItem,
        "ledger": EntryItem, "audit": OpenViolationItem,
    }  # fmt: skip
    for name, model in models.items():
        found = {
            index: (*each.Meta.attributes, each.Meta.projection)
            for index, each in model._indexes.items()
        }
        assert set(found) == set(dynamodb.TABLES[name]), name
        for index, (*keys, projection) in found.items():
            wanted = dynamodb.TABLES[name][index]
            assert set(keys) == {wanted.partition, wanted.sort}, name
            assert projection.projection_type == dynamodb.projection(wanted)["ProjectionType"], name
            held = getattr(projection, "non_key_attributes", None) or []
            assert [*held] == [*wanted.project], name


def test_a_call_that_nobody_answered_is_a_fault_and_no_failed_condition() -> None:
    lost = ReadTimeoutError(endpoint_url="https://aws.test/")

    def build(_transaction: TransactWrite) -> None:
        raise TransactWriteError("lost", lost)

    with pytest.raises(TransactWriteError):
        tables.transact(build)
