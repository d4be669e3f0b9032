"""A payment provider in this process: our port, its own books, faults on demand.

It behaves as the real one documents it and the local one does not: a repeated key is the same call
and gets the first answer again, nothing is captured beyond what is held or refunded beyond what was
captured, a cancelled payment never comes alive. `honours_keys=False` makes it forget keys. Many
threads may call it: what happens in its books happens one after the other.
"""

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from stripe import WebhookSignature

from payments.domain.payment import Payment, ProviderPayment, ProviderRejection, PspState
from payments.service.ports import PspInvalidState, PspUnavailable
from shop import clock
from shop.money import Money
from shop.payer_details import PayerDetails

WEBHOOK_SECRET = "whsec_simulated"
SECRET = "_secret_"  # in every client secret
GOOD = "pm_card_visa"
DECLINED = "pm_card_chargeDeclined"
NEEDS_ACTION = "pm_card_authenticationRequired"
UNKNOWN_METHOD = "pm_nobody"

Call = Literal["create", "confirm", "retrieve", "capture", "cancel", "refund"]
Fault = Literal["before", "after", "refuse"]


@dataclass
class Book:
    """What the provider knows of one payment."""

    reference: str
    key: str
    payment_id: str
    amount: Money
    method: str
    state: PspState = PspState.CREATED
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    voided: int = 0

    @property
    def held(self) -> int:
        """Authorised money that is neither captured nor let go."""
        return self.authorized - self.captured - self.voided


