"""The invariants of the checkout, I1 to I6, from the tables alone.

Pure functions over rows. I1 to I3 hold at every moment. I4 to I6 hold once all queues are empty and
no request is running: while there is work under way they may name what is only late. A rule says
nothing about what is not in the books, so each holds over a few rows as over all of them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from operations.domain.books import Books, Event, Row, id_of, read, refunds_due, summed
from shop import ids

FINAL = {"paid", "cancelled", "rejected"}
HOLDING = {"held", "committing"}
AT_THE_PROVIDER = {"authorized", "requires_action", "unknown"}
PAYMENT_NEWS = ("authorized", "captured", "failed", "voided")
RESERVATION_NEWS = ("committed", "released", "expired")


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One thing that is not as it must be."""

    invariant: str
    subject: str
    detail: str


Found = Iterator[tuple[str, str]]
Rule = Callable[[Books], Found]


def check(tables: Mapping[str, Iterable[Row]]) -> dict[str, list[Violation]]:
    """Violations by invariant, of whole tables; an empty list is an invariant that holds."""
    books = summed(read(tables))
    return {
        name: sorted({Violation(name, *found) for rule in rules for found in rule(books)})
        for name, rules in RULES.items()
    }


def violations(books: Books) -> list[Violation]:
    """Of these books; a row that no rule can read is a violation of what the rule is for."""
    found = set()
    for name, rules in RULES.items():
        for rule in rules:
            try:
                found |= {Violation(name, *each) for each in rule(books)}
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                found.add(Violation(name, "", f"a row cannot be read: {type(error).__name__}"))
    return sorted(found)


def ledger_balances(books: Books) -> Found:
    """I1: debits equal credits in every ledger transaction and currency."""
    for id_ in books.transactions.keys() | books.entries.keys():
        entries = books.entries.get(id_, [])
        saldo: Counter[str] = Counter()
        for entry in entries:
            sign = 1 if entry["side"] == "debit" else -1
            saldo[str(entry["currency"])] += sign * int(entry["amount"])
        if id_ not in books.transactions or not entries:
            yield id_, "header or entries are missing"
        if any(saldo.values()):
            yield id_, f"debits and credits differ: {dict(saldo)}"


def stock_adds_up(books: Books) -> Found:
    """I2: on_hand is the sum of movements; 0 <= reserved <= on_hand; reserved is what is held."""
    for key in books.stock.keys() | books.movements.keys():
        row = books.stock.get(key, {})
        on_hand, reserved, available = (
            int(row.get(name, 0)) for name in ("on_hand", "reserved", "available")
        )
        where = "@".join(key)
        if on_hand != books.movements[key]:
            yield where, f"on_hand {on_hand}, movements {books.movements[key]}"
        if not 0 <= reserved <= on_hand or available != on_hand - reserved:
            yield where, f"on_hand {on_hand}, reserved {reserved}, available {available}"
        if key not in books.moving and reserved != books.held[key]:
            yield where, f"reserved {reserved}, held by reservations {books.held[key]}"


def captures_are_covered(books: Books) -> Found:
    """I3: only authorised money is captured; an order has at most one live capture."""
    live: defaultdict[str, list[str]] = defaultdict(list)
    for id_, payment in books.payments.items():
        if payment["status"] != "captured":
            continue
        order = books.orders.get(str(payment["order_id"]))
        if not payment.get("psp_reference") or int(payment.get("amount") or 0) <= 0:
            yield id_, "captured without an authorisation"
        if order is None:
            yield id_, "captured for an order that does not exist"
        elif id_ not in refunds_due(order):
            live[str(payment["order_id"])].append(id_)
            yield from _same_amount(id_, payment, order)
    for order_id, payments in live.items():
        if len(payments) > 1:
            yield order_id, f"{len(payments)} live captures: {', '.join(sorted(payments))}"


def paid_means_captured_and_posted(books: Books) -> Found:
    """I4: an order is paid if and only if the PSP has captured and the ledger shows it."""
    for id_, order in books.orders.items():
        payment = books.payments.get(str(order.get("payment_id")))
        if order["status"] == "paid" and (payment is None or payment["status"] != "captured"):
            yield id_, "paid, but its payment is not captured"
    for id_, payment in books.payments.items():
        yield from _posted_once(id_, payment, books)
        order_of = books.orders.get(str(payment["order_id"]))
        if payment["status"] == "captured" and not _accounted(order_of, id_):
            yield id_, "captured, but its order is not paid"
    for id_, header in books.transactions.items():
        captured = header["template"] == "payment_captured"
        if captured and header.get("payment_id") not in books.payments:
            yield id_, "posted for a payment that does not exist"


def nothing_outlives_its_order(books: Books) -> Found:
    """I5: no reservation, hold or authorisation outlives its order's final state."""
    for order_id, reservation in books.reservations.items():
        order = books.orders.get(order_id)
        status, state = reservation["status"], order["status"] if order else "missing"
        if status in HOLDING | {"restocking"} and (state in FINAL or order is None):
            yield order_id, f"{state}, but its reservation is {status}"
        if status == "committed" and state in ("cancelled", "rejected", "missing"):
            yield order_id, f"{state}, but its stock is sold"
    for id_, order in books.orders.items():
        reservation = books.reservations.get(id_, {})
        if order["status"] == "paid" and reservation.get("status") != "committed":
            yield id_, f"paid, but its reservation is {reservation.get('status', 'missing')}"
    for id_, payment in books.payments.items():
        order = books.orders.get(str(payment["order_id"]))
        if payment["status"] in AT_THE_PROVIDER and order and order["status"] in FINAL:
            yield id_, f"{payment['status']}, but its order is {order['status']}"


