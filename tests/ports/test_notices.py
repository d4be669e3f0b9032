"""`payments.service.ports.WebhookEvents`, in memory and on DynamoDB."""

import pytest

from payments.repository.webhook_events import WebhookEventRepository
from payments.service.ports import WebhookEvent, WebhookEvents
from tests.support.ports import opened
from tests.unit.payments.fakes import NOW, PAYMENT, FakeNotices

PORT = WebhookEvents
NOTICE = WebhookEvent("evt_1", "payment_intent.succeeded", PAYMENT, "pi_1")


@pytest.fixture(params=[FakeNotices, WebhookEventRepository])
def notices(request: pytest.FixtureRequest) -> WebhookEvents:
    made: WebhookEvents = opened(request, "payments")
    return made


def take(notices: WebhookEvents, notice: WebhookEvent = NOTICE) -> bool:
    return notices.take(notice, psp="stripe", sha256="0", now=NOW)


def test_a_notice_is_taken_until_it_was_processed(notices: WebhookEvents) -> None:
    assert [take(notices), take(notices)] == [True, True]
    notices.processed(NOTICE, "started")
    assert not take(notices)


def test_notices_know_nothing_of_each_other(notices: WebhookEvents) -> None:
    take(notices)
    notices.processed(NOTICE, "ignored")
    assert take(notices, WebhookEvent("evt_2", "charge.refunded"))
