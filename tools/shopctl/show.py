"""One order, one transaction or one account, as the tables have it."""

import json
from collections.abc import Iterator
from typing import Any

from shop import ids
from tools.shopctl import rows, services
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.rows import Row
from tools.shopctl.target import Target

NEWEST = 20
_ORDER_FIELDS = (
    "order_id", "status", "customer_id", "currency", "subtotal", "shipping", "tax", "total",
    "payment_id", "awaiting", "reason", "refund_due", "refunded", "cancellation_requested_by",
    "created_at", "updated_at", "next_attempt_at",
)  # fmt: skip
_PAYMENT_FIELDS = (
    "payment_id", "status", "psp", "psp_reference", "amount", "currency", "decline_code",
    "problem_code", "captured_at", "updated_at", "next_attempt_at",
)  # fmt: skip
_RESERVATION_FIELDS = ("status", "lines", "held_until", "updated_at")
# Kept as JSON in one attribute, and shown as what they are.
_DOCUMENTS = ("lines", "refund_due", "refunded")


def order(target: Target, order_id: str) -> dict[str, Any]:
    """An order with its lines, timeline, payment, reservation and postings. No address is shown."""
    found = rows.query(target, "orders", f"ORDER#{order_id}")
    row = next((each for each in found if each["sk"] == "ORDER"), None)
    if row is None:
        raise Failed(f"There is no order {order_id}.")
    timeline = [_event(each) for each in found if each["sk"].startswith("EVENT#")]
    payment = None
    if row.get("payment_id"):
        payment = _first(target, "payments", f"PAYMENT#{row['payment_id']}")
    reservation_id = ids.derive("rsv", order_id, region=ids.region_of(order_id))
    reservation = _first(target, "inventory", f"RSV#{reservation_id}")
    captured = [each["event_id"] for each in timeline if each["type"] == "payment.captured"]
    posted = [ids.derive("txn", each, "payment_captured", region=_home(each)) for each in captured]
    return {
        "order": _some(row, _ORDER_FIELDS),
        "lines": [*_lines(row)],
        "timeline": timeline,
        "payment": payment and _some(payment, _PAYMENT_FIELDS),
        "reservation": reservation
        and {"reservation_id": reservation_id, **_some(reservation, _RESERVATION_FIELDS)},
        "transactions": [transaction(target, each) for each in posted if _is_there(target, each)],
    }


def orders(target: Target, customer_id: str) -> dict[str, Any]:
    """A customer's newest orders."""
    if not ids.is_id("usr", customer_id):
        raise Unusable(f"'{customer_id}' is no user's id, like usr_…: `shopctl staff show` has it.")
    with rows.reachable(target):
        found = target.client("dynamodb").query(
            TableName=target.table("orders"),
            IndexName="by_customer",
            KeyConditionExpression="customer_id = :customer",
            ExpressionAttributeValues={":customer": {"S": customer_id}},
            ScanIndexForward=False,
            Limit=NEWEST,
        )
    fields = ("order_id", "status", "total", "currency", "created_at")
    lines = [rows.plain(item) for item in found["Items"]]
    shown = [{"order_id": row["pk"].removeprefix("ORDER#"), **_some(row, fields)} for row in lines]
    return {"customer_id": customer_id, "newest_orders": shown}


def ledger(target: Target, id_: str) -> dict[str, Any]:
    """A transaction (`txn_…`) or an account (`2100:USD`)."""
    return transaction(target, id_) if ids.is_id("txn", id_) else account(target, id_)


def transaction(target: Target, transaction_id: str) -> dict[str, Any]:
    """A transaction with its entries."""
    found = rows.query(target, "ledger", f"TXN#{transaction_id}")
    header = next((each for each in found if each["sk"] == "TXN"), None)
    if header is None:
        raise Failed(f"There is no transaction {transaction_id}.")
    fields = ("template", "cause_event_id", "order_id", "payment_id", "effective_at", "recorded_at")
    return {
        "transaction_id": transaction_id,
        **_some(header, fields),
        "entries": [
            _some(each, ("account", "side", "amount", "currency"))
            for each in found
            if each is not header
        ],
    }


def account(target: Target, account_id: str) -> dict[str, Any]:
    """An account's sums and its newest entries."""
    found = rows.query(target, "balances", f"ACCOUNT#{account_id}")
    if not found:
        raise Failed(f"The account {account_id} has no entries.")
    days = sorted((each["sk"].removeprefix("DAY#") for each in found), reverse=True)
    return {
        "account_id": account_id,
        **{name: sum(each[name] for each in found) for name in ("debit", "credit", "version")},
        "folded_at": max(each["folded_at"] for each in found),
        "newest_entries": _entries(target, account_id, days),
    }


def _entries(target: Target, account_id: str, days: list[str]) -> list[dict[str, Any]]:
    with services.at(target, "ledger"):
        from ledger.repository.journal import JournalRepository

        journal, found = JournalRepository(), list[Any]()
        for day in days:
            left = NEWEST - len(found)
            found += journal.entries(account_id, day, before=None, limit=left) if left else []
        return [
            {
                "transaction_id": line.transaction_id,
                "side": line.entry.side,
                **line.entry.amount.to_dict(),
                "order_id": line.references.get("order_id", ""),
            }
            for line in found
        ]


def _lines(row: Row) -> Iterator[Row]:
    """What is bought; what it costs is known once the order was placed."""
    for line in json.loads(row["lines"]):
        yield _some(line, ("sku", "title", "quantity")) | (
            {**_some(line, ("unit_price", "total")), "currency": row["currency"]}
            if "total" in row
            else {}
        )


def _event(row: Row) -> dict[str, Any]:
    event = json.loads(row["event"])
    return {
        "occurred_at": event["occurred_at"],
        "type": event["type"],
        "event_id": event["id"],
        "subject": event["subject"],
        "sequence": event["sequence"],
    }


def _first(target: Target, table: str, pk: str) -> Row | None:
    found = rows.query(target, table, pk)
    return found[0] if found else None


def _is_there(target: Target, transaction_id: str) -> bool:
    return bool(rows.query(target, "ledger", f"TXN#{transaction_id}"))


def _home(id_: str) -> str:
    return ids.region_of(id_)


def _some(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: json.loads(row[name]) if name in _DOCUMENTS else row[name]
        for name in names
        if name in row
    }
