"""First answers: what the client of POST /orders or POST /checkout gets, once and for all."""

import json
from typing import Any

from orders import problems, views
from orders.domain import Kind, Order, Status
from orders.records import Record
from orders.service.changes import problem_answer
from shop.idempotency import Answer
from shop.money import Money
from shop.problems import Problem
from shop.trace import Trace


def owed(record: Record) -> bool:
    """Whether the step that ends this order's request still has to answer it.

    POST /orders is answered by the change out of pending, so a placed order is never owed one.
    """
    if record.order.kind is Kind.ORDER:
        return record.order.status is Status.PENDING
    return record.answer is None


def placed(order: Order) -> Answer:
    """201 with the order."""
    return Answer(201, _json(views.order_body(order)))


def rejected(order: Order, result: dict[str, Any], trace: Trace) -> Answer:
    """Why it was not placed, with a pointer to every line that is to blame."""
    return problem_answer(_rejection(order, result), trace)


def _rejection(order: Order, result: dict[str, Any]) -> Problem:
    outcome = result["outcome"]
    if outcome == "unknown_sku":
        errors = _blame(order, set(result["skus"]), "unknown_sku", "not sold here")
        return Problem(problems.UNKNOWN_SKU, "See errors for the lines.", errors=errors)
    if outcome == "currency_not_offered":
        errors = [{"pointer": "/currency", "code": outcome, "detail": "no price in it"}]
        return Problem(
            problems.CURRENCY_NOT_OFFERED, f"Nothing is sold in {order.currency}.", errors=errors
        )
    if outcome == "total_too_large":
        return Problem(
            problems.ORDER_TOTAL_TOO_LARGE,
            "Split it into several orders.",
            errors=[{"pointer": "/lines", "code": outcome, "detail": "too much for one payment"}],
            extra={"max_total": Money(result["max_total"], order.currency).to_dict()},
        )
    if outcome == "out_of_stock":
        short = {item["sku"]: item for item in result["short"]}
        errors = _blame(order, set(short), "out_of_stock", "less is left than was asked for")
        lines = [
            {key: item[key] for key in ("sku", "requested", "available") if key in item}
            for item in short.values()
        ]
        return Problem(
            problems.OUT_OF_STOCK, "See lines for what is left.", errors, extra={"lines": lines}
        )
    return closed("abandoned")


def _blame(order: Order, skus: set[str], code: str, detail: str) -> list[dict[str, str]]:
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
        extra={"reason": reason},
    )


def checkout(
    order: Order,
    payment: dict[str, Any],
    claimed: dict[str, Any],
    reason: str,
    trace: Trace,
) -> Answer:
    """How POST /checkout ends. `order` is as it stands after this outcome."""
    outcome = payment["outcome"]
    if outcome in {"captured", "authorized"} and order.status in {Status.PLACED, Status.PAID}:
        return Answer(201, _json(_both(order, payment)))
    if outcome == "requires_action" and order.status is Status.PLACED:
        return Answer(202, _json(_both(order, payment)))
    if outcome == "declined":
        return problem_answer(_declined(order, payment), trace)
    if claimed["outcome"] == "refused" and order.status in {Status.PLACED, Status.PAID}:
        return problem_answer(Problem(problems.ORDER_NOT_PAYABLE, claimed["detail"]), trace)
    return problem_answer(closed(order.reason or reason), trace)


def _declined(order: Order, payment: dict[str, Any]) -> Problem:
    return Problem(
        problems.CATALOGUE[payment.get("code") or problems.PAYMENT_DECLINED.code],
        payment.get("detail") or "The order is cancelled and the stock is free again.",
        extra={"order_id": order.order_id, "decline_code": payment.get("decline_code")},
    )


def _both(order: Order, payment: dict[str, Any]) -> dict[str, Any]:
    return {"order": views.order_body(order), "payment": payment["payment"]}


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
