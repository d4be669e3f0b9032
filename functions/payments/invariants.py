"""What always holds of payments, and between a payment, its order and the ledger."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shop.facts import CapturePosted, EventExpected, OrderState, PaymentState, RefundPosted
from shop.invariants import Fact, Facts, Found, Invariants, Row, RowType, Rule, Subject, derived

OPEN = frozenset({"pending"})
AUTHORIZED = frozenset({"authorized", "requires_action", "unknown"})
FINAL = frozenset({"captured", "failed", "voided"})
TOLD = frozenset({"authorized", "captured", "failed", "voided"})
CAPTURED = "payment.captured"
# An event's sequence is the version that its row had then. A payment changes less often than this
# after the ledger was told of its capture.
VERSIONS = 12


@dataclass(frozen=True, slots=True)
class Unauthorized(Fact):
    """A payment, by its id, that was captured without a reference or an amount."""


def captures_are_authorized(facts: Facts) -> Found:
    """I3: only authorised money is captured."""
    for payment in facts.each(Unauthorized):
        yield payment.key, "captured without an authorisation"


def captures_are_their_orders(facts: Facts) -> Found:
    """I3: an order has one live capture at most, of its total."""
    live: defaultdict[str, list[str]] = defaultdict(list)
    for payment in _captured(facts):
        order = facts.one(OrderState, payment.order_id)
        if order is None:
            yield payment.key, "captured for an order that does not exist"
        elif payment.key not in order.owed:
            live[payment.order_id].append(payment.key)
            if payment.amount != order.total:
                yield payment.key, "captured another amount than the order's total"
    for order_id, payments in live.items():
        if len(payments) > 1:
            yield order_id, f"{len(payments)} live captures: {', '.join(sorted(payments))}"


def captures_are_accounted_for(facts: Facts) -> Found:
    """I4: money that was taken is the order's, or is known to be owed back."""
    for payment in _captured(facts):
        order = facts.one(OrderState, payment.order_id)
        own = order is not None and order.is_paid and order.payment_id == payment.key
        if not own and (order is None or payment.key not in order.owed):
            yield payment.key, "captured, but its order is not paid"


def captures_are_posted_once(facts: Facts) -> Found:
    """I4: the ledger shows a capture once, and nothing that is none."""
    for payment in facts.each(PaymentState):
        postings = len(facts.of(CapturePosted, payment.key))
        if postings != int(payment.is_captured):
            yield payment.key, f"{payment.status}, but posted {postings} times"


def refunds_are_posted_once(facts: Facts) -> Found:
    """I4: the ledger shows a refund once, and nothing that is none."""
    for payment in facts.each(PaymentState):
        postings = len(facts.of(RefundPosted, payment.key))
        if postings != int(payment.is_refunded):
            yield payment.key, f"refunded {int(payment.is_refunded)} times, posted {postings} times"


def refunds_were_owed(facts: Facts) -> Found:
    """I4: money is given back only where its order could not keep it."""
    for payment in facts.each(PaymentState):
        order = facts.one(OrderState, payment.order_id)
        if payment.is_refunded and order is not None and payment.key not in order.owed:
            yield payment.key, "refunded, but not owed"


def no_authorization_outlives_its_order(facts: Facts) -> Found:
    """I5: nothing is held at the provider for an order that is final."""
    for payment in facts.each(PaymentState):
        order = facts.one(OrderState, payment.order_id)
        if payment.is_authorized and order is not None and order.is_final:
            yield payment.key, f"{payment.status}, but its order is {order.status}"


def _captured(facts: Facts) -> Iterator[PaymentState]:
    return (payment for payment in facts.each(PaymentState) if payment.is_captured)


def _payment(id_: str, row: Row) -> Iterator[Fact]:
    status, amount = row["status"], int(row.get("amount") or 0)
    yield PaymentState(
        id_,
        order_id=str(row["order_id"]),
        status=status,
        is_captured=status == "captured",
        is_authorized=status in AUTHORIZED,
        amount=(amount, str(row.get("currency"))),
        is_refunded="refunded_at" in row,
    )
    if status == "captured" and (not row.get("psp_reference") or amount <= 0):
        yield Unauthorized(id_)
    if status in TOLD and not _is_of_no_order(row):
        yield EventExpected(id_, f"payment.{status}")


def _is_of_no_order(row: Row) -> bool:
    """Its customer has no such order, so nobody was told."""
    return row.get("problem_code") == "not_found" and not row.get("psp_reference")


def _leads(id_: str, payment: Row | None, _rows: Sequence[Row]) -> Iterator[str]:
    """Every event that may have told of its capture."""
    last = VERSIONS if payment is None else int(payment["version"])
    for version in range(max(1, last - VERSIONS + 1), last + 1):
        for event_id in derived("evt", id_, CAPTURED, str(version)):
            yield f"event:{event_id}"


INVARIANTS = Invariants(
    streams=("payments",),
    always=("I3",),
    rows=(
        RowType(
            table="payments",
            pk="PAYMENT",
            sk="PAYMENT",
            about="payment",
            reads=(
                "status",
                "order_id",
                "amount",
                "currency",
                "psp_reference",
                "problem_code",
                "refunded_at",
                "version",
            ),
            facts=_payment,
            statuses=OPEN | AUTHORIZED | FINAL,
            counts="version",
        ),
        RowType(
            table="payments",
            pk="WEBHOOK",
            sk="WEBHOOK",
            unchecked="A notice of the provider, kept for 30 days: it decides nothing by itself.",
        ),
    ),
    subjects=(
        Subject(
            name="payment",
            table="payments",
            pk="PAYMENT",
            sk="PAYMENT",
            part_of={"order": "order_id"},
            leads=_leads,
        ),
    ),
    rules=(
        Rule("I3", captures_are_authorized),
        Rule("I3", captures_are_their_orders),
        Rule("I4", captures_are_accounted_for),
        Rule("I4", captures_are_posted_once),
        Rule("I4", refunds_are_posted_once, whole=True),
        Rule("I4", refunds_were_owed),
        Rule("I5", no_authorization_outlives_its_order),
    ),
)
