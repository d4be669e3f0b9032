"""What each look at the provider makes of a payment."""

import pytest

from payments.domain import payment as domain
from payments.domain.payment import (
    PaymentConflict,
    ProviderPayment,
    PspState,
    Status,
    apply_provider_state,
)
from payments.schemas import PaymentOut
from payments.service import report_outcomes
from shop.money import Money
from shop.payer_details import PayerDetails
from tests.unit.payments.fakes import AT, TOTAL, make_payment

LATER = "2026-11-22T10:05:00.000Z"
AT_PSP = make_payment(psp_reference="pi_1", attempt_id="att_1")


def seen(state: PspState, **changes: object) -> ProviderPayment:
    return ProviderPayment(**{"reference": "pi_1", "state": state, "amount": TOTAL} | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (PspState.AUTHORIZED, Status.AUTHORIZED),
        (PspState.CAPTURED, Status.CAPTURED),
        (PspState.DECLINED, Status.FAILED),
        (PspState.REQUIRES_ACTION, Status.REQUIRES_ACTION),
        (PspState.VOIDED, Status.VOIDED),
        (PspState.UNKNOWN, Status.UNKNOWN),
        (PspState.CREATED, Status.UNKNOWN),
    ],
)
def test_a_look_at_the_provider_decides_the_status(state: PspState, status: Status) -> None:
    after = apply_provider_state(AT_PSP, seen(state), at=AT, next_attempt_at=LATER)
    assert (after.status, after.version) == (status, AT_PSP.version + 1)
    assert (after.next_attempt_at is None) == (status in domain.FINAL)


def test_a_look_that_says_nothing_new_changes_nothing() -> None:
    held = make_payment(psp_reference="pi_1", status=Status.AUTHORIZED)
    assert (
        apply_provider_state(held, seen(PspState.AUTHORIZED), at=AT, next_attempt_at=LATER) is held
    )


@pytest.mark.parametrize("state", [PspState.UNKNOWN, PspState.CREATED])
@pytest.mark.parametrize("status", [Status.AUTHORIZED, Status.REQUIRES_ACTION])
def test_a_look_that_failed_does_not_unmake_what_is_known(state: PspState, status: Status) -> None:
    payment = make_payment(psp_reference="pi_1", status=status)
    assert apply_provider_state(payment, seen(state), at=AT, next_attempt_at=LATER) is payment


@pytest.mark.parametrize("status", [Status.FAILED, Status.VOIDED])
def test_what_has_ended_never_succeeds(status: Status) -> None:
    payment = make_payment(psp_reference="pi_1", status=status)
    with pytest.raises(PaymentConflict):
        apply_provider_state(payment, seen(PspState.CAPTURED), at=AT, next_attempt_at=LATER)


@pytest.mark.parametrize(
    "strange", [{"amount": Money(1, "EUR")}, {"amount": Money(1999, "USD")}, {"reference": "pi_2"}]
)
def test_another_amount_or_reference_is_a_fault(strange: dict[str, object]) -> None:
    with pytest.raises(PaymentConflict):
        apply_provider_state(
            AT_PSP, seen(PspState.AUTHORIZED, **strange), at=AT, next_attempt_at=LATER
        )


def test_money_that_is_held_on_purpose_is_driven_on_until_its_stock_is_committed() -> None:
    payment = make_payment(psp_reference="pi_1", capture_method="manual")
    assert (
        apply_provider_state(
            payment, seen(PspState.AUTHORIZED), at=AT, next_attempt_at=LATER
        ).next_attempt_at
        == LATER
    )


def test_the_payment_method_is_in_no_representation() -> None:
    payer = PayerDetails("pm_secret")
    payment = make_payment(payer)
    assert "pm_secret" not in repr(payment) + str(PaymentOut.of(payment))
    assert "pm_secret" not in str(report_outcomes.to_task(payment)) + repr(payer)


def test_the_state_for_capture_holds_what_capture_needs() -> None:
    held = apply_provider_state(AT_PSP, seen(PspState.AUTHORIZED), at=AT, next_attempt_at=LATER)
    back = report_outcomes.from_task(report_outcomes.to_task(held))
    assert PaymentOut.of(back) == PaymentOut.of(held)
    assert (back.version, back.attempt_id, back.next_attempt_at) == (
        held.version,
        "att_1",
        held.next_attempt_at,
    )