def each_change_has_one_event(books: Books) -> Found:
    """I6: every committed change has one event id, and was told; what it caused is there once.

    A timeline keeps what came by the bus: an event that is not in it never got there.
    """
    yield from _event_ids(books)
    told = {(event["type"], event["subject"]) for _, event in books.told}
    told |= {
        (event["type"], event["subject"])
        for row, event in books.carried
        if row["sk"] == "TXN"  # in no timeline, but the row keeps it for ever; the fold heard it
    }
    for type_, subject in _expected_events(books):
        if (type_, subject) not in told:
            yield subject, f"no event {type_}"
    causes = Counter((h["cause_event_id"], h["template"]) for h in books.transactions.values())
    for (cause, template), count in causes.items():
        if count > 1:
            yield str(cause), f"posted {count} times as {template}"


def postings_are_folded(books: Books) -> Found:
    """I6: every posted transaction is in the balances, and nothing else is."""
    for id_ in books.transactions.keys() ^ books.folded:
        yield id_, "folded, but not posted" if id_ in books.folded else "posted, but not folded"


def balances_are_folds(books: Books) -> Found:
    """I6: the balances are the fold of the entries, each once."""
    for account in books.folds.keys() | books.totals.keys():
        row, fold = books.totals.get(account, {}), books.folds.get(account, (0, 0))
        stored = (int(row.get("debit", 0)), int(row.get("credit", 0)))
        if stored != fold:
            yield account, f"balance {stored}, entries {fold}"


RULES: Mapping[str, tuple[Rule, ...]] = {
    "I1": (ledger_balances,),
    "I2": (stock_adds_up,),
    "I3": (captures_are_covered,),
    "I4": (paid_means_captured_and_posted,),
    "I5": (nothing_outlives_its_order,),
    "I6": (each_change_has_one_event, postings_are_folded, balances_are_folds),
}


def _has_own_id(event: Event) -> bool:
    """Whether its id is the one that its cause gives (shop.events)."""
    subject = str(event["subject"])
    cause = (subject, str(event["type"]), str(event["sequence"]))
    try:
        region = ids.region_of(subject)
    except ValueError:
        return True  # Not about anything of ours: no id is derived from that.
    return bool(event["id"] == ids.derive("evt", *cause, region=region))


def _event_ids(books: Books) -> Found:
    """An event's id is that of its change, wherever it is kept, and a change has one."""
    yield from _misplaced(books)
    seen: defaultdict[tuple[str, str, int], set[str]] = defaultdict(set)
    for _, event in [*books.told, *books.carried]:
        seen[event["subject"], event["type"], int(event["sequence"])].add(event["id"])
        if not _has_own_id(event):
            yield event["subject"], f"the event {event['id']} has not the id of its change"
    for (subject, type_, sequence), found in seen.items():
        if len(found) > 1:
            yield subject, f"{len(found)} events {type_} with sequence {sequence}"


def _misplaced(books: Books) -> Found:
    """A timeline's row is named for its event; another row carries only that of its own change."""
    for key, event in books.told:
        if key != event["id"]:
            yield key, f"holds the event {event['id']}"
    for row, event in books.carried:
        number = int(row.get("version", row.get("sequence", 1)))
        if (event["subject"], event["sequence"]) != (id_of(row), number):
            yield id_of(row), f"carries the event {event['id']}, of another change"


def _expected_events(books: Books) -> Iterator[tuple[str, str]]:
    for id_, order in books.orders.items():
        if order["status"] != "pending":
            yield f"order.{order['status']}", id_
    for id_, payment in books.payments.items():
        if payment["status"] in PAYMENT_NEWS:
            yield f"payment.{payment['status']}", id_
    for reservation in books.reservations.values():
        # Sequence 0 is a tombstone: it says that there will be none, and nobody needs to know.
        if reservation["status"] in RESERVATION_NEWS and int(reservation.get("sequence", 0)):
            yield f"inventory.{reservation['status']}", id_of(reservation)
    for id_ in books.transactions:
        yield "ledger.transaction_posted", id_


def _posted_once(id_: str, payment: Row, books: Books) -> Found:
    postings = books.postings_of(id_)
    if len(postings) != int(payment["status"] == "captured"):
        yield id_, f"{payment['status']}, but posted {len(postings)} times"
    captured = {str(payment.get("currency")): int(payment.get("amount") or 0)}
    for header in postings:
        transaction_id = str(header["pk"]).removeprefix("TXN#")
        posted: Counter[str] = Counter()
        for entry in books.entries.get(transaction_id, []):
            if entry["side"] == "debit":
                posted[str(entry["currency"])] += int(entry["amount"])
        if posted != captured:
            yield transaction_id, f"posted {dict(posted)}, captured {captured}"


def _same_amount(id_: str, payment: Row, order: Row) -> Found:
    asked = (order.get("total"), order.get("currency"))
    if (payment.get("amount"), payment.get("currency")) != asked:
        yield id_, "captured another amount than the order's total"


def _accounted(order: Row | None, payment_id: str) -> bool:
    """Whether money that was taken is the order's, or is known to be owed back."""
    if order is None:
        return False
    own = order["status"] == "paid" and order.get("payment_id") == payment_id
    return own or payment_id in refunds_due(order)
