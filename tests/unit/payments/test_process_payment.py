"""Money moves exactly once, whatever is lost on the way."""

import json
from dataclasses import replace

import pytest

from payments.domain.payment import PaymentConflict, PspState, Status
from payments.service.ports import PspUnavailable
from shop import ids
from shop.money import Money
from shop.payer_details import PayerDetails
from shop.personal_data import Unreadable
from tests.support.psp import DECLINED, GOOD, NEEDS_ACTION, UNKNOWN_METHOD, Call, Fault
from tests.unit.payments.fakes import (
    CUSTOMER,
    ORDER,
    PAYER,
    PAYMENT,
    TOTAL,
    Shop,
    dumped,
    make_payment,
    opened,
    sealed,
)

BACK = "https://shop.test/back"


def stored(method: str = GOOD, back: str | None = None, **changes: object) -> Shop:
    """A shop whose route has stored the payment; it has no order yet."""
    shop = Shop()
    shop.payments.insert(make_payment(PayerDetails(method, back), amount=None, **changes))
    return shop


def held_and_taken(shop: Shop) -> tuple[int, int]:
    books = shop.psp.of(PAYMENT)
    return sum(book.held for book in books), sum(book.captured for book in books)


def test_money_is_held_then_taken() -> None:
    shop = stored()
    authorized = shop.authorize()
    assert (authorized["outcome"], held_and_taken(shop)) == ("authorized", (1999, 0))

    captured = dumped(shop.at().capture(authorized["state"]))

    assert (captured["outcome"], held_and_taken(shop)) == ("captured", (0, 1999))
    assert shop.payments.types() == ["payment.authorized", "payment.captured"]
    body = json.loads(captured["answer"]["body"])
    assert (captured["answer"]["status"], body["status"]) == (201, "captured")
    assert body["amount"] == TOTAL.to_dict()
    assert shop.row.next_attempt_at is None
    assert [event["sequence"] for event in shop.payments.events] == [3, 4]


def test_the_provider_is_asked_twice_to_authorize_and_once_to_capture() -> None:
    shop = stored()
    shop.authorize()
    shop.capture()
    assert [call for call, _ in shop.psp.calls] == ["create", "confirm", "capture"]


def test_a_checkout_payment_needs_no_row_before() -> None:
    shop = Shop()
    assert shop.authorize()["outcome"] == "authorized"
    assert shop.row.order_id == ORDER


@pytest.mark.parametrize("honours_keys", [True, False])
@pytest.mark.parametrize("call", ["create", "confirm"])
@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_lost_answer_never_holds_money_twice(
    call: Call, fault: Fault, honours_keys: bool
) -> None:
    shop = stored()
    shop.psp.honours_keys = honours_keys
    shop.psp.fail(call, fault)
    if call == "create":
        with pytest.raises(PspUnavailable):
            shop.authorize()
    assert shop.authorize()["outcome"] == "authorized"
    assert held_and_taken(shop) == (1999, 0)


@pytest.mark.parametrize("fault", ["before", "after", "refuse"])
def test_a_lost_or_refused_capture_is_tried_once_more(fault: Fault) -> None:
    shop = stored()
    shop.authorize()
    shop.psp.fail("capture", fault)
    assert shop.capture()["outcome"] == "captured"
    assert held_and_taken(shop) == (0, 1999)


def test_a_capture_refused_twice_is_refused_and_voided() -> None:
    shop = stored()
    shop.authorize()
    shop.psp.fail("capture", "refuse", "refuse")
    assert shop.capture()["outcome"] == "failed"
    voided = shop.void(code="payment_declined", detail="Refused.")
    assert (voided["outcome"], voided["answer"]["status"]) == ("voided", 402)
    assert held_and_taken(shop) == (0, 0)


def test_no_answer_is_unknown_and_never_a_failure() -> None:
    shop = stored()
    shop.psp.fail("confirm", "after")
    shop.psp.fail("retrieve", "before")
    assert shop.authorize() == {"outcome": "unknown"}
    assert (shop.row.status, shop.row.answer) == (Status.UNKNOWN, None)
    assert shop.row.next_attempt_at is not None

    assert shop.resume()["outcome"] == "authorized"
    assert shop.payments.types() == ["payment.unknown", "payment.authorized"]
    assert held_and_taken(shop) == (1999, 0)


def test_a_capture_that_nobody_answers_is_a_fault_and_changes_nothing() -> None:
    shop = stored()
    shop.authorize()
    shop.psp.fail("capture", "after")
    shop.psp.fail("retrieve", "before")
    with pytest.raises(PspUnavailable):
        shop.capture()
    assert shop.row.status is Status.AUTHORIZED
    assert shop.capture()["outcome"] == "captured"
    assert held_and_taken(shop) == (0, 1999)


