"""What orders hold of a user, for that user: as GET /orders/{order_id} shows it."""

from orders.schemas import OrderDetailOut
from orders.service.ports import Parts, PersonalData, StoredOrdersOfCustomer
from orders.service.seal_details import open_details
from shop.export import UserExported, part
from shop.text import compact_json
from shop.user_keys import Erased

PAGE = 100


def export_user(
    export_id: str,
    user_id: str,
    orders: StoredOrdersOfCustomer,
    personal: PersonalData,
    parts: Parts,
) -> UserExported:
    """Newest first. Of who is erased nothing is written."""
    shown, before = [], None
    while True:
        page, before = orders.whole_of_customer(user_id, limit=PAGE, before=before)
        for record in page:
            details = open_details(record, personal)
            if isinstance(details, Erased):
                return UserExported(outcome="erased")
            body = OrderDetailOut.with_address(record.order, details.shipping_address)
            shown.append(body.model_dump())
        if before is None:
            break
    text = compact_json({"orders": shown})
    parts.put(part("orders", export_id), text.encode(), "application/json")
    return UserExported(outcome="exported")
