"""Facts that one service states and rules of another rely on: the published half of invariants.

Each is stated in `invariants.py` of the service whose row it comes from, and nowhere else. What
only the rules of one service speak of is a fact of its own there.
"""

from dataclasses import dataclass

from shop.invariants import Fact


@dataclass(frozen=True, slots=True)
class OrderState(Fact):
    """An order, by its id. A `final` one changes no more; `owed` are payments to be paid back, or
    that were.
    """

    status: str
    is_paid: bool
    is_final: bool
    payment_id: str | None
    owed: tuple[str, ...]
    total: tuple[int, str] | None  # minor units, currency; none before it is priced


@dataclass(frozen=True, slots=True)
class PaymentState(Fact):
    """A payment, by its id. `is_authorized`: the provider holds money for it, or may."""

    order_id: str
    status: str
    is_captured: bool
    is_authorized: bool
    amount: tuple[int, str]  # minor units, currency
    is_refunded: bool = False  # all of it


@dataclass(frozen=True, slots=True)
class ReservationState(Fact):
    """What an order, by its id, has of the stock. `is_held`: units are kept for it, or on the way
    back; `is_sold`: they left for good.
    """

    reservation_id: str
    status: str
    is_held: bool
    is_sold: bool


@dataclass(frozen=True, slots=True)
class CapturePosted(Fact):
    """The ledger shows the capture of a payment, by its id."""

    transaction_id: str


@dataclass(frozen=True, slots=True)
class RefundPosted(Fact):
    """The ledger shows that a payment, by its id, was given back."""

    transaction_id: str


@dataclass(frozen=True, slots=True)
class EventExpected(Fact):
    """A row's state says that this was told about it, by the subject's id."""

    type: str


@dataclass(frozen=True, slots=True)
class EventHeard(Fact):
    """An event, by its subject, that somebody got from the bus and keeps."""

    type: str
    sequence: int
    event_id: str


@dataclass(frozen=True, slots=True)
class EventCarried(Fact):
    """An event, by its subject, in the row whose change it tells. `kept`: for ever."""

    type: str
    sequence: int
    event_id: str
    row_id: str
    row_sequence: int
    kept: bool
