"""What the use cases need from outside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from payments.domain.payment import Payment, ProviderPayment, ProviderRejection
from shop.dependencies import DependencyUnavailable
from shop.events import Event
from shop.idempotency import StoredResponse
from shop.money import Money
from shop.payer_details import Payer, PayerDetails
from shop.user_keys import Erased


class PspUnavailable(DependencyUnavailable):
    """No answer: whether the provider acted is not known. Look before doing anything else."""


class PspInvalidState(Exception):
    """The provider has definitely not acted, usually because the payment is in another state."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PspConfigurationError(Exception):
    """Our own mistake (key, permission, parameter): nothing was done, a person must look."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What a provider told us by itself: something happened, perhaps to one of our payments.

    `payment_id` and `reference` are as the provider has them, to be compared with our row.
    """

    event_id: str
    type: str
    payment_id: str | None = None
    reference: str | None = None


class WebhookRefusal(StrEnum):
    """Why what came is no event."""

    NOT_SIGNED = "not_signed"  # not this very body, not just now, or not by the provider
    UNREADABLE = "unreadable"  # signed, but no JSON that is read in one way, or no event


class Webhooks(Protocol):
    """A provider's webhooks."""

    @property
    def name(self) -> str:
        """The provider, as payments name it."""

    def read(
        self, raw: bytes, headers: Mapping[str, str], *, now: datetime
    ) -> WebhookEvent | WebhookRefusal:
        """What it says; nothing is read before it is known that the provider has signed it."""


class WebhookEvents(Protocol):
    """The stored notices."""

    def take(self, notice: WebhookEvent, *, psp: str, sha256: str, now: datetime) -> bool:
        """Store it; False if it was processed before."""

    def processed(self, notice: WebhookEvent, outcome: str) -> None:
        """A further delivery of it does nothing from now on."""


class Psp(Protocol):
    """A payment service provider.

    `key` makes a repeated call the same call, where the provider supports it. A decline is a
    `ProviderPayment`, not an exception. All methods raise PspUnavailable and PspConfigurationError.
    """

    @property
    def name(self) -> str:
        """As payments and events name it."""

    def create(
        self, payment: Payment, payer: PayerDetails, amount: Money, *, key: str
    ) -> ProviderPayment | ProviderRejection:
        """Make the payment known without confirming it: no money is held."""

    def confirm(self, payment: Payment, *, return_url: str | None, key: str) -> ProviderPayment:
        """Hold the money. Raises PspInvalidState unless it waits for a confirmation."""

    def retrieve(self, reference: str) -> ProviderPayment:
        """Look, change nothing."""

    def capture(self, reference: str, *, key: str) -> ProviderPayment:
        """Take the held money, all of it. Raises PspInvalidState unless it is held."""

    def cancel(self, reference: str, *, key: str) -> ProviderPayment:
        """Let go of what is held or could be. Raises PspInvalidState if it is too late."""

    def refund(self, reference: str, *, key: str) -> None:
        """Give all that was taken back; what was given back before stays so. Raises PspInvalidState
        if the provider refuses.
        """


class Person(Payer, Protocol):
    """A customer, by the key under which their data is sealed."""

    def digest(self, text: str) -> str:
        """The same for the same text, and no guide to it for whoever has no key."""


class PersonalData(Protocol):
    """The keys of customers."""

    def to_seal(self, user_id: str) -> Person | Erased:
        """Whose data is to be written."""

    def to_open(self, user_id: str) -> Person | Erased:
        """Whose data was written before."""


class Payments(Protocol):
    """The stored payments. Every read is consistent."""

    def get(self, payment_id: str) -> Payment | None:
        """One payment."""

    def insert(self, payment: Payment, event: Event | None = None) -> bool:
        """Store a new payment; False if it exists."""

    def begin(self, payment: Payment) -> Payment | None:
        """Store the provider's reference and the amount, once, and return the whole row.

        Makes the row if the request did not; what is personal goes if this brings none. None if
        the row has a reference already, has left `pending`, or belongs to another order or
        customer.
        """

    def save(self, before: Payment, after: Payment, event: Event | None) -> Payment | None:
        """Store the change and its event; the stored row if another writer was first."""

    def take_over(self, payment: Payment, *, owner: str, until: str) -> bool:
        """Take the lease over as it was read; False if somebody else did."""

    def release(self, payment_id: str, *, owner: str) -> None:
        """End our lease, so that a repeat need not wait for it."""

    def complete_authorization(self, payment_id: str, answer: StoredResponse) -> bool:
        """The stock for this held money is committed: keep the answer if it is the first one, and
        let it wait. False if the money is not held any more.
        """

    def due(self, now: datetime) -> Iterable[Payment]:
        """Payments that have stood in a non-final state for too long, the oldest first."""

    def postpone(self, payment: Payment, *, next_attempt_at: str) -> bool:
        """Look at it again then; False if another recovery job was first."""


class PaymentsOfCustomer(Protocol):
    """What a customer has paid, or tried to."""

    def of_customer(self, customer_id: str) -> Sequence[Payment]:
        """All of them, each as it is now."""


class Parts(Protocol):
    """Where parts of exports go."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store it, in place of what was there."""
