"""A user is not erased while an order is open, however many there are."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from orders.domain.order import Order, Status
from orders.service.erase_user import CLOSED, PAGE, erase_user
from shop.erasure import UserBusy, UserErased
from tests.unit.orders.fakes import placed


class Listed:
    """Orders of one customer, by pages."""

    def __init__(self, *orders: Order) -> None:
        self.orders = orders

    def of_customer(
        self, customer_id: str, *, limit: int, before: str | None
    ) -> tuple[Sequence[Order], str | None]:
        start = int(before or 0)
        end = start + limit
        return self.orders[start:end], str(end) if end < len(self.orders) else None


def test_who_never_ordered_leaves_nothing() -> None:
    assert erase_user("usr_1", Listed()) == UserErased(kept=0)


@pytest.mark.parametrize("status", sorted(CLOSED))
def test_what_has_ended_is_kept(status: Status) -> None:
    ended = replace(placed(), status=status)
    assert erase_user("usr_1", Listed(*[ended] * (PAGE + 1))) == UserErased(kept=PAGE + 1)


@pytest.mark.parametrize("status", sorted(set(Status) - CLOSED))
@pytest.mark.parametrize("at", [0, PAGE, 2 * PAGE])
def test_one_that_is_open_is_waited_for_wherever_it_stands(status: Status, at: int) -> None:
    listed = [replace(placed(), status=Status.PAID)] * (2 * PAGE + 1)
    listed[at] = replace(placed(), status=status)
    assert erase_user("usr_1", Listed(*listed)) == UserBusy()
