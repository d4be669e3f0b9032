"""The Stripe adapter against localstripe, which runs as a process of its own."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
import stripe

from payments.clients.secret import PspSecret
from payments.clients.stripe import StripePsp
from payments.clients.stripe_webhooks import StripeWebhooks
from payments.domain.payment import ProviderPayment, ProviderRejection, PspState
from payments.service.ports import (
    PspConfigurationError,
    PspInvalidState,
    PspUnavailable,
    WebhookEvent,
    WebhookRefusal,
)
from shop.money import Money
from tests.unit.payments.fakes import ORDER, PAYMENT, TOTAL, FakePayments, Shop, make_payment

ROOT = Path(__file__).resolve().parents[2]
API_KEY = "sk_test_contract"
CARDS = {
    "pm_card_chargeDeclined": "4000000000000341",
    "pm_card_authenticationRequired": "4000002500003155",
}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _post(url: str, /, **fields: str) -> dict[str, Any]:
    request = urllib.request.Request(
        url,
        data=urllib.parse.urlencode(fields).encode(),
        headers={"Authorization": f"Bearer {API_KEY}"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        answer: dict[str, Any] = json.loads(response.read() or "{}")
    return answer


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    request = urllib.request.Request(
        f"{url}/v1/events", headers={"Authorization": f"Bearer {API_KEY}"}
    )
    for _ in range(300):
        assert process.poll() is None, "localstripe ended"
        try:
            urllib.request.urlopen(request, timeout=1).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("localstripe does not answer")


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL. Its state lies in a folder of this run; it listens on loopback only."""
    folder, port = tmp_path_factory.mktemp("localstripe"), _free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "tools/local/isolation"),
            "LOCALSTRIPE_STATE": str(folder / "state.pickle"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


class Secret:
    """The secret as the local runtime fills it."""

    def __init__(self, methods: dict[str, str], api_key: str = API_KEY) -> None:
        self.value = PspSecret(api_key, methods)
        self.forgotten = 0

    def __call__(self) -> PspSecret:
        return self.value

    def forget(self) -> None:
        self.forgotten += 1


@pytest.fixture(scope="module")
def secret(localstripe: str) -> Secret:
    methods = {}
    for alias, number in CARDS.items():
        card = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        fields = {f"card[{name}]": value for name, value in card.items()}
        made = _post(f"{localstripe}/v1/payment_methods", type="card", **fields)
        methods[alias] = str(made["id"])
    return Secret(methods)


@pytest.fixture
def psp(localstripe: str, secret: Secret) -> Iterator[StripePsp]:
    adapter = StripePsp(secret, api_base=localstripe, redirects=False).within(20)
    yield adapter
    adapter.close()


def created(psp: StripePsp, method: str = "pm_card_visa") -> Any:
    """A payment whose reference is stored, as the use case confirms it."""
    payment = make_payment(payment_method=method)
    made = psp.create(payment, TOTAL, key="att_1")
    assert isinstance(made, ProviderPayment)
    assert made.state is PspState.CREATED
    return replace(payment, psp_reference=made.reference)


def confirmed(psp: StripePsp, method: str = "pm_card_visa") -> tuple[Any, ProviderPayment]:
    payment = created(psp, method)
    return payment, psp.confirm(payment, key="att_1:confirm")


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
    _post(url, client_secret=secret, success=success)
    assert psp.retrieve(payment.psp_reference).state is state


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_authenticationRequired"])
def test_what_is_held_or_waits_can_be_let_go_once(psp: StripePsp, method: str) -> None:
    payment, _ = confirmed(psp, method)
    assert psp.cancel(payment.psp_reference, key="v").state is PspState.VOIDED
    with pytest.raises(PspInvalidState):
        psp.cancel(payment.psp_reference, key="v-2")
    with pytest.raises(PspInvalidState):
        psp.confirm(payment, key="att_1:confirm-2")


def test_a_second_confirmation_or_capture_is_refused(psp: StripePsp) -> None:
    payment, _ = confirmed(psp)
    with pytest.raises(PspInvalidState):
        psp.confirm(payment, key="att_1:confirm-2")
    psp.capture(payment.psp_reference, key="c")
    with pytest.raises(PspInvalidState):
        psp.capture(payment.psp_reference, key="c-2")
    with pytest.raises(PspInvalidState):
        psp.cancel(payment.psp_reference, key="v")


def test_an_unknown_method_is_refused_before_anything_is_made(psp: StripePsp) -> None:
    refused = psp.create(make_payment(payment_method="pm_nobody"), TOTAL, key="att_1")
    assert isinstance(refused, ProviderRejection)


@pytest.mark.parametrize("method", ["tok_visa", "pm_", "pm_a-b", "card-1", "pm_" + "a" * 97])
def test_what_is_no_method_of_stripe_is_refused_without_asking(method: str) -> None:
    """The API takes whatever a provider may call a method; each provider knows its own."""

    def secret() -> PspSecret:
        raise AssertionError("asked")

    psp = StripePsp(cast(Any, secret), api_base="http://127.0.0.1:1")
    refused = psp.create(make_payment(payment_method=method), TOTAL, key="att_1")
    assert refused == ProviderRejection("resource_missing", of_method=True)


def test_a_currency_without_decimals_is_charged_whole(psp: StripePsp) -> None:
    made = psp.create(make_payment(), Money(500, "ISK"), key="att_1")
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
    psp = StripePsp(secret, api_base=f"http://127.0.0.1:{_free_port()}").within(5)
    with pytest.raises(PspUnavailable) as caught:
        psp.confirm(make_payment(psp_reference="pi_1"), key="k")
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


@pytest.fixture
def canned(secret: Secret, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An adapter whose provider answers what `canned` is told; and the time-outs that it set."""
    psp = StripePsp(secret, api_base="http://127.0.0.1:9").within(7.5)
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
    refused = psp.create(make_payment(), TOTAL, key="att_1")
    assert refused == ProviderRejection(error["code"], of_method=of_method)


def test_an_amount_that_cannot_be_written_is_refused_before_it_is_sent(canned: Any) -> None:
    psp = canned(500)
    refused = psp.create(make_payment(), Money(1234, "KWD"), key="att_1")
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
        "create": lambda: psp.create(payment, TOTAL, key="att_1"),
        "confirm": lambda: psp.confirm(payment, key="att_1:confirm"),
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


class LosesAnswers(StripePsp):
    """The provider acts; its answer to these calls does not arrive, once."""

    lost: set[str]

    def confirm(self, payment: Any, *, key: str) -> ProviderPayment:
        return self._lose("confirm", super().confirm(payment, key=key))

    def capture(self, reference: str, *, key: str) -> ProviderPayment:
        return self._lose("capture", super().capture(reference, key=key))

    def cancel(self, reference: str, *, key: str) -> ProviderPayment:
        return self._lose("cancel", super().cancel(reference, key=key))

    def _lose(self, call: str, seen: ProviderPayment) -> ProviderPayment:
        if call in self.lost:
            self.lost.remove(call)
            raise PspUnavailable(call)
        return seen


@pytest.fixture
def shop(localstripe: str, secret: Secret) -> Iterator[Shop]:
    psp = LosesAnswers(secret, api_base=localstripe, redirects=False)
    psp.within(20)
    psp.lost = {"confirm", "capture", "cancel"}
    yield Shop(FakePayments(), psp)  # type: ignore[arg-type]
    psp.close()


def test_lost_answers_are_looked_up_although_keys_are_ignored(shop: Shop) -> None:
    assert shop.authorize()["outcome"] == "authorized"
    assert shop.capture()["outcome"] == "captured"
    assert shop.payments.types() == ["payment.authorized", "payment.captured"]


def test_a_lost_void_is_looked_up(shop: Shop) -> None:
    shop.authorize()
    assert shop.void()["outcome"] == "voided"


def test_an_orphan_of_a_race_is_cancelled(shop: Shop) -> None:
    """localstripe ignores keys, so the second attempt makes a second intent."""
    shop.authorize()
    first = shop.row.psp_reference
    made: list[ProviderPayment | ProviderRejection] = []
    create = shop.psp.create

    def remembered(*args: Any, **kwargs: Any) -> Any:
        made.append(create(*args, **kwargs))
        return made[-1]

    shop.psp.create = remembered  # type: ignore[method-assign]
    shop.psp.lost.clear()  # type: ignore[attr-defined]
    assert shop.authorize()["outcome"] == "authorized"
    assert shop.row.psp_reference == first
    (orphan,) = made
    assert isinstance(orphan, ProviderPayment)
    assert shop.psp.retrieve(orphan.reference).state is PspState.VOIDED


class Listener(HTTPServer):
    """Takes one delivery: its body and headers as they came."""

    timeout = 20
    body = b""
    headers: dict[str, str]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Delivery)


class Delivery(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Listener)
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.headers = {name.lower(): text for name, text in self.headers.items()}
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_webhook_as_it_is_really_sent_names_our_payment(psp: StripePsp, localstripe: str) -> None:
    payment, _ = confirmed(psp)
    with Listener() as listener:
        url = f"http://127.0.0.1:{listener.server_port}/"
        _post(f"{localstripe}/_config/webhooks/contract", url=url, secret="whsec_contract")
        psp.capture(payment.psp_reference, key="c")
        for _ in range(10):  # Events of other tests may still be on their way.
            listener.handle_request()
            if payment.psp_reference.encode() in listener.body:
                break

    now = datetime.now(UTC)
    for known in (("whsec_contract",), ("whsec_other", "whsec_contract"), ("whsec_other",)):
        webhooks = StripeWebhooks(lambda known=known: PspSecret(API_KEY, {}, known))  # type: ignore[misc]
        notice = webhooks.read(listener.body, listener.headers, now=now)
        if "whsec_contract" not in known:
            assert notice is WebhookRefusal.NOT_SIGNED
            continue
        assert isinstance(notice, WebhookEvent)
        assert notice.type == "payment_intent.succeeded"
        assert (notice.payment_id, notice.reference) == (PAYMENT, payment.psp_reference)
        cut = webhooks.read(listener.body[:-1], listener.headers, now=now)
        assert cut is WebhookRefusal.NOT_SIGNED
