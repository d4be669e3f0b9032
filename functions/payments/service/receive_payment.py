"""What POST /payments makes of a request before it runs the machine."""

import secrets
from datetime import datetime

from payments import problems
from payments.domain.payment import Payment
from payments.schemas import PaymentIn
from payments.service.ports import PersonalData
from shop import clock, idempotency
from shop.http import Request
from shop.payer_details import PayerDetails, seal_payer
from shop.problems import Problem
from shop.request_ids import RequestIds
from shop.user_keys import Erased


def receive_payment(
    request: Request[PaymentIn],
    *,
    request_ids: RequestIds,
    personal: PersonalData,
    now: datetime,
) -> Payment | Problem:
    """The payment that this request is to make; a repeat with the same key has the same id.

    A token outlives its user by minutes: of somebody who is erased nothing is taken any more. The
    fingerprint is a digest under the customer's key: of a bare one, whoever has the row could try
    payment methods.
    """
    body, customer_id = request.body, request.user.subject
    payer = personal.to_seal(customer_id)
    if isinstance(payer, Erased):
        return Problem(problems.ACCOUNT_ERASED, "Nothing more is taken for it.")
    payment_id = request_ids.of("pay", customer_id, request.key)
    details = PayerDetails(body.payment_method, body.return_url)
    return Payment(
        payment_id=payment_id,
        order_id=body.order_id,
        customer_id=customer_id,
        capture_method=body.capture_method,
        personal=seal_payer(details, payment_id, payer),
        lease_owner=secrets.token_hex(8),
        fingerprint=payer.digest(idempotency.fingerprint(body.model_dump())),
        created_at=clock.rfc3339(now),
        updated_at=clock.rfc3339(now),
    )
