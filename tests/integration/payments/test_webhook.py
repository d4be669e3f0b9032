"""POST /webhooks/psp/{psp} over moto."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from payments.api import create_payment, receive_webhook
from payments.domain.payment import Payment
from payments.repository.payments import PaymentRepository
from payments.schemas import WebhookOut
from shop import clock, strict
from shop.checkout import PayInput
from tests.integration.payments.conftest import FaultEnvironment
from tests.support import dynamodb
from tests.support.checkout import FakeCheckout
from tests.support.gateway import Reply, call, event
from tests.support.psp import NEEDS_ACTION, WEBHOOK_SECRET, signed
from tests.unit.payments.fakes import ORDER, PAYMENT, make_payment

TYPE = "payment_intent.amount_capturable_updated"


@pytest.fixture(autouse=True)
def _listening(world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The route as it is built from its environment; its machine is the world's."""
    client = boto3.client("secretsmanager", region_name="us-east-1")
    value = json.dumps({"api_key": "sk_1", "webhook_secrets": [WEBHOOK_SECRET]})
    arn = client.create_secret(Name="psp", SecretString=value)["ARN"]
    monkeypatch.setenv("PSP_SECRET_ARN", arn)
    monkeypatch.setattr(receive_webhook, "checkout", world)
    receive_webhook.providers.cache_clear()
    yield
    receive_webhook.providers.cache_clear()


def send(body: str, headers: dict[str, str], *, psp: str = "stripe") -> Reply:
    sent = event(
        "POST",
        f"/webhooks/psp/{psp}",
        raw=body,
        headers=headers,
        sub=None,
        path_parameters={"psp": psp},
    )
    return call(receive_webhook.handler, sent)


def waiting(world: FaultEnvironment) -> str:
    """A payment that its customer has agreed to, and that nobody has confirmed; its reference."""
    body = {"order_id": ORDER, "payment_method": NEEDS_ACTION}
    reply = call(create_payment.handler, event("POST", "/payments", body=body, key="key-1"))
    assert reply.status == 202
    reference = str(reply.json["psp_reference"])
    world.psp.authenticate(reference, success=True)
    world.requests.clear()
    world.inputs.clear()
    return reference


def stored() -> list[dict[str, Any]]:
    return [row for row in dynamodb.rows("payments") if row["sk"] == "WEBHOOK"]


def status_of(reference: str) -> str:
    rows = dynamodb.rows("payments")
    return next(str(row["status"]) for row in rows if row.get("psp_reference") == reference)


def test_a_webhook_completes_a_payment_with_three_requests_of_its_own(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = waiting(world)
    monkeypatch.setattr(receive_webhook, "checkout", FakeCheckout(inputs=world.inputs))
    reply = send(*world.psp.webhook(reference, TYPE, event_id="evt_1"))
    assert reply.status == 200
    assert WebhookOut.model_validate_json(reply.text).received is True
    assert world.requests == {"PutItem": 1, "GetItem": 1, "UpdateItem": 1}

    (data,) = world.inputs
    world.start(strict.parse(PayInput, data))
    assert status_of(reference) == "captured"


def test_what_it_said_is_kept_without_what_is_personal(world: FaultEnvironment) -> None:
    body, headers = world.psp.webhook(waiting(world), TYPE, event_id="evt_1")
    before = int(clock.now().timestamp())
    send(body, headers)
    (row,) = stored()
    assert row["pk"] == "WEBHOOK#evt_1"
    assert row["sha256"] == hashlib.sha256(body.encode()).hexdigest()
    assert (row["psp"], row["type"], row["outcome"]) == ("stripe", TYPE, "started")
    assert 0 <= int(str(row["expires_at"])) - before - 30 * 86_400 < 60
    assert "Ada" not in str(row)
    assert "secret" not in str(row)


def test_the_same_event_again_does_nothing(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor while the execution that it started is at work."""
    sent = world.psp.webhook(waiting(world), TYPE, event_id="evt_1")
    monkeypatch.setattr(receive_webhook, "checkout", FakeCheckout(inputs=world.inputs))
    assert send(*sent).status == 200
    [row] = stored()
    assert [send(*sent).status for _ in range(2)] == [200, 200]
    assert len(world.inputs) == 1
    assert stored() == [row]


def test_an_event_whose_machine_could_not_be_started_is_asked_for_again(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = waiting(world)
    sent = world.psp.webhook(reference, TYPE, event_id="evt_1")

    def broken(_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(receive_webhook, "checkout", FakeCheckout(act=broken))
    assert send(*sent).status == 500
    assert status_of(reference) == "requires_action"
    monkeypatch.setattr(receive_webhook, "checkout", world)
    assert send(*sent).status == 200
    assert status_of(reference) == "captured"


def test_an_event_after_the_end_starts_nothing(world: FaultEnvironment) -> None:
    reference = waiting(world)
    send(*world.psp.webhook(reference, TYPE, event_id="evt_1"))
    world.inputs.clear()
    assert send(*world.psp.webhook(reference, "x.y", event_id="evt_2")).status == 200
    assert world.inputs == []
    assert [row["outcome"] for row in stored() if row["pk"] == "WEBHOOK#evt_2"] == ["ignored"]


@pytest.mark.parametrize("reference", ["pi_2", None])
def test_a_foreign_reference_is_ignored_and_a_missing_one_looked_for(
    world: FaultEnvironment, reference: str | None
) -> None:
    """The notice is about `pi_1`, which is an orphan, or the one that is not stored yet."""
    row: Payment = make_payment(psp_reference=reference)
    PaymentRepository().insert(row)
    intent = {"id": "pi_1", "object": "payment_intent", "metadata": {"payment": PAYMENT}}
    body = {"id": "evt_1", "object": "event", "type": TYPE, "data": {"object": intent}}
    assert send(*signed(json.dumps(body))).status == 200
    assert len(world.inputs) == (0 if reference else 1)


def test_what_is_not_signed_now_is_refused_counted_and_changes_nothing(
    world: FaultEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body, headers = world.psp.webhook(waiting(world), TYPE, event_id="evt_1")
    other = world.psp.webhook("pi_1", TYPE, event_id="evt_1", secret="whsec_other")
    later = clock.now() + timedelta(seconds=302)
    replies = [send(*other), send(body + " ", headers), send(body, {})]
    monkeypatch.setattr(clock, "now", lambda: later)
    replies.append(send(body, headers))
    for reply in replies:
        assert (reply.status, reply.json["code"]) == (400, "webhook_not_signed")
    assert capsys.readouterr().out.count('"WebhookRefused":[1') == len(replies)
    assert (stored(), world.inputs, world.requests) == ([], [], {})


@pytest.mark.parametrize("body", ["{", "[]", '{"id": "evt_1", "id": "evt_2"}'])
def test_what_is_signed_and_no_event_is_told_so_counted_and_changes_nothing(
    world: FaultEnvironment, capsys: pytest.CaptureFixture[str], body: str
) -> None:
    reply = send(*signed(body))
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert [(each["pointer"], each["code"]) for each in reply.json["errors"]] == [
        ("", "event_invalid")
    ]
    assert "signed, but" in reply.json["detail"]
    assert capsys.readouterr().out.count('"WebhookRefused":[1') == 1
    assert (stored(), world.inputs, world.requests) == ([], [], {})


def test_another_provider_is_not_there(world: FaultEnvironment) -> None:
    sent = world.psp.webhook(waiting(world), TYPE, event_id="evt_1")
    assert send(*sent, psp="paypal").json["code"] == "not_found"
    assert stored() == []
