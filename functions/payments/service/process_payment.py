"""What the steps of the checkout do with money: authorise, capture, void, fail.

Exactly once, without trusting a provider's idempotency: the provider's payment is made unconfirmed,
its reference is stored under a condition, and only the stored one is ever confirmed. Whoever comes
second, or back, finds the reference, looks at the provider's books first, and goes on from there.
No answer from the provider is never a failure: it is asked again, at last by the recovery job.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payments import events, problems
from payments.domain import payment as domain
from payments.domain.payment import (
    CLOSED,
    FINAL,
    Payment,
    PaymentConflict,
    ProviderPayment,
    ProviderRejection,
    PspState,
    Status,
)
from payments.service import call_psp, render_responses, report_outcomes
from payments.service.ports import Payments, PersonalData, Psp, PspUnavailable
from shop import clock, telemetry
from shop.checkout import (
    AuthorizeOutcome,
    Captured,
    CaptureFailed,
    CaptureOutcome,
    FailPaymentOutcome,
    OwnState,
    PaymentFailed,
    VoidOutcome,
)
from shop.idempotency import StoredResponse
from shop.payer_details import PayerDetails, open_payer
from shop.problems import Problem
from shop.trace import Trace
from shop.user_keys import Erased

NEXT_ATTEMPT_AT_LEAST = timedelta(seconds=30)  # longer than an execution takes
_RACES = 5


class Contended(Exception):
    """Other writers were first, again and again: a fault, to be retried."""


@dataclass(frozen=True, slots=True)
class PaymentProcessor:
    """The use cases of one step invocation. Outcomes are data; an exception is a fault."""

    payments: Payments
    psp: Psp
    personal: PersonalData
    now: datetime
    trace: Trace

    def authorize(self, asked: Payment) -> AuthorizeOutcome:
        """Hold the order's total. `asked` is the payment as its first request makes it.

        A resume brings nothing personal: the row says what was asked. Otherwise, when all goes
        well, two requests to the table, two to the provider, and those for the customer's key.
        """
        if asked.personal is None:
            row = self._stored(asked.payment_id)
            self._check(row, asked)
            if row.psp_reference is not None or row.status is not Status.PENDING:
                return self._resume(row)
            asked = replace(row, amount=asked.amount)
        payer = self._payer(asked)
        if isinstance(payer, Erased):
            return self._let_go_of_nobody(asked)
        attempt_id = domain.attempt_of(asked.payment_id)
        made = self.psp.create(asked, payer, asked.total, key=attempt_id)
        if isinstance(made, ProviderRejection):
            return self._never_made(asked, made)
        row_or_none = self.payments.begin(self._known_to_psp(asked, made, payer))
        if row_or_none is None:
            return self._duplicate(asked, made)
        return self._confirm(row_or_none, payer.return_url)

    def capture(self, state: OwnState) -> CaptureOutcome:
        """Take the money that is held: before it everything can be undone, after it nothing.

        `state` is what `authorize` knew of the payment: if the row has moved on, the write tells.
        """
        row = report_outcomes.from_task(state)
        if row.status in FINAL or row.awaits_manual_capture:
            return report_outcomes.of_capture(row, self.trace)
        if row.status is not Status.AUTHORIZED:
            raise PaymentConflict(f"capture of a payment that is {row.status}")
        seen = call_psp.capture(self.psp, row)
        if seen is None:
            return CaptureFailed()
        return report_outcomes.of_capture(self._record(row, seen), self.trace)

    def void(
        self, payment_id: str, *, code: str = CLOSED, detail: str = "", order: tuple[str, str]
    ) -> VoidOutcome:
        """Let go of the money, or say that it was taken already. `order` is (order, customer)."""
        for _ in range(_RACES):
            row = self.payments.get(payment_id)
            if row is None:
                # A tombstone: a late attempt to authorise finds it and stops.
                grave = self._answered(self._tombstone(payment_id, code, order), detail)
                voided = events.status_reached(grave, now=self.now, trace=self.trace)
                if self.payments.insert(grave, voided):
                    return report_outcomes.of_void(grave, self.trace)
                continue
            if row.status in FINAL:
                return report_outcomes.of_void(row, self.trace)
            after = self._answered(self._let_go(row, code), detail)
            if self._save(row, after) is None:
                return report_outcomes.of_void(after, self.trace)
        raise Contended("void")

    def fail(self, payment_id: str, *, code: str, detail: str) -> FailPaymentOutcome:
        """End a payment whose order cannot be paid by it, with this problem as its answer."""
        problem = Problem(problems.CATALOGUE[code], detail, extensions={"payment_id": payment_id})
        unsaved = StoredResponse.of_problem(problem, self.trace)
        for _ in range(_RACES):
            row = self.payments.get(payment_id)
            if row is None:
                return PaymentFailed(answer=unsaved)
            if row.status in FINAL:
                return PaymentFailed(answer=row.answer or unsaved)
            if row.psp_reference is not None:
                return self._fail_authorized(row, code, detail)
            after = domain.end(row, Status.FAILED, code, at=self._at)
            after = self._answered(after, detail)
            if self._save(row, after) is None:
                return PaymentFailed(answer=after.answer or unsaved)
        raise Contended("fail")

    @property
    def _at(self) -> str:
        return clock.rfc3339(self.now)

    def _next_attempt_at(self, row: Payment) -> str:
        """When to look at it next. A time that is far enough stays: to move it costs two writes."""
        if row.next_attempt_at is not None and row.next_attempt_at >= clock.rfc3339(
            self.now + NEXT_ATTEMPT_AT_LEAST
        ):
            return row.next_attempt_at
        return clock.rfc3339(self.now + domain.RECOVER_AFTER)

    def _stored(self, payment_id: str) -> Payment:
        row = self.payments.get(payment_id)
        if row is None:
            raise LookupError("the payment is not stored")
        return row

    def _check(self, row: Payment, asked: Payment) -> None:
        """What is charged is what was stored first, for the order that it has."""
        if row.status in FINAL:
            return
        if (row.order_id, row.customer_id) != (asked.order_id, asked.customer_id):
            raise PaymentConflict("another order")
        if row.amount is not None and row.amount != asked.amount:
            raise PaymentConflict("another amount")

    def _known_to_psp(self, asked: Payment, made: ProviderPayment, payer: PayerDetails) -> Payment:
        """The provider has the method: only an address to come back to is needed any more."""
        return replace(
            asked,
            personal=None if payer.return_url is None else asked.personal,
            psp=self.psp.name,
            attempt_id=domain.attempt_of(asked.payment_id),
            psp_reference=made.reference,
            updated_at=self._at,
            next_attempt_at=self._next_attempt_at(asked),
        )

    def _duplicate(self, asked: Payment, made: ProviderPayment) -> AuthorizeOutcome:
        """Somebody stored a reference, or an end, before us: ours must never come alive."""
        row = self._stored(asked.payment_id)
        if row.psp_reference != made.reference:
            call_psp.cancel_orphan(self.psp, made.reference)
        self._check(row, asked)
        return self._resume(row)

    def _resume(self, row: Payment) -> AuthorizeOutcome:
        if row.status in FINAL or row.status is Status.AUTHORIZED:
            return report_outcomes.of_authorize(row, self.trace)
        seen = call_psp.fetch(self.psp, row)
        if seen.state is PspState.CREATED:
            return self._confirm_later(row)
        return report_outcomes.of_authorize(self._record(row, seen), self.trace)

    def _confirm_later(self, row: Payment) -> AuthorizeOutcome:
        if row.personal is None:
            return self._confirm(row, None)
        payer = self._payer(row)
        if isinstance(payer, Erased):
            return self._let_go_of_nobody(row)
        return self._confirm(row, payer.return_url)

    def _payer(self, payment: Payment) -> PayerDetails | Erased:
        if payment.personal is None:
            raise LookupError("what the customer pays with is gone")
        payer = self.personal.to_open(payment.customer_id)
        if isinstance(payer, Erased):
            return payer
        return open_payer(payment.personal, payment.payment_id, payer)

    def _let_go_of_nobody(self, payment: Payment) -> AuthorizeOutcome:
        """Of somebody who is erased: nobody knows any more how to charge them, nor may."""
        order = (payment.order_id, payment.customer_id)
        return self.void(payment.payment_id, code=problems.ACCOUNT_ERASED.code, order=order)

    def _confirm(self, row: Payment, return_url: str | None) -> AuthorizeOutcome:
        seen = call_psp.confirm(self.psp, row, return_url)
        if isinstance(seen, ProviderRejection):
            return self._never_confirmed(row, seen)
        return report_outcomes.of_authorize(self._record(row, seen), self.trace)

    def _record(self, row: Payment, seen: ProviderPayment) -> Payment:
        """Store what was seen, with its event; return the row as it is stored then."""
        for _ in range(_RACES):
            if row.status is Status.REQUIRES_ACTION and seen.state is PspState.DECLINED:
                # The customer holds its client secret and could try another card with it.
                seen = call_psp.close(self.psp, row, seen)
            after = domain.apply_provider_state(
                row, seen, at=self._at, next_attempt_at=self._next_attempt_at(row)
            )
            if after is row:
                return row
            after = self._answered(after)
            other = self._save(row, after)
            if other is None:
                return after
            if other.status in FINAL:
                if seen.state is PspState.AUTHORIZED and other.status is not Status.CAPTURED:
                    call_psp.cancel_orphan(self.psp, seen.reference)  # Given up meanwhile.
                return other
            row = other
        raise Contended("record")

    def _save(self, before: Payment, after: Payment) -> Payment | None:
        event = events.status_reached(after, now=self.now, trace=self.trace)
        return self.payments.save(before, after, event)

    def _answered(self, payment: Payment, detail: str = "") -> Payment:
        return render_responses.with_answer(payment, self.trace, detail=detail)

    def _never_made(self, asked: Payment, why: ProviderRejection) -> AuthorizeOutcome:
        for _ in range(_RACES):
            row = self.payments.get(asked.payment_id)
            if row is not None and (row.psp_reference or row.status is not Status.PENDING):
                return self._resume(row)
            after = replace(self._unpayable(row or asked, why), amount=asked.amount)
            if row is not None:
                done = self._save(row, after) is None
            else:
                event = events.status_reached(after, now=self.now, trace=self.trace)
                done = self.payments.insert(after, event)
            if done:
                return report_outcomes.of_authorize(after, self.trace)
        raise Contended("never made")

    def _never_confirmed(self, row: Payment, why: ProviderRejection) -> AuthorizeOutcome:
        for _ in range(_RACES):
            if row.status in FINAL:
                return report_outcomes.of_authorize(row, self.trace)
            after = self._unpayable(row, why)
            other = self._save(row, after)
            if other is None:
                return report_outcomes.of_authorize(after, self.trace)
            row = other
        raise Contended("never confirmed")

    def _unpayable(self, row: Payment, why: ProviderRejection) -> Payment:
        if why.of_method:
            telemetry.logger.info("payment method refused", extra={"code": why.code})
        else:  # Perhaps a mistake of ours, which meets every customer.
            telemetry.logger.error("provider refused a request", extra={"code": why.code})
            telemetry.emit_metric("PspRequestRefused")
        return self._answered(domain.unpayable(row, why, at=self._at))

    def _let_go(self, row: Payment, code: str) -> Payment:
        if row.psp_reference is None:
            return domain.end(row, Status.VOIDED, code, at=self._at)
        seen = call_psp.cancel(self.psp, row)
        if seen.state not in (PspState.VOIDED, PspState.CAPTURED):
            # Not a decline either: what was declined can be confirmed with another card.
            raise PspUnavailable("neither voided nor captured")
        after = domain.apply_provider_state(
            row, seen, at=self._at, next_attempt_at=self._next_attempt_at(row)
        )
        return replace(after, problem_code=code) if after.status is Status.VOIDED else after

    def _tombstone(self, payment_id: str, code: str, order: tuple[str, str]) -> Payment:
        return Payment(
            payment_id=payment_id,
            order_id=order[0],
            customer_id=order[1],
            status=Status.VOIDED,
            problem_code=code,
            created_at=self._at,
            updated_at=self._at,
            trace=self.trace.to_dict(),
        )

    def _fail_authorized(self, row: Payment, code: str, detail: str) -> FailPaymentOutcome:
        order = (row.order_id, row.customer_id)
        result = self.void(row.payment_id, code=code, detail=detail, order=order)
        if isinstance(result, Captured):
            telemetry.logger.error("money was taken for an order that cannot be paid")
            telemetry.emit_metric("CapturedButRefused")
            return result
        return PaymentFailed(answer=result.answer)
