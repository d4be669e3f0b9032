"""Events of payments on the queue -> a transaction in the ledger for each, once, and its event."""

from typing import Any

import pytest

from ledger.consumers.on_payment import handler
from shop import ids
from tests.support import dynamodb, envelopes
from tests.support.envelopes import envelope
from tests.support.lambda_context import FakeContext

EVENT_ID = ids.derive("evt", "pay_1", "payment.captured", "1", region="use1")
ORDER = ids.derive("ord", "1", region="use1")
PARENT = f"00-{'a' * 32}-{'b' * 16}-01"
PAYMENT = ids.derive("pay", "1", region="use1")


@pytest.fixture(autouse=True)
def _tables(moto_aws: None) -> None:
    dynamodb.create("ledger", "balances")


def message(
    event_id: str = EVENT_ID, type_: str = "payment.captured", **data: Any
) -> dict[str, Any]:
    about = {
        "payment_id": PAYMENT,
        "order_id": ORDER,
        "customer_id": ids.derive("usr", "1", region="use1"),
        "psp": "stripe",
        "psp_reference": "pi_1",
        "amount": {"amount": 12_600, "currency": "USD"},
        "captured_at": "2026-11-22T09:59:59.999Z",
        "refunded_at": "2026-11-22T10:59:59.999Z",
    }
    detail = envelope(type_, about | data, id=event_id, traceparent=PARENT)
    return envelopes.message(event_id, detail)


def consume(*messages: dict[str, Any]) -> list[str]:
    """Ids of the messages that failed."""
    answer = handler({"Records": list(messages)}, FakeContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_captured_payment_is_posted_whole() -> None:
    assert consume(message()) == []
    header, *entries = sorted(dynamodb.rows("ledger"), key=lambda row: str(row["sk"]), reverse=True)
    assert (header["template"], header["cause_event_id"]) == ("payment_captured", EVENT_ID)
    assert (header["order_id"], header["payment_id"]) == (ORDER, PAYMENT)
    assert header["effective_at"] == "2026-11-22T09:59:59.999Z"
    assert str(header["recorded_at"]) > "2026"
    found = {(e["sk"], e["account"], e["side"], e["amount"], e["currency"]) for e in entries}
    assert found == {
        ("ENTRY#1", "1210:stripe:USD", "debit", 12_600, "USD"),
        ("ENTRY#2", "2100:USD", "credit", 12_600, "USD"),
    }
    day = str(header["recorded_at"])[:10]
    keys = {str(entry["account_day"]).rpartition("#")[0] for entry in entries}
    assert keys == {f"1210:stripe:USD#{day}", f"2100:USD#{day}"}


def test_a_refund_is_posted_as_what_undoes_the_capture() -> None:
    assert consume(message(type_="payment.refunded")) == []
    rows = dynamodb.rows("ledger")
    (header,) = (row for row in rows if row["sk"] == "TXN")
    assert (header["template"], header["cause_event_id"]) == ("payment_refunded", EVENT_ID)
    assert (header["order_id"], header["payment_id"]) == (ORDER, PAYMENT)
    assert header["effective_at"] == "2026-11-22T10:59:59.999Z"
    found = {(row["account"], row["side"], row["amount"]) for row in rows if row["sk"] != "TXN"}
    assert found == {("1210:stripe:USD", "credit", 12_600), ("2100:USD", "debit", 12_600)}


@pytest.mark.parametrize("type_", ["payment.authorized", "payment.voided", "payment.captured_late"])
def test_no_other_event_of_a_payment_is_posted(type_: str) -> None:
    assert consume(message(type_=type_)) == [EVENT_ID]
    assert dynamodb.rows("ledger") == []


def test_the_posting_is_told_in_an_event_that_names_its_cause() -> None:
    consume(message())
    (event,) = dynamodb.outbox("ledger")
    assert event["type"] == "ledger.transaction_posted"
    assert event["producer"] == "shop.ledger"
    assert event["causation_id"] == EVENT_ID
    assert event["correlation_id"] == "a" * 32
    data: Any = event["data"]
    assert data["transaction_id"] == event["subject"]
    assert [entry["side"] for entry in data["entries"]] == ["debit", "credit"]


def test_an_event_that_comes_again_changes_nothing() -> None:
    consume(message())
    before = sorted(map(str, dynamodb.rows("ledger")))
    assert consume(message(), message()) == []
    assert sorted(map(str, dynamodb.rows("ledger"))) == before


@pytest.mark.parametrize(
    "data",
    [
        {"amount": {"amount": 0, "currency": "USD"}},
        {"amount": {"amount": -5, "currency": "USD"}},
        {"amount": {"amount": 5, "currency": "XXX"}},
        {"psp": "no such psp"},
        {"captured_at": "yesterday"},
        {"payment_id": None},
    ],
)
def test_an_event_that_cannot_be_posted_fails_alone_and_posts_nothing(data: dict[str, Any]) -> None:
    good = ids.derive("evt", "good", region="use1")
    assert consume(message(**data), message(good)) == [EVENT_ID]
    assert {row["cause_event_id"] for row in dynamodb.rows("ledger") if row["sk"] == "TXN"} == {
        good
    }
