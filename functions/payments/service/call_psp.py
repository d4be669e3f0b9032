"""How to talk to a provider that may not answer: act, and when no answer comes, look."""

from dataclasses import replace

from payments.domain.payment import Payment, ProviderPayment, ProviderRejection, PspState
from payments.service.ports import Psp, PspConfigurationError, PspInvalidState, PspUnavailable
from shop import telemetry


def reference_of(payment: Payment) -> str:
    """The provider's reference of a payment that it knows."""
    if payment.psp_reference is None:
        raise LookupError("the provider does not know this payment")
    return payment.psp_reference


def fetch(psp: Psp, payment: Payment) -> ProviderPayment:
    """The provider's books, or `unknown` if it does not answer."""
    reference = reference_of(payment)
    try:
        return psp.retrieve(reference)
    except PspUnavailable:
        return ProviderPayment(reference, PspState.UNKNOWN, payment.total)


def confirm(
    psp: Psp, payment: Payment, return_url: str | None
) -> ProviderPayment | ProviderRejection:
    """Hold the money. A lost answer is looked up; it is repeated only if it did not arrive.

    ProviderRejection: refused although it waits for a confirmation, and cancelled by now, so that
    no earlier attempt whose answer was lost can hold money either.
    """
    seen = ProviderPayment(reference_of(payment), PspState.UNKNOWN, payment.total)
    for _ in range(2):
        refusal = None
        try:
            return psp.confirm(payment, return_url=return_url, key=f"{payment.attempt_id}:confirm")
        except (PspUnavailable, PspInvalidState) as error:
            _note("confirm", error)
            refusal = error.code if isinstance(error, PspInvalidState) else None
        seen = fetch(psp, payment)
        if seen.state is not PspState.CREATED:
            return seen
        if refusal is not None:
            seen = _withdraw(psp, payment)
            return ProviderRejection(refusal, of_method=False) if _is_over(seen) else seen
    return seen


def close(psp: Psp, payment: Payment, declined: ProviderPayment) -> ProviderPayment:
    """End what the customer's browser could still confirm with another card.

    `declined`, once the provider has cancelled it; else what became of it, `unknown` if it lives.
    """
    seen = _withdraw(psp, payment)
    if _is_over(seen):
        return declined
    return replace(seen, state=PspState.UNKNOWN) if seen.state is PspState.DECLINED else seen


def capture(psp: Psp, payment: Payment) -> ProviderPayment | None:
    """Take the money; once more if it was refused or did not arrive. None: refused for good.

    Only a definite refusal makes the second call another one, under a key of its own: a call whose
    answer is lost may still arrive. Raises PspUnavailable if nobody knows: then only a later look
    can tell.
    """
    reference = reference_of(payment)
    key, refused = "capture", False
    for _ in range(2):
        try:
            seen = psp.capture(reference, key=f"{payment.attempt_id}:{key}")
        except (PspUnavailable, PspInvalidState) as error:
            _note("capture", error)
            refused = isinstance(error, PspInvalidState)
            key = "capture-again" if refused else key
            seen = psp.retrieve(reference)
        if seen.state in (PspState.CAPTURED, PspState.VOIDED):
            return seen
    if refused and seen.state is PspState.AUTHORIZED:
        return None
    raise PspUnavailable("capture")


def cancel(psp: Psp, payment: Payment) -> ProviderPayment:
    """Let go of the money, or see why that is too late. Raises PspUnavailable if nobody knows."""
    reference = reference_of(payment)
    try:
        return psp.cancel(reference, key=f"{payment.attempt_id}:void")
    except (PspUnavailable, PspInvalidState) as error:
        _note("cancel", error)
        return psp.retrieve(reference)


def _withdraw(psp: Psp, payment: Payment) -> ProviderPayment:
    try:
        return cancel(psp, payment)
    except PspUnavailable:
        return ProviderPayment(reference_of(payment), PspState.UNKNOWN, payment.total)


def _is_over(seen: ProviderPayment) -> bool:
    return seen.state is PspState.VOIDED


def cancel_orphan(psp: Psp, reference: str) -> None:
    """Cancel what no row points to, or what must not come alive again. Best effort."""
    try:
        psp.cancel(reference, key=f"{reference}:let-go")
    except (PspUnavailable, PspInvalidState, PspConfigurationError) as error:
        _note("cancel_orphan", error)
        telemetry.emit_metric("PspCancelFailed")


def _note(call: str, error: Exception) -> None:
    kind = "refused" if isinstance(error, PspInvalidState) else "no answer"
    code = error.code if isinstance(error, PspInvalidState) else None
    telemetry.logger.warning("provider", extra={"call": call, "result": kind, "code": code})
