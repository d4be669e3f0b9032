"""The routes over moto, with a provider and a machine in this process."""

import json
from datetime import timedelta
from typing import Any

import pytest

from payments.api import confirm_payment, create_payment, get_payment
from payments.schedules import recover_payments
from payments.schemas import PaymentDetailOut, PaymentOut
from shop import clock, ids, invocation
from shop.strict import ContractError
from tests.integration.payments.conftest import AUTHORIZE, FaultEnvironment
from tests.support import dynamodb
from tests.support.checkout import FakeCheckout
from tests.support.gateway import CUSTOMER, Reply, call, event
from tests.support.lambda_context import FakeContext
from tests.support.psp import DECLINED, GOOD, NEEDS_ACTION, UNKNOWN_METHOD
from tests.unit.payments.fakes import ORDER

OTHER = "usr_use1_0000000000000000000000000b"


def pay(method: str = GOOD, *, key: str = "key-1", request: str = "r-1", **body: Any) -> Reply:
    wanted = {"order_id": ORDER, "payment_method": method, **body}
    sent = event("POST", "/payments", body=wanted, key=key, request_id=request)
    return call(create_payment.handler, sent)


def get(payment_id: str, **fields: Any) -> Reply:
    parameters = {"payment_id": payment_id}
    sent = event("GET", f"/payments/{payment_id}", path_parameters=parameters, **fields)
    return call(get_payment.handler, sent)


def confirm(payment_id: str, **fields: Any) -> Reply:
    path = f"/payments/{payment_id}/confirm"
    sent = event("POST", path, path_parameters={"payment_id": payment_id}, **fields)
    return call(confirm_payment.handler, sent)


def types() -> list[str]:
    return [str(event["type"]) for event in dynamodb.outbox("payments")]


def test_a_payment_is_captured_with_four_requests_to_its_table(world: FaultEnvironment) -> None:
    reply = pay()
    assert reply.status == 201
    body = PaymentOut.model_validate_json(reply.text)
    assert (body.status, body.psp, body.capture_method) == ("captured", "stripe", "automatic")
    assert reply.json["amount"] == {"amount": 1999, "currency": "EUR"}
    assert world.requests == {"PutItem": 1, "UpdateItem": 3}
    assert [name for name, _ in world.psp.calls] == ["create", "confirm", "capture"]
    assert types() == ["payment.authorized", "payment.captured"]


def test_of_somebody_who_is_erased_no_payment_is_taken(world: FaultEnvironment) -> None:
    world.personal.erased = True
    reply = pay()
    assert (reply.status, reply.json["code"]) == (403, "account_erased")
    assert (dynamodb.rows("payments"), world.psp.calls) == ([], [])


def test_who_is_erased_while_the_machine_runs_is_not_charged(world: FaultEnvironment) -> None:
    world.dies_before = {"authorize"}
    assert pay().status == 503
    world.dies_before, world.personal.erased = set(), True
    [row] = dynamodb.rows("payments")
    given = {"payment_id": row["payment_id"], "details": None}
    outcome = world.step("authorize", payment=given, **AUTHORIZE | {"customer_id": CUSTOMER})
    assert outcome["outcome"] == "voided"
    [row] = dynamodb.rows("payments")
    assert (row["status"], row["problem_code"], world.psp.calls) == ("voided", "account_erased", [])
    assert get(row["payment_id"]).json["status"] == "voided"


def test_a_route_waits_for_the_machine_as_long_as_it_can_still_answer(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invocation, "remaining_s", lambda: 11.5)
    payment_id = pay(NEEDS_ACTION).json["payment_id"]
    assert confirm(payment_id).status == 202
    assert world.waits == [9.5, 9.5]


