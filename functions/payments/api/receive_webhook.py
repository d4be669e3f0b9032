"""POST /webhooks/psp/{psp}: a provider tells that something happened to a payment.

Problems: 400 webhook_not_signed (by the provider, just now), 400 invalid_request (signed, and no
event), 404 not_found (no provider of ours). They change nothing. Whatever is not answered 200 the
provider sends again.
"""

import functools
import hashlib

from payments import problems
from payments.clients.secret import SecretReader
from payments.clients.stripe_webhooks import StripeWebhooks
from payments.repository.payments import PaymentRepository
from payments.repository.webhook_events import WebhookEventRepository
from payments.schemas import WebhookOut
from payments.service import handle_webhook
from payments.service.ports import WebhookRefusal, Webhooks
from payments.settings import PspSettings, RequestSettings
from shop import clock, telemetry, trace
from shop.checkout_execution import StepFunctionsCheckout
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    method="POST",
    path="/webhooks/psp/{psp}",
    summary="What a payment provider tells by itself; signed by it, of any age and order",
    auth="signature",
    responses={200: WebhookOut},
    problems=(problems.INVALID_REQUEST, problems.WEBHOOK_NOT_SIGNED, problems.NOT_FOUND),
    throttle=(200, 400),
)
REFUSALS = {
    WebhookRefusal.NOT_SIGNED: Problem(
        problems.WEBHOOK_NOT_SIGNED, "Sign the body as it is sent, with the time of sending."
    ),
    WebhookRefusal.UNREADABLE: Problem(
        problems.INVALID_REQUEST,
        "It is signed, but no event can be read from it.",
        errors=[{"pointer": "", "code": "event_invalid", "detail": "no event, or no clear JSON"}],
    ),
}
settings = RequestSettings.load()
payments = PaymentRepository()
notices = WebhookEventRepository()
checkout = StepFunctionsCheckout(settings.checkout_machine_arn)


@functools.cache
def providers() -> dict[str, Webhooks]:
    """Whose webhooks are heard, by the name in the path."""
    stripe = StripeWebhooks(SecretReader(PspSettings.load().psp_secret_arn))
    return {stripe.name: stripe}


def handle(request: Request[bytes]) -> Response | Problem:
    """Check it, keep it, let the machine look: the provider wants its answer within seconds."""
    provider = providers().get(request.path["psp"])
    if provider is None:
        return Problem(problems.NOT_FOUND, "There is no such provider.")
    now = clock.now()
    notice = provider.read(request.body, request.headers, now=now)
    if isinstance(notice, WebhookRefusal):
        telemetry.emit_metric("WebhookRefused")
        return REFUSALS[notice]
    outcome = handle_webhook.handle_webhook(
        notice,
        psp=provider.name,
        sha256=hashlib.sha256(request.body).hexdigest(),
        notices=notices,
        payments=payments,
        checkout=checkout,
        now=now,
        trace_of=lambda data: trace.from_dict(dict(data)),
    )
    telemetry.logger.info(
        "webhook", extra={"event_id": notice.event_id, "type": notice.type, "outcome": outcome}
    )
    return Response(200, WebhookOut())


handler = entrypoint(ROUTE, handle)
