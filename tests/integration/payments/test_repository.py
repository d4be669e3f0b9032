"""What only the table can show of a payment."""

from payments.repository.payments import PaymentRepository
from payments.service import report_outcomes
from shop.payer_details import PayerDetails
from tests.integration.payments.conftest import FaultEnvironment
from tests.support import dynamodb
from tests.support.personal import traces
from tests.unit.payments.fakes import CUSTOMER, ORDER, PAYMENT, make_payment

BACK = "https://shop.test/back/augusta"
SECRETS = traces({"pm_topsecret", BACK})


def test_no_row_holds_the_payment_method_but_sealed_and_until_it_is_confirmed(
    world: FaultEnvironment,
) -> None:
    payments = PaymentRepository()
    payments.insert(make_payment(PayerDetails("pm_topsecret", BACK)))
    [stored] = dynamodb.rows("payments")
    assert stored["personal"]
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
    assert [row["pk"] for row in rows if "personal" in row] == []
    told = [record["dynamodb"] for record in dynamodb.changes("payments")]
    assert SECRETS.findall(str([stored, rows, told])) == []
