"""Webhooks as localstripe sends them."""

from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from payments.clients.secret import PspSecret
from payments.clients.stripe import StripePsp
from payments.clients.stripe_webhooks import StripeWebhooks
from payments.service.ports import (
    WebhookEvent,
    WebhookRefusal,
)
from tests.support.localstripe import API_KEY, confirmed, post
from tests.unit.payments.fakes import PAYMENT


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
        post(f"{localstripe}/_config/webhooks/contract", url=url, secret="whsec_contract")
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
