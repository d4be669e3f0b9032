"""POST /payments/{payment_id}/confirm: go on after a 3-D Secure step.

Problems: 402 payment_declined, 404 not_found, 409 payment_not_confirmable, 503 checkout_incomplete.
"""

from payments import problems
from payments.domain.payment import Status
from payments.repository.payments import PaymentRepository
from payments.schemas import PaymentOut
from payments.service.confirm_payment import confirm_payment
from payments.service.get_payment import get_payment
from payments.settings import RequestSettings
from shop.checkout_execution import StepFunctionsCheckout, time_to_wait
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import OWN_MONEY

ROUTE = Route(
    method="POST",
    path="/payments/{payment_id}/confirm",
    summary="Go on with a payment after the customer has authenticated",
    auth="customer",
    scopes=("shop:buy", "payments:write"),
    responses={200: PaymentOut, 202: PaymentOut},
    problems=(
        problems.PAYMENT_DECLINED,
        problems.NOT_FOUND,
        problems.PAYMENT_NOT_CONFIRMABLE,
        problems.CHECKOUT_INCOMPLETE,
    ),
    links=(
        Link("get_payment", {"payment_id": "$response.body#/payment_id"}),
        Link("get_order", {"order_id": "$response.body#/order_id"}),
    ),
    ends_at_once=True,
    step_up=OWN_MONEY,
)
settings = RequestSettings.load()
payments = PaymentRepository()
checkout = StepFunctionsCheckout(settings.checkout_machine_arn)


def handle(request: Request[None]) -> Response | Problem:
    """Find it, go on, answer with what it is now."""
    caller = request.user
    found = get_payment(
        request.path["payment_id"],
        payments=payments,
        subject=caller.subject,
        sees_all="payments:write" in caller.scopes,
    )
    if isinstance(found, Problem):
        return found
    payment = confirm_payment(
        found,
        payments=payments,
        checkout=checkout,
        timeout_s=time_to_wait(request.remaining_s()),
        trace=request.trace,
    )
    if isinstance(payment, Problem):
        return payment
    shown = PaymentOut.of(payment, for_customer=payment.customer_id == caller.subject)
    status = 202 if payment.status is Status.REQUIRES_ACTION else 200
    return Response(status, shown, etag=f'"{payment.version}"')


handler = entrypoint(ROUTE, handle)
