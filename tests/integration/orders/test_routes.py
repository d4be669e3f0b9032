"""The routes that read, and the edges of those that write."""

from typing import Any

import pytest

from orders.api import checkout, get_order, get_timeline, list_orders, place_order
from orders.consumers import record_timeline
from orders.domain import order as domain
from orders.events import TimelineEvent
from orders.repository.orders import OrderRepository
from orders.schemas import OrderDetailOut, OrderListOut, TimelineOut
from orders.service.ports import OrderChange
from shop import consumer
from shop.cursor import encode
from tests.integration.orders.conftest import ADDRESS
from tests.support import gateway
from tests.support.envelopes import envelope
from tests.unit.orders.fakes import CUSTOMER, NOW, ORDER_ID, PAYMENT, Keep, kept_in, pending

OTHER = "usr_use1_0000000000000000000000000z"


def get(order_id: str = ORDER_ID, **options: Any) -> gateway.Reply:
    path = {"order_id": order_id}
    options.setdefault("sub", CUSTOMER)
    event = gateway.event("GET", f"/orders/{order_id}", path_parameters=path, **options)
    return gateway.call(get_order.handler, event)


def timeline(order_id: str = ORDER_ID, **options: Any) -> gateway.Reply:
    path = {"order_id": order_id}
    options.setdefault("sub", CUSTOMER)
    event = gateway.event("GET", f"/orders/{order_id}/timeline", path_parameters=path, **options)
    return gateway.call(get_timeline.handler, event)


def page(**options: Any) -> gateway.Reply:
    options.setdefault("sub", CUSTOMER)
    return gateway.call(list_orders.handler, gateway.event("GET", "/orders", **options))


def record(number: int, order_id: str | None = ORDER_ID) -> None:
    data = {"payment_id": PAYMENT} | ({"order_id": order_id} if order_id else {})
    at = f"2026-11-22T10:00:0{number}.000Z"
    detail = envelope("payment.captured", data, occurred_at=at, sequence=number)
    detail |= {"id": f"evt_use1_{number:026d}", "producer": "shop.payments", "subject": PAYMENT}
    event = consumer.read(detail, TimelineEvent)
    assert record_timeline.consume(event) == ("recorded" if order_id else "ignored")


def test_an_order_is_shown_with_its_address_and_an_etag(keep: Keep) -> None:
    keep(pending())
    reply = get()
    OrderDetailOut.model_validate(reply.json)
    assert reply.json["shipping_address"] == ADDRESS
    assert get(headers={"If-None-Match": reply.headers["ETag"]}).status == 304


@pytest.mark.parametrize(
    "changes",
    [{"country": "UK"}, {"region": "New Jersey"}, {"region": None}, {"postal_code": "?"}],
    ids=str,
)
def test_an_address_that_no_new_order_could_have_is_shown_as_it_was_taken(
    orders: OrderRepository, changes: dict[str, Any]
) -> None:
    old: dict[str, Any] = {**ADDRESS, **changes}
    kept_in(orders, old)(pending())
    assert (get().status, get().json["shipping_address"]) == (200, old)


def test_the_etag_changes_with_the_order(orders: OrderRepository, keep: Keep) -> None:
    placed = keep(pending())
    before = get().headers["ETag"]
    orders.save(OrderChange(domain.paid(placed, PAYMENT, now=NOW)))
    after = get(headers={"If-None-Match": before})
    assert (after.status, after.json["status"], after.json["reservation"]) == (200, "paid", None)


def test_another_customers_order_does_not_exist_but_staff_sees_it(keep: Keep) -> None:
    keep(pending())
    assert get(sub=OTHER).status == 404
    assert timeline(sub=OTHER).status == 404
    assert get(sub=OTHER, scope="orders:read").status == 200
    assert timeline(sub=OTHER, scope="orders:read").status == 200
    assert get(sub=OTHER, scope="finance:read").status == 403


def test_an_order_that_was_never_placed_is_not_shown(keep: Keep) -> None:
    keep(pending(), place=False)
    record(1)
    for options in ({}, {"sub": OTHER, "scope": "orders:read"}):
        assert (get(**options).status, timeline(**options).status) == (404, 404)


