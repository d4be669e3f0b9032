"""What a request gets, first and repeated."""

from datetime import timedelta

from orders.domain.order import Kind
from orders.service.ports import StoredOrder
from orders.service.run_checkout import run_checkout
from shop import clock
from shop.idempotency import StoredResponse
from shop.problems import Problem
from tests.support.checkout import FakeCheckout, result
from tests.unit.orders.fakes import NOW, TRACE, FakeOrders, original, pending, placed

SOON = clock.rfc3339(NOW + timedelta(seconds=20))


def machine(*outcomes: str | None) -> FakeCheckout:
    return FakeCheckout([result(name) if name else None for name in outcomes or ("placed",)])


def send(
    orders: FakeOrders, checkout: FakeCheckout, record: StoredOrder | None = None
) -> tuple[StoredResponse, bool] | Problem:
    mine = record or StoredOrder(pending(), None, original(lease_until=SOON))
    payer = "sealed" if mine.order.kind is Kind.CHECKOUT else None
    return run_checkout(
        mine, payer, orders=orders, checkout=checkout, timeout_s=9, trace=TRACE, now=NOW
    )


def code(result: tuple[StoredResponse, bool] | Problem) -> str:
    assert isinstance(result, Problem)
    return result.type.code


def test_a_new_request_runs_the_machine_once() -> None:
    orders, run = FakeOrders(), machine()
    assert send(orders, run) == (StoredResponse(201, "{}"), False)
    assert len(run.inputs) == 1


def test_a_repeat_gets_the_stored_answer_without_the_machine() -> None:
    stored = StoredResponse(409, "problem")
    orders, run = FakeOrders(StoredOrder(placed(), stored, original())), machine()
    assert send(orders, run) == (stored, True)
    assert run.inputs == []


def test_a_repeat_waits_for_the_lease() -> None:
    first = StoredOrder(pending(), None, original(owner="first", lease_until=SOON))
    assert code(send(FakeOrders(first), machine())) == "request_in_progress"


def test_a_repeat_with_another_body_is_refused() -> None:
    first = StoredOrder(pending(), StoredResponse(201, "{}"), original(fingerprint="other"))
    assert code(send(FakeOrders(first), machine())) == "idempotency_key_reused"


def test_a_repeat_takes_over_a_lease_that_is_over() -> None:
    past = clock.rfc3339(NOW - timedelta(seconds=1))
    orders = FakeOrders(StoredOrder(pending(), None, original(owner="dead", lease_until=past)))
    assert send(orders, machine()) == (StoredResponse(201, "{}"), False)


def test_our_own_write_whose_answer_was_lost_is_ours() -> None:
    orders = FakeOrders(StoredOrder(pending(), None, original(lease_until=SOON)))
    assert send(orders, machine()) == (StoredResponse(201, "{}"), False)


def test_an_execution_that_fails_frees_the_lease() -> None:
    orders = FakeOrders()
    assert code(send(orders, machine(None))) == "checkout_incomplete"
    repeat = StoredOrder(pending(), None, original(owner="other", lease_until=SOON))
    assert send(orders, machine(), repeat) == (StoredResponse(201, "{}"), False)


def test_a_resumed_checkout_goes_on_where_it_stood() -> None:
    past = clock.rfc3339(NOW - timedelta(seconds=1))
    before = StoredOrder(placed(Kind.CHECKOUT), None, original(owner="dead", lease_until=past))
    run = machine()
    mine = StoredOrder(pending(Kind.CHECKOUT), None, original(lease_until=SOON))
    send(FakeOrders(before), run, mine)
    [data] = run.inputs
    assert (data["mode"], data["placed"]) == ("checkout", True)
    assert data["payment"]["details"] == {"sealed": "sealed", "capture_method": "automatic"}


def test_the_machine_learns_country_and_region_and_no_more() -> None:
    run = machine()
    send(FakeOrders(), run)
    assert run.inputs[0]["order"]["ship_to"] == {"country": "US", "region": "NJ"}
