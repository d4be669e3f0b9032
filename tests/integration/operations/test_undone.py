"""A consumer of events about money that does not run at all counts nothing and, of a few messages,
has no age in its queue: what it leaves undone pages."""

import contextlib
import io
from typing import Any

import pytest

from shop.deploy import DAYS, discover
from tests.integration.operations.conftest import Audited
from tests.support.checkout_scenario import AUDITOR
from tests.support.interceptor import FunctionFailed

CONSUMERS = [each.id for each in discover().of_kind("consumer") if each.retries == DAYS]
PAGES = {
    alarm.metric
    for service in discover().services.values()
    for alarm in service.alarms
    if alarm.severity == "page"
}


def _out_of_order(*_: Any) -> Any:
    raise FunctionFailed


def _still_told(audited: Audited) -> set[str]:
    """The metrics that page, counted in the second quarter of an hour after money was taken for an
    order that is closed, which all of these consumers have to do with.
    """
    order_id = str(audited.shop.order("k1", {"TEA": 1}).json["order_id"])
    audited.shop.cancel(order_id)
    audited.shop.take_money(order_id)
    _pass(audited, minutes=15)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        _pass(audited, minutes=15)
    return {name for name in PAGES if f'"{name}":' in out.getvalue()}


def _pass(audited: Audited, *, minutes: int) -> None:
    """All jobs run every minute, the auditor with them."""
    audited.shop.deliver()
    for _ in range(minutes):
        audited.shop.pass_time(minutes=1)
        audited.shop.tick()
        audited.shop.interceptor.call(AUDITOR, {})


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_what_a_dead_consumer_of_money_leaves_undone_pages(audited: Audited, consumer: str) -> None:
    audited.shop.interceptor.functions[consumer] = _out_of_order
    assert _still_told(audited) & {"InvariantViolated", "CapturedAfterClose"}


def test_what_all_of_them_have_done_pages_nobody_any_more(audited: Audited) -> None:
    assert _still_told(audited) == set()
