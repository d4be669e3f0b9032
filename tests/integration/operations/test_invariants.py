"""The auditor over a shop: silent while all is well; each invariant broken by hand is reported."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from shop import ids
from tests.integration.operations.conftest import Audited
from tests.support.checkout_scenario import BEGINNING

SHELF = ("SKU#TEA", "LOC#use1-ewr")
MOVEMENTS = "MOV#TEA#use1-ewr"
Undo = Callable[[], object]


@dataclass
class Sale:
    """A shop in which one order was paid, and the ids of what it left."""

    audited: Audited
    order_id: str
    payment_id: str
    reservation_id: str
    transaction_id: str

    def changed(self, table: str, pk: str, sk: str, **values: Any) -> Undo:
        """Change a row by hand; returns what puts it back."""
        before = self.audited.row(table, pk, sk)
        self.audited.change(table, pk, sk, **values)
        return lambda: self.audited.put(table, before)

    def removed(self, table: str, pk: str, sk: str) -> Undo:
        row = self.audited.remove(table, pk, sk)
        return lambda: self.audited.put(table, row)

    def order(self, **values: Any) -> Undo:
        return self.changed("orders", f"ORDER#{self.order_id}", "ORDER", **values)

    def payment(self, **values: Any) -> Undo:
        return self.changed("payments", f"PAYMENT#{self.payment_id}", "PAYMENT", **values)

    def reservation(self, **values: Any) -> Undo:
        return self.changed("inventory", f"RSV#{self.reservation_id}", "RSV", **values)

    def shelf(self, **values: Any) -> Undo:
        return self.changed("inventory", *SHELF, **values)

    def entry(self, **values: Any) -> Undo:
        return self.changed("ledger", f"TXN#{self.transaction_id}", "ENTRY#1", **values)

    def movement(self) -> str:
        """The id of the movement that the sale made."""
        rows = self.audited.rows("inventory", MOVEMENTS)
        return str(next(row["sk"] for row in rows if row.get("order_id") == self.order_id))

    def event(self, type_: str) -> tuple[str, str]:
        """The key of an event in the order's timeline."""
        pk = f"ORDER#{self.order_id}"
        (found,) = [
            str(row["sk"])
            for row in self.audited.rows("orders", pk)
            if json.loads(str(row.get("event", "{}"))).get("type") == type_
        ]
        return pk, found


@pytest.fixture(scope="module")
def sale(shared: Audited) -> Sale:
    """After some sales, all of them in order."""
    shared.run()
    shared.sell("another-order", "TEA")
    answer = shared.sell("the-order", "TEA")
    shared.until(lambda _: False)
    assert shared.violated == {}
    order_id = answer["order_id"]
    order = shared.row("orders", f"ORDER#{order_id}", "ORDER")
    (posted,) = [
        row["pk"]
        for row in shared.table("ledger")
        if row["sk"] == "TXN" and row["order_id"] == order_id
    ]
    return Sale(
        shared,
        order_id,
        order["payment_id"],
        ids.derive("rsv", order_id, region="use1"),
        posted.removeprefix("TXN#"),
    )


def test_a_shop_that_sells_is_in_order(sale: Sale) -> None:
    assert sale.audited.told() == []
    assert {each["holds"] for each in sale.audited.report()["invariants"].values()} == {True}


def _second_capture(sale: Sale) -> Undo:
    """Another payment took the money once more."""
    other = "pay_use1_00000000000000000000000002"
    row = sale.audited.row("payments", f"PAYMENT#{sale.payment_id}", "PAYMENT")
    row.pop("outbox")
    sale.audited.put("payments", {**row, "pk": f"PAYMENT#{other}", "payment_id": other})
    return lambda: sale.audited.put(
        "payments", {**row, "pk": f"PAYMENT#{other}", "payment_id": other, "status": "pending"}
    )


def _second_posting(sale: Sale) -> Undo:
    """The capture stands in the ledger twice, under another id."""
    pk = "TXN#txn_use1_00000000000000000000000002"
    rows = sale.audited.rows("ledger", f"TXN#{sale.transaction_id}")
    for row in rows:
        row.pop("outbox", None)
        sale.audited.put("ledger", {**row, "pk": pk})
    return lambda: [sale.audited.remove("ledger", pk, row["sk"]) for row in rows]


def _lost_posting(sale: Sale) -> Undo:
    undo = [
        sale.removed("ledger", f"TXN#{sale.transaction_id}", row["sk"])
        for row in sale.audited.rows("ledger", f"TXN#{sale.transaction_id}")
    ]
    return lambda: [each() for each in undo]


def _stray_movement(sale: Sale) -> Undo:
    id_ = "mov_use1_00000000000000000000000009"
    sale.audited.put("inventory", {"pk": MOVEMENTS, "sk": id_, "quantity": 3})
    return lambda: sale.audited.remove("inventory", MOVEMENTS, id_)


def _other_event(sale: Sale) -> Undo:
    """The row of an event holds another one."""
    key = sale.event("order.paid")
    envelope = json.loads(sale.audited.row("orders", *key)["event"])
    changed = json.dumps({**envelope, "id": "evt_use1_00000000000000000000000009"})
    return sale.changed("orders", *key, event=changed)


def _old_event(sale: Sale) -> Undo:
    """A row carries the event of a version before, as after a write that did not take it away."""
    row = sale.audited.row("orders", f"ORDER#{sale.order_id}", "ORDER")
    return sale.order(version=row["version"] + 1)


def _stray_marker(sale: Sale) -> Undo:
    pk = "FOLDED#txn_use1_00000000000000000000000003"
    sale.audited.put("balances", {"pk": pk, "sk": "FOLDED"})
    return lambda: sale.audited.remove("balances", pk, "FOLDED")


