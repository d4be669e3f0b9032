"""What must be true of the tables when everything has come to its end."""

from collections import Counter, defaultdict
from typing import Any

from tests.support import dynamodb
from tests.support.checkout_scenario import CheckoutScenario

FINAL_ORDERS = {"paid", "cancelled", "rejected"}
FINAL_PAYMENTS = {"captured", "failed", "voided"}


def at_rest(shop: CheckoutScenario) -> None:
    """I1 to I6 for orders without refunds; call it after `shop.settle()`."""
    assert shop.undelivered == []
    orders, payments = _of(shop, "orders", "ORDER"), _of(shop, "payments", "PAYMENT")
    assert {row["status"] for row in orders} <= FINAL_ORDERS
    assert {row["status"] for row in payments} <= FINAL_PAYMENTS
    assert [row for row in orders if "next_attempt_at" in row or "refund_due" in row] == []
    _ledger_balances()
    _stock_adds_up(orders)
    _money_is_where_it_belongs(shop, orders, payments)
    _events_are_one_per_change(shop)


def _of(shop: CheckoutScenario, table: str, sort_key: str) -> list[dict[str, Any]]:
    return [row for row in dynamodb.rows(table) if row["sk"] == sort_key]


def _ledger_balances() -> None:
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in dynamodb.rows("ledger"):
        if str(row["sk"]).startswith("ENTRY#"):
            sign = 1 if row["side"] == "debit" else -1
            sums[str(row["pk"]), str(row["currency"])] += sign * int(str(row["amount"]))
    assert not any(sums.values())


def _stock_adds_up(orders: list[dict[str, Any]]) -> None:
    moved: dict[str, int] = defaultdict(int)
    for row in dynamodb.rows("inventory"):
        if str(row["pk"]).startswith("MOV#"):
            moved[str(row["pk"]).split("#", 1)[1]] += int(str(row["quantity"]))
    for row in dynamodb.rows("inventory"):
        if str(row["sk"]).startswith("LOC#"):
            sku, location = str(row["pk"])[4:], str(row["sk"])[4:]
            on_hand, reserved = int(str(row["on_hand"])), int(str(row["reserved"]))
            assert on_hand == moved[f"{sku}#{location}"]
            assert on_hand == int(str(row["available"])) + reserved
            assert reserved == 0, "a hold outlived its order"
    paid = {row["order_id"] for row in orders if row["status"] == "paid"}
    held = {r["order_id"] for r in dynamodb.rows("inventory") if r.get("status") == "committed"}
    assert held == paid


def _money_is_where_it_belongs(
    shop: CheckoutScenario, orders: list[dict[str, Any]], payments: list[dict[str, Any]]
) -> None:
    captured = {str(row["payment_id"]) for row in payments if row["status"] == "captured"}
    paid = {str(row["payment_id"]): int(row["total"]) for row in orders if row["status"] == "paid"}
    books = list(shop.psp.books.values())
    assert all(book.held == 0 for book in books), "an authorisation outlived its order"
    taken = Counter({book.payment_id: 0 for book in books})
    for book in books:
        taken[book.payment_id] += book.captured
    posted = {
        str(event["data"]["payment_id"]): event["data"]["amount"]["amount"]
        for event in shop.events("payment.captured")
    }
    assert set(paid) == captured
    assert {key: amount for key, amount in taken.items() if amount} == paid == posted
    transactions = shop.events("ledger.transaction_posted")
    assert len(transactions) == len(paid)


def _events_are_one_per_change(shop: CheckoutScenario) -> None:
    events = shop.events()
    assert len({event["id"] for event in events}) == len(events)
    places = Counter((event["subject"], event["sequence"]) for event in events)
    assert set(places.values()) <= {1}, "two events claim one place"
