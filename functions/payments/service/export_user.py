"""What payments hold of a user, for that user: as GET /payments/{payment_id} shows it, which is
without what it was paid with: whoever has that could charge it."""

from payments.schemas import PaymentDetailOut
from payments.service.ports import Parts, PaymentsOfCustomer
from shop.export import UserExported, part
from shop.text import compact_json


def export_user(
    export_id: str, user_id: str, payments: PaymentsOfCustomer, parts: Parts
) -> UserExported:
    """Oldest first."""
    found = sorted(payments.of_customer(user_id), key=lambda payment: payment.created_at)
    shown = [
        PaymentDetailOut.detailed(payment, for_customer=True).model_dump() for payment in found
    ]
    text = compact_json({"payments": shown})
    parts.put(part("payments", export_id), text.encode(), "application/json")
    return UserExported(outcome="exported")
