"""First answers: what the client of POST /orders or POST /checkout gets, once and for all."""

from orders import problems
from orders.domain import order as domain
from orders.domain.order import Kind, Order, Status
from orders.schemas import CheckoutOut, OrderOut
from orders.service.ports import StoredOrder
from shop import strict
from shop.checkout import (
    Authorized,
    Captured,
    CurrencyNotOffered,
    Declined,
    DestinationNotServed,
    FinalizeTask,
    NotPayable,
    OutOfStock,
    Rejection,
    RequiresAction,
    TotalTooLarge,
    UnknownSkus,
)
from shop.idempotency import StoredResponse
from shop.money import Money
from shop.problems import Problem
from shop.trace import Trace


def first(record: StoredOrder) -> StoredResponse | None:
    """The first answer to the request that made the order; None if it has none yet.

    That of POST /orders to a placed order is not kept: it is made again, with the same bytes, from
    what never changes of the order. In the row it was as long as all the rest.
    """
    if record.answer is None and domain.answers_its_request(record.order):
        return placed(domain.as_placed(record.order))
    return record.answer


def is_response_pending(record: StoredOrder) -> bool:
    """Whether the step that ends this order's request still has to answer it.

    POST /orders is answered by the change out of pending, so a placed order is never owed one.
    """
    if record.order.kind is Kind.ORDER:
        return record.order.status is Status.PENDING
    return record.answer is None


def placed(order: Order) -> StoredResponse:
    """201 with the order."""
    return StoredResponse(201, OrderOut.of(order).model_dump_json())


def rejected(order: Order, cause: Rejection, trace: Trace) -> StoredResponse:
    """Why it was not placed, with every SKU that is to blame."""
    return StoredResponse.of_problem(_rejection(order, cause), trace)


def _rejection(order: Order, cause: Rejection) -> Problem:
    if isinstance(cause, UnknownSkus):
        errors = _field_errors(order, set(cause.skus), "unknown_sku", "not sold here")
        return Problem(problems.UNKNOWN_SKU, "See errors for the lines.", errors=errors)
    if isinstance(cause, CurrencyNotOffered):
        errors = [{"pointer": "/currency", "code": cause.outcome, "detail": "no price in it"}]
        return Problem(
            problems.CURRENCY_NOT_OFFERED, "Nothing is sold in this currency.", errors=errors
        )
    if isinstance(cause, DestinationNotServed):
        address = "/shipping_address" if order.kind is Kind.ORDER else "/address"
        errors = [{"pointer": address, "code": cause.outcome, "detail": "not delivered to"}]
        return Problem(problems.DESTINATION_NOT_SERVED, "Order to another address.", errors=errors)
    if isinstance(cause, TotalTooLarge):
        much = "too much for one payment"
        return Problem(
            problems.ORDER_TOTAL_TOO_LARGE,
            "Split it into several orders.",
            errors=[{"pointer": "/lines", "code": cause.outcome, "detail": much}],
            extensions={"max_total": Money(cause.max_total, order.currency).to_dict()},
        )
    if isinstance(cause, OutOfStock):
        short = {line.sku for line in cause.short}
        errors = _field_errors(order, short, "out_of_stock", "less is left than was asked for")
        lines = strict.dump(cause.short)
        return Problem(
            problems.OUT_OF_STOCK,
            "See lines for what is left.",
            errors,
            extensions={"lines": lines},
        )
    return closed("abandoned")


def _field_errors(order: Order, skus: set[str], code: str, detail: str) -> list[dict[str, str]]:
    """Lines are named by SKU: lines of one SKU were summed, so their places are gone."""
    return [
        {"pointer": "/lines", "code": code, "detail": f"{line.sku}: {detail}"}
        for line in order.lines
        if line.sku in skus
    ]


def closed(reason: str) -> Problem:
    """The order ended before its request did."""
    return Problem(
        problems.ORDER_CLOSED,
        "No stock is held, and money that was taken goes back. Order again with a new key.",
        extensions={"reason": reason},
    )


def checkout(order: Order, task: FinalizeTask, reason: str) -> StoredResponse:
    """How POST /checkout ends. `order` is as it stands after this outcome."""
    payment, attached = task.payment, task.attached
    stands = order.status in {Status.PLACED, Status.PAID}
    if isinstance(payment, Captured | Authorized) and stands:
        return StoredResponse(201, CheckoutOut.of(order, payment.payment).model_dump_json())
    if isinstance(payment, RequiresAction) and order.status is Status.PLACED:
        return StoredResponse(202, CheckoutOut.of(order, payment.payment).model_dump_json())
    if isinstance(payment, Declined):
        return StoredResponse.of_problem(_declined(order, payment), task.trace)
    if isinstance(attached, NotPayable) and stands:
        problem = Problem(problems.ORDER_NOT_PAYABLE, attached.detail)
        return StoredResponse.of_problem(problem, task.trace)
    return StoredResponse.of_problem(closed(order.reason or reason), task.trace)


def _declined(order: Order, payment: Declined) -> Problem:
    return Problem(
        problems.CATALOGUE[payment.code],
        payment.detail,
        extensions={"order_id": order.order_id, "decline_code": payment.decline_code},
    )