Break = Callable[[Sale], Undo]
ORDER, PAYMENT, POSTING = "order_id", "payment_id", "transaction_id"
TEA = "TEA@use1-ewr"
DAY = f"{BEGINNING:%Y-%m-%d}"
# What is broken by hand, the invariant that it breaks, and the subject that is named.
BROKEN: list[tuple[str, str, str, Break]] = [
    ("I1", "an entry is another amount", POSTING, lambda s: s.entry(amount=999)),
    ("I1", "an entry is in another currency", POSTING, lambda s: s.entry(currency="EUR")),
    (
        "I1",
        "an entry is lost",
        POSTING,
        lambda s: s.removed("ledger", f"TXN#{s.transaction_id}", "ENTRY#2"),
    ),
    (
        "I1",
        "a header is lost",
        POSTING,
        lambda s: s.removed("ledger", f"TXN#{s.transaction_id}", "TXN"),
    ),
    ("I2", "units appear", TEA, lambda s: s.shelf(on_hand=200, available=200)),
    ("I2", "more is reserved than there is", TEA, lambda s: s.shelf(reserved=99, available=-5)),
    ("I2", "units are reserved for nobody", TEA, lambda s: s.shelf(reserved=1, available=93)),
    ("I2", "a shelf is gone", TEA, lambda s: s.removed("inventory", *SHELF)),
    ("I2", "a movement is lost", TEA, lambda s: s.removed("inventory", MOVEMENTS, s.movement())),
    (
        "I2",
        "a movement is changed",
        TEA,
        lambda s: s.changed("inventory", MOVEMENTS, s.movement(), quantity=-1),
    ),
    ("I2", "a movement moves nothing", TEA, _stray_movement),
    ("I3", "a second payment is captured", ORDER, _second_capture),
    ("I3", "another amount is captured", PAYMENT, lambda s: s.payment(amount=1)),
    ("I3", "it was never authorised", PAYMENT, lambda s: s.payment(psp_reference=None)),
    (
        "I3",
        "the order is gone",
        PAYMENT,
        lambda s: s.removed("orders", f"ORDER#{s.order_id}", "ORDER"),
    ),
    ("I4", "paid, but not captured", ORDER, lambda s: s.payment(status="voided")),
    ("I4", "captured, but not paid", PAYMENT, lambda s: s.order(status="placed")),
    (
        "I4",
        "paid by a payment that is gone",
        ORDER,
        lambda s: s.removed("payments", f"PAYMENT#{s.payment_id}", "PAYMENT"),
    ),
    (
        "I4",
        "captured, but posted for another payment",
        PAYMENT,
        lambda s: s.changed(
            "ledger",
            f"TXN#{s.transaction_id}",
            "TXN",
            payment_id="pay_use1_00000000000000000000000009",
        ),
    ),
    ("I4", "posted twice", PAYMENT, _second_posting),
    ("I5", "a hold outlives its order", ORDER, lambda s: s.reservation(status="held")),
    ("I5", "paid, but not sold", ORDER, lambda s: s.reservation(status="released")),
    ("I5", "cancelled, but sold", ORDER, lambda s: s.order(status="cancelled")),
    (
        "I5",
        "the reservation is gone",
        ORDER,
        lambda s: s.removed("inventory", f"RSV#{s.reservation_id}", "RSV"),
    ),
    ("I5", "money is held for ever", PAYMENT, lambda s: s.payment(status="authorized")),
    (
        "I6",
        "an event is gone",
        ORDER,
        lambda s: s.removed("orders", *s.event("order.paid")),
    ),
    ("I6", "an event's row holds another", ORDER, _other_event),
    ("I6", "a row carries an old event", ORDER, _old_event),
    ("I6", "a change has no event", ORDER, lambda s: s.order(status="rejected")),
    (
        "I6",
        "a posting is not in the balances",
        POSTING,
        lambda s: s.removed("balances", f"FOLDED#{s.transaction_id}", "FOLDED"),
    ),
    ("I6", "a posting is gone", POSTING, _lost_posting),
    ("I6", "what was never posted is folded", "txn_use1_00000000000000000000000003", _stray_marker),
    (
        "I6",
        "a balance is not the fold",
        f"2100:USD#{DAY}",
        lambda s: s.changed("balances", "ACCOUNT#2100:USD", f"DAY#{DAY}", credit=1),
    ),
]


@pytest.mark.parametrize(
    ("invariant", "subject", "break_it"),
    [(i, s, b) for i, _, s, b in BROKEN],
    ids=[f"{i} {what}" for i, what, _, _ in BROKEN],
)
def test_what_is_broken_by_hand_is_reported_and_its_healing_too(
    sale: Sale, invariant: str, subject: str, break_it: Break
) -> None:
    audited = sale.audited
    named = getattr(sale, subject, subject)
    before = len(audited.told())
    undo = break_it(sale)
    audited.until(lambda now: any(each.endswith(named) for each in now.violated.get(invariant, ())))
    found = audited.violated
    assert any(each.endswith(named) for each in found[invariant]), found
    told = audited.told()[before:]
    assert {each["type"] for each in told} == {"invariant.violated"}
    assert {(each["data"]["invariant"], each["data"]["subject_id"]) for each in told} == {
        (name, each) for name, subjects in found.items() for each in subjects
    }
    undo()
    audited.until(lambda now: not now.violated)
    assert audited.violated == {}
    resolved = [each for each in audited.told()[before:] if each["type"] == "invariant.resolved"]
    assert {each["subject"] for each in resolved} == {each["subject"] for each in told}
