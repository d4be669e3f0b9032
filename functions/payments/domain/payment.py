"""Payment rules: what a payment is, and what each answer of a provider makes of it.

Pure: no AWS, no clock, no randomness; callers pass times in as text. A provider's own words are
translated by its client into a `ProviderPayment`; only `apply_provider_state` lets one change a
payment. What a provider does not say clearly makes it `unknown`: never paid, never failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from shop import clock, ids
from shop.checkout import CaptureMethod
from shop.idempotency import LEASE, StoredResponse
from shop.money import Money

# Rules of time; orders have the same under the same names. An execution is left alone for longer
# than it may take, so that recovery finds only what nobody works on.
RECOVER_AFTER = timedelta(seconds=60)
ABANDON_AFTER = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(minutes=5)


class Status(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    UNKNOWN = "unknown"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    VOIDED = "voided"


FINAL = frozenset({Status.CAPTURED, Status.FAILED, Status.VOIDED})
_UNCONFIRMED = frozenset({Status.PENDING, Status.REQUIRES_ACTION, Status.UNKNOWN})
METHOD_INVALID = "payment_method_invalid"
DECLINED = "payment_declined"
CLOSED = "order_closed"
NO_ORDER = "not_found"

CARD_DECLINED = "card_declined"
# What a bank says that helps an honest customer. Whatever else it says is for staff: that a card is
# known as stolen would tell the thief so.
TOLD_TO_CUSTOMERS = frozenset(
    {
        "authentication_required", "card_not_supported", "card_velocity_exceeded",
        "currency_not_supported", "expired_card", "incorrect_address", "incorrect_cvc",
        "incorrect_number", "incorrect_zip", "insufficient_funds", "invalid_cvc",
        "invalid_expiry_month", "invalid_expiry_year", "invalid_number", "issuer_not_available",
        "payment_intent_authentication_failure", "processing_error", "try_again_later",
        "withdrawal_count_limit_exceeded",
    }
)  # fmt: skip


class PspState(StrEnum):
    """What a provider says about its side of a payment, in our words."""

    CREATED = "created"  # it knows the payment and waits for our confirmation
    REQUIRES_ACTION = "requires_action"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """One look at the provider's books. `next_action` is for the customer's eyes, and with it
    somebody else could go on: it is shown, and never stored.
    """

    reference: str
    state: PspState
    amount: Money
    decline_code: str | None = None
    next_action: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ProviderRejection:
    """The provider will not take the payment as it was asked for: it holds nothing, for good.

    `code` is its reason; `of_method` says that the payment method alone is to blame.
    """

    code: str
    of_method: bool = True


class PaymentConflict(Exception):
    """The provider's books, the row and the request do not speak of the same payment: a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment of one order. `amount` is unknown until the order is its own."""

    payment_id: str
    order_id: str
    customer_id: str
    created_at: str
    updated_at: str
    status: Status = Status.PENDING
    capture_method: CaptureMethod = "automatic"
    # What the customer pays with and where they come back to, sealed (shop.payer_details). Gone
    # once neither is needed any more: the provider has the one, and the payment is confirmed.
    personal: bytes | None = field(default=None, repr=False)
    amount: Money | None = None
    psp: str = "stripe"
    attempt_id: str = ""
    psp_reference: str | None = None
    next_action: str | None = None  # its type; what the customer needs for it, the provider knows
    decline_code: str | None = None  # the provider's word for why; for staff
    problem_code: str | None = None  # ours, from the catalogue of problems
    captured_at: str | None = None
    refunded_at: str | None = None  # all of it; its status stays as it was
    next_attempt_at: str | None = None
    version: int = 1
    answer: StoredResponse | None = field(default=None, repr=False)
    fingerprint: str = ""
    lease_owner: str = ""
    lease_until: str = ""
    trace: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> Money:
        """The amount of a payment that has its order."""
        if self.amount is None:
            raise PaymentConflict("the payment has no amount yet")
        return self.amount

    @property
    def customer_decline_code(self) -> str | None:
        """Why it was declined, as far as its customer is told."""
        if self.problem_code != DECLINED or self.decline_code is None:
            return None
        return self.decline_code if self.decline_code in TOLD_TO_CUSTOMERS else CARD_DECLINED

    @property
    def is_of_no_order(self) -> bool:
        """Ended because its customer has no such order: it never had anything to do with one."""
        return self.problem_code == NO_ORDER and self.psp_reference is None

    @property
    def awaits_manual_capture(self) -> bool:
        """Authorised, and it is not for the checkout to capture it."""
        return self.status is Status.AUTHORIZED and self.capture_method == "manual"

    @property
    def is_capture_pending(self) -> bool:
        """Authorised, and not known to be captured, or to have its stock committed."""
        return self.status is Status.AUTHORIZED and self.next_attempt_at is not None

    @property
    def is_unfinished(self) -> bool:
        """Whether a look at the provider's books can bring it on."""
        under_way = self.status in (Status.PENDING, Status.REQUIRES_ACTION, Status.UNKNOWN)
        return under_way or self.is_capture_pending