def test_a_repeat_is_answered_byte_for_byte_and_moves_no_money(world: FaultEnvironment) -> None:
    first = pay()
    calls = len(world.psp.calls)
    again = pay(request="r-2")
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(world.psp.calls) == calls
    assert pay(capture_method="manual").json["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [(DECLINED, 402, "payment_declined"), (UNKNOWN_METHOD, 422, "payment_method_invalid")],
)
def test_a_decline_is_a_problem_and_stays_one(
    world: FaultEnvironment, method: str, status: int, code: str
) -> None:
    first = pay(method)
    assert (first.status, first.json["code"]) == (status, code)
    assert first.headers["Content-Type"] == "application/problem+json"
    assert first.json["instance"] == "/payments"
    assert first.json.get("decline_code") == ("card_declined" if status == 402 else None)
    again = pay(method, request="r-2")
    assert again.text == first.text
    assert types() == ["payment.failed"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [("not_found", 404), ("order_not_payable", 409), ("payment_in_progress", 409)],
)
def test_an_order_that_cannot_be_paid_is_never_charged(
    world: FaultEnvironment, refusal: str, status: int
) -> None:
    world.refusal = {"code": refusal, "detail": "No."}
    reply = pay()
    assert (reply.status, reply.json["code"]) == (status, refusal)
    assert world.psp.calls == []


def test_authentication_is_finished_by_confirm(world: FaultEnvironment) -> None:
    first = pay(NEEDS_ACTION)
    payment_id = first.json["payment_id"]
    assert (first.status, first.json["status"]) == (202, "requires_action")
    assert first.json["next_action"] == {"type": "use_stripe_sdk"}
    assert confirm(payment_id).status == 202

    world.psp.authenticate(first.json["psp_reference"], success=True)
    done = confirm(payment_id)

    assert (done.status, done.json["status"], done.json["next_action"]) == (200, "captured", None)
    assert confirm(payment_id).text == done.text
    assert pay(NEEDS_ACTION, request="r-2").text == first.text
    assert types() == ["payment.requires_action", "payment.authorized", "payment.captured"]


def test_a_failed_authentication_is_a_decline(world: FaultEnvironment) -> None:
    first = pay(NEEDS_ACTION)
    world.psp.authenticate(first.json["psp_reference"], success=False)
    reply = confirm(first.json["payment_id"])
    assert (reply.status, reply.json["code"]) == (402, "payment_declined")
    assert reply.json["decline_code"] == "card_declined"