def test_a_declined_card_answers_402_with_the_reason() -> None:
    shop = stored(DECLINED)
    declined = shop.authorize(DECLINED)
    assert (declined["outcome"], declined["code"]) == ("declined", "payment_declined")
    body = json.loads(declined["answer"]["body"])
    assert (body["status"], body["decline_code"]) == (402, "card_declined")
    assert shop.payments.types() == ["payment.failed"]
    assert shop.resume() == declined  # however often it is asked


@pytest.mark.parametrize("row", [True, False])
def test_a_method_that_the_provider_does_not_know_is_422(row: bool) -> None:
    shop = stored(UNKNOWN_METHOD) if row else Shop()
    declined = shop.authorize(UNKNOWN_METHOD)
    assert (declined["outcome"], declined["answer"]["status"]) == ("declined", 422)
    assert declined["code"] == "payment_method_invalid"
    assert shop.row.status is Status.FAILED


def test_authentication_holds_the_money_on_resume() -> None:
    shop = stored(NEEDS_ACTION)
    waiting = shop.authorize(NEEDS_ACTION)
    assert (waiting["outcome"], waiting["answer"]["status"]) == ("requires_action", 202)
    assert waiting["payment"]["next_action"] == {"type": "use_stripe_sdk"}
    assert shop.resume() == waiting  # the customer is not back yet: nothing is written
    assert shop.payments.types() == ["payment.requires_action"]

    shop.psp.authenticate("pi_1", success=True)

    assert shop.resume()["outcome"] == "authorized"
    captured = shop.capture()
    assert captured["outcome"] == "captured"
    assert captured["answer"] == waiting["answer"]  # the first answer stays the first
    assert captured["payment"]["next_action"] is None


def test_a_failed_authentication_ends_the_payment_for_good() -> None:
    """The customer's browser holds the client secret and could try another card with it."""
    shop = stored(NEEDS_ACTION)
    shop.authorize(NEEDS_ACTION)
    shop.psp.authenticate("pi_1", success=False)
    assert shop.resume()["outcome"] == "declined"
    assert shop.psp.books["pi_1"].state == "voided"


@pytest.mark.parametrize("step", ["resume", "void"])
def test_a_failed_authentication_is_final_only_when_no_other_card_can_be_tried(step: str) -> None:
    shop = stored(NEEDS_ACTION)
    shop.authorize(NEEDS_ACTION)
    shop.psp.authenticate("pi_1", success=False)
    shop.psp.fail("cancel", "before")
    if step == "resume":
        assert shop.resume()["outcome"] == "requires_action"
    else:
        with pytest.raises(PspUnavailable):
            shop.void()
    assert shop.row.status is Status.REQUIRES_ACTION
    assert shop.row.next_attempt_at is not None

    shop.psp.try_another_card("pi_1")

    assert getattr(shop, step)()["outcome"] == ("authorized" if step == "resume" else "voided")
    assert held_and_taken(shop) == ((1999, 0) if step == "resume" else (0, 0))


def test_a_failed_authentication_whose_cancellation_was_lost_is_looked_up() -> None:
    shop = stored(NEEDS_ACTION)
    shop.authorize(NEEDS_ACTION)
    shop.psp.authenticate("pi_1", success=False)
    shop.psp.fail("cancel", "after")
    assert shop.resume()["outcome"] == "declined"
    assert shop.row.decline_code == "generic_decline"


def test_another_card_that_was_faster_than_the_cancellation_counts() -> None:
    shop = stored(NEEDS_ACTION)
    shop.authorize(NEEDS_ACTION)
    shop.psp.authenticate("pi_1", success=False)

    def faster(call: Call) -> None:
        if call == "cancel":
            shop.psp.try_another_card("pi_1")

    shop.psp.before_call = faster
    shop.psp.fail("cancel", "refuse")
    assert shop.resume()["outcome"] == "authorized"
    assert held_and_taken(shop) == (1999, 0)


def test_a_refused_confirmation_ends_the_payment_and_its_intent() -> None:
    """For example a return_url that the provider does not take: asking again cannot help."""
    shop = stored()
    shop.psp.fail("confirm", "refuse")
    declined = shop.authorize()
    assert (declined["outcome"], declined["answer"]["status"]) == ("declined", 422)
    assert (declined["code"], declined["decline_code"]) == ("payment_method_invalid", None)
    assert shop.row.decline_code == "refused"
    assert (shop.row.status, shop.row.next_attempt_at) == (Status.FAILED, None)
    assert shop.psp.books["pi_1"].state == "voided"
    assert shop.psp.count("confirm") == 1
    assert shop.payments.types() == ["payment.failed"]
    assert shop.resume() == declined


