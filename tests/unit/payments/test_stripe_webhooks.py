"""Whose webhooks are read."""

import json
from datetime import timedelta
from typing import Any

import pytest
from stripe import WebhookSignature

from payments.clients.secret import PspSecret
from payments.clients.stripe_webhooks import TOLERANCE_S, StripeWebhooks
from payments.service.ports import WebhookEvent, WebhookRefusal
from tests.unit.payments.fakes import NOW, PAYMENT

KEY = "whsec_1"
INTENT = {"id": "pi_1", "object": "payment_intent", "metadata": {"payment": PAYMENT}}
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.succeeded",
    "data": {"object": INTENT},
}
BODY = json.dumps(EVENT)
NOT_SIGNED = WebhookRefusal.NOT_SIGNED


def read(
    body: str | bytes = BODY, *, key: str = KEY, known: tuple[str, ...] = (KEY,), **more: Any
) -> WebhookEvent | WebhookRefusal:
    """Sign with `key` and read with the `known` secrets; `age` seconds after it was signed."""
    text = body if isinstance(body, str) else body.decode("latin-1")
    at = int((NOW - timedelta(seconds=more.get("age", 0))).timestamp())
    header = more.get("header", WebhookSignature.generate_signature_header(text, key, at))
    raw = more.get("raw", body.encode() if isinstance(body, str) else body)
    webhooks = StripeWebhooks(lambda: PspSecret("sk", {}, known))
    return webhooks.read(raw, {"stripe-signature": header}, now=NOW)


def test_a_signed_event_names_the_payment_that_it_is_about() -> None:
    assert read() == WebhookEvent("evt_1", "payment_intent.succeeded", PAYMENT, "pi_1")


@pytest.mark.parametrize("known", [(KEY, "whsec_2"), ("whsec_2", KEY)])
def test_while_a_secret_is_rolled_either_one_will_do(known: tuple[str, ...]) -> None:
    assert isinstance(read(known=known), WebhookEvent)


@pytest.mark.parametrize("known", [(), ("",), ("whsec_2",), ("whsec_2", "whsec_3")])
def test_another_secret_or_none_opens_nothing(known: tuple[str, ...]) -> None:
    assert read(known=known) is NOT_SIGNED


def test_a_changed_body_is_refused() -> None:
    assert read(raw=BODY.replace("pi_1", "pi_2").encode()) is NOT_SIGNED
    assert read(raw=json.dumps(EVENT, indent=1).encode()) is NOT_SIGNED


@pytest.mark.parametrize(
    ("age", "taken"),
    [
        (TOLERANCE_S, True),
        (TOLERANCE_S + 1, False),
        (-TOLERANCE_S, True),
        (-TOLERANCE_S - 1, False),
    ],
)
def test_a_signature_of_another_time_is_refused(age: int, taken: bool) -> None:
    assert (read(age=age) is not NOT_SIGNED) is taken


def test_a_signature_is_right_in_every_digit_and_has_no_other() -> None:
    header = WebhookSignature.generate_signature_header(BODY, KEY, int(NOW.timestamp()))
    start, _, signature = header.partition(",v1=")
    assert read(header=header) is not NOT_SIGNED
    wrong = [signature[:length] for length in range(len(signature))]
    wrong += [signature + more for more in ("0", signature, " ")] + [signature.upper()]
    for place, digit in enumerate(signature):
        other = "0123456789abcdef"[int(digit, 16) ^ 1]
        wrong.append(signature[:place] + other + signature[place + 1 :])
    assert [each for each in wrong if read(header=f"{start},v1={each}") is not NOT_SIGNED] == []


def test_a_time_that_was_not_signed_is_refused() -> None:
    old = WebhookSignature.generate_signature_header(BODY, KEY, 1)
    now = int(NOW.timestamp())
    assert read(header=f"t={now}," + old.partition(",")[2]) is NOT_SIGNED
    assert read(header=f"{old},t={now}") is NOT_SIGNED


def test_two_times_are_none_however_the_first_is_written() -> None:
    """The SDK reads the first one, with more patience than a pattern has."""
    old = WebhookSignature.generate_signature_header(BODY, KEY, 1)
    signature = old.partition(",")[2]
    now = int(NOW.timestamp())
    for first in ("t= 1", "t=000000000001", "t=+1", "t=1 "):
        assert read(header=f"{first},{signature},t={now}") is NOT_SIGNED


@pytest.mark.parametrize(
    "header", ["", "t=", "v1=00", "t=x,v1=00", "t={now}", "t={now},v0=00", "t={now},v1=é", "\ud800"]
)
def test_a_header_without_a_signature_is_refused(header: str) -> None:
    assert read(header=header.replace("{now}", str(int(NOW.timestamp())))) is NOT_SIGNED


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "{}", "1", '{"id": "evt_1", "type": "x"}']
    + [json.dumps(EVENT | change) for change in ({"id": 1}, {"id": "a#b"}, {"type": None})],
)
def test_what_is_signed_and_no_event_is_refused_as_that(body: str) -> None:
    assert read(body) is WebhookRefusal.UNREADABLE


def test_what_is_neither_signed_nor_read_is_not_signed() -> None:
    """Nothing is read for a stranger."""
    assert read("{", key="whsec_other") is NOT_SIGNED
    assert read(b"\xff\xfe") is NOT_SIGNED, "no text, so Stripe has not signed it"


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"object": None},
        {"object": {"id": "ch_1", "object": "charge", "metadata": {"payment": PAYMENT}}},
        {"object": INTENT | {"metadata": None}},
        {"object": INTENT | {"metadata": {"payment": ["x"]}}},
    ],
)
def test_an_event_about_something_else_is_about_no_payment(data: Any) -> None:
    notice = read(json.dumps(EVENT | {"data": data}))
    assert isinstance(notice, WebhookEvent)
    assert notice.payment_id is None
