"""What the ledger's rules say of rows as its repositories write them, beside what others state."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.consumers import on_transaction_posted
from ledger.repository import BalanceRepository
from shop import aws, ids
from shop.facts import CapturePosted, EventExpected, PaymentState
from shop.invariants import Fact
from tests.integration.ledger.test_fold_and_read import CLEARING, START, fold, post
from tests.support import dynamodb
from tests.support.invariants import stated, violated


def payment(number: int, amount: int) -> PaymentState:
    return PaymentState(
        ids.derive("pay", str(number), region="use1"),
        order_id="ord_1",
        status="captured",
        is_captured=True,
        is_authorized=False,
        amount=(amount, "USD"),
    )


DAY = f"DAY#{START:%Y-%m-%d}"
PAYMENTS: tuple[Fact, ...] = (payment(0, 500), payment(1, 250))


@pytest.fixture(autouse=True)
def posted(moto_aws: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two captures, folded; the id of the first."""
    dynamodb.create("ledger", "balances")
    monkeypatch.setattr(on_transaction_posted, "balances", BalanceRepository())
    for number, amount in enumerate((500, 250)):
        post(number, amount, START + timedelta(seconds=number))
    fold()
    [id_] = [
        fact.transaction_id
        for fact in stated("ledger")
        if isinstance(fact, CapturePosted) and fact.key == PAYMENTS[0].key
    ]
    return id_


def remove(table: str, pk: str, sk: str) -> None:
    aws.client("dynamodb").delete_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})


def test_what_is_posted_and_folded_is_in_order(posted: str) -> None:
    assert EventExpected(posted, "ledger.transaction_posted") in stated("ledger")
    assert violated("ledger", *PAYMENTS) == set()


@pytest.mark.parametrize("wrong", [{"amount": 499}, {"currency": "JPY"}, {"side": "credit"}])
def test_debits_equal_credits_in_each_currency(posted: str, wrong: dict[str, object]) -> None:
    dynamodb.change("ledger", f"TXN#{posted}", "ENTRY#1", **wrong)
    assert ("I1", posted) in violated("ledger", *PAYMENTS)


@pytest.mark.parametrize("sk", ["TXN", "ENTRY#1"])
def test_a_transaction_is_whole(posted: str, sk: str) -> None:
    remove("ledger", f"TXN#{posted}", sk)
    assert ("I1", posted) in violated("ledger", *PAYMENTS)


def test_a_capture_is_posted_in_full_for_a_payment_that_exists(posted: str) -> None:
    assert violated("ledger", PAYMENTS[1]) == {("I4", posted)}
    for amount in ((499, "USD"), (500, "JPY")):
        other = replace(payment(0, 500), amount=amount)
        assert violated("ledger", other, PAYMENTS[1]) == {("I4", posted)}


def test_a_cause_is_posted_once(posted: str) -> None:
    headers = {row["pk"]: row for row in dynamodb.rows("ledger") if row["sk"] == "TXN"}
    cause = headers.pop(f"TXN#{posted}")["cause_event_id"]
    [other] = headers
    dynamodb.change("ledger", other, "TXN", cause_event_id=cause)
    assert violated("ledger", *PAYMENTS) == {("I6", cause)}


def test_every_transaction_is_in_the_balances_once(posted: str) -> None:
    dynamodb.change("balances", f"ACCOUNT#{CLEARING}", DAY, debit=999)
    assert violated("ledger", *PAYMENTS) == {("I6", CLEARING)}
    dynamodb.change("balances", f"ACCOUNT#{CLEARING}", DAY, debit=750)
    remove("balances", f"FOLDED#{posted}", "FOLDED")
    assert violated("ledger", *PAYMENTS) == {("I6", posted)}
    dynamodb.change("balances", "FOLDED#txn_lost", "FOLDED", folded_at="now")
    assert violated("ledger", *PAYMENTS) == {("I6", posted), ("I6", "txn_lost")}
