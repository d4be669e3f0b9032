"""The Stripe adapter against localstripe: what becomes of a payment."""

import json
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, cast

import pytest

from payments.clients.secret import PspSecret
from payments.clients.stripe import StripePsp
from payments.domain.payment import ProviderPayment, ProviderRejection, PspState
from payments.service.ports import (
    PspConfigurationError,
    PspInvalidState,
    PspUnavailable,
)
from shop.money import Money
from shop.payer_details import PayerDetails
from tests.support.localstripe import API_KEY, Secret, confirmed, created, free_port, post
from tests.unit.payments.fakes import ORDER, PAYER, PAYMENT, TOTAL, make_payment


def test_money_is_held_and_taken(psp: StripePsp) -> None:
    payment, held = confirmed(psp)
    assert (held.state, held.amount) == (PspState.AUTHORIZED, TOTAL)
    assert psp.retrieve(payment.psp_reference) == held
    taken = psp.capture(payment.psp_reference, key="c")
    assert (taken.state, taken.amount) == (PspState.CAPTURED, TOTAL)
    assert psp.retrieve(payment.psp_reference) == taken


def test_the_provider_knows_our_reference_and_holds_nothing_before_confirm(
    psp: StripePsp, localstripe: str
) -> None:
    payment = created(psp)
    request = urllib.request.Request(
        f"{localstripe}/v1/payment_intents/{payment.psp_reference}",
        headers={"Authorization": f"Bearer {API_KEY}"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        intent = json.load(response)
    assert intent["metadata"] == {"reference": "att_1", "payment": PAYMENT, "order": ORDER}
    assert (intent["capture_method"], intent["latest_charge"]) == ("manual", None)


def test_a_declined_card_is_a_look_not_an_error(psp: StripePsp) -> None:
    payment, seen = confirmed(psp, "pm_card_chargeDeclined")
    assert (seen.state, seen.decline_code) == (PspState.DECLINED, "card_declined")
    assert psp.retrieve(payment.psp_reference) == seen


@pytest.mark.parametrize(
    ("success", "state"), [("true", PspState.AUTHORIZED), ("false", PspState.DECLINED)]
)
def test_authentication_decides(
    psp: StripePsp, localstripe: str, success: str, state: PspState
) -> None:
    payment, seen = confirmed(psp, "pm_card_authenticationRequired")
    assert seen.state is PspState.REQUIRES_ACTION
    assert seen.next_action is not None
    secret = seen.next_action["client_secret"]
    url = f"{localstripe}/v1/payment_intents/{payment.psp_reference}/_authenticate"
    post(url, client_secret=secret, success=success)
    assert psp.retrieve(payment.psp_reference).state is state


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_authenticationRequired"])
def test_what_is_held_or_waits_can_be_let_go_once(psp: StripePsp, method: str) -> None:
    payment, _ = confirmed(psp, method)
    assert psp.cancel(payment.psp_reference, key="v").state is PspState.VOIDED
    with pytest.raises(PspInvalidState):
        psp.cancel(payment.psp_reference, key="v-2")
    with pytest.raises(PspInvalidState):
        psp.confirm(payment, return_url=None, key="att_1:confirm-2")


def test_a_second_confirmation_or_capture_is_refused(psp: StripePsp) -> None:
    payment, _ = confirmed(psp)
    with pytest.raises(PspInvalidState):
        psp.confirm(payment, return_url=None, key="att_1:confirm-2")
    psp.capture(payment.psp_reference, key="c")
    with pytest.raises(PspInvalidState):
        psp.capture(payment.psp_reference, key="c-2")
    with pytest.raises(PspInvalidState):
        psp.cancel(payment.psp_reference, key="v")


def test_an_unknown_method_is_refused_before_anything_is_made(psp: StripePsp) -> None:
    refused = psp.create(make_payment(), PayerDetails("pm_nobody"), TOTAL, key="att_1")
    assert isinstance(refused, ProviderRejection)


@pytest.mark.parametrize("method", ["tok_visa", "pm_", "pm_a-b", "card-1", "pm_" + "a" * 97])
def test_what_is_no_method_of_stripe_is_refused_without_asking(method: str) -> None:
    """The API takes whatever a provider may call a method; each provider knows its own."""

    def secret() -> PspSecret:
        raise AssertionError("asked")

    psp = StripePsp(cast(Any, secret), api_base="http://127.0.0.1:1")
    refused = psp.create(make_payment(), PayerDetails(method), TOTAL, key="att_1")
    assert refused == ProviderRejection("resource_missing", of_method=True)


def test_a_currency_without_decimals_is_charged_whole(psp: StripePsp) -> None:
    made = psp.create(make_payment(), PAYER, Money(500, "ISK"), key="att_1")
    assert isinstance(made, ProviderPayment)
    assert made.amount == Money(500, "ISK")


def test_an_unknown_reference_is_a_fault(psp: StripePsp) -> None:
    with pytest.raises(PspConfigurationError):
        psp.retrieve("pi_nobody")


def test_a_wrong_key_is_a_fault_and_the_secret_is_read_again(localstripe: str) -> None:
    wrong = Secret({}, api_key="wrong")
    psp = StripePsp(wrong, api_base=localstripe).within(20)
    with pytest.raises(PspConfigurationError):
        psp.retrieve("pi_1")
    psp.close()
    assert wrong.forgotten == 1


def test_a_provider_that_is_not_there_gives_no_answer(secret: Secret) -> None:
    psp = StripePsp(secret, api_base=f"http://127.0.0.1:{free_port()}").within(5)
    with pytest.raises(PspUnavailable) as caught:
        psp.confirm(make_payment(psp_reference="pi_1"), return_url=None, key="k")
    psp.close()
    assert re.fullmatch("[A-Za-z]+", str(caught.value))  # nothing of the request is quoted


def test_a_provider_that_is_slow_is_left_in_time(secret: Secret) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        psp = StripePsp(secret, api_base=f"http://127.0.0.1:{silent.getsockname()[1]}").within(0.6)
        started = time.monotonic()
        with pytest.raises(PspUnavailable):
            psp.retrieve("pi_1")
        assert time.monotonic() - started < 2
        psp.close()


def test_captured_money_is_given_back(psp: StripePsp, localstripe: str) -> None:
    payment, _ = confirmed(psp)
    psp.capture(payment.psp_reference, key="c")
    psp.refund(payment.psp_reference, key="att_1:refund")
    listed = urllib.request.Request(
        f"{localstripe}/v1/refunds?payment_intent={payment.psp_reference}",
        headers={"Authorization": f"Bearer {API_KEY}"},
    )
    with urllib.request.urlopen(listed, timeout=5) as response:
        [made] = json.load(response)["data"]
    assert (made["amount"], made["metadata"]) == (TOTAL.amount, {"reference": "att_1:refund"})
