"""POST /payments.

Problems: 402 payment_declined, 403 account_erased, 404 not_found, 409 order_not_payable,
order_closed, payment_in_progress, request_in_progress, 422 payment_method_invalid,
idempotency_key_reused, 503 checkout_incomplete.
"""

from payments import problems
from payments.repository.payments import PaymentRepository
from payments.schemas import PaymentIn, PaymentOut
from payments.service.create_payment import create_payment, refuse_test_method
from payments.service.receive_payment import receive_payment
from payments.settings import CreatingSettings
from shop import clock
from shop.checkout_execution import StepFunctionsCheckout, time_to_wait
from shop.http import Link, Request, Response, Route, entrypoint, replayed_response
from shop.personal_data import PersonalData
from shop.problems import Problem
from shop.request_ids import RequestIds
from shop.step_up import OWN_MONEY
from shop.user_keys import UserKeys

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
        problems.ACCOUNT_ERASED,
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
personal = PersonalData("payments", UserKeys(settings.wrapping_key_arn))
checkout = StepFunctionsCheckout(settings.checkout_machine_arn)


def handle(request: Request[PaymentIn]) -> Response | Problem:
    """Parse, store, run, answer."""
    now = clock.now()
    if settings.stage == "prod":
        refused = refuse_test_method(request.body.payment_method)
        if refused is not None:
            return refused
    wanted = receive_payment(request, request_ids=request_ids, personal=personal, now=now)
    if isinstance(wanted, Problem):
        return wanted
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
