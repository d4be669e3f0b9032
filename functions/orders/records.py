"""What storage holds about an order besides the order itself, between service and repository."""

from dataclasses import dataclass

from orders.domain import Order
from shop.events import Event
from shop.idempotency import Answer, Stored


@dataclass(frozen=True, slots=True)
class Intake:
    """What the request that made the order left in its row. No address: no use case needs it."""

    fingerprint: str
    lease_owner: str
    lease_until: str
    trace: dict[str, str]
    payment_method: str | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An order, the first answer to its request, and that request where it is known."""

    order: Order
    answer: Answer | None = None
    intake: Intake | None = None

    @property
    def request(self) -> Intake:
        """The intake of a record that was read, not believed."""
        if self.intake is None:
            raise LookupError("believed, not read")
        return self.intake

    @property
    def stored(self) -> Stored:
        """For the decision what a repeated request gets."""
        intake = self.request
        return Stored(intake.fingerprint, intake.lease_owner, intake.lease_until, self.answer)


@dataclass(frozen=True, slots=True)
class Change:
    """A new state of an order, stored together with its event and with the first answer."""

    order: Order
    event: Event | None = None
    answer: Answer | None = None
