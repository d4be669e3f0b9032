"""Money goes back once, and only of a payment that took it for this order."""

from dataclasses import replace

import pytest

from payments.domain.payment import Payment, PaymentConflict, Status
from payments.service.ports import PspInvalidState, PspUnavailable
from payments.service.refund_payment import refund_payment
from tests.unit.payments.fakes import NOW, ORDER, PAYMENT, TOTAL, TRACE, Shop, make_payment


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    made.payments.insert(make_payment())
    made.authorize()
    made.capture()
    return made


def refund(shop: Shop, *, payment_id: str = PAYMENT, order_id: str = ORDER) -> str:
    return refund_payment(
        payment_id, order_id=order_id, payments=shop.payments, psp=shop.psp, now=NOW, trace=TRACE,
        causation_id="evt_1",
    )  # fmt: skip


def given_back(shop: Shop) -> int:
    return sum(book.refunded for book in shop.psp.books.values())


def test_all_of_it_goes_back_once(shop: Shop) -> None:
    assert [refund(shop), refund(shop)] == ["refunded", "already"]
    assert (given_back(shop), shop.psp.count("refund")) == (TOTAL.amount, 1)
    assert shop.payments.types()[-1] == "payment.refunded"
    assert shop.payments.events[-1]["causation_id"] == "evt_1"
    assert shop.row.status is Status.CAPTURED


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_lost_answer_is_a_fault_and_the_next_try_ends_it(shop: Shop, fault: str) -> None:
    shop.psp.fail("refund", fault)  # type: ignore[arg-type]
    with pytest.raises(PspUnavailable):
        refund(shop)
    assert shop.row.refunded_at is None
    assert refund(shop) == "refunded"
    assert given_back(shop) == TOTAL.amount


def test_a_refusal_is_a_fault_and_nothing_is_said_to_be_done(shop: Shop) -> None:
    shop.psp.fail("refund", "refuse")
    with pytest.raises(PspInvalidState):
        refund(shop)
    assert shop.row.refunded_at is None
    assert shop.payments.types()[-1] == "payment.captured"


def test_another_one_that_was_faster_is_enough(shop: Shop) -> None:
    def faster(_: str) -> None:
        row = shop.row
        shop.payments.rows[PAYMENT] = replace(row, refunded_at="now", version=row.version + 1)

    shop.psp.before_call = faster
    assert refund(shop) == "already"


@pytest.mark.parametrize(
    "row",
    [make_payment(psp_reference="pi_1", status=s) for s in Status if s is not Status.CAPTURED],
    ids=lambda row: row.status,
)
def test_what_was_not_taken_does_not_go_back(row: Payment) -> None:
    shop = Shop()
    shop.payments.insert(row)
    with pytest.raises(PaymentConflict):
        refund(shop)
    assert shop.psp.calls == []


def test_a_payment_of_another_order_or_of_nobody_is_a_fault(shop: Shop) -> None:
    with pytest.raises(PaymentConflict):
        refund(shop, order_id=ORDER[:-1] + "0")
    with pytest.raises(LookupError):
        refund(shop, payment_id=PAYMENT[:-1] + "0")
    assert given_back(shop) == 0
