"""POST /orders/{order_id}/cancel.

An order ends once, so its row is the record of this request: a repeat finds the cancelled order and
gets the same body, with another key too. Only with the key that it was cancelled with is that
called a repeat. Problems: 404 not_found, 409 order_not_cancellable (paid, or ended in another
way), 503 checkout_incomplete (the wish is kept).
"""

from orders import problems
from orders.domain.order import Status
from orders.repository.orders import OrderRepository
from orders.schemas import OrderOut
from orders.service import cancel_order
from orders.service.check_access import requester
from orders.settings import MachineSettings
from shop import clock, idempotency
from shop.checkout_execution import StepFunctionsCheckout, time_to_wait
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import STAFF

ROUTE = Route(
    "POST",
    "/orders/{order_id}/cancel",
    "Cancel an order and let go of its payment; not once it is paid: refunds come with returns",
    scopes=("shop:buy", "orders:write"),
    step_up=STAFF,
    idempotent=True,
    responses={202: OrderOut},
    problems=(
        problems.NOT_FOUND,
        problems.ORDER_NOT_CANCELLABLE,
        problems.CHECKOUT_INCOMPLETE,
    ),
)
SETTINGS = MachineSettings.load()
orders = OrderRepository()
checkout = StepFunctionsCheckout(SETTINGS.checkout_machine_arn)


def handle(request: Request[None]) -> Response | Problem:
    """Find it, cancel it, show what it is now. What was never placed is not there yet."""
    found = orders.get(request.path["order_id"])
    by = None if found is None else requester(found.order, request.user)
    if found is None or by is None or found.order.status is Status.PENDING:
        return Problem(problems.NOT_FOUND, "There is no such order.")
    wish = idempotency.fingerprint([request.user.subject, request.key])
    order = cancel_order.cancel(
        found,
        by,
        request=wish,
        orders=orders,
        checkout=checkout,
        timeout_s=time_to_wait(request.remaining_s()),
        now=clock.now(),
    )
    if isinstance(order, Problem):
        return order
    headers = {"Idempotency-Replayed": "true"} if cancel_order.is_repeated(found, wish) else {}
    return Response(202, OrderOut.of(order), headers=headers)


handler = entrypoint(ROUTE, handle)