def test_a_refused_confirmation_is_unknown_until_the_intent_is_cancelled() -> None:
    """An earlier confirmation whose answer was lost could still arrive."""
    shop = stored()
    shop.psp.fail("confirm", "before", "refuse", "refuse")
    shop.psp.fail("cancel", "before")
    assert shop.authorize() == {"outcome": "unknown"}
    assert shop.row.next_attempt_at is not None
    assert shop.resume()["outcome"] == "declined"
    assert shop.psp.books["pi_1"].state == "voided"


def test_a_refusal_of_what_is_held_already_is_no_refusal() -> None:
    shop = stored()
    shop.psp.honours_keys = False
    shop.psp.fail("confirm", "after")
    shop.psp.fail("retrieve", "before")
    shop.authorize()
    shop.psp.fail("confirm", "refuse")
    assert shop.resume()["outcome"] == "authorized"
    assert held_and_taken(shop) == (1999, 0)


def test_a_payment_that_the_provider_does_not_make_is_an_outcome() -> None:
    shop = stored()
    shop.psp.unpayable = "amount_too_large"
    declined = shop.authorize()
    body = json.loads(declined["answer"]["body"])
    assert (declined["outcome"], body["status"]) == ("declined", 422)
    assert (body["code"], body.get("decline_code")) == ("payment_method_invalid", None)
    assert shop.row.decline_code == "amount_too_large"
    assert body["errors"] == []  # the method is not to blame
    assert shop.row.status is Status.FAILED
    assert shop.resume() == declined


def test_the_loser_of_a_race_uses_the_stored_reference_and_cancels_its_own() -> None:
    shop = stored()
    shop.psp.honours_keys = False
    shop.authorize()
    assert shop.authorize()["outcome"] == "authorized"
    assert [book.state for book in shop.psp.of(PAYMENT)] == ["authorized", "voided"]
    assert held_and_taken(shop) == (1999, 0)


def test_two_confirmations_at_once_hold_the_money_once() -> None:
    shop = stored()

    def other_is_first(call: Call) -> None:
        if call == "confirm":
            shop.psp.before_call = lambda _call: None
            shop.resume()

    shop.psp.before_call = other_is_first
    assert shop.authorize()["outcome"] == "authorized"
    assert shop.payments.types() == ["payment.authorized"]
    assert held_and_taken(shop) == (1999, 0)


@pytest.mark.parametrize("moment", ["create", "confirm"])
def test_a_success_after_giving_up_is_voided(moment: Call) -> None:
    shop = Shop()

    def give_up(call: Call) -> None:
        if call == moment:
            shop.psp.before_call = lambda _call: None
            shop.void()

    shop.psp.before_call = give_up
    assert shop.authorize()["outcome"] == "voided"
    assert held_and_taken(shop) == (0, 0)
    assert shop.row.status is Status.VOIDED


def test_a_void_that_comes_too_late_says_so() -> None:
    shop = stored()
    shop.authorize()
    shop.psp.capture("pi_1", key="a capture whose answer nobody stored")
    assert shop.void()["outcome"] == "captured"
    assert shop.payments.types() == ["payment.authorized", "payment.captured"]


def test_a_payment_that_was_ended_before_it_began_has_an_owner() -> None:
    shop = Shop()
    shop.void()
    assert (shop.row.order_id, shop.row.customer_id) == (ORDER, CUSTOMER)
    assert shop.authorize()["outcome"] == "voided"


@pytest.mark.parametrize("fault", ["before", "after", "refuse"])
def test_a_void_without_an_answer_is_looked_up_or_raised(fault: Fault) -> None:
    shop = stored()
    shop.authorize()
    shop.psp.fail("cancel", fault)
    if fault != "after":
        with pytest.raises(PspUnavailable):
            shop.void()
    assert shop.void()["outcome"] == "voided"
    assert held_and_taken(shop) == (0, 0)


def test_manual_capture_leaves_the_money_held() -> None:
    shop = stored(capture_method="manual")
    authorized = shop.authorize(capture_method="manual")
    assert (authorized["outcome"], authorized["capture_method"]) == ("authorized", "manual")
    assert authorized["answer"]["status"] == 201
    assert shop.row.answer is None  # the stock may yet be gone
    assert shop.capture()["outcome"] == "authorized"
    assert held_and_taken(shop) == (1999, 0)


