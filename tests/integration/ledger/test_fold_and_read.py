"""RecordedTransaction transactions -> balances -> API, against tables in moto."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from ledger.api import get_balance, get_transaction, list_accounts, list_entries
from ledger.consumers import on_transaction_posted
from ledger.events import CapturedPayment
from ledger.repository import BalanceRepository, JournalRepository
from ledger.repository.journal import SHARDS
from ledger.service import post_transaction, query_ledger
from shop import aws, ids, trace
from tests.support import dynamodb, gateway
from tests.support.lambda_context import FakeContext

START = datetime(2026, 11, 20, 23, 59, 58, tzinfo=UTC)
CLEARING = "1210:stripe:USD"


@pytest.fixture(autouse=True)
def stored(moto_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb.create("ledger", "balances")
    monkeypatch.setattr(on_transaction_posted, "balances", BalanceRepository())


def post(number: int, amount: int, at: datetime) -> None:
    captured = CapturedPayment.model_validate(
        {
            "payment_id": ids.derive("pay", str(number), region="use1"),
            "order_id": ids.derive("ord", str(number), region="use1"),
            "psp": "stripe",
            "amount": {"amount": amount, "currency": "USD"},
            "captured_at": "2026-11-20T00:00:00.000Z",
        }
    )
    post_transaction.post(
        post_transaction.capture(captured),
        cause_event_id=ids.derive("evt", str(number), region="use1"),
        journal=JournalRepository(),
        now=at,
        trace=trace.from_header(None),
    )


def messages(*events: Any) -> list[dict[str, Any]]:
    """As the consumer's queue brings them."""
    return [
        {"messageId": str(number), "body": json.dumps({"detail": event})}
        for number, event in enumerate(events)
    ]


def consume(*events: Any) -> list[str]:
    """The messages that failed, of one batch."""
    answer = on_transaction_posted.handler({"Records": messages(*events)}, FakeContext())
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def fold() -> None:
    """Bring every event of the ledger once."""
    assert consume(*dynamodb.outbox("ledger")) == []


def get(module: Any, path: str, scope: str = "finance:read", **kwargs: Any) -> gateway.Reply:
    return gateway.call(module.handler, gateway.event("GET", path, scope=scope, **kwargs))


def balance(account: str = CLEARING, **query: str) -> gateway.Reply:
    return get(
        get_balance,
        f"/ledger/accounts/{account}/balance",
        path_parameters={"account_id": account},
        query=query or None,
    )


@pytest.fixture
def books() -> None:
    """Four captures of 1, 2, 4 and 8 cents, one second apart, over midnight; folded."""
    for number in range(4):
        post(number, 2**number, START + timedelta(seconds=number))
    fold()


@pytest.mark.usefixtures("books")
def test_balances_are_the_fold_of_the_entries() -> None:
    assert balance().json | {"as_of": ""} == {
        "account_id": CLEARING,
        "posted": 15,
        "pending": 0,
        "currency": "USD",
        "version": 4,
        "as_of": "",
    }
    assert balance("2100:USD").json["posted"] == 15


@pytest.mark.usefixtures("books")
def test_a_fold_writes_one_row_per_account_and_day_beside_its_marker() -> None:
    rows = {(str(row["pk"]), str(row["sk"])): row for row in dynamodb.rows("balances")}
    kinds = {pk.partition("#")[0] for pk, _ in rows}
    assert kinds == {"FOLDED", "ACCOUNT", "ACCOUNTS"}
    days = ("DAY#2026-11-20", "DAY#2026-11-21")
    accounts = (CLEARING, "2100:USD")
    assert {key for key in rows if key[0].startswith("ACCOUNT#")} == {
        (f"ACCOUNT#{account}", day) for account in accounts for day in days
    }
    assert [rows[f"ACCOUNT#{CLEARING}", day]["debit"] for day in days] == [3, 12]


