"""Payments in memory, and builders that hide what a test does not care about."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from payments.domain.payment import Payment, Status
from payments.service import report_outcomes
from payments.service.ports import WebhookEvent
from payments.service.process_payment import PaymentProcessor
from shop import clock, ids, strict
from shop.events import Event
from shop.idempotency import StoredResponse
from shop.money import Money
from shop.payer_details import TABLE, PayerDetails, open_payer, seal_payer
from shop.personal_data import Person
from shop.trace import Trace
from shop.user_keys import Erased
from tests.support.psp import GOOD, SimulatedPsp

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
AT = clock.rfc3339(NOW)
CUSTOMER = ids.derive("usr", "someone", region="use1")
ORDER = ids.derive("ord", "an order", region="use1")
PAYMENT = ids.derive("pay", "a payment", region="use1")
PAYER = PayerDetails(GOOD)
TOTAL = Money(1999, "EUR")
USER_KEY = b"the key of every user of a test!"
TRACE = Trace(f"00-{'a' * 32}-{'b' * 16}-01", "request-1", "/payments")


def sealed(details: PayerDetails, payment_id: str = PAYMENT, customer_id: str = CUSTOMER) -> bytes:
    """As the row of this payment holds it."""
    return seal_payer(details, payment_id, Person(customer_id, TABLE, USER_KEY))


def opened(payment: Payment) -> PayerDetails:
    """What its row holds sealed."""
    assert payment.personal is not None
    payer = Person(payment.customer_id, TABLE, USER_KEY)
    return open_payer(payment.personal, payment.payment_id, payer)


def make_payment(payer: PayerDetails | None = PAYER, **changes: Any) -> Payment:
    """A payment as its request stores it; without a payer, as a resume asks for it."""
    ids_ = {name: changes[name] for name in ("payment_id", "customer_id") if name in changes}
    payment = Payment(
        payment_id=PAYMENT,
        order_id=ORDER,
        customer_id=CUSTOMER,
        personal=None if payer is None else sealed(payer, **ids_),
        amount=TOTAL,
        created_at=AT,
        updated_at=AT,
        next_attempt_at=clock.rfc3339(NOW + timedelta(seconds=60)),
        trace=TRACE.to_dict(),
    )
    return replace(payment, **changes)


class FakePersonalData:
    """`payments.service.ports.PersonalData`: one key for everybody who is not erased."""

    def __init__(self, *, erased: bool = False) -> None:
        self.erased = erased

    def to_seal(self, user_id: str) -> Person | Erased:
        return Erased() if self.erased else Person(user_id, TABLE, USER_KEY)

    to_open = to_seal


@dataclass
class FakePayments:
    """`payments.service.ports.Payments`: rows in a dict, events in a list."""

    rows: dict[str, Payment] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def get(self, payment_id: str) -> Payment | None:
        return self.rows.get(payment_id)

    def insert(self, payment: Payment, event: Event | None = None) -> bool:
        if payment.payment_id in self.rows:
            return False
        self._put(payment, event)
        return True

    def begin(self, payment: Payment) -> Payment | None:
        row = self.rows.get(payment.payment_id)
        if row is None:
            self._put(payment, None)
            return payment
        same = (row.order_id, row.customer_id) == (payment.order_id, payment.customer_id)
        if row.psp_reference or row.status is not Status.PENDING or not same:
            return None
        row = replace(
            row,
            amount=payment.amount,
            attempt_id=payment.attempt_id,
            psp=payment.psp,
            psp_reference=payment.psp_reference,
            personal=row.personal if payment.personal else None,
            updated_at=payment.updated_at,
            next_attempt_at=row.next_attempt_at or payment.next_attempt_at,
            version=row.version + 1,
        )
        self._put(row, None)
        return row

    def save(self, before: Payment, after: Payment, event: Event | None) -> Payment | None:
        row = self.rows[before.payment_id]
        if row.version != before.version:
            return row
        names = [n for n in Payment.__dataclass_fields__ if getattr(before, n) != getattr(after, n)]
        self._put(replace(row, **{name: getattr(after, name) for name in names}), event)
        return None

    def take_over(self, payment: Payment, *, owner: str, until: str) -> bool:
        row = self.rows.get(payment.payment_id)
        if row is None or row.lease_until != payment.lease_until or row.answer is not None:
            return False
        self._put(replace(row, lease_owner=owner, lease_until=until), None)
        return True

    def release(self, payment_id: str, *, owner: str) -> None:
        row = self.rows.get(payment_id)
        if row is not None and row.lease_owner == owner:
            self._put(replace(row, lease_owner="", lease_until=""), None)

    def complete_authorization(self, payment_id: str, answer: StoredResponse) -> bool:
        row = self.rows.get(payment_id)
        if row is None or row.status is not Status.AUTHORIZED:
            return False
        first = row.answer or answer
        self._put(replace(row, answer=first, next_attempt_at=None, version=row.version + 1), None)
        return True

    def due(self, now: datetime) -> Iterable[Payment]:
        until = clock.rfc3339(now)
        found = [
            row
            for row in self.rows.values()
            if row.next_attempt_at and row.next_attempt_at <= until
        ]
        return sorted(found, key=lambda row: str(row.next_attempt_at))

    def postpone(self, payment: Payment, *, next_attempt_at: str) -> bool:
        row = self.rows.get(payment.payment_id)
        if row is None or (row.next_attempt_at, row.version) != (
            payment.next_attempt_at,
            payment.version,
        ):
            return False
        self._put(replace(row, next_attempt_at=next_attempt_at), None)
        return True

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def _put(self, row: Payment, event: Event | None) -> None:
        self.rows[row.payment_id] = row
        if event is not None:
            self.events.append(event.body)


class FakeNotices:
    """`payments.service.ports.WebhookEvents` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, str | None] = {}

    def take(self, notice: WebhookEvent, *, psp: str, sha256: str, now: datetime) -> bool:
        if self.rows.get(notice.event_id) is not None:
            return False
        self.rows[notice.event_id] = None
        return True

    def processed(self, notice: WebhookEvent, outcome: str) -> None:
        self.rows[notice.event_id] = outcome


def dumped(outcome: Any) -> dict[str, Any]:
    """As the machine gets it."""
    found: dict[str, Any] = strict.dump(outcome)
    return found


@dataclass
class Shop:
    """Steps over fakes."""

    payments: FakePayments = field(default_factory=FakePayments)
    psp: SimulatedPsp = field(default_factory=SimulatedPsp)
    personal: FakePersonalData = field(default_factory=FakePersonalData)

    def at(self, now: datetime = NOW) -> PaymentProcessor:
        return PaymentProcessor(self.payments, self.psp, self.personal, now, TRACE)

    def authorize(
        self, method: str = GOOD, back: str | None = None, **changes: Any
    ) -> dict[str, Any]:
        asked = make_payment(PayerDetails(method, back), **changes)
        return dumped(self.at().authorize(asked))

    def resume(self) -> dict[str, Any]:
        """As the recovery job does: nothing but the payment's id and what the order says."""
        return dumped(self.at().authorize(make_payment(None)))

    def capture(self) -> dict[str, Any]:
        """With the row as it is, as if `authorize` had just said so."""
        return dumped(self.at().capture(report_outcomes.to_task(self.row)))

    def void(self, **fields: Any) -> dict[str, Any]:
        return dumped(self.at().void(PAYMENT, order=(ORDER, CUSTOMER), **fields))

    def fail(self, **fields: Any) -> dict[str, Any]:
        return dumped(self.at().fail(PAYMENT, **fields))

    @property
    def row(self) -> Payment:
        return self.payments.rows[PAYMENT]