def is_at_work(payment: Payment, *, now: datetime) -> bool:
    """Whether a run has just begun it, or has just seen its money held: that run goes on by itself,
    and if it dies, recovery does.
    """
    recent = payment.updated_at > clock.rfc3339(now - LEASE)
    return recent and (payment.status is Status.PENDING or payment.is_capture_pending)


def attempt_of(payment_id: str) -> str:
    """Our reference at the provider and the idempotency key there."""
    return ids.derive("att", payment_id, "1", region=ids.region_of(payment_id))


_STATUS = {
    PspState.CREATED: Status.UNKNOWN,  # We confirmed, yet it does not say so: ask again later.
    PspState.UNKNOWN: Status.UNKNOWN,
    PspState.REQUIRES_ACTION: Status.REQUIRES_ACTION,
    PspState.AUTHORIZED: Status.AUTHORIZED,
    PspState.CAPTURED: Status.CAPTURED,
    PspState.DECLINED: Status.FAILED,
    PspState.VOIDED: Status.VOIDED,
}


_PROBLEM = {Status.FAILED: DECLINED, Status.VOIDED: CLOSED}


def next_attempt(
    payment: Payment, *, age: timedelta
) -> tuple[Literal["payment", "abandon"], timedelta]:
    """The mode of the machine to start for one that stands still, and the pause until the next."""
    pause = max(RECOVER_AFTER, age / 2)
    if payment.awaits_manual_capture:
        # A machine that nobody waited for may have ended well; going on is harmless then. Giving
        # up is left to the order, which knows whether it has its stock.
        return "payment", pause
    pause = min(LONGEST_PAUSE, pause)
    if age >= ABANDON_AFTER:
        return "abandon", pause
    return "payment", min(pause, ABANDON_AFTER - age)


def apply_provider_state(
    payment: Payment, seen: ProviderPayment, *, at: str, next_attempt_at: str
) -> Payment:
    """The payment after this look at the provider; the same object if nothing is new.

    Raises PaymentConflict if the provider speaks of another payment or of another amount.
    """
    if seen.reference != payment.psp_reference:
        raise PaymentConflict("another reference")
    if seen.amount != payment.total:
        raise PaymentConflict("another amount")
    status = _STATUS[seen.state]
    if status is payment.status or _is_stale(seen, payment):
        return payment
    if payment.status in FINAL:
        raise PaymentConflict(f"{payment.status} is final, the provider says {seen.state}")
    return replace(
        payment,
        status=status,
        next_action=(seen.next_action or {}).get("type")
        if status is Status.REQUIRES_ACTION
        else None,
        decline_code=(seen.decline_code or "declined") if status is Status.FAILED else None,
        problem_code=_PROBLEM.get(status),
        captured_at=at if status is Status.CAPTURED else None,
        # Also of money that is held on purpose: the stock is not committed yet.
        next_attempt_at=None if status in FINAL else next_attempt_at,
        personal=payment.personal if status in _UNCONFIRMED else None,
        updated_at=at,
        version=payment.version + 1,
    )


def _is_stale(seen: ProviderPayment, payment: Payment) -> bool:
    """Whether we know more already: a look that failed, or one that came late."""
    if seen.state in (PspState.CREATED, PspState.UNKNOWN):
        return payment.status is not Status.PENDING
    return seen.state is PspState.REQUIRES_ACTION and payment.status is Status.AUTHORIZED


def end(payment: Payment, status: Status, problem_code: str, *, at: str) -> Payment:
    """Ended by us: failed before any money moved, or voided so that a late attempt stops."""
    return replace(
        payment,
        status=status,
        problem_code=problem_code,
        next_action=None,
        next_attempt_at=None,
        personal=None,
        updated_at=at,
        version=payment.version + 1,
    )


def refunded(payment: Payment, *, at: str) -> Payment:
    """All of the money that was taken has been given back."""
    if payment.status is not Status.CAPTURED:
        raise PaymentConflict(f"refund of a payment that is {payment.status}")
    return replace(payment, refunded_at=at, updated_at=at, version=payment.version + 1)


def unpayable(payment: Payment, why: ProviderRejection, *, at: str) -> Payment:
    """Failed before any money moved, because the provider will not take it."""
    ended = end(payment, Status.FAILED, METHOD_INVALID, at=at)
    return ended if why.of_method else replace(ended, decline_code=why.code)
