"""A small platform at rest in which every invariant holds, as plain rows per table."""

import json
from typing import Any

Rows = dict[str, list[dict[str, Any]]]
AT = "2026-11-22T10:00:00.000Z"


def envelope(type_: str, subject: str, sequence: int = 1, **data: Any) -> dict[str, Any]:
    """An event."""
    id_ = f"evt_{type_}_{subject}_{sequence}"
    return {
        "id": id_,
        "type": type_,
        "occurred_at": AT,
        "subject": subject,
        "sequence": sequence,
        "data": data,
    }


def event(order_id: str, type_: str, subject: str, sequence: int = 1) -> dict[str, Any]:
    """An event in an order's timeline."""
    told = envelope(type_, subject, sequence)
    sk = f"EVENT#{AT}#{told['id']}"
    return {"pk": f"ORDER#{order_id}", "sk": sk, "event": json.dumps(told)}


def order(id_: str, status: str, payment_id: str | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "pk": f"ORDER#{id_}",
        "sk": "ORDER",
        "status": status,
        "total": 500,
        "currency": "USD",
        "updated_at": AT,
    }
    return row | ({"payment_id": payment_id} if payment_id else {})


def payment(id_: str, order_id: str, status: str) -> dict[str, Any]:
    return {
        "pk": f"PAYMENT#{id_}",
        "sk": "PAYMENT",
        "order_id": order_id,
        "status": status,
        "amount": 500,
        "currency": "USD",
        "psp_reference": f"pi_{id_}",
        "updated_at": AT,
    }


def reservation(order_id: str, status: str) -> dict[str, Any]:
    return {
        "pk": f"RSV#rsv_{order_id}",
        "sk": "RSV",
        "order_id": order_id,
        "status": status,
        "lines": '[{"sku":"TEA","location":"ewr","quantity":2}]',
        "sequence": 1,
        "updated_at": AT,
    }


def entry(txn: str, number: int, account: str, side: str, amount: int = 500) -> dict[str, Any]:
    return {
        "pk": f"TXN#{txn}",
        "sk": f"ENTRY#{number}",
        "account": account,
        "side": side,
        "amount": amount,
        "currency": "USD",
    }


def healthy() -> Rows:
    """One order paid, one placed and waiting, one cancelled after a decline."""
    posted = json.dumps([envelope("ledger.transaction_posted", "txn_1", transaction_id="txn_1")])
    return {
        "orders": [
            order("paid", "paid", "pay_1"),
            order("placed", "placed"),
            order("cancelled", "cancelled", "pay_2"),
            event("paid", "order.paid", "paid"),
            event("paid", "payment.captured", "pay_1"),
            event("paid", "inventory.committed", "rsv_paid"),
            event("placed", "order.placed", "placed"),
            event("cancelled", "order.cancelled", "cancelled"),
            event("cancelled", "payment.failed", "pay_2"),
            event("cancelled", "inventory.released", "rsv_cancelled"),
        ],
        "payments": [
            payment("pay_1", "paid", "captured"),
            payment("pay_2", "cancelled", "failed"),
        ],
        "inventory": [
            {"pk": "SKU#TEA", "sk": "LOC#ewr", "on_hand": 8, "reserved": 2, "available": 6},
            {"pk": "MOV#TEA#ewr", "sk": "mov_1", "quantity": 10},
            {"pk": "MOV#TEA#ewr", "sk": "mov_2", "quantity": -2},
            reservation("paid", "committed"),
            reservation("placed", "held"),
            reservation("cancelled", "released"),
        ],
        "ledger": [
            {
                "pk": "TXN#txn_1",
                "sk": "TXN",
                "template": "payment_captured",
                "cause_event_id": "evt_1",
                "payment_id": "pay_1",
                "outbox": posted,
            },
            entry("txn_1", 1, "1210:stripe:USD", "debit"),
            entry("txn_1", 2, "2100:USD", "credit"),
        ],
        "balances": [
            {"pk": "ACCOUNT#1210:stripe:USD", "sk": "DAY#2026-11-21", "debit": 200, "credit": 0},
            {"pk": "ACCOUNT#1210:stripe:USD", "sk": "DAY#2026-11-22", "debit": 300, "credit": 0},
            {"pk": "ACCOUNT#2100:USD", "sk": "DAY#2026-11-22", "debit": 0, "credit": 500},
            {"pk": "FOLDED#txn_1", "sk": "FOLDED"},
        ],
    }


def change(rows: Rows, table: str, pk: str, sk: str = "", **values: Any) -> None:
    """Break one row; of an order, not one of its timeline."""
    sk = sk or ("ORDER" if table == "orders" else "")
    (row,) = [each for each in rows[table] if each["pk"] == pk and each["sk"].startswith(sk)]
    row.update(values)


def drop(rows: Rows, table: str, pk: str, sk: str = "") -> None:
    """Lose the rows of a partition, or those whose sort key ends with `sk`."""
    kept = [each for each in rows[table] if each["pk"] != pk or not each["sk"].endswith(sk)]
    assert len(kept) < len(rows[table])
    rows[table] = kept
