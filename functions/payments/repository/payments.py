"""Payments in DynamoDB: one row each, changed only by its own version, with the change's event.

`PAYMENT#<payment_id>` / `PAYMENT`. The sparse index `due` holds the rows that are not final.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, cast

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from payments.domain.payment import Payment, Status
from shop import clock, ids, tables, telemetry
from shop.checkout import CaptureMethod
from shop.events import Event
from shop.idempotency import StoredResponse
from shop.money import Money
from shop.text import compact_json

READ_TOGETHER = 25  # due payments; the last of them is read about a minute before its turn


class PaymentItem(tables.EventRow):
    """A payment's row."""

    Meta = tables.meta("payments")

    payment_id = UnicodeAttribute()
    order_id = UnicodeAttribute()
    customer_id = UnicodeAttribute()
    status = UnicodeAttribute()
    capture_method = UnicodeAttribute()
    personal = BinaryAttribute(null=True, legacy_encoding=False)
    amount = NumberAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    psp = UnicodeAttribute()
    attempt_id = UnicodeAttribute(null=True)
    psp_reference = UnicodeAttribute(null=True)
    next_action = UnicodeAttribute(null=True)
    decline_code = UnicodeAttribute(null=True)
    problem_code = UnicodeAttribute(null=True)
    captured_at = UnicodeAttribute(null=True)
    refunded_at = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    version = NumberAttribute()
    fingerprint = UnicodeAttribute(null=True)
    lease_owner = UnicodeAttribute(null=True)
    lease_until = UnicodeAttribute(null=True)
    answer_status = NumberAttribute(null=True)
    answer_body = UnicodeAttribute(null=True)
    trace = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    next_attempt_at = UnicodeAttribute(null=True)
    due = tables.due_index()
    by_customer = tables.index("by_customer", "customer_id", "created_at")


class PaymentRepository:
    """`payments.service.ports.Payments` on DynamoDB."""

    def get(self, payment_id: str) -> Payment | None:
        """One payment, read consistently."""
        try:
            item = PaymentItem.get(*_key(payment_id), consistent_read=True)
        except PaymentItem.DoesNotExist:
            return None
        return _payment(item)

    def insert(self, payment: Payment, event: Event | None = None) -> bool:
        """Store a new payment (and its event); False if it exists."""
        item = PaymentItem(*_key(payment.payment_id), **_attributes(payment))
        return tables.put(item, PaymentItem.pk.does_not_exist(), event=event) is None

    def begin(self, payment: Payment) -> Payment | None:
        """Store reference and amount once; what the request stored before stays."""
        written = {"amount", "currency", "attempt_id", "psp", "psp_reference"}
        written |= {"updated_at"}  # When to look again stays: the request has set it just now.
        actions: list[Action] = [PaymentItem.version.add(1)]
        if payment.personal is None:
            actions.append(PaymentItem.personal.remove())
        for name, value in _attributes(payment).items():
            attribute = getattr(PaymentItem, name)
            if name == "version" or value is None:
                continue
            actions.append(attribute.set(value if name in written else attribute | value))
        untouched = (
            (PaymentItem.status == Status.PENDING.value)
            & PaymentItem.psp_reference.does_not_exist()
            & (PaymentItem.order_id == payment.order_id)
            & (PaymentItem.customer_id == payment.customer_id)
        )
        item = PaymentItem(*_key(payment.payment_id))
        refused = tables.update(item, actions, PaymentItem.pk.does_not_exist() | untouched)
        return _payment(item) if refused is None else None

    def save(self, before: Payment, after: Payment, event: Event | None) -> Payment | None:
        """Write what changed if `before` is still stored; else return the stored row."""
        old, new = _attributes(before), _attributes(after)
        actions = [
            getattr(PaymentItem, name).set(value)
            if value is not None
            else getattr(PaymentItem, name).remove()
            for name, value in new.items()
            if value != old[name]
        ]
        item = PaymentItem(*_key(before.payment_id))
        same = PaymentItem.version == before.version

        refused = tables.update(item, actions, same, event=event)
        if refused is None:
            return None
        if refused.item is None:
            raise LookupError("the payment's row is gone")
        return _payment(tables.from_raw(PaymentItem, refused.item))

    def take_over(self, payment: Payment, *, owner: str, until: str) -> bool:
        """Take the lease over if it is as it was read."""
        as_read: Condition = PaymentItem.lease_until.does_not_exist()
        if payment.lease_until:
            as_read = PaymentItem.lease_until == payment.lease_until
        actions: list[Action] = [
            PaymentItem.lease_owner.set(owner),
            PaymentItem.lease_until.set(until),
        ]
        unanswered = PaymentItem.answer_status.does_not_exist()
        return self._update(payment.payment_id, actions, as_read & unanswered)

    def release(self, payment_id: str, *, owner: str) -> None:
        """End our lease; nothing happens if it is somebody else's by now."""
        self._update(
            payment_id,
            [PaymentItem.lease_owner.remove(), PaymentItem.lease_until.remove()],
            PaymentItem.lease_owner == owner,
        )

    def complete_authorization(self, payment_id: str, answer: StoredResponse) -> bool:
        """Keep the first answer and take held money out of the index; False if it is not held."""
        status, body = PaymentItem.answer_status, PaymentItem.answer_body
        return self._update(
            payment_id,
            [
                status.set(status | answer.status),
                body.set(body | answer.body),
                PaymentItem.due_shard.remove(),
                PaymentItem.next_attempt_at.remove(),
                PaymentItem.version.add(1),
            ],
            PaymentItem.status == Status.AUTHORIZED.value,
        )

    def due(self, now: datetime) -> Iterable[Payment]:
        """The longest due first; read page by page, and again by key: the index holds no more."""
        until = clock.rfc3339(now)
        shards = [
            PaymentItem.due.query(str(shard), PaymentItem.next_attempt_at <= until)
            for shard in range(tables.DUE_SHARDS)
        ]
        found = tables.oldest_first(shards, by=lambda item: str(item.next_attempt_at))
        keys = ((item.pk, item.sk) for item in found)
        while batch := list(islice(keys, READ_TOGETHER)):
            rows = tables.batch_get(PaymentItem, batch, consistent=True)
            due = [
                row
                for row in rows
                if row.next_attempt_at is not None and row.next_attempt_at <= until
            ]
            due.sort(key=lambda row: str(row.next_attempt_at))
            yield from tables.readable(due, _payment, count=_unreadable)

    def postpone(self, payment: Payment, *, next_attempt_at: str) -> bool:
        """Move it back in the index if it is as it was read there."""
        seen = (PaymentItem.next_attempt_at == payment.next_attempt_at) & (
            PaymentItem.version == payment.version
        )
        return self._update(
            payment.payment_id, [PaymentItem.next_attempt_at.set(next_attempt_at)], seen
        )

    def of_customer(self, customer_id: str) -> Sequence[Payment]:
        """All of a customer's by the index, each read again by its key, consistently."""
        keys = [(item.pk, item.sk) for item in PaymentItem.by_customer.query(customer_id)]
        return [_payment(item) for item in tables.batch_get(PaymentItem, keys, consistent=True)]

    def _update(self, payment_id: str, actions: list[Action], condition: Condition) -> bool:
        """Of what tells nobody anything: the row's last event was told before."""
        return tables.update(PaymentItem(*_key(payment_id)), actions, condition) is None


