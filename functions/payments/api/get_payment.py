"""GET /payments/{payment_id}. Problems: 404 not_found, also for another customer's payment."""

from payments.repository.payments import PaymentRepository
from payments.schemas import PaymentDetailOut
from payments.service.get_payment import get_payment
from shop import problems
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

STAFF = frozenset({"payments:write", "orders:read"})
ROUTE = Route(
    method="GET",
    path="/payments/{payment_id}",
    summary="A payment and what was tried for it",
    auth="customer",
    scopes=("shop:buy", "payments:write", "orders:read"),
    responses={200: PaymentDetailOut, 304: None},
    problems=(problems.NOT_FOUND,),
)
payments = PaymentRepository()


def handle(request: Request[None]) -> Response | Problem:
    """Look it up; staff see all, but never what only the customer's browser needs."""
    caller = request.user
    payment = get_payment(
        request.path["payment_id"],
        payments=payments,
        subject=caller.subject,
        sees_all=bool(caller.scopes & STAFF),
    )
    if isinstance(payment, Problem):
        return payment
    shown = PaymentDetailOut.of(payment, for_customer=payment.customer_id == caller.subject)
    return Response(200, shown, etag=f'"{payment.version}"')


handler = entrypoint(ROUTE, handle)
