"""Each rule is broken once and found; a platform at rest breaks none."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from operations.domain import invariants
from operations.domain.invariants import Violation, violations
from operations.repository.registry import declared
from tests.unit.operations import world
from tests.unit.operations.world import Rows, change, drop, healthy

Break = Callable[[Rows], object]


def check(rows: Rows) -> dict[str, list[Violation]]:
    return invariants.check(declared(), rows)


def violated(rows: Rows) -> set[str]:
    """Names of the invariants that do not hold."""
    return {name for name, found in check(rows).items() if found}


def test_a_platform_at_rest_breaks_nothing() -> None:
    names = [*(f"I{n}" for n in range(1, 7)), *(f"U{n}" for n in range(1, 7))]
    assert check(healthy()) == {name: [] for name in names}


def test_an_empty_platform_breaks_nothing() -> None:
    assert violated({}) == set()


def test_numbers_as_dynamodb_reads_them_are_the_same() -> None:
    rows = {
        table: [
            {k: Decimal(v) if isinstance(v, int) else v for k, v in row.items()} for row in found
        ]
        for table, found in healthy().items()
    }
    assert violated(rows) == set()


def _add(table: str, *more: dict[str, object]) -> Break:
    return lambda rows: rows[table].extend(more)


def _renamed(row: dict[str, Any]) -> dict[str, Any]:
    """The same change told once more, under another id."""
    told = json.loads(row["event"]) | {"id": "evt_other"}
    return row | {"sk": f"EVENT#{world.AT}#evt_other", "event": json.dumps(told)}


def _carried(subject: str, sequence: int) -> str:
    return json.dumps([world.envelope("order.paid", subject, sequence)])


def _tell_nobody(rows: Rows) -> None:
    drop(rows, "orders", "ORDER#paid", "order.paid_paid_1")
    change(rows, "orders", "ORDER#paid", outbox=_carried("paid", 1))


BROKEN: list[tuple[str, str, Break]] = [
    ("I1", "an entry is wrong", lambda r: change(r, "ledger", "TXN#txn_1", "ENTRY#2", amount=499)),
    ("I1", "an entry is lost", lambda r: r["ledger"].pop()),
    ("I1", "a header is lost", lambda r: r["ledger"].pop(0)),
    (
        "I1",
        "currencies are mixed",
        lambda r: change(r, "ledger", "TXN#txn_1", "ENTRY#2", currency="EUR"),
    ),
    ("I2", "a movement is lost", lambda r: r["inventory"].pop(1)),
    ("I2", "oversold", lambda r: change(r, "inventory", "SKU#TEA", reserved=9, available=-1)),
    ("I2", "units vanish", lambda r: change(r, "inventory", "SKU#TEA", available=5)),
    (
        "I2",
        "reserved for nobody",
        lambda r: change(r, "inventory", "SKU#TEA", reserved=3, available=5),
    ),
    ("I3", "two captures", _add("payments", world.payment("pay_3", "paid", "captured"))),
    ("I3", "another amount", lambda r: change(r, "payments", "PAYMENT#pay_1", amount=501)),
    ("I3", "never authorised", lambda r: change(r, "payments", "PAYMENT#pay_1", psp_reference="")),
    ("I3", "no order", lambda r: drop(r, "orders", "ORDER#paid")),
    ("I4", "paid by nothing", lambda r: drop(r, "payments", "PAYMENT#pay_1")),
    ("I4", "paid, not taken", lambda r: change(r, "payments", "PAYMENT#pay_1", status="voided")),
    ("I4", "taken, not paid", lambda r: change(r, "orders", "ORDER#paid", status="placed")),
    ("I4", "taken, not posted", lambda r: drop(r, "ledger", "TXN#txn_1")),
    (
        "I4",
        "posted twice",
        _add(
            "ledger",
            {
                "pk": "TXN#txn_2",
                "sk": "TXN",
                "template": "payment_captured",
                "cause_event_id": "evt_2",
                "payment_id": "pay_1",
            },
        ),
    ),
    ("I5", "held for ever", lambda r: change(r, "inventory", "RSV#rsv_cancelled", status="held")),
    ("I5", "sold to nobody", lambda r: change(r, "orders", "ORDER#paid", status="cancelled")),
    ("I5", "not sold", lambda r: change(r, "inventory", "RSV#rsv_paid", status="released")),
    ("I5", "no order", lambda r: drop(r, "orders", "ORDER#placed")),
    (
        "I5",
        "money held for ever",
        lambda r: change(r, "payments", "PAYMENT#pay_2", status="authorized"),
    ),
    ("I6", "an event is missing", lambda r: drop(r, "orders", "ORDER#paid", "order.paid_paid_1")),
    (
        "I6",
        "two events for one change",
        lambda r: r["orders"].append(_renamed(world.event("paid", "order.paid", "paid"))),
    ),
    (
        "I6",
        "a timeline's row holds another event",
        lambda r: change(
            r,
            "orders",
            "ORDER#paid",
            f"EVENT#{world.AT}#evt_order",
            event=json.dumps(world.envelope("order.paid", "paid", 2)),
        ),
    ),
    (
        "I6",
        "an event is carried, but was not told",
        _tell_nobody,
    ),
    (
        "I6",
        "a row carries another's",
        lambda r: change(r, "orders", "ORDER#paid", outbox=_carried("x", 1)),
    ),
    (
        "I6",
        "a row carries an event of an older version",
        lambda r: change(r, "orders", "ORDER#paid", version=3, outbox=_carried("paid", 2)),
    ),
    ("I6", "not folded", lambda r: drop(r, "balances", "FOLDED#txn_1")),
    (
        "I6",
        "folded twice",
        lambda r: change(r, "balances", "ACCOUNT#2100:USD", credit=1000),
    ),
    (
        "I6",
        "a row of a kind that no rule looks at",
        _add("payments", {"pk": "PAYOUT#1", "sk": "PAYOUT"}),
    ),
    (
        "I6",
        "a sort key that no rule looks at",
        _add("orders", {"pk": "ORDER#paid", "sk": "NOTE"}),
    ),
    (
        "I6",
        "a status that no rule knows",
        lambda r: change(r, "payments", "PAYMENT#pay_2", status="disputed"),
    ),
    ("I6", "folded, not posted", _add("balances", {"pk": "FOLDED#txn_9", "sk": "FOLDED"})),
    (
        "I6",
        "one event posted twice",
        _add(
            "ledger",
            {
                "pk": "TXN#txn_2",
                "sk": "TXN",
                "template": "payment_captured",
                "cause_event_id": "evt_1",
            },
        ),
    ),
]


@pytest.mark.parametrize(
    ("name", "break_it"), [(n, b) for n, _, b in BROKEN], ids=[f"{n} {w}" for n, w, _ in BROKEN]
)
def test_what_is_broken_is_found(name: str, break_it: Break) -> None:
    rows = healthy()
    break_it(rows)
    assert name in violated(rows)


def test_money_that_is_known_to_be_owed_back_is_no_live_capture() -> None:
    rows = healthy()
    rows["payments"] += [
        world.payment("pay_3", "paid", "captured"),
    ]
    rows["orders"].append(world.event("paid", "payment.captured", "pay_3"))
    change(rows, "orders", "ORDER#paid", refund_due='["pay_3"]')
    assert violated(rows) == {"I4"}  # it is still not posted


def test_a_row_may_carry_the_event_of_its_newest_change() -> None:
    rows = healthy()
    change(rows, "orders", "ORDER#paid", version=1, outbox=_carried("paid", 1))
    assert violated(rows) == set()


def test_a_commit_in_several_pieces_is_no_violation_of_the_stock() -> None:
    rows = healthy()
    change(rows, "inventory", "RSV#rsv_placed", status="committing")
    assert "I2" not in violated(rows)


def test_a_row_that_cannot_be_read_violates_what_its_rule_is_for() -> None:
    rows = healthy()
    change(rows, "ledger", "TXN#txn_1", "ENTRY#2", amount="much")
    found = violations(declared(), rows)
    assert ("I1", "a row cannot be read: ValueError") in {(v.invariant, v.detail) for v in found}
    assert "I3" not in {v.invariant for v in found}
