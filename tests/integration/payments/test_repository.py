"""What only the table can show of a payment."""

from payments.repository.payments import PaymentRepository
from payments.service import report_outcomes
from tests.integration.payments.conftest import FaultEnvironment
from tests.support import dynamodb
from tests.unit.payments.fakes import CUSTOMER, ORDER, PAYMENT, make_payment


def test_only_the_row_holds_the_payment_method(world: FaultEnvironment) -> None:
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
    world.step("capture", payment=report_outcomes.to_task(row))
    rows = dynamodb.rows("payments")
    assert [row["pk"] for row in rows if "pm_topsecret" in str(row)] == [f"PAYMENT#{PAYMENT}"]
