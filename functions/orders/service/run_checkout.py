"""POST /orders and POST /checkout: store the request, run the machine, answer.

The row is the idempotency record. A repeat gets the stored first answer, or goes on from wherever
the first attempt stopped; the lease keeps repeats from crowding, the conditions keep them safe.
"""

from contextlib import suppress
from datetime import datetime

from orders import problems
from orders.service import render_responses
from orders.service.build_inputs import first_input
from orders.service.ports import Orders, StoredOrder
from shop.checkout import Checkout, ExecutionFailed
from shop.idempotency import IdempotencyRecord, Replay, StoredResponse, decide, lease_end
from shop.problems import Problem
from shop.trace import Trace


def run_checkout(
    record: StoredOrder,
    payer: str | None,
    *,
    orders: Orders,
    checkout: Checkout,
    timeout_s: float,
    trace: Trace,
    now: datetime,
) -> tuple[StoredResponse, bool] | Problem:
    """The first answer, and whether it is a replay."""
    if not orders.open(record):
        found = _replay_or_take_over(record, orders=orders, now=now)
        if isinstance(found, Problem):
            return found
        if isinstance(found, StoredResponse):
            return found, True
        record = found
    with suppress(ExecutionFailed):  # Logged there; a repeat goes on.
        result = checkout.run(first_input(record.order, payer, trace), timeout_s=timeout_s)
        if result.answer is not None:
            return result.answer, False
    orders.end_lease(record.order.order_id, record.request.lease_owner)
    return Problem(
        problems.CHECKOUT_INCOMPLETE,
        "Nothing is lost. Repeat the request with the same key.",
        headers={"Retry-After": "1"},
    )


def _replay_or_take_over(
    mine: StoredOrder, *, orders: Orders, now: datetime
) -> StoredOrder | StoredResponse | Problem:
    """What the request that came first left for this one: its answer, its work, or a refusal."""
    owner = mine.request.lease_owner
    for _ in range(3):
        stored = orders.get(mine.order.order_id)
        if stored is None:
            raise LookupError("an order that exists cannot be read")
        decision = decide(
            _idempotency_record(stored),
            fingerprint=mine.request.fingerprint,
            owner=owner,
            now=now,
        )
        if isinstance(decision, Problem):
            return decision
        if isinstance(decision, Replay):
            return decision.answer
        if orders.take_over(
            mine.order.order_id,
            lease_until=decision.lease_until,
            owner=owner,
            until=lease_end(now),
        ):
            return StoredOrder(stored.order, None, mine.original)
    return Problem(
        problems.REQUEST_IN_PROGRESS,
        "Repeat the request with the same key to get its answer.",
        headers={"Retry-After": "1"},
    )


def _idempotency_record(record: StoredOrder) -> IdempotencyRecord:
    request = record.request
    return IdempotencyRecord(
        request.fingerprint,
        request.lease_owner,
        request.lease_until,
        render_responses.first(record),
    )