def test_the_recovery_job_finishes_for_a_customer_who_never_came_back(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pay(NEEDS_ACTION)
    world.psp.authenticate(first.json["psp_reference"], success=True)
    _later(monkeypatch, minutes=2)
    assert recover_payments.handler({}, FakeContext())["payment"] == 1
    assert get(first.json["payment_id"]).json["status"] == "captured"


def test_after_15_minutes_the_recovery_job_gives_up(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pay(NEEDS_ACTION)
    _later(monkeypatch, minutes=16)
    assert recover_payments.handler({}, FakeContext())["abandon"] == 1
    payment_id = first.json["payment_id"]
    assert get(payment_id).json["status"] == "voided"
    assert confirm(payment_id).json["code"] == "payment_not_confirmable"
    assert world.psp.of(payment_id)[0].state == "voided"


@pytest.mark.parametrize("honours_keys", [True, False])
@pytest.mark.parametrize("call_", ["create", "confirm", "capture"])
@pytest.mark.parametrize("fault", ["before", "after"])
def test_whatever_is_lost_the_customer_is_charged_once(
    world: FaultEnvironment, call_: Any, fault: Any, honours_keys: bool
) -> None:
    world.psp.honours_keys = honours_keys
    world.psp.fail(call_, fault)
    world.psp.fail("retrieve", "before")
    replies = [pay(request=f"r-{n}") for n in range(4)]
    assert replies[-1].status == 201
    assert {r.status for r in replies} <= {201, 503}
    (payment_id,) = {r.json["payment_id"] for r in replies if r.status == 201}
    assert sum(book.captured for book in world.psp.of(payment_id)) == 1999
    assert sum(book.held for book in world.psp.of(payment_id)) == 0
    assert types()[-1] == "payment.captured"
    assert types().count("payment.captured") == 1


@pytest.mark.parametrize("step", ["authorize", "capture"])
def test_a_machine_that_dies_is_resumed_by_the_same_key(world: FaultEnvironment, step: str) -> None:
    world.dies_before = {step}
    broken = pay()
    assert (broken.status, broken.json["code"]) == (503, "checkout_incomplete")
    assert broken.headers["Retry-After"] == "2"
    world.dies_before = set()
    assert pay(request="r-2").json["status"] == "captured"
    assert len(world.psp.books) == 1


def test_manual_capture_holds_the_money_and_is_left_alone(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = pay(capture_method="manual")
    assert (reply.status, reply.json["status"]) == (201, "authorized")
    assert pay(capture_method="manual", request="r-2").text == reply.text
    _later(monkeypatch, minutes=30)
    assert set(recover_payments.handler({}, FakeContext()).values()) == {0}
    assert world.psp.of(reply.json["payment_id"])[0].held == 1999


@pytest.mark.parametrize("method", [GOOD, NEEDS_ACTION])
def test_held_money_without_its_stock_is_not_answered_and_goes_on(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    world.dies_before = {"commit"}
    payment_id = pay(method, capture_method="manual").json.get("payment_id")
    if method == NEEDS_ACTION:
        world.psp.authenticate("pi_1", success=True)
    payment_id = payment_id or world.inputs[0]["payment"]["payment_id"]
    for _ in range(2):
        assert confirm(payment_id).json["code"] == "checkout_incomplete"
    _later(monkeypatch, minutes=2)
    unseen = FakeCheckout(inputs=world.inputs)  # nobody waits for its end
    monkeypatch.setattr(recover_payments, "checkout", unseen)
    assert recover_payments.handler({}, FakeContext())["payment"] == 1

    world.dies_before = set()

    done = confirm(payment_id)
    assert (done.status, done.json["status"]) == (200, "authorized")
    runs = len(world.inputs)
    assert confirm(payment_id).text == done.text
    assert pay(method, capture_method="manual").status == (202 if method == NEEDS_ACTION else 201)
    assert len(world.inputs) == runs


def test_a_tombstone_is_its_customers_and_can_be_read(world: FaultEnvironment) -> None:
    world.dies_before = {"authorize"}
    payment_id = ids.derive("pay", "a payment", region="use1")
    world.void(payment_id=payment_id, order_id=ORDER, customer_id=CUSTOMER)
    seen = get(payment_id)
    assert (seen.status, seen.json["status"], seen.json["order_id"]) == (200, "voided", ORDER)
    assert get(payment_id, sub=OTHER, scope="orders:read").status == 200
    assert get(payment_id, sub=OTHER).status == 404


@pytest.mark.parametrize("missing", ["order_id", "customer_id"])
def test_a_void_names_whose_payment_it_ends(world: FaultEnvironment, missing: str) -> None:
    whose = {"order_id": ORDER, "customer_id": CUSTOMER}
    whose.pop(missing)
    with pytest.raises(ContractError, match=f"{missing}: missing"):
        world.void(payment_id="pay_1", **whose)
    assert not world.requests


@pytest.mark.parametrize("payment_id", ["x" * 3000, "pay_x", ORDER])
def test_a_path_that_is_no_id_is_404_and_reads_nothing(
    world: FaultEnvironment, payment_id: str
) -> None:
    for reply in (get(payment_id), confirm(payment_id)):
        assert (reply.status, reply.json["code"]) == (404, "not_found")
    assert not world.requests


def test_two_requests_of_one_name_are_two(world: FaultEnvironment) -> None:
    """The lease is the invocation's: a client may choose its request id, and choose it twice."""
    second: list[Reply] = []

    def at_once(call_: Any) -> None:
        if not second:
            second.append(pay())

    world.psp.before_call = at_once
    assert pay().status == 201
    assert [reply.json["code"] for reply in second] == ["request_in_progress"]


def test_get_shows_the_attempts_and_an_etag(world: FaultEnvironment) -> None:
    payment_id = pay().json["payment_id"]
    reply = get(payment_id)
    detail = PaymentDetailOut.model_validate_json(reply.text)
    assert [attempt.status for attempt in detail.attempts] == ["captured"]
    assert detail.captured_at is not None
    fresh = get(payment_id, headers={"If-None-Match": reply.headers["ETag"]})
    assert fresh.status == 304


def test_another_customers_payment_does_not_exist(world: FaultEnvironment) -> None:
    payment_id = pay(NEEDS_ACTION).json["payment_id"]
    for reply in (get(payment_id, sub=OTHER), confirm(payment_id, sub=OTHER), get("pay_x")):
        assert (reply.status, reply.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("scope", ["payments:write", "orders:read"])
def test_staff_see_all_but_not_the_client_secret(world: FaultEnvironment, scope: str) -> None:
    payment_id = pay(NEEDS_ACTION).json["payment_id"]
    assert get(payment_id, sub=CUSTOMER).json["next_action"]["client_secret"]
    seen = get(payment_id, sub=OTHER, scope=scope)
    assert (seen.status, seen.json["next_action"]) == (200, None)
    assert world.psp.count("retrieve") == 1, "for its customer only"
    assert get(payment_id, sub=OTHER, scope="finance:read").status == 403


def test_no_answer_names_the_payment_method(world: FaultEnvironment) -> None:
    payment_id = pay(NEEDS_ACTION).json["payment_id"]
    assert NEEDS_ACTION not in get(payment_id).text


@pytest.mark.parametrize(
    "body",
    [
        {"order_id": "ord_1", "payment_method": GOOD},
        {"order_id": ORDER, "payment_method": "4242424242424242"},
        {"order_id": ORDER, "payment_method": GOOD, "capture_method": "later"},
        {"order_id": ORDER, "payment_method": GOOD, "return_url": "javascript:alert(1)"},
        {"order_id": ORDER, "payment_method": GOOD, "amount": 1},
    ],
)
def test_a_malformed_body_is_refused_before_anything_is_stored(
    world: FaultEnvironment, body: dict[str, Any]
) -> None:
    reply = call(create_payment.handler, event("POST", "/payments", body=body, key="k"))
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert "4242" not in reply.text
    assert not world.requests


def test_test_methods_are_refused_in_production(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = create_payment.settings.model_copy(update={"stage": "prod"})
    monkeypatch.setattr(create_payment, "settings", production)
    reply = pay()
    assert (reply.status, reply.json["code"]) == (422, "payment_method_invalid")
    assert json.dumps(reply.json["errors"]).count("/payment_method") == 1
    assert not world.requests


def _later(monkeypatch: pytest.MonkeyPatch, *, minutes: float) -> None:
    now = clock.now() + timedelta(minutes=minutes)
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.mark.parametrize(
    "code", ["stolen_card", "lost_card", "fraudulent", "pickup_card", "unheard_of"]
)
def test_why_a_bank_suspects_a_card_is_for_staff(world: FaultEnvironment, code: str) -> None:
    world.psp.decline_code = code
    first = pay(DECLINED)
    assert (first.status, first.json["decline_code"]) == (402, "card_declined")
    payment_id = first.json["payment_id"]
    assert code not in get(payment_id).text
    assert get(payment_id).json["attempts"][0]["decline_code"] == "card_declined"
    assert get(payment_id, sub=OTHER, scope="payments:write").json["decline_code"] == code
    [row] = [row for row in dynamodb.rows("payments") if row["sk"] == "PAYMENT"]
    assert [name for name, value in row.items() if code in str(value)] == ["decline_code"]


@pytest.mark.parametrize("code", ["insufficient_funds", "expired_card", "incorrect_cvc"])
def test_what_helps_a_customer_is_told(world: FaultEnvironment, code: str) -> None:
    world.psp.decline_code = code
    first = pay(DECLINED)
    assert first.json["decline_code"] == code
    assert get(first.json["payment_id"]).json["decline_code"] == code
