"""What a provider's notice starts, and when it is processed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from payments.domain.payment import Payment, Status
from payments.service import handle_webhook
from payments.service.ports import WebhookEvent
from shop import clock, trace
from tests.support.checkout import FakeCheckout
from tests.unit.payments.fakes import (
    AT,
    NOW,
    PAYMENT,
    TRACE,
    FakeNotices,
    FakePayments,
    make_payment,
)

AGO = clock.rfc3339(NOW - timedelta(seconds=30))
NOTICE = WebhookEvent("evt_1", "payment_intent.succeeded", PAYMENT, "pi_1")


class Ear:
    """Hears notices about the payments of a test, and remembers what it started."""

    def __init__(self, *payments: Payment) -> None:
        self.payments = FakePayments({payment.payment_id: payment for payment in payments})
        self.notices = FakeNotices()
        self.machine = FakeCheckout(act=self._die)
        self.dies = False

    def hear(self, notice: WebhookEvent = NOTICE) -> str:
        return handle_webhook.handle_webhook(
            notice,
            psp="stripe",
            sha256="0",
            notices=self.notices,
            payments=self.payments,
            checkout=self.machine,
            now=NOW,
            trace_of=lambda data: trace.from_dict(dict(data)),
        )

    @property
    def started(self) -> list[dict[str, Any]]:
        return self.machine.inputs

    def _die(self, _: dict[str, Any]) -> None:
        if self.dies:
            self.machine.inputs.pop()
            raise ConnectionError


@pytest.mark.parametrize(
    "payment",
    [
        make_payment(next_attempt_at=AT, updated_at=AGO),
        make_payment(psp_reference="pi_1", next_attempt_at=AT, updated_at=AGO),
        make_payment(psp_reference="pi_1", status=Status.UNKNOWN, next_attempt_at=AT),
        make_payment(psp_reference="pi_1", status=Status.REQUIRES_ACTION),
        make_payment(
            psp_reference="pi_1", status=Status.AUTHORIZED, next_attempt_at=AT, updated_at=AGO
        ),
    ],
    ids=lambda payment: f"{payment.status}-{payment.psp_reference}",
)
def test_a_payment_that_stands_still_is_driven_on_once(payment: Payment) -> None:
    ear = Ear(payment)
    assert [ear.hear(), ear.hear()] == ["started", "repeated"]
    (data,) = ear.started
    assert (data["mode"], data["payment"]) == (
        "payment",
        {"payment_id": PAYMENT, "details": None},
    )
    assert data["trace"]["request_id"] == TRACE.request_id  # of the request that is still owed
    assert ear.notices.rows == {"evt_1": "started"}


@pytest.mark.parametrize("age", [0, 29])
@pytest.mark.parametrize(
    "payment",
    [
        make_payment(),
        make_payment(psp_reference="pi_1"),
        make_payment(psp_reference="pi_1", status=Status.AUTHORIZED),
        make_payment(psp_reference="pi_1", status=Status.AUTHORIZED, capture_method="manual"),
    ],
    ids=lambda payment: f"{payment.status}-{payment.psp_reference}-{payment.capture_method}",
)
def test_a_payment_that_a_run_has_just_brought_on_is_left_to_it(payment: Payment, age: int) -> None:
    at = clock.rfc3339(NOW - timedelta(seconds=age))
    ear = Ear(replace(payment, updated_at=at))
    assert [ear.hear(), ear.hear()] == ["at_work", "repeated"]
    assert ear.started == []
    [row] = ear.payments.rows.values()
    assert row.next_attempt_at, "should the run die, recovery comes by"


@pytest.mark.parametrize("status", [Status.CAPTURED, Status.FAILED, Status.VOIDED])
def test_a_payment_at_its_end_is_left_alone(status: Status) -> None:
    ear = Ear(make_payment(psp_reference="pi_1", status=status))
    assert (ear.hear(), ear.started) == ("ignored", [])


def test_money_that_is_held_on_purpose_is_left_alone() -> None:
    held = make_payment(
        psp_reference="pi_1",
        status=Status.AUTHORIZED,
        capture_method="manual",
        next_attempt_at=None,
    )
    assert Ear(held).hear() == "ignored"


@pytest.mark.parametrize(
    "notice",
    [
        WebhookEvent("evt_1", "charge.refunded"),
        WebhookEvent("evt_1", "payment_intent.succeeded", None, "pi_1"),
        WebhookEvent("evt_1", "payment_intent.succeeded", "pay_nobody", "pi_1"),
        WebhookEvent("evt_1", "payment_intent.succeeded", PAYMENT[:-1] + "0", "pi_1"),
        WebhookEvent("evt_1", "payment_intent.succeeded", PAYMENT, "pi_of_someone_else"),
        WebhookEvent("evt_1", "payment_intent.succeeded", PAYMENT, None),
    ],
)
def test_what_is_not_about_our_payment_is_ignored(notice: WebhookEvent) -> None:
    ear = Ear(make_payment(psp_reference="pi_1", status=Status.REQUIRES_ACTION))
    assert [ear.hear(notice), ear.hear(notice)] == ["ignored", "repeated"]
    assert ear.started == []


def test_a_crash_before_the_start_lets_the_next_delivery_start() -> None:
    ear = Ear(make_payment(next_attempt_at=AT, updated_at=AGO))
    ear.dies = True
    with pytest.raises(ConnectionError):
        ear.hear()
    ear.dies = False
    assert [ear.hear(), ear.hear()] == ["started", "repeated"]
    assert len(ear.started) == 1
