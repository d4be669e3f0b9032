"""What storage holds about an order besides the order itself, between service and repository."""

from dataclasses import dataclass

from orders.domain import Order
from shop.events import Event
from shop.idempotency import Answer, Stored


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
    """An order, the first answer to its request, and that request where it is known."""

    order: Order
    answer: Answer | None = None
    original: OriginalRequest | None = None

    @property
    def request(self) -> OriginalRequest:
        """The request of an order that was read, not only expected to be so."""
        if self.original is None:
            raise LookupError("expected, not read")
        return self.original

    @property
    def stored(self) -> Stored:
        """For the decision what a repeated request gets."""
        original = self.request
        return Stored(original.fingerprint, original.lease_owner, original.lease_until, self.answer)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """A new state of an order, stored together with its event and with the first answer."""

    order: Order
    event: Event | None = None
    answer: Answer | None = None
