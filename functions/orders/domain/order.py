"""Order rules: what an order is, which changes are legal, and when someone must look after it.

Pure Python: no AWS, no clock, no randomness; callers pass `now` and ids in. Each rule takes an
order and returns the next one, its `version` one higher: that is also the sequence of its event.

    pending -> placed -> paid
       |          +----> cancelled   (on request, expired, declined, abandoned)
       +-------> rejected            (price, stock, abandoned)
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

# A running request is left alone for longer than any handler or execution may take. Payments have
# the same rules of time under the same names.
RECOVER_AFTER = timedelta(seconds=60)
# What stands unfinished for longer is undone: money, stock, order.
ABANDON_AFTER = timedelta(minutes=15)
# A placed order ends with its reservation; this is the sweeper's time and the queue's.
EXPIRY_GRACE = timedelta(minutes=3)
# Card networks keep an uncaptured authorisation for about seven days.
CAPTURE_WITHIN = timedelta(days=6)
STUCK_AFTER = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(minutes=16)


class Status(StrEnum):
    """Where an order stands."""

    PENDING = "pending"
    PLACED = "placed"
    PAID = "paid"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class Kind(StrEnum):
    """The route that made it; it decides which step gives the first answer."""

    ORDER = "order"
    CHECKOUT = "checkout"


class Requester(StrEnum):
    """Who wants an order cancelled: the reason of an order that was cancelled on request."""

    CUSTOMER = "customer"
    STAFF = "staff"


class AwaitingState(StrEnum):
    """What an order that a payment has waits for, when no machine is at work on it."""

    CUSTOMER_ACTION = "action"  # the customer: 3-D Secure
    CAPTURE = "capture"  # the shop: a payment with manual capture


_AWAITING = {"requires_action": AwaitingState.CUSTOMER_ACTION, "authorized": AwaitingState.CAPTURE}
_UNDONE = frozenset({"declined", "voided"})


@dataclass(frozen=True, slots=True)
class Line:
    """What is bought; priced when the order is placed. Amounts in the order's currency."""

    sku: str
    quantity: int
    product_id: str = ""
    title: str = ""
    unit_price: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units of the order's currency."""

    subtotal: int
    shipping: int
    tax: int
    total: int


@dataclass(frozen=True, slots=True)
class ShipTo:
    """As much of the address as prices and stock need: no personal data."""

    country: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """The reserved stock."""

    reservation_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """An order without its address, which no rule needs."""

    order_id: str
    customer_id: str
    kind: Kind
    currency: str
    lines: tuple[Line, ...]
    ship_to: ShipTo
    created_at: datetime
    updated_at: datetime
    status: Status = Status.PENDING
    version: int = 1
    totals: Totals | None = None
    reservation: Reservation | None = None
    payment_id: str | None = None
    payment_attached_at: datetime | None = None
    awaiting: AwaitingState | None = None
    reason: str | None = None  # why it was cancelled or rejected
    refund_due: tuple[str, ...] = ()  # payments that took money which this order cannot keep
    refunded: tuple[str, ...] = ()  # those of them whose money has gone back
    stuck: bool = False  # `checkout.stuck` was reported
    next_attempt_at: datetime | None = None  # when the recovery job looks at it next; None: never
    abandon_at: datetime | None = None  # from then on it is undone instead of resumed
    attempts: int = 0
    cancellation_requested_by: Requester | None = (
        None  # who wants it cancelled, until it has come to its end
    )
    placed_at: datetime | None = None

    @property
    def total(self) -> int:
        """What is to be paid; LookupError before the order was placed."""
        if self.totals is None:
            raise LookupError("not priced yet")
        return self.totals.total


@dataclass(frozen=True, slots=True)
class NotPayable:
    """Why a payment may not have the order; `code` is a problem code."""

    code: str
    detail: str


def create(
    *,
    order_id: str,
    customer_id: str,
    kind: Kind,
    currency: str,
    lines: tuple[Line, ...],
    ship_to: ShipTo,
    now: datetime,
) -> Order:
    """A pending order: it is not shown to anyone before it was placed."""
    return Order(
        order_id, customer_id, kind, currency, lines, ship_to, created_at=now, updated_at=now,
        next_attempt_at=now + RECOVER_AFTER, abandon_at=now + ABANDON_AFTER,
    )  # fmt: skip


