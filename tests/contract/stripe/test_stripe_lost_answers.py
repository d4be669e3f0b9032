"""Payments whose provider acts and is not heard: localstripe, which ignores keys."""

from collections.abc import Iterator
from typing import Any

import pytest

from payments.clients.stripe import StripePsp
from payments.domain.payment import ProviderPayment, ProviderRejection, PspState
from payments.service.ports import (
    PspUnavailable,
)
from tests.support.localstripe import Secret
from tests.unit.payments.fakes import FakePayments, Shop


class LosesAnswers(StripePsp):
    """The provider acts; its answer to these calls does not arrive, once."""

    lost: set[str]

    def confirm(self, payment: Any, *, return_url: str | None, key: str) -> ProviderPayment:
        return self._lose("confirm", super().confirm(payment, return_url=return_url, key=key))

    def capture(self, reference: str, *, key: str) -> ProviderPayment:
        return self._lose("capture", super().capture(reference, key=key))

    def cancel(self, reference: str, *, key: str) -> ProviderPayment:
        return self._lose("cancel", super().cancel(reference, key=key))

    def _lose(self, call: str, seen: ProviderPayment) -> ProviderPayment:
        if call in self.lost:
            self.lost.remove(call)
            raise PspUnavailable(call)
        return seen


@pytest.fixture
def shop(localstripe: str, secret: Secret) -> Iterator[Shop]:
    psp = LosesAnswers(secret, api_base=localstripe, redirects=False)
    psp.within(20)
    psp.lost = {"confirm", "capture", "cancel"}
    yield Shop(FakePayments(), psp)  # type: ignore[arg-type]
    psp.close()


def test_lost_answers_are_looked_up_although_keys_are_ignored(shop: Shop) -> None:
    assert shop.authorize()["outcome"] == "authorized"
    assert shop.capture()["outcome"] == "captured"
    assert shop.payments.types() == ["payment.authorized", "payment.captured"]


def test_a_lost_void_is_looked_up(shop: Shop) -> None:
    shop.authorize()
    assert shop.void()["outcome"] == "voided"


def test_an_orphan_of_a_race_is_cancelled(shop: Shop) -> None:
    """localstripe ignores keys, so the second attempt makes a second intent."""
    shop.authorize()
    first = shop.row.psp_reference
    made: list[ProviderPayment | ProviderRejection] = []
    create = shop.psp.create

    def remembered(*args: Any, **kwargs: Any) -> Any:
        made.append(create(*args, **kwargs))
        return made[-1]

    shop.psp.create = remembered  # type: ignore[method-assign]
    shop.psp.lost.clear()  # type: ignore[attr-defined]
    assert shop.authorize()["outcome"] == "authorized"
    assert shop.row.psp_reference == first
    (orphan,) = made
    assert isinstance(orphan, ProviderPayment)
    assert shop.psp.retrieve(orphan.reference).state is PspState.VOIDED
