"""Whether money, stock, events and answers are right: from tables, ledger and the provider's books.

The invariants are those that the services declare, as in the operator's own check. What only an
outsider can know is added: what the provider holds and took, and what clients were told.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from operations.domain import invariants
from operations.repository.registry import declared
from orders.invariants import FINAL
from payments.domain.payment import PspState
from tests.faults.environment import FaultEnvironment, Sent
from tests.support import dynamodb
from tests.support.checkout_scenario import ADDRESS
from tests.support.personal import in_tables, traces
from tests.support.psp import GOOD

Row = dict[str, Any]
# Of the customers of all journeys. Shorter ones stand in other words, too.
PERSONAL = traces(
    [value for value in ADDRESS.values() if len(value) > 5]
    + [GOOD, "ada@example.com", "Phone of Ada"]
)
_LIVE = (PspState.AUTHORIZED, PspState.REQUIRES_ACTION)
_FINAL = {"orders": FINAL, "payments": {"captured", "failed", "voided"}}


def at_any_time(world: FaultEnvironment) -> list[str]:
    """What holds while work is under way, too."""
    found = invariants.check(declared(), _tables())
    return [
        f"{name} {each.subject}: {each.detail}"
        for name in sorted(declared().always)
        for each in found[name]
    ]


def at_rest(world: FaultEnvironment) -> list[str]:
    """Everything, when everything has come to its end."""
    found = invariants.check(declared(), _tables())
    broken = [
        f"{name} {each.subject}: {each.detail}" for name, those in found.items() for each in those
    ]
    orders, payments = _rows("orders", "ORDER"), _rows("payments", "PAYMENT")
    return [
        *broken,
        *_unfinished(orders, payments),
        *_books(world, orders, payments),
        *_told(world, orders, payments),
        *(f"I6 parked: {each}" for each in world.shop.stack.parked()),
        *(f"M1 {each}" for each in world.mistakes),
        *_timelines(world),
        *_erasures(),
        *(f"P1 personal data in {table}, {name}" for table, name in set(in_tables(PERSONAL))),
    ]


def _tables() -> dict[str, list[Row]]:
    return {name: dynamodb.rows(name) for name in declared().tables}


def _rows(table: str, sort_key: str) -> dict[str, Row]:
    return {
        str(row["pk"]).partition("#")[2]: row
        for row in dynamodb.rows(table)
        if row["sk"] == sort_key
    }


def _unfinished(orders: dict[str, Row], payments: dict[str, Row]) -> Iterator[str]:
    for kind, rows in (("orders", orders), ("payments", payments)):
        for id_, row in rows.items():
            if row["status"] not in _FINAL[kind]:
                yield f"I5 {id_}: still {row['status']}"
            if row.get("next_attempt_at") or row.get("refund_due"):
                yield f"I5 {id_}: somebody still has to look after it"


def _books(
    world: FaultEnvironment, orders: dict[str, Row], payments: dict[str, Row]
) -> Iterator[str]:
    """The provider's books against ours."""
    psp, taken = world.shop.psp, Counter[str]()
    for book in psp.books.values():
        taken[book.payment_id] += book.captured - book.refunded
        if not 0 <= book.refunded <= book.captured <= book.authorized:
            yield f"I3 {book.reference}: the provider captured more than it authorised"
        if book.held or book.state in _LIVE:
            yield f"I5 {book.reference}: the provider still holds {book.held} ({book.state})"
    for (call, subject), keys in psp.keys.items():
        if len(keys) > 1 and call != "cancel":  # To let go twice is to let go.
            yield f"I3 {subject}: the provider was asked to {call} under several keys"
    of_order: Counter[str] = Counter()
    for payment_id, amount in taken.items():
        of_order[str(payments.get(payment_id, {}).get("order_id"))] += amount
    kept = {id_: row for id_, row in payments.items() if "refunded_at" not in row}
    yield from _owed(taken, kept, "captured", "amount")
    yield from _owed(of_order, orders, "paid", "total")


def _owed(taken: Counter[str], rows: dict[str, Row], status: str, amount: str) -> Iterator[str]:
    for id_ in taken.keys() | rows.keys():
        row = rows.get(id_, {"status": "missing"})
        if taken[id_] != (int(row[amount]) if row["status"] == status else 0):
            yield f"I4 {id_}: {row['status']}, but the provider took {taken[id_]}"


def _told(
    world: FaultEnvironment, orders: dict[str, Row], payments: dict[str, Row]
) -> Iterator[str]:
    """What clients were told is so, and is one thing for one key."""
    for sent in world.sent:
        found = {reply.json[sent.same] for reply in sent.finals if sent.same and reply.status < 300}
        if len(found) > 1:
            yield f"A1 {sent.name}: {len(found)} different {sent.same} for one request"
        if not sent.keyed:
            continue
        if len(sent.answers) > 1:
            statuses = sorted(reply.status for reply in sent.finals)
            yield f"A1 {sent.name}: different answers for one key, {statuses}"
        for reply in sent.finals[:1]:
            yield from _kept(sent, json.loads(reply.text or "{}"), reply.status, orders, payments)


def _kept(
    sent: Sent, body: Row, status: int, orders: dict[str, Row], payments: dict[str, Row]
) -> Iterator[str]:
    order = orders.get(str(body.get("order", body).get("order_id")))
    payment_id = str(body.get("payment", body).get("payment_id"))
    payment = payments.get(payment_id)
    told = body.get("payment", body).get("status")
    if status < 300 and order is None and "order_id" in body.get("order", body):
        yield f"A2 {sent.name}: {status} for an order that is not there"
    state = body.get("order", body).get("status")
    if status < 300 and order and state in FINAL and order["status"] != state:
        yield f"A2 {sent.name}: told that the order is {state}, it is {order['status']}"
    if status < 300 and told == "captured" and (payment or {}).get("status") != "captured":
        yield f"A2 {sent.name}: told that {payment_id} is captured, which it is not"
    if status >= 400 and payment is not None and payment["status"] == "captured":
        yield f"A2 {sent.name}: told {status} for a payment that took the money"


def _erasures() -> Iterator[str]:
    """Who wants to be erased is, or has thought again."""
    for id_, row in _rows("identity", "ERASURE").items():
        if row["status"] not in {"erased", "withdrawn"}:
            yield f"E1 {id_}: still {row['status']}"


def _timelines(world: FaultEnvironment) -> Iterator[str]:
    """Each event about an order was heard, once."""
    rows = (str(row["sk"]) for row in dynamodb.rows("orders"))
    heard = Counter(sk.rpartition("#")[2] for sk in rows if sk.startswith("EVENT#"))
    for event in world.shop.events():
        told = event["type"].startswith(("order.", "payment.", "inventory."))
        if told and heard[event["id"]] != 1:
            yield f"I6 {event['subject']}: {event['type']} was heard {heard[event['id']]} times"