def _unreadable() -> None:
    telemetry.emit_metric("PaymentUnreadable")


def _key(payment_id: str) -> tuple[str, str]:
    return f"PAYMENT#{payment_id}", "PAYMENT"


def _shard(payment_id: str) -> str:
    return str(ids.shard_of(payment_id, tables.DUE_SHARDS))


def _attributes(payment: Payment) -> dict[str, Any]:
    amount, answer = payment.amount, payment.answer
    return {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "customer_id": payment.customer_id,
        "status": payment.status.value,
        "capture_method": payment.capture_method,
        "personal": payment.personal,
        "amount": None if amount is None else amount.amount,
        "currency": None if amount is None else amount.currency,
        "psp": payment.psp,
        "attempt_id": payment.attempt_id or None,
        "psp_reference": payment.psp_reference,
        "next_action": payment.next_action,
        "decline_code": payment.decline_code,
        "problem_code": payment.problem_code,
        "captured_at": payment.captured_at,
        "refunded_at": payment.refunded_at,
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
        "version": payment.version,
        "fingerprint": payment.fingerprint or None,
        "lease_owner": payment.lease_owner or None,
        "lease_until": payment.lease_until or None,
        "answer_status": None if answer is None else answer.status,
        "answer_body": None if answer is None else answer.body,
        "trace": _dump(payment.trace),
        "due_shard": None if payment.next_attempt_at is None else _shard(payment.payment_id),
        "next_attempt_at": payment.next_attempt_at,
    }


def _payment(item: PaymentItem) -> Payment:
    answered = item.answer_status is not None and item.answer_body is not None
    priced = item.amount is not None and item.currency is not None
    return Payment(
        payment_id=item.payment_id,
        order_id=item.order_id,
        customer_id=item.customer_id,
        status=Status(item.status),
        capture_method=cast(CaptureMethod, item.capture_method),
        personal=item.personal,
        amount=Money(int(item.amount), item.currency) if priced else None,
        psp=item.psp,
        attempt_id=item.attempt_id or "",
        psp_reference=item.psp_reference,
        next_action=item.next_action,
        decline_code=item.decline_code,
        problem_code=item.problem_code,
        captured_at=item.captured_at,
        refunded_at=item.refunded_at,
        created_at=item.created_at,
        updated_at=item.updated_at,
        version=int(item.version),
        fingerprint=item.fingerprint or "",
        lease_owner=item.lease_owner or "",
        lease_until=item.lease_until or "",
        answer=StoredResponse(int(item.answer_status), item.answer_body) if answered else None,
        trace=json.loads(item.trace),
        next_attempt_at=item.next_attempt_at,
    )


def _dump(data: Any) -> str:
    return compact_json(dict(data))
