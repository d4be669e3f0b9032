"""What a request gets, first and repeated."""

from datetime import timedelta
from typing import Any

from orders.domain import Kind
from orders.records import Record
from orders.service import submit
from shop import clock
from shop.idempotency import Answer
from shop.machine import CheckoutIncomplete
from shop.problems import Problem
from tests.unit.orders.fakes import NOW, TRACE, FakeOrders, intake, pending, placed

OUTPUT = {"outcome": "placed", "answer": {"status": 201, "body": "{}"}}
SOON = clock.rfc3339(NOW + timedelta(seconds=20))


class FakeMachine:
    """Answers, or fails."""

    def __init__(self, output: dict[str, Any] | None = OUTPUT) -> None:
        self.output, self.inputs = output, list[dict[str, Any]]()

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        self.inputs.append(data)
        if self.output is None:
            raise CheckoutIncomplete("FAILED")
        return self.output


def send(
    orders: FakeOrders, run: FakeMachine, record: Record | None = None
) -> tuple[Answer, bool] | Problem:
    mine = record or Record(pending(), None, intake(lease_until=SOON))
    return submit.submit(mine, {}, orders=orders, run=run, trace=TRACE, now=NOW)


def code(result: tuple[Answer, bool] | Problem) -> str:
    assert isinstance(result, Problem)
    return result.type.code


def test_a_new_request_runs_the_machine_once() -> None:
    orders, run = FakeOrders(), FakeMachine()
    assert send(orders, run) == (Answer(201, "{}"), False)
    assert len(run.inputs) == 1


def test_a_repeat_gets_the_stored_answer_without_the_machine() -> None:
    stored = Answer(409, "problem")
    orders, run = FakeOrders(Record(placed(), stored, intake())), FakeMachine()
    assert send(orders, run) == (stored, True)
    assert run.inputs == []


def test_a_repeat_waits_for_the_lease() -> None:
    first = Record(pending(), None, intake(owner="first", lease_until=SOON))
    assert code(send(FakeOrders(first), FakeMachine())) == "request_in_progress"


def test_a_repeat_with_another_body_is_refused() -> None:
    first = Record(pending(), Answer(201, "{}"), intake(fingerprint="other"))
    assert code(send(FakeOrders(first), FakeMachine())) == "idempotency_key_reused"


def test_a_repeat_takes_over_a_lease_that_is_over() -> None:
    past = clock.rfc3339(NOW - timedelta(seconds=1))
    orders = FakeOrders(Record(pending(), None, intake(owner="dead", lease_until=past)))
    assert send(orders, FakeMachine()) == (Answer(201, "{}"), False)


def test_our_own_write_whose_answer_was_lost_is_ours() -> None:
    orders = FakeOrders(Record(pending(), None, intake(lease_until=SOON)))
    assert send(orders, FakeMachine()) == (Answer(201, "{}"), False)


def test_an_execution_that_fails_frees_the_lease() -> None:
    orders = FakeOrders()
    assert code(send(orders, FakeMachine(None))) == "checkout_incomplete"
    repeat = Record(pending(), None, intake(owner="other", lease_until=SOON))
    assert send(orders, FakeMachine(), repeat) == (Answer(201, "{}"), False)


def test_a_resumed_checkout_goes_on_where_it_stood() -> None:
    past = clock.rfc3339(NOW - timedelta(seconds=1))
    before = Record(placed(Kind.CHECKOUT), None, intake(owner="dead", lease_until=past))
    run = FakeMachine()
    mine = Record(pending(Kind.CHECKOUT), None, intake(lease_until=SOON))
    send(FakeOrders(before), run, mine)
    [data] = run.inputs
    assert (data["mode"], data["order"]["placed"]) == ("checkout", True)
    assert data["payment"]["method"] == "pm_card_visa"


def test_the_machine_learns_country_and_region_and_no_more() -> None:
    run = FakeMachine()
    send(FakeOrders(), run)
    assert run.inputs[0]["order"]["ship_to"] == {"country": "US", "region": "NJ"}
    assert "address" not in str(run.inputs[0])
