"""GET /payments/{payment_id}. Problems: 404 not_found, also for another customer's payment.

The only answer with what a customer needs to authenticate, and for that customer only.
"""

from payments.repository.payments import PaymentRepository
from payments.schemas import PaymentDetailOut
from payments.service.get_payment import get_payment, next_action
from payments.service.ports import Psp
from shop import problems, step_up
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

STAFF = frozenset({"payments:write", "orders:read"})
ROUTE = Route(
    method="GET",
    path="/payments/{payment_id}",
    summary="A payment and what was tried for it",
    auth="customer",
    scopes=("shop:buy", "payments:write", "orders:read"),
    step_up=step_up.STAFF,
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
    own = payment.customer_id == caller.subject
    action = next_action(payment, psp=_psp) if own else None
    shown = PaymentDetailOut.detailed(payment, for_customer=own, action=action)
    return Response(200, shown, etag=f'"{payment.version}"')


def _psp() -> Psp:
    """Imported when it is needed: the provider's library is large, and most answers do without."""
    from payments import wiring

    return wiring.open_psp()


handler = entrypoint(ROUTE, handle)