def test_an_order_that_is_not_there_is_not_found(orders: OrderRepository) -> None:
    for reply in (get(ORDER_ID), timeline(ORDER_ID)):
        assert (reply.status, reply.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "order_id", ["", "x", "%00", PAYMENT, ORDER_ID + "\n", ORDER_ID.upper(), "x" * 3000, "\ud83c"]
)
@pytest.mark.usefixtures("moto_aws")
def test_what_is_no_id_is_not_found_without_a_look(order_id: str) -> None:
    """There is no table here: a request to it would be a 500."""
    for reply in (get(order_id), timeline(order_id)):
        assert (reply.status, reply.json["code"]) == (404, "not_found")


def test_a_cursor_holds_the_id_of_a_row_and_nothing_longer(keep: Keep) -> None:
    keep(pending())
    for position in (f"ord_{'a' * 600}_{'0' * 26}", f"ord_x_{'u' * 26}"):
        place = f"2026-11-22T10:00:00.000Z#{position}"
        cursor = encode([place], scope=f"orders {CUSTOMER}")
        assert page(query={"cursor": cursor}).status == 400


def test_a_list_comes_in_pages(keep: Keep) -> None:
    from dataclasses import replace

    for n in range(3):
        keep(replace(pending(), order_id=f"ord_use1_0000000000000000000000000{n}"))
    first = page(query={"limit": "2"})
    second = page(query={"limit": "2", "cursor": first.json["next_cursor"]})
    OrderListOut.model_validate(first.json)
    assert [len(first.json["data"]), len(second.json["data"])] == [2, 1]
    assert second.json["next_cursor"] is None
    assert page(sub=OTHER, query={"cursor": first.json["next_cursor"]}).status == 400


@pytest.mark.parametrize("cursor", ["", "nonsense!", "bm9uc2Vuc2U", "x" * 1025, "AAAA"])
def test_a_made_up_cursor_is_refused(keep: Keep, cursor: str) -> None:
    keep(pending())
    for reply in (page(query={"cursor": cursor}), timeline(query={"cursor": cursor})):
        assert (reply.status, reply.json["errors"][0]["parameter"]) == (400, "cursor")


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_page_has_one_to_a_hundred_orders(orders: OrderRepository, limit: str) -> None:
    assert page(query={"limit": limit}).status == 400


def test_a_timeline_tells_each_event_once_in_order(keep: Keep) -> None:
    keep(pending())
    for number in (3, 1, 2, 1, 3):
        record(number)
    record(4, order_id=None)
    first = timeline(query={"limit": "2"})
    rest = timeline(query={"cursor": first.json["next_cursor"]})
    TimelineOut.model_validate(first.json)
    numbers = [entry["sequence"] for entry in (*first.json["data"], *rest.json["data"])]
    assert numbers == [1, 2, 3]
    assert rest.json["next_cursor"] is None


PLACE = {"lines": [{"sku": "TEA-1", "quantity": 1}], "shipping_address": ADDRESS}
BUY = {
    "lines": [{"sku": "TEA-1", "quantity": 1}],
    "address": ADDRESS,
    "payment_method": "pm_card_visa",
}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"sku": "TEA-1", "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "TEA-1", "quantity": "1"}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "tea", "quantity": 1}]}, "/lines/0/sku"),
        ({"lines": [{"sku": f"TEA-{n}", "quantity": 1} for n in range(99)]}, "/lines"),
        ({"currency": "XXX"}, "/currency"),
        ({"extra": 1}, ""),
    ],
)
def test_a_body_that_is_not_right_is_refused_by_name(
    orders: OrderRepository, change: dict[str, Any], pointer: str
) -> None:
    for route, body in ((place_order, PLACE), (checkout, BUY)):
        event = gateway.event("POST", "/", body=body | change, key="k")
        reply = gateway.call(route.handler, event)
        assert (reply.status, reply.json["errors"][0]["pointer"]) == (400, pointer)


def test_a_checkout_comes_back_to_a_web_address_only(orders: OrderRepository) -> None:
    for url in ("javascript:alert(1)", "https://shop.test/a b", "http://"):
        event = gateway.event("POST", "/checkout", body=BUY | {"return_url": url}, key="k")
        assert gateway.call(checkout.handler, event).status == 400


def test_nobody_orders_without_a_key_or_a_token(orders: OrderRepository) -> None:
    for route, body in ((place_order, PLACE), (checkout, BUY)):
        no_key = gateway.event("POST", "/", body=body)
        assert gateway.call(route.handler, no_key).json["code"] == "idempotency_key_required"
        nobody = gateway.event("POST", "/", body=body, key="k", sub=None)
        assert gateway.call(route.handler, nobody).status == 401
        staff = gateway.event("POST", "/", body=body, key="k", scope="orders:read")
        assert gateway.call(route.handler, staff).status == 403