def placed(
    order: Order,
    *,
    lines: tuple[Line, ...],
    totals: Totals,
    reservation: Reservation,
    now: datetime,
) -> Order:
    """Priced and reserved. ValueError if the sums are not right: then nothing may be stored."""
    _expect(order, Status.PENDING)
    if any(line.total != line.unit_price * line.quantity for line in lines):
        raise ValueError("a line's total is unit price times quantity")
    if sum(line.total for line in lines) != totals.subtotal:
        raise ValueError("the subtotal is the sum of the lines")
    if totals.subtotal + totals.shipping + totals.tax != totals.total:
        raise ValueError("the total is subtotal, shipping and tax")
    abandon_at = reservation.expires_at + EXPIRY_GRACE
    # A checkout goes on to its payment at once; an order waits for one until its reservation ends.
    due = now + RECOVER_AFTER if order.kind is Kind.CHECKOUT else abandon_at
    return _next(
        order, now, status=Status.PLACED, lines=lines, totals=totals, reservation=reservation,
        next_attempt_at=due, abandon_at=abandon_at, attempts=0, placed_at=now,
    )  # fmt: skip


def answers_its_request(order: Order) -> bool:
    """Whether the order itself is the answer to its request: of POST /orders, once it is placed."""
    return order.kind is Kind.ORDER and order.placed_at is not None


def as_placed(order: Order) -> Order:
    """What is shown of an order, as it was when it was placed; LookupError before that.

    Lines, totals and reservation never change after it.
    """
    if order.placed_at is None:
        raise LookupError("not placed yet")
    return replace(
        order, status=Status.PLACED, updated_at=order.placed_at, payment_id=None, reason=None
    )


def rejected(order: Order, reason: str, *, now: datetime) -> Order:
    """Not placed, for good."""
    _expect(order, Status.PENDING)
    return _ended(order, now, status=Status.REJECTED, reason=reason)


def payment_attached(order: Order, payment_id: str, *, now: datetime) -> Order:
    """Belongs to this payment until it is paid or cancelled; expiry cannot cancel it any more."""
    _expect(order, Status.PLACED)
    return _next(
        order, now, payment_id=payment_id, payment_attached_at=now,
        next_attempt_at=now + RECOVER_AFTER, abandon_at=now + ABANDON_AFTER, attempts=0,
    )  # fmt: skip


def why_not_payable(order: Order | None, customer_id: str, payment_id: str) -> NotPayable | None:
    """Why this payment may not have the order; None if it may, or has it already."""
    if order is None or order.customer_id != customer_id or order.status is Status.PENDING:
        return NotPayable("not_found", "There is no such order.")
    if order.payment_id == payment_id and order.status in {Status.PLACED, Status.PAID}:
        return None
    if order.status is not Status.PLACED:
        return NotPayable("order_not_payable", f"The order is {order.status}.")
    if order.cancellation_requested_by is not None:
        return NotPayable("order_not_payable", "The order is being cancelled.")
    if order.payment_id is not None:
        return NotPayable("payment_in_progress", "Another payment of this order is under way.")
    return None


def may_pay(order: Order, payment_id: str) -> bool:
    """Whether money that this payment took is the order's."""
    return order.status is Status.PLACED and order.payment_id in {None, payment_id}


def paid(order: Order, payment_id: str, *, now: datetime) -> Order:
    """The money is there."""
    if not may_pay(order, payment_id):
        raise ValueError("this payment does not own the order")
    return _ended(order, now, status=Status.PAID, payment_id=payment_id)


def mark_refund_due(order: Order, payment_id: str, *, now: datetime) -> Order:
    """A payment took money for an order that is closed: keep that visible until someone acts."""
    return _next(
        order, now, refund_due=(*order.refund_due, payment_id), next_attempt_at=now,
        abandon_at=None, attempts=0, stuck=True,
    )  # fmt: skip


def refund_made(order: Order, payment_id: str, *, now: datetime) -> Order:
    """The money has gone back; the same order if none was due for this payment.

    With the last of them nobody has to look after an order that has ended.
    """
    if payment_id not in order.refund_due:
        return order
    due = tuple(each for each in order.refund_due if each != payment_id)
    refunded = (*order.refunded, payment_id)
    if due:
        return _next(order, now, refund_due=due, refunded=refunded)
    is_open = order.status in {Status.PENDING, Status.PLACED}
    return _next(
        order, now, refund_due=(), refunded=refunded, attempts=0,
        next_attempt_at=now + RECOVER_AFTER if is_open else None,
        abandon_at=now + ABANDON_AFTER if is_open else None,
    )  # fmt: skip


def waiting(order: Order, what: AwaitingState, *, now: datetime) -> Order:
    """Leave it alone until the customer or the shop acts, or the time for that is over."""
    until = now + (ABANDON_AFTER if what is AwaitingState.CUSTOMER_ACTION else CAPTURE_WITHIN)
    return _next(order, now, awaiting=what, next_attempt_at=until, abandon_at=until, attempts=0)


