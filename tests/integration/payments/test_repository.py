"""What only the table can show of a payment."""

from payments.repository import PaymentRepository
from payments.service import outcomes
from tests.integration.payments.conftest import World
from tests.support import dynamodb
from tests.unit.payments.fakes import CUSTOMER, ORDER, PAYMENT, make_payment


def test_only_the_row_holds_the_payment_method(world: World) -> None:
    payments = PaymentRepository()
    payments.insert(make_payment(payment_method="pm_topsecret"))
    world.step(
        "authorize",
        payment={"payment_id": PAYMENT, "details": None},
        order_id=ORDER,
        customer_id=CUSTOMER,
        amount=1999,
        currency="EUR",
    )
    row = payments.get(PAYMENT)
    assert row is not None
    world.step("capture", payment=outcomes.to_task(row))
    rows = dynamodb.rows("payments")
    assert [row["pk"] for row in rows if "pm_topsecret" in str(row)] == [f"PAYMENT#{PAYMENT}"]