def test_the_amount_never_changes_once_it_is_stored() -> None:
    shop = stored()
    shop.authorize()
    with pytest.raises(PaymentConflict):
        shop.authorize(amount=Money(1, "EUR"))
    with pytest.raises(PaymentConflict):
        shop.authorize(order_id="ord_another")
    assert held_and_taken(shop) == (1999, 0)


def test_a_payment_that_cannot_have_its_order_ends_with_the_problem_as_its_answer() -> None:
    shop = stored()
    failed = shop.fail(code="order_not_payable", detail="It is cancelled.")
    assert (failed["outcome"], failed["answer"]["status"]) == ("failed", 409)
    assert shop.row.status is Status.FAILED
    assert shop.row.answer is not None
    assert shop.payments.types() == ["payment.failed"]
    assert shop.fail(code="not_found", detail="") == failed


def test_failing_a_payment_lets_held_money_go_first() -> None:
    shop = stored()
    shop.authorize()
    failed = shop.fail(code="order_closed", detail="")
    assert (failed["outcome"], held_and_taken(shop)) == ("failed", (0, 0))
    assert shop.row.status is Status.VOIDED


def test_no_event_and_no_answer_names_the_method_or_the_secret() -> None:
    shop = stored(NEEDS_ACTION)
    shop.authorize(NEEDS_ACTION)
    shop.psp.authenticate("pi_1", success=True)
    shop.resume()
    shop.capture()
    said = json.dumps(shop.payments.events)
    assert NEEDS_ACTION not in said
    assert "secret" not in said


def test_a_stale_state_is_corrected_by_the_row() -> None:
    """The machine repeats `capture` with what `authorize` said; meanwhile it was voided."""
    shop = stored()
    state = shop.authorize()["state"]
    shop.void()
    assert dumped(shop.at().capture(state))["outcome"] == "failed"
    assert held_and_taken(shop) == (0, 0)
    assert shop.row.status is Status.VOIDED


def test_money_that_a_late_confirmation_holds_is_let_go() -> None:
    """The row has ended by the time that the provider says yes: nobody would ever void it."""
    shop = stored()

    def ended(call: Call) -> None:
        if call == "confirm":
            row = replace(
                shop.row, status=Status.VOIDED, next_attempt_at=None, version=shop.row.version + 1
            )
            shop.payments.rows[PAYMENT] = row

    shop.psp.before_call = ended
    assert shop.authorize()["outcome"] == "voided"
    assert held_and_taken(shop) == (0, 0)


@pytest.mark.parametrize("confirming", [False, True])
def test_a_payment_of_somebody_erased_is_let_go_and_never_confirmed(confirming: bool) -> None:
    shop = stored(back=BACK)
    if confirming:
        shop.psp.fail("confirm", "before", "before")
        assert shop.authorize(back=BACK)["outcome"] == "unknown"
    shop.personal.erased = True
    ended = shop.resume()
    assert (ended["outcome"], ended["answer"]["status"]) == ("voided", 403)
    assert (shop.row.status, shop.row.problem_code) == (Status.VOIDED, "account_erased")
    assert held_and_taken(shop) == (0, 0)
    assert [book.state for book in shop.psp.of(PAYMENT)] == [PspState.VOIDED] * confirming


def test_a_method_is_kept_until_the_provider_has_it() -> None:
    shop = stored(NEEDS_ACTION)
    assert shop.row.personal
    shop.authorize(NEEDS_ACTION)
    assert shop.row.status is Status.REQUIRES_ACTION
    assert shop.row.personal is None


@pytest.mark.parametrize("method", [GOOD, DECLINED])
def test_an_address_to_come_back_to_is_kept_until_the_payment_is_confirmed(method: str) -> None:
    shop = stored(method, BACK)
    shop.psp.fail("confirm", "before", "before")
    assert shop.authorize(method, BACK) == {"outcome": "unknown"}
    assert opened(shop.row).return_url == BACK
    shop.resume()
    assert shop.psp.return_urls == [BACK, BACK, BACK]
    assert shop.row.personal is None


def test_an_address_to_come_back_to_goes_with_a_payment_that_is_given_up() -> None:
    shop = stored(NEEDS_ACTION, BACK)
    shop.authorize(NEEDS_ACTION, BACK)
    assert shop.row.personal
    shop.void()
    assert shop.row.personal is None


def test_a_message_that_was_sealed_for_another_payment_does_not_open() -> None:
    shop = Shop()
    other = ids.derive("pay", "another", region="use1")
    with pytest.raises(Unreadable):
        dumped(shop.at().authorize(make_payment(personal=sealed(PAYER, other))))
    assert shop.psp.calls == []
