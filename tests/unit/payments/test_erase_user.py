"""A user is not erased while money is on its way."""

from collections.abc import Sequence

import pytest

from payments.domain.payment import FINAL, Payment, Status
from payments.service.erase_user import erase_user
from shop.erasure import UserBusy, UserErased
from tests.unit.payments.fakes import make_payment


class Listed:
    """Payments of one customer."""

    def __init__(self, *payments: Payment) -> None:
        self.payments = payments

    def of_customer(self, customer_id: str) -> Sequence[Payment]:
        return self.payments


def test_payments_that_have_ended_are_kept() -> None:
    ended = Listed(*(make_payment(status=status) for status in sorted(FINAL)))
    assert erase_user("usr_1", ended) == UserErased(kept=len(FINAL))


@pytest.mark.parametrize("status", sorted(set(Status) - FINAL))
def test_one_that_is_under_way_is_waited_for(status: Status) -> None:
    listed = Listed(make_payment(status=Status.CAPTURED), make_payment(status=status))
    assert erase_user("usr_1", listed) == UserBusy()
