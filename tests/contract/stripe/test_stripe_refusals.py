"""What the Stripe adapter makes of answers that localstripe never gives."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from payments.clients.stripe import StripePsp
from payments.domain.payment import ProviderRejection
from payments.service.ports import (
    PspConfigurationError,
    PspInvalidState,
    PspUnavailable,
)
from shop.money import Money
from tests.support.localstripe import Secret
from tests.unit.payments.fakes import PAYER, TOTAL, make_payment


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An adapter whose provider answers what `canned` is told; and the time-outs that it set."""
    psp = StripePsp(Secret({}), api_base="http://127.0.0.1:9").within(7.5)
    psp.timeouts = []  # type: ignore[attr-defined]

    def answer(status: int, **error: str) -> StripePsp:
        def request(http: Any, *_: Any) -> tuple[str, int, dict[str, str]]:
            psp.timeouts.append(http._timeout)  # type: ignore[attr-defined]
            return json.dumps({"error": error}), status, {}

        monkeypatch.setattr(stripe.RequestsClient, "request", request)
        return psp

    yield answer
    psp.close()


@pytest.mark.parametrize(
    ("error", "of_method"),
    [
        ({"code": "amount_too_large", "param": "amount"}, False),
        ({"code": "url_invalid", "param": "return_url"}, False),
        ({"code": "parameter_invalid", "param": "currency"}, False),
        ({"code": "resource_missing", "param": "payment_method"}, True),
    ],
)
def test_a_definite_refusal_to_make_a_payment_is_an_outcome(
    canned: Any, error: dict[str, str], of_method: bool
) -> None:
    psp = canned(400, type="invalid_request_error", **error)
    refused = psp.create(make_payment(), PAYER, TOTAL, key="att_1")
    assert refused == ProviderRejection(error["code"], of_method=of_method)


def test_an_amount_that_cannot_be_written_is_refused_before_it_is_sent(canned: Any) -> None:
    psp = canned(500)
    refused = psp.create(make_payment(), PAYER, Money(1234, "KWD"), key="att_1")
    assert refused == ProviderRejection("amount_not_supported", of_method=False)
    assert psp.timeouts == []


@pytest.mark.parametrize(
    ("status", "type_", "fault"),
    [
        (400, "idempotency_error", PspUnavailable),
        (401, "invalid_request_error", PspConfigurationError),
        (403, "invalid_request_error", PspConfigurationError),
        (409, "invalid_request_error", PspUnavailable),
        (429, "invalid_request_error", PspUnavailable),
        (500, "api_error", PspUnavailable),
    ],
)
@pytest.mark.parametrize("call", ["create", "confirm", "refund"])
def test_what_does_not_say_that_nothing_was_done_is_no_refusal(
    canned: Any, call: str, status: int, type_: str, fault: type[Exception]
) -> None:
    psp = canned(status, type=type_)
    payment = make_payment(psp_reference="pi_1")
    calls = {
        "create": lambda: psp.create(payment, PAYER, TOTAL, key="att_1"),
        "confirm": lambda: psp.confirm(payment, return_url=None, key="att_1:confirm"),
        "refund": lambda: psp.refund("pi_1", key="att_1:refund"),
    }
    with pytest.raises(fault):
        calls[call]()


def test_what_has_gone_back_before_is_no_refusal(canned: Any) -> None:
    psp = canned(400, type="invalid_request_error", code="charge_already_refunded")
    psp.refund("pi_1", key="att_1:refund")


def test_another_refusal_to_give_back_is_one(canned: Any) -> None:
    psp = canned(400, type="invalid_request_error", code="charge_disputed")
    with pytest.raises(PspInvalidState, match="charge_disputed"):
        psp.refund("pi_1", key="att_1:refund")


@pytest.mark.parametrize("left", [0.3, 1.0, 3.0, 7.5, 30.0])
def test_connecting_and_reading_together_take_no_longer_than_is_left(
    canned: Any, left: float
) -> None:
    psp = canned(400, type="invalid_request_error").within(left)
    with pytest.raises(PspConfigurationError):
        psp.retrieve("pi_1")
    ((connect, read),) = psp.timeouts
    assert min(connect, read) > 0
    assert connect + read <= left