def request_cancellation(order: Order, by: Requester, *, now: datetime) -> Order:
    """Keep the wish, so that whoever comes next carries it out; the first wish stands.

    No payment gets the order any more. One that has it is undone by the machine, unless its money
    has been taken by then.
    """
    if order.status is not Status.PLACED or order.cancellation_requested_by is not None:
        return order
    return _next(
        order, now, cancellation_requested_by=by, next_attempt_at=now + RECOVER_AFTER, attempts=0
    )


def is_cancelled_on_request(order: Order) -> bool:
    """Whether it ended as someone wished."""
    return order.status is Status.CANCELLED and order.reason in set(Requester)


def cancelled(order: Order, reason: str, *, now: datetime) -> Order:
    """Placed, then undone: by request if there was one, whatever else came first."""
    _expect(order, Status.PLACED)
    why = (
        reason if order.cancellation_requested_by is None else order.cancellation_requested_by.value
    )
    return _ended(order, now, status=Status.CANCELLED, reason=why)


def finalized(
    order: Order, outcome: str, payment_id: str | None, reason: str, *, now: datetime
) -> Order:
    """What a payment's outcome makes of an order; the same order if it changes nothing.

    `outcome` is the payment step's. A payment that does not own the order changes it only by having
    taken money. Without a payment (`payment_id` None) the order is given up.
    """
    if payment_id is None:
        return abandon(order, reason, now=now)
    if outcome == "captured":
        return _captured(order, payment_id, now=now)
    if order.status is not Status.PLACED or order.payment_id != payment_id:
        return order
    if outcome in _AWAITING:
        stays = order.awaiting is _AWAITING[outcome] or order.cancellation_requested_by is not None
        return order if stays else waiting(order, _AWAITING[outcome], now=now)
    return cancelled(order, reason, now=now) if outcome in _UNDONE else order


def abandon(order: Order, reason: str, *, now: datetime) -> Order:
    """End an overdue order that no payment has; one that went on meanwhile is left alone.

    This comes before its stock is freed: what a payment has, and so is sold, it had before, and
    then it is not ended here; after it no payment gets the order.
    """
    if order.payment_id is not None or not is_overdue(order, now=now):
        return order
    end = rejected if order.status is Status.PENDING else cancelled
    return end(order, reason, now=now)


def _captured(order: Order, payment_id: str, *, now: datetime) -> Order:
    if may_pay(order, payment_id):
        return paid(order, payment_id, now=now)
    paid_before = (order.status, order.payment_id) == (Status.PAID, payment_id)
    if paid_before or payment_id in (*order.refund_due, *order.refunded):
        return order
    return mark_refund_due(order, payment_id, now=now)


def may_expire(order: Order) -> bool:
    """Only an order that no payment has ends with its reservation; the machine ends the others."""
    return order.status is Status.PLACED and order.payment_id is None


def is_overdue(order: Order, *, now: datetime) -> bool:
    """Whether to undo it instead of going on."""
    if order.cancellation_requested_by is not None:
        return True
    return order.abandon_at is not None and order.abandon_at <= now


def is_stuck(order: Order, *, now: datetime) -> bool:
    """Whether a payment under way takes so long that people should know (reported once)."""
    at_work = order.payment_attached_at is not None and order.awaiting is None
    late = order.payment_attached_at is not None and order.payment_attached_at + STUCK_AFTER <= now
    return order.status is Status.PLACED and at_work and late and not order.stuck


def schedule_retry(order: Order, *, now: datetime) -> Order:
    """The recovery job takes it; it comes back after a pause that doubles. Never gives up."""
    pause = min(RECOVER_AFTER * 2 ** min(order.attempts, 8), LONGEST_PAUSE)
    stuck = order.stuck or is_stuck(order, now=now)
    return _next(
        order,
        order.updated_at,
        next_attempt_at=now + pause,
        attempts=order.attempts + 1,
        stuck=stuck,
    )


def bump_version(order: Order) -> Order:
    """The same order at a new version: its first answer was written down late."""
    return _next(order, order.updated_at)


def _expect(order: Order, status: Status) -> None:
    if order.status is not status:
        raise ValueError(f"order is {order.status}, not {status}")


def _next(order: Order, now: datetime, **changes: object) -> Order:
    return replace(order, version=order.version + 1, updated_at=now, **changes)  # type: ignore[arg-type]


def _ended(order: Order, now: datetime, **changes: object) -> Order:
    return _next(
        order, now, next_attempt_at=None, abandon_at=None, attempts=0, awaiting=None,
        cancellation_requested_by=None, **changes,
    )  # fmt: skip
