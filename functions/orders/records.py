"""What storage holds about an order besides the order itself, between service and repository."""

from dataclasses import dataclass

from orders.domain import Order, answers_its_request
from shop.events import Event
from shop.idempotency import Answer


@dataclass(frozen=True, slots=True)
class OriginalRequest:
    """What the request that made the order left in its row. No address: no use case needs it."""

    fingerprint: str
    lease_owner: str
    lease_until: str
    trace: dict[str, str]
    payment_method: str | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order, the first answer if it is kept (service/answers.py), and its request if known."""

    order: Order
    answer: Answer | None = None
    original: OriginalRequest | None = None

    @property
    def request(self) -> OriginalRequest:
        """The request of an order that was read, not only expected to be so."""
        if self.original is None:
            raise LookupError("expected, not read")
        return self.original


@dataclass(frozen=True, slots=True)
class OrderChange:
    """A new state of an order, stored together with its event and with the first answer."""

    order: Order
    event: Event | None = None
    answer: Answer | None = None

    @property
    def ends_request(self) -> bool:
        """Whether the request that made the order has its answer from now on."""
        return self.answer is not None or answers_its_request(self.order)
