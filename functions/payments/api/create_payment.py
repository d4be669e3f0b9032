"""POST /payments.

Problems: 402 payment_declined, 404 not_found, 409 order_not_payable, order_closed,
payment_in_progress, request_in_progress, 422 payment_method_invalid, idempotency_key_reused,
503 checkout_incomplete.
"""

import secrets

from payments import problems
from payments.domain.payment import Payment
from payments.repository.payments import PaymentRepository
from payments.schemas import PaymentIn, PaymentOut
from payments.service.create_payment import create_payment, refuse_test_method
from payments.settings import CreatingSettings
from shop import clock, idempotency
from shop.checkout_execution import StepFunctionsCheckout, time_to_wait
from shop.http import Link, Request, Response, Route, entrypoint, replayed_response
from shop.problems import Problem
from shop.request_ids import RequestIds
from shop.step_up import OWN_MONEY

ROUTE = Route(
    method="POST",
    path="/payments",
    summary="Pay an order: authorise and, unless capture is manual, take the money",
    auth="customer",
    scopes=("shop:buy",),
    idempotent=True,
    request=PaymentIn,
    responses={201: PaymentOut, 202: PaymentOut},
    problems=(
        *problems.CHECKOUT,
        *problems.PAYING,
        problems.NOT_FOUND,
        problems.PAYMENT_IN_PROGRESS,
    ),
    links=(
        Link("get_payment", {"payment_id": "$response.body#/payment_id"}),
        Link("confirm_payment", {"payment_id": "$response.body#/payment_id"}),
        Link("get_order", {"order_id": "$response.body#/order_id"}),
    ),
    ends_at_once=True,
    step_up=OWN_MONEY,
)
settings = CreatingSettings.load()
payments = PaymentRepository()
request_ids = RequestIds(settings.request_id_key_arn)
checkout = StepFunctionsCheckout(settings.checkout_machine_arn)


def handle(request: Request[PaymentIn]) -> Response | Problem:
    """Parse, store, run, answer."""
    body, now = request.body, clock.now()
    if settings.stage == "prod":
        refused = refuse_test_method(body.payment_method)
        if refused is not None:
            return refused
    customer_id = request.user.subject
    wanted = Payment(
        payment_id=request_ids.of("pay", customer_id, request.key),
        order_id=body.order_id,
        customer_id=customer_id,
        payment_method=body.payment_method,
        capture_method=body.capture_method,
        return_url=body.return_url,
        lease_owner=secrets.token_hex(8),
        fingerprint=idempotency.fingerprint(body.model_dump()),
        created_at=clock.rfc3339(now),
        updated_at=clock.rfc3339(now),
    )
    result = create_payment(
        wanted,
        payments=payments,
        checkout=checkout,
        timeout_s=time_to_wait(request.remaining_s()),
        now=now,
        trace=request.trace,
    )
    if isinstance(result, Problem):
        return result
    return replayed_response(result.answer, replayed=result.replayed)


handler = entrypoint(ROUTE, handle)