@dataclass
class SimulatedPsp:
    """`payments.service.ports.Psp` that can fail at every call, before or after it acts."""

    honours_keys: bool = True
    name: str = "stripe"
    unpayable: str = ""  # why it makes no payment at all
    decline_code: str = "generic_decline"  # the bank's reason
    books: dict[str, Book] = field(default_factory=dict)
    calls: list[tuple[Call, str]] = field(default_factory=list)
    keys: dict[tuple[Call, str], set[str]] = field(default_factory=dict)  # by what it is about
    return_urls: list[str | None] = field(default_factory=list)  # of confirmations
    before_call: Callable[[Call], None] = lambda call: None
    around: Callable[[Call, Callable[[], Any]], Any] = lambda call, act: act()
    _faults: dict[Call, deque[Fault]] = field(default_factory=dict)
    _first: dict[tuple[Call, str], ProviderPayment | ProviderRejection | Exception] = field(
        default_factory=dict
    )
    _books_lock: threading.RLock = field(default_factory=threading.RLock)

    # Faults: `before` does nothing and gives no answer, `after` acts and loses the answer,
    # `refuse` is a definite refusal. Each is used once, in order; then calls work again.
    def fail(self, call: Call, *faults: Fault) -> None:
        self._faults.setdefault(call, deque()).extend(faults)

    def forgive(self) -> None:
        """It works again."""
        self._faults.clear()

    def count(self, call: Call) -> int:
        return sum(name == call for name, _ in self.calls)

    def of(self, payment_id: str) -> list[Book]:
        return [book for book in self.books.values() if book.payment_id == payment_id]

    # The port.
    def create(
        self, payment: Payment, payer: PayerDetails, amount: Money, *, key: str
    ) -> ProviderPayment | ProviderRejection:
        def act() -> ProviderPayment | ProviderRejection:
            if payer.payment_method == UNKNOWN_METHOD:
                return ProviderRejection("resource_missing")
            if self.unpayable:
                return ProviderRejection(self.unpayable, of_method=False)
            reference = f"pi_{len(self.books) + 1}"
            self.books[reference] = Book(
                reference, key, payment.payment_id, amount, payer.payment_method
            )
            return self._seen(reference)

        made: ProviderPayment | ProviderRejection = self._perform(
            "create", payment.payment_id, key, act
        )
        return made

    def confirm(self, payment: Payment, *, return_url: str | None, key: str) -> ProviderPayment:
        self.return_urls.append(return_url)
        return self._on(payment.psp_reference or "", "confirm", key, self._confirm)

    def retrieve(self, reference: str) -> ProviderPayment:
        return self._on(reference, "retrieve", "", lambda book: None)

    def capture(self, reference: str, *, key: str) -> ProviderPayment:
        return self._on(reference, "capture", key, self._capture)

    def cancel(self, reference: str, *, key: str) -> ProviderPayment:
        return self._on(reference, "cancel", key, self._cancel)

    # What happens outside our calls.
    def authenticate(self, reference: str, *, success: bool) -> None:
        """The customer's 3-D Secure step."""
        with self._books_lock:
            book = self.books[reference]
            assert book.state is PspState.REQUIRES_ACTION
            if success:
                self._hold(book)
            else:
                book.state = PspState.DECLINED

    def settle_action(self, reference: str) -> None:
        """The customer agrees, unless the payment does not wait for that any more."""
        with self._books_lock:
            if self.books[reference].state is PspState.REQUIRES_ACTION:
                self.authenticate(reference, success=True)

    def try_another_card(self, reference: str) -> None:
        """The customer's browser, which holds the client secret, after a failed authentication."""
        book = self.books[reference]
        if book.state is not PspState.DECLINED:
            raise PspInvalidState("payment_intent_unexpected_state")
        self._hold(book)

    def webhook(
        self, reference: str, type_: str, *, event_id: str, secret: str = WEBHOOK_SECRET
    ) -> tuple[str, dict[str, str]]:
        """Body and headers of an event about a payment, signed now as Stripe does it.

        What it says of the state is a lie: nobody may believe it.
        """
        book = self.books[reference]
        intent = {
            "id": reference,
            "object": "payment_intent",
            "amount": 1,
            "status": "succeeded",
            "client_secret": f"{reference}{SECRET}1",
            "metadata": {"payment": book.payment_id},
            "charges": {"data": [{"billing_details": {"name": "Ada Exämple"}}]},
        }
        event = {"id": event_id, "object": "event", "type": type_, "data": {"object": intent}}
        return signed(json.dumps(event, ensure_ascii=False), secret)

    def refund(self, reference: str, *, key: str) -> None:
        self._on(reference, "refund", key, self._refund)

    def _confirm(self, book: Book) -> None:
        if book.state is not PspState.CREATED:
            raise PspInvalidState("payment_intent_unexpected_state")
        if book.method == DECLINED:
            book.state = PspState.DECLINED
        elif book.method == NEEDS_ACTION:
            book.state = PspState.REQUIRES_ACTION
        else:
            self._hold(book)

    def _hold(self, book: Book) -> None:
        book.state = PspState.AUTHORIZED
        book.authorized += book.amount.amount

    def _capture(self, book: Book) -> None:
        if book.state is not PspState.AUTHORIZED:
            raise PspInvalidState("payment_intent_unexpected_state")
        book.state = PspState.CAPTURED
        book.captured += book.held

    def _cancel(self, book: Book) -> None:
        if book.state in (PspState.CAPTURED, PspState.VOIDED):
            raise PspInvalidState("payment_intent_unexpected_state")
        book.state = PspState.VOIDED
        book.voided += book.held

    def _refund(self, book: Book) -> None:
        """All that was taken; what has gone back before does not go back again."""
        if book.state is not PspState.CAPTURED:
            raise PspInvalidState("charge_not_captured")
        book.refunded = book.captured

    def _on(
        self, reference: str, call: Call, key: str, change: Callable[[Book], None]
    ) -> ProviderPayment:
        def act() -> ProviderPayment:
            change(self.books[reference])
            return self._seen(reference)

        seen = self._perform(call, reference, key, act)
        assert isinstance(seen, ProviderPayment)
        return seen

    def _perform(
        self,
        call: Call,
        subject: str,
        key: str,
        act: Callable[[], ProviderPayment | ProviderRejection],
    ) -> Any:
        self.calls.append((call, key))
        self.keys.setdefault((call, subject), set()).add(key)
        self.before_call(call)
        return self.around(call, lambda: self._meet(call, subject, key, act))

    def _meet(
        self,
        call: Call,
        subject: str,
        key: str,
        act: Callable[[], ProviderPayment | ProviderRejection],
    ) -> ProviderPayment | ProviderRejection:
        waiting = self._faults.get(call)
        fault = waiting.popleft() if waiting else None
        if fault == "before":
            raise PspUnavailable(call)
        if fault == "refuse":
            self.keys.pop((call, subject), None)  # Definite: the next call is another one.
            raise PspInvalidState("refused")
        with self._books_lock:
            result = self._once(call, key, act)
        if fault == "after":
            raise PspUnavailable(call)
        if isinstance(result, Exception):
            raise result
        return result

    def _once(
        self, call: Call, key: str, act: Callable[[], ProviderPayment | ProviderRejection]
    ) -> ProviderPayment | ProviderRejection | Exception:
        if key and self.honours_keys and (call, key) in self._first:
            return self._first[call, key]
        result: ProviderPayment | ProviderRejection | Exception
        try:
            result = act()
        except PspInvalidState as error:
            result = error
        self._first[call, key] = result
        return result

    def _seen(self, reference: str) -> ProviderPayment:
        book = self.books[reference]
        action = {"type": "use_stripe_sdk", "client_secret": f"{reference}{SECRET}1"}
        return ProviderPayment(
            reference,
            book.state,
            book.amount,
            decline_code=self.decline_code if book.state is PspState.DECLINED else None,
            next_action=action if book.state is PspState.REQUIRES_ACTION else None,
        )


def signed(body: str, secret: str = WEBHOOK_SECRET) -> tuple[str, dict[str, str]]:
    """A body and its headers, signed now."""
    at = int(clock.now().timestamp())
    signature = WebhookSignature.generate_signature_header(body, secret, at)
    return body, {"Stripe-Signature": signature}