@pytest.mark.usefixtures("books")
def test_folding_all_again_changes_nothing() -> None:
    before = sorted(map(str, dynamodb.rows("balances")))
    fold()
    on_transaction_posted.balances = BalanceRepository()  # another process
    fold()
    assert sorted(map(str, dynamodb.rows("balances"))) == before


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize(
    ("at", "posted", "version"),
    [
        ("2026-11-20T23:59:57.999Z", 0, 0),
        ("2026-11-20T23:59:58.000Z", 1, 1),
        ("2026-11-20T23:59:59.999Z", 3, 2),
        ("2026-11-21T00:00:00.000Z", 7, 3),
        ("2026-11-21T01:00:00.000+01:00", 7, 3),
        ("2026-11-21T23:59:59.999Z", 15, 4),
        ("2026-11-22T00:00:00.000Z", 15, 4),
        ("2999-01-01T00:00:00.000Z", 15, 4),
    ],
)
def test_a_balance_can_be_read_as_it_was_recorded_at_any_time(
    at: str, posted: int, version: int
) -> None:
    found = balance(at=at)
    assert (found.status, found.json["posted"], found.json["version"]) == (200, posted, version)


@pytest.mark.usefixtures("books")
def test_entries_come_newest_first_over_the_days() -> None:
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = get(
            list_entries,
            f"/ledger/accounts/{CLEARING}/entries",
            path_parameters={"account_id": "1210%3Astripe%3AUSD"},
            query={"limit": "1"} | ({"cursor": cursor} if cursor else {}),
        )
        assert page.status == 200
        seen += [line["amount"]["amount"] for line in page.json["data"]]
        cursor = page.json["next_cursor"]
        assert all(line["order_id"].startswith("ord_") for line in page.json["data"])
        if cursor is None:
            break
    assert seen == [8, 4, 2, 1]


@pytest.mark.usefixtures("books")
def test_accounts_with_entries_are_listed() -> None:
    page = get(list_accounts, "/ledger/accounts")
    assert page.json == {
        "data": [
            {
                "account_id": CLEARING,
                "code": "1210",
                "name": "PSP clearing: stripe",
                "side": "debit",
                "currency": "USD",
            },
            {
                "account_id": "2100:USD",
                "code": "2100",
                "name": "Customer deposits",
                "side": "credit",
                "currency": "USD",
            },
        ],
        "next_cursor": None,
    }


@pytest.mark.usefixtures("books")
def test_a_transaction_is_shown_with_its_entries() -> None:
    id_ = str(dynamodb.rows("ledger")[0]["pk"]).removeprefix("TXN#")
    found = get(
        get_transaction,
        f"/ledger/transactions/{id_}",
        path_parameters={"transaction_id": id_},
    )
    assert found.status == 200
    assert found.json["transaction_id"] == id_
    assert [entry["account_id"] for entry in found.json["entries"]] == [CLEARING, "2100:USD"]
    assert found.json["order_id"].startswith("ord_")


def test_what_is_not_there_is_404() -> None:
    missing = get(
        get_transaction, "/ledger/transactions/txn_x", path_parameters={"transaction_id": "txn_x"}
    )
    assert [missing.status, balance().status, balance("9999:USD").status] == [404, 404, 404]


LONG = "x" * 3000


@pytest.mark.parametrize("id_", [None, "", "txn_x", LONG, ids.derive("ord", "1", region="use1")])
def test_what_is_no_id_of_a_transaction_is_404_before_anything_is_read(
    id_: str | None, calls: list[str]
) -> None:
    path = {} if id_ is None else {"transaction_id": id_}
    reply = get(get_transaction, f"/ledger/transactions/{id_}", path_parameters=path)
    assert (reply.status, calls) == (404, [])


@pytest.mark.parametrize("module", [get_balance, list_entries])
@pytest.mark.parametrize("id_", [None, "", LONG, f"1210:{LONG}:USD", "1210:%ff:USD", "%00"])
def test_what_the_chart_cannot_name_is_404_before_anything_is_read(
    module: Any, id_: str | None, calls: list[str]
) -> None:
    path = {} if id_ is None else {"account_id": id_}
    reply = get(module, f"/ledger/accounts/{id_}", path_parameters=path)
    assert (reply.status, calls) == (404, [])


@pytest.mark.parametrize(
    "query",
    [
        {"at": "yesterday"},
        {"at": "1700000000"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"until": "x"},
    ],
)
def test_a_bad_parameter_is_400(query: dict[str, str]) -> None:
    assert balance(**query).status == 400


