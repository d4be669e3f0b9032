"""`payments.service.ports.Notices`, in memory and on DynamoDB."""

import pytest

from payments.repository_webhooks import NoticeRepository
from payments.service.ports import Notice, Notices
from tests.support.ports import opened
from tests.unit.payments.fakes import NOW, PAYMENT, FakeNotices

PORT = Notices
NOTICE = Notice("evt_1", "payment_intent.succeeded", PAYMENT, "pi_1")


@pytest.fixture(params=[FakeNotices, NoticeRepository])
def notices(request: pytest.FixtureRequest) -> Notices:
    made: Notices = opened(request, "payments")
    return made


def take(notices: Notices, notice: Notice = NOTICE) -> bool:
    return notices.take(notice, psp="stripe", sha256="0", now=NOW)


def test_a_notice_is_taken_until_it_was_processed(notices: Notices) -> None:
    assert [take(notices), take(notices)] == [True, True]
    notices.processed(NOTICE, "started")
    assert not take(notices)


def test_notices_know_nothing_of_each_other(notices: Notices) -> None:
    take(notices)
    notices.processed(NOTICE, "ignored")
    assert take(notices, Notice("evt_2", "charge.refunded"))