@pytest.mark.parametrize("cursor", ["x", "e30", "W10"])
def test_a_bad_cursor_is_400(cursor: str) -> None:
    reply = get(list_accounts, "/ledger/accounts", query={"cursor": cursor})
    assert (reply.status, reply.json["errors"][0]["parameter"]) == (400, "cursor")


def test_customers_and_other_staff_do_not_see_the_books() -> None:
    for scope in ("shop:buy", "orders:read catalog:write"):
        assert get(list_accounts, "/ledger/accounts", scope=scope).status == 403


def test_an_event_that_tells_no_transaction_fails_alone_and_the_rest_is_folded() -> None:
    post(1, 5, START)
    assert consume({"id": "evt_bad"}, *dynamodb.outbox("ledger")) == ["0"]
    assert balance().json["posted"] == 5


def test_a_fault_of_the_table_fails_all_so_that_the_queue_brings_them_again() -> None:
    post(1, 5, START)
    post(2, 5, START)
    boto3.client("dynamodb").delete_table(TableName="balances")
    assert consume(*dynamodb.outbox("ledger")) == ["0", "1"]
    dynamodb.create("balances")
    fold()
    assert balance().json["posted"] == 10


def test_events_in_any_order_some_of_them_twice_fold_each_transaction_once() -> None:
    for number in range(30):
        post(number, 1, START + timedelta(days=number % 5))
    events = dynamodb.outbox("ledger")
    assert consume(*reversed(events[:20])) == []
    assert consume(*events[10:]) == []
    assert (balance().json["posted"], balance().json["version"]) == (30, 30)


def test_entries_of_all_shards_come_in_one_order_page_by_page() -> None:
    for number in range(25):
        post(number, 1, START + timedelta(seconds=number))
    fold()
    path = {"account_id": CLEARING}
    seen: list[str] = []
    query: dict[str, str] = {"limit": "7"}
    while True:
        reply = get(
            list_entries, f"/ledger/accounts/{CLEARING}/entries", path_parameters=path, query=query
        )
        seen += [entry["recorded_at"] for entry in reply.json["data"]]
        if not reply.json["next_cursor"]:
            break
        query["cursor"] = reply.json["next_cursor"]
    assert len(seen) == 25
    assert seen == sorted(seen, reverse=True)
    assert (
        len({row["account_day"][-1] for row in dynamodb.rows("ledger") if row["sk"] != "TXN"}) > 1
    )


def test_of_a_day_with_too_many_transactions_only_the_end_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(query_ledger, "MAX_TRANSACTIONS", 3)
    for number in range(4):
        post(number, 1, START.replace(hour=10) + timedelta(seconds=number))
    fold()
    reply = balance(at="2026-11-20T10:00:01.000Z")
    assert reply.status == 400
    assert reply.json["errors"][0]["code"] == "too_many_entries"
    assert balance(at="2026-11-20T23:59:59.999Z").json["posted"] == 4


@pytest.fixture
def calls() -> list[str]:
    """Every DynamoDB request that is sent from now on."""
    seen: list[str] = []
    aws.client("dynamodb").meta.events.register(
        "before-call.dynamodb", lambda model, **_: seen.append(model.name)
    )
    return seen


def test_posting_and_folding_cost_one_transaction_each(calls: list[str]) -> None:
    post(1, 5, START)
    assert calls == ["TransactWriteItems"]
    told = dynamodb.outbox("ledger")
    calls.clear()
    assert consume(*told) == []
    assert calls == ["TransactWriteItems"]


@pytest.mark.usefixtures("books")
def test_reading_costs_few_queries(calls: list[str]) -> None:
    balance()
    assert calls == ["Query"]
    calls.clear()
    balance(at="2026-11-21T00:00:00.000Z")
    assert calls == ["Query", "Query", *["Query"] * SHARDS]
    calls.clear()
    get(list_accounts, "/ledger/accounts")
    assert calls == ["Query"]
    calls.clear()
    path = {"account_id": CLEARING}
    get(list_entries, f"/ledger/accounts/{CLEARING}/entries", path_parameters=path)
    assert calls == ["Query", *["Query"] * 2 * SHARDS]  # the days, then each day
